package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"omnia/archive"
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/internal/fault"
)

// links are where to go on from a provvedimento, by IANA relation.
type links struct {
	Self           string `json:"self"`
	VersionHistory string `json:"version-history,omitempty"`
}

// provvedimentoURL is where a measure is read. A plus sign is escaped too: some routers take it for a blank.
func (s *server) provvedimentoURL(numero string) string {
	return s.PublicURL + "/v1/provvedimenti/" + strings.ReplaceAll(url.PathEscape(numero), "+", "%2B")
}

// known is what the archive itself says of a version: when it learnt of it, and until when it was the
// last word.
type known struct {
	RegistratoIl string `json:"registrato_il"`
	SuperatoIl   string `json:"superato_il,omitempty"`
}

func knownOf(p *archive.Provvedimento) known {
	k := known{RegistratoIl: instantText(p.RegistratoIl)}
	if p.SuperatoIl != nil {
		k.SuperatoIl = instantText(*p.SuperatoIl)
	}
	return k
}

// shown is one measure in a list: all that is stored, when it was registered, and where it is.
func (s *server) shown(p *archive.Provvedimento) json.RawMessage {
	at := s.provvedimentoURL(p.Numero)
	return with(p.Corpo, struct {
		known
		Links links `json:"links"`
	}{knownOf(p), links{Self: at, VersionHistory: at + "/versioni"}})
}

// with is the JSON object body with the members of more behind its own. What is stored goes out as it is:
// nothing is lost that this edition does not know any more.
func with(body []byte, more any) json.RawMessage {
	text, err := json.Marshal(more)
	if err != nil {
		panic("api: texts always have a JSON: " + err.Error())
	}
	out := make([]byte, 0, len(body)+len(text))
	out = append(append(out, body[:len(body)-1]...), ',')
	return append(out, text[1:]...)
}

// detail is what the page of one measure says beside what is stored.
type detail struct {
	known
	// Giorno is the reference day of the effects.
	Giorno   calendar.Day     `json:"data_riferimento"`
	Effetti  []archive.Effect `json:"effetti"`
	Assenti  *unexplained     `json:"effetti_assenti,omitempty"`
	Versioni []revision       `json:"versioni"`
	NotoAl   string           `json:"noto_al"`
	Links    links            `json:"links"`
}

// unexplained says why something could not be computed, without failing the rest of the answer.
type unexplained struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// revision is one version of a measure in short.
type revision struct {
	Versione int `json:"versione"`
	known
	Correzione string `json:"correzione,omitempty"`
}

// showProvvedimento shows one measure with its effect on each counter.
func (s *server) showProvvedimento(c *call) error {
	q := readQuery(c)
	versione := q.versione()
	asked := q.knownAt(c.now)
	if err := q.err(); err != nil {
		return err
	}
	p, err := s.reachable(c, "provvedimenti.leggi", c.Param("numero"), versione, asked)
	if err != nil {
		return err
	}
	at := c.orNow(asked)
	all, err := s.versionsKnown(c, p, at)
	if err != nil {
		return err
	}
	here := s.provvedimentoURL(p.Numero)
	d := detail{
		known: knownOf(p), Giorno: archive.EffectDay(p), Effetti: []archive.Effect{}, NotoAl: instantText(at),
		Links: links{Self: here, VersionHistory: here + "/versioni"},
	}
	for i := range all {
		d.Versioni = append(d.Versioni, revision{all[i].Versione, knownOf(&all[i]), all[i].Correzione})
	}
	if err := s.effects(c, p, asked, &d); err != nil {
		return err
	}
	c.Header("ETag", versionTag(p.Versione, p.Digest))
	return c.json(with(p.Corpo, d))
}

// versione reads which version is asked for; 0 is the last one.
func (q *query) versione() int {
	v := q.text("versione", "")
	if v == "" {
		return 0
	}
	n, ok := wholeNumber(v, maxVersione)
	if !ok {
		q.wrong("versione", codeNumber, maxVersione)
	}
	return n
}

const maxVersione = 1_000_000

// wholeNumber reads a number from 1 to most, in digits only.
func wholeNumber(s string, most int) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || n > most {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, 1 <= n && n <= most
}

// nobody is a matricola for asking about a measure that is not there: whoever asks must wait for the same
// steps as for one that is there and out of reach.
const nobody = "0000000000"

// reachable is a version of a measure that the caller may see. One out of reach answers as one that is not
// there, after the same steps.
func (s *server) reachable(c *call, azione, numero string, versione int, knownAt time.Time) (*archive.Provvedimento, error) {
	if c.who() == nil {
		return nil, unauthenticated(c)
	}
	p, err := s.Archive.Provvedimento(c.Request.Context(), numero, versione, knownAt)
	missing := errors.Is(err, archive.ErrNotFound)
	if err != nil && !missing {
		return nil, err
	}
	matricola := nobody
	if !missing {
		matricola = p.Matricola
	}
	g, err := s.authorize(c, azione, matricola)
	if g != nil {
		g.about(numero)
		if missing {
			g.line.Matricola = ""
		}
	}
	if f, ok := errors.AsType[*fault.Fault](err); missing && err == nil || ok && f.Code == codeMatricolaNotFound {
		return nil, failure(c.lang, codeProvvedimentoNotFound)
	}
	if err != nil {
		return nil, err
	}
	return p, p.Open()
}

// versionsKnown are the versions of a measure as known at that instant, the newest first. Those that a
// correction took away from another matricola are left out: they are another company's business.
func (s *server) versionsKnown(c *call, of *archive.Provvedimento, at time.Time) ([]archive.Provvedimento, error) {
	all, err := s.Archive.Versions(c.Request.Context(), of.Numero)
	if err != nil {
		return nil, err
	}
	var out []archive.Provvedimento
	for i := range all {
		p := &all[i]
		if p.RegistratoIl.After(at) || p.Matricola != of.Matricola {
			continue
		}
		if p.SuperatoIl != nil && p.SuperatoIl.After(at) {
			p.SuperatoIl = nil
		}
		if err := p.Open(); err != nil {
			return nil, err
		}
		out = append(out, *p)
	}
	return out, nil
}

// effects computes what the counters make of a measure, on the archive as it was known when that version
// was the last word. What keeps them from being computed is said in their place.
func (s *server) effects(c *call, p *archive.Provvedimento, asked time.Time, d *detail) error {
	at := asked
	if p.SuperatoIl != nil {
		at = p.SuperatoIl.Add(-time.Microsecond)
	}
	_, answer, err := s.decided(c, unit{p.Matricola, p.UnitaProduttiva}, archived{day: d.Giorno, knownAt: at, depth: engine.Short})
	if err == nil {
		d.Effetti, d.Assenti = archive.Effects(answer, p.Numero), failing(answer)
		return nil
	}
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok || f.Kind != fault.Invalid && f.Kind != fault.NotFound {
		return err
	}
	d.Assenti = &unexplained{f.Code, f.Text}
	return nil
}

// failing says why a counter, and with it the effect of any measure on it, could not be computed; nil when all
// were.
func failing(answer *engine.Counters) *unexplained {
	for i := range answer.Items {
		if f := answer.Items[i].Failure; f != nil {
			return &unexplained{f.Code, f.Detail}
		}
	}
	return nil
}

// listVersions shows all versions of a measure in full.
func (s *server) listVersions(c *call) error {
	q := readQuery(c)
	page := q.paging("-versione", "versione")
	asked := q.knownAt(c.now)
	if err := q.err(); err != nil {
		return err
	}
	p, err := s.reachable(c, "provvedimenti.leggi", c.Param("numero"), 0, asked)
	if err != nil {
		return err
	}
	all, err := s.versionsKnown(c, p, c.orNow(asked))
	if err != nil {
		return err
	}
	cut := paged(all, page, func(p archive.Provvedimento) string { return fmt.Sprintf("%07d", p.Versione) })
	out := list[json.RawMessage]{Items: []json.RawMessage{}, Limit: cut.Limit, NextCursor: cut.NextCursor}
	for i := range cut.Items {
		out.Items = append(out.Items, s.versionShown(&cut.Items[i]))
	}
	return c.json(out)
}

func (s *server) versionShown(p *archive.Provvedimento) json.RawMessage {
	at := s.provvedimentoURL(p.Numero)
	return with(p.Corpo, struct {
		known
		Links links `json:"links"`
	}{knownOf(p), links{Self: fmt.Sprintf("%s?versione=%d", at, p.Versione)}})
}
