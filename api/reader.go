package api

import (
	"omnia/archive"
	"omnia/engine/rulebook"
)

// reader reads what is to be archived, with the vocabulary of the edition in use, and holds it to its rules.
func (s *server) reader() (*archive.Reader, error) { return s.readerOf(s.Decider.Edition()) }

func (s *server) readerOf(ed *rulebook.Edition) (*archive.Reader, error) {
	return s.readers.of(ed, archive.ReaderOf)
}

// reading are the options of a body of this request.
func (c *call) reading() archive.Options {
	return archive.Options{Language: c.lang, Today: c.today()}
}
