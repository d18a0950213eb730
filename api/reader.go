package api

import (
	"sync/atomic"

	"omnia/archive"
	"omnia/engine/fact"
)

// readerCache keeps the reader of the vocabulary in use; a reload brings another.
type readerCache struct {
	atomic.Pointer[vocabularyReader]
}

type vocabularyReader struct {
	vocabulary *fact.Vocabulary
	reader     *archive.Reader
}

// reader reads what is to be archived, with the vocabulary of the edition in use.
func (s *server) reader() (*archive.Reader, error) {
	vocabulary := s.Decider.Edition().Vocabulary
	if r := s.readers.Load(); r != nil && r.vocabulary == vocabulary {
		return r.reader, nil
	}
	r, err := archive.NewReader(vocabulary)
	if err != nil {
		return nil, err
	}
	s.readers.Store(&vocabularyReader{vocabulary, r})
	return r, nil
}

// reading are the options of a body of this request.
func (c *call) reading() archive.Options {
	return archive.Options{Language: c.lang, Today: c.today()}
}
