package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"omnia/archive"
	"omnia/archive/importing"
	"omnia/internal/fault"
)

const azioneScrivi = "provvedimenti.scrivi"

// storeProvvedimenti stores one measure, or, sent as NDJSON, many.
func (s *server) storeProvvedimenti(c *call) error {
	g, err := s.authorize(c, azioneScrivi, "")
	if err != nil {
		return err
	}
	media, err := bodyMedia(c, typeJSON, typeNDJSON)
	if err != nil {
		return err
	}
	if media == typeNDJSON {
		return s.storeMany(c, g)
	}
	if err := readQuery(c).err(); err != nil {
		return err
	}
	body, err := s.body(c)
	if err != nil {
		return err
	}
	p, err := s.readProvvedimento(c, body)
	if err != nil {
		return err
	}
	g.about(p.Numero)
	g.line.Matricola = p.Matricola
	return s.once(c, func(ctx context.Context) error {
		written, err := s.write(ctx, c, p)
		if err != nil {
			return err
		}
		return s.stored(c, p, written)
	})
}

// readProvvedimento reads a measure strictly, and holds it to the company it is about.
func (s *server) readProvvedimento(c *call, body []byte) (*archive.Provvedimento, error) {
	reader, err := s.reader()
	if err != nil {
		return nil, err
	}
	p, err := reader.Provvedimento(body, c.reading())
	if err != nil {
		return nil, err
	}
	p.RegistratoDa = c.who().Subject
	if d, err := importing.NewKnown(s.Archive, c.lang).Check(c.Request.Context(), p); err != nil {
		return nil, err
	} else if d != nil {
		return nil, failure(c.lang, codeInvalidInput).With(*d)
	}
	return p, nil
}

// write stores one version. What is stored already is no error; what contradicts it is.
func (s *server) write(ctx context.Context, c *call, p *archive.Provvedimento) (archive.Written, error) {
	outcomes, err := s.Archive.WriteProvvedimenti(ctx, []archive.Provvedimento{*p}, true)
	if err != nil {
		return "", err
	}
	switch outcomes[0] {
	case archive.Conflict:
		return "", failure(c.lang, codeProvvedimentoConflict)
	case archive.Gap:
		return "", failure(c.lang, codeVersionGap)
	case archive.Created, archive.Corrected, archive.Same:
	}
	return outcomes[0], nil
}

// stored answers with what is stored: 201 for something new, 200 when it was there before.
func (s *server) stored(c *call, p *archive.Provvedimento, written archive.Written) error {
	c.Header("ETag", versionTag(p.Versione, p.Digest))
	at, body := s.provvedimentoURL(p.Numero), s.receipt(p, written)
	if written == archive.Created || written == archive.Corrected {
		return c.created(at, body)
	}
	return c.json(body)
}

// receipt is what was stored, with what became of it.
func (s *server) receipt(p *archive.Provvedimento, written archive.Written) json.RawMessage {
	at := s.provvedimentoURL(p.Numero)
	return with(p.Corpo, struct {
		Registrazione archive.Written `json:"registrazione"`
		Links         links           `json:"links"`
	}{written, links{Self: at, VersionHistory: at + "/versioni"}})
}

// correctProvvedimento stores a correction that rests on the version the caller has seen.
func (s *server) correctProvvedimento(c *call) error {
	numero := c.Param("numero")
	g, err := s.authorize(c, azioneScrivi, "")
	if err != nil {
		return err
	}
	g.about(numero)
	if err := readQuery(c).err(); err != nil {
		return err
	}
	rests, err := c.precondition()
	if err != nil {
		return err
	}
	body, err := s.body(c)
	if err != nil {
		return err
	}
	last, err := s.Archive.Provvedimento(c.Request.Context(), numero, 0, time.Time{})
	if errors.Is(err, archive.ErrNotFound) {
		return failure(c.lang, codeProvvedimentoNotFound)
	}
	if err != nil {
		return err
	}
	if !rests.holds(versionTag(last.Versione, last.Digest)) {
		return c.stale()
	}
	p, err := s.readProvvedimento(c, numbered(body, last.Versione+1))
	if err != nil {
		return err
	}
	if err := follows(c, p, numero, last.Versione+1); err != nil {
		return err
	}
	g.line.Matricola = p.Matricola
	return s.atomically(c, func(ctx context.Context) error {
		_, err := s.write(ctx, c, p)
		if f, ok := errors.AsType[*fault.Fault](err); ok && f.Kind == fault.Conflict { // somebody was faster
			return c.stale()
		}
		if err != nil {
			return err
		}
		c.Header("ETag", versionTag(p.Versione, p.Digest))
		return c.json(s.receipt(p, archive.Corrected))
	})
}

// follows checks that a correction is of the measure of the path, and its next version.
func follows(c *call, p *archive.Provvedimento, numero string, versione int) error {
	var wrong []fault.Detail
	if p.Numero != numero {
		wrong = append(wrong, defect(c.lang, "/numero", codeOtherNumero, numero))
	}
	if p.Versione != versione {
		wrong = append(wrong, defect(c.lang, "/versione", codeOtherVersion, versione))
	}
	if len(wrong) > 0 {
		return failure(c.lang, codeInvalidInput).With(wrong...)
	}
	return nil
}

// numbered is the body with that version, when it names none: who corrects by hand need not count. A body
// that is no object is left for the reader to refuse.
func numbered(body []byte, versione int) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || len(members) == 0 || members["versione"] != nil {
		return body
	}
	before, after, _ := bytes.Cut(body, []byte{'{'})
	out := append(bytes.Clone(before), `{"versione":`...)
	out = strconv.AppendInt(out, int64(versione), 10)
	return append(append(out, ','), after...)
}
