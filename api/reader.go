package api

import (
	"sync/atomic"

	"omnia/archive"
	"omnia/engine/rulebook"
)

// readerCache keeps the reader of the edition in use; a reload brings another.
type readerCache struct {
	atomic.Pointer[editionReader]
}

type editionReader struct {
	edition *rulebook.Edition
	reader  *archive.Reader
}

// reader reads what is to be archived, with the vocabulary of the edition in use, and holds it to its rules.
func (s *server) reader() (*archive.Reader, error) { return s.readers.of(s.Decider.Edition()) }

func (k *readerCache) of(edition *rulebook.Edition) (*archive.Reader, error) {
	if r := k.Load(); r != nil && r.edition == edition {
		return r.reader, nil
	}
	r, err := archive.ReaderOf(edition)
	if err != nil {
		return nil, err
	}
	k.Store(&editionReader{edition, r})
	return r, nil
}

// reading are the options of a body of this request.
func (c *call) reading() archive.Options {
	return archive.Options{Language: c.lang, Today: c.today()}
}
