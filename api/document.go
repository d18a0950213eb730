package api

import (
	"bytes"
	_ "embed" // the document
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// The OpenAPI document is written by hand, all but the schema of the facts: that one is made from
// the vocabulary of the edition in use and put between two marks. The copy checked in holds it
// too, so that the file is complete to read; `make generate` keeps it fresh.
//
//go:embed openapi.yaml
var openAPISource []byte

var (
	factsBegin = []byte("    # BEGIN facts (generated from rules/facts: make generate)\n")
	factsEnd   = []byte("    # END facts\n")
)

// document is the OpenAPI document in both its forms, for one vocabulary.
type document struct {
	yaml, json []byte
}

// openAPI is the document of the edition in use.
func (s *server) openAPI() (*document, error) {
	return s.document.of(s.Decider.Edition(), func(ed *rulebook.Edition) (*document, error) { return newDocument(ed.Vocabulary, s.PublicURL) })
}

func newDocument(vocabulary *fact.Vocabulary, url string) (*document, error) {
	text, err := withFacts(openAPISource, vocabulary)
	if err != nil {
		return nil, err
	}
	if text, err = withArchive(text, vocabulary); err != nil {
		return nil, err
	}
	text = withServer(text, url)
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	asJSON, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	return &document{yaml: text, json: asJSON}, nil
}

// withFacts is the document with the schema of that vocabulary between the marks. JSON is YAML,
// so the schema stands there as JSON.
func withFacts(source []byte, vocabulary *fact.Vocabulary) ([]byte, error) {
	before, rest, ok1 := bytes.Cut(source, factsBegin)
	_, after, ok2 := bytes.Cut(rest, factsEnd)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("openapi.yaml lacks the marks around the schema of the facts")
	}
	schema, err := json.MarshalIndent(factsSchema(vocabulary), "      ", "  ")
	if err != nil {
		return nil, fmt.Errorf("schema of the facts: %w", err)
	}
	return bytes.Join([][]byte{before, factsBegin, []byte("    Facts: "), schema, []byte("\n"), factsEnd, after}, nil), nil
}

// withServer names the server the document is served from. One without TLS is a sandbox.
func withServer(source []byte, url string) []byte {
	const local = "  - url: " + DefaultPublicURL + "\n    description: Istanza locale di sviluppo\n    x-sandbox: true\n"
	if url == DefaultPublicURL {
		return source
	}
	quoted, _ := json.Marshal(url)
	entry := fmt.Sprintf("  - url: %s\n    description: Questa istanza\n", quoted)
	if !bytes.HasPrefix([]byte(url), []byte("https:")) {
		entry += "    x-sandbox: true\n"
	}
	return bytes.Replace(source, []byte(local), []byte(entry), 1)
}

func (s *server) openAPIJSON(c *call) error {
	d, err := s.openAPI()
	if err != nil {
		return err
	}
	send(c.Context, http.StatusOK, c.media, d.json)
	return nil
}

func (s *server) openAPIYAML(c *call) error {
	d, err := s.openAPI()
	if err != nil {
		return err
	}
	send(c.Context, http.StatusOK, c.media, d.yaml)
	return nil
}
