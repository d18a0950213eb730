package api

import (
	"encoding/json"
	"slices"
	"time"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/internal/rome"
)

// searchMonths is how far back a search goes by day of issue when nobody says (msg. INPS 4620/2023).
const searchMonths = 6

// criteria are those a search used, by the names of the parameters; what was not asked is absent.
type criteria struct {
	Esito           archive.Sezione `json:"esito,omitempty"`
	Dal             *calendar.Day   `json:"dal,omitempty"`
	Al              *calendar.Day   `json:"al,omitempty"`
	Prestazione     string          `json:"prestazione,omitempty"`
	Causale         string          `json:"causale,omitempty"`
	UnitaProduttiva string          `json:"unita_produttiva,omitempty"`
	Q               string          `json:"q,omitempty"`
	Sort            string          `json:"sort"`
	NotoAl          string          `json:"noto_al"`
}

// search is one search of one matricola, as it was asked.
type search struct {
	matricola string
	criteria
	knownAt time.Time
	words   []string
}

// asked is the search as the archive takes it.
func (s *search) asked() archive.Criteria {
	out := archive.Criteria{
		Matricola: s.matricola, Sezione: s.Esito, Prestazione: s.Prestazione, Causale: s.Causale,
		UnitaProduttiva: s.UnitaProduttiva, Parole: s.words, KnownAt: s.knownAt, Sort: s.Sort,
	}
	if s.Dal != nil {
		out.Emissione.From = *s.Dal
	}
	out.Emissione.To = s.Al
	return out
}

// found is the body of a search.
type found struct {
	list[json.RawMessage]
	Criteria criteria `json:"criteria"`
	// Sections counts what the same criteria find in each section; only the first page has it.
	Sections *sections `json:"sezioni,omitempty"`
}

// sections are the numbers of hits in the parts of the archive that the notice lists apart.
type sections struct {
	Autorizzazioni int `json:"autorizzazioni"`
	Reiezioni      int `json:"reiezioni"`
}

// searchProvvedimenti finds provvedimenti of one matricola.
func (s *server) searchProvvedimenti(c *call) error {
	g, err := s.authorize(c, "provvedimenti.cerca", c.Param("matricola"))
	if err != nil {
		return err
	}
	q := readQuery(c)
	limit := q.limit()
	what, after := s.readSearch(c, q)
	if err := q.err(); err != nil {
		return err
	}
	g.about(what.String())
	out := found{list: list[json.RawMessage]{Items: []json.RawMessage{}, Limit: limit}, Criteria: what.criteria}
	if err := s.searchPage(c, what, after, &out); err != nil {
		return err
	}
	return c.json(out)
}

// searchPage fills in one page, and on the first one how many there are in each section.
func (s *server) searchPage(c *call, what *search, after string, out *found) error {
	ctx := c.Request.Context()
	hits, more, err := s.Archive.Search(ctx, what.asked(), archive.Page{After: after, Limit: out.Limit})
	if err != nil {
		return err
	}
	for i := range hits {
		out.Items = append(out.Items, s.shown(&hits[i]))
	}
	if more {
		key := what.asked().Key(&hits[len(hits)-1])
		out.NextCursor = what.cursor(c, key).String()
	}
	if after == "" {
		out.Sections, err = s.sections(c, what)
	}
	return err
}

// sections counts the hits of a search in both sections, whichever was asked.
func (s *server) sections(c *call, what *search) (*sections, error) {
	n, err := s.Archive.Sections(c.Request.Context(), what.asked())
	if err != nil {
		return nil, err
	}
	return &sections{n[archive.Autorizzazioni], n[archive.Reiezioni]}, nil
}

// readSearch reads the criteria and the cursor. What a cursor goes on with is its own: the instant, and
// with it the six months, are those of the first page, though midnight has passed.
func (s *server) readSearch(c *call, q *query) (what *search, after string) {
	what = &search{matricola: c.Param("matricola")}
	given, ok := q.snapshot("cursor")
	what.knownAt = c.orNow(q.knownAt(c.now))
	if given.key != "" {
		what.knownAt = given.at
	}
	what.read(q, s.Decider.Edition().Vocabulary)
	if ok && given.key != "" && given.sum != what.cursor(c, given.key).sum {
		q.wrong("cursor", codeCursor)
	}
	return what, given.key
}

// read reads the criteria, and fills in what nobody said.
func (s *search) read(q *query, voc *fact.Vocabulary) {
	s.Esito = archive.Sezione(q.choice("esito", "", string(archive.Autorizzazioni), string(archive.Reiezioni), string(archive.InIstruttoria)))
	s.Prestazione = q.choice("prestazione", codesOf(voc, "prestazione")...)
	s.Causale = q.choice("causale", codesOf(voc, "causale")...)
	s.UnitaProduttiva = q.plain("unita_produttiva")
	s.Sort = q.choice("sort", archive.Sorts...)
	if s.Q = q.plain("q"); s.Q != "" {
		if s.words = archive.Stems(s.Q); len(s.words) == 0 {
			q.wrong("q", codeNoWords)
		}
	}
	s.readDays(q)
	s.NotoAl = instantText(s.knownAt)
}

// readDays reads the days of issue: with neither, the last six months.
func (s *search) readDays(q *query) {
	dal, al := q.day("dal", 0), q.day("al", 0)
	today := rome.Day(s.knownAt)
	if q.values.Get("dal") == "" && q.values.Get("al") == "" {
		dal, al = today.AddMonths(-searchMonths), today
	}
	if dal != 0 {
		s.Dal = &dal
	}
	if al != 0 {
		s.Al = &al
	}
	if dal != 0 && al != 0 && al < dal {
		q.wrong("al", codeOrder)
	}
}

// cursor is the cursor of this list after that key.
func (s *search) cursor(c *call, key string) snapshot {
	return snapshot{at: s.knownAt, key: key, sum: sumOf(s.matricola, c.Query("noto_al"), s.criteria, key)}
}

// String is the search as the record of accesses keeps it.
func (s *search) String() string {
	text, err := json.Marshal(s.criteria)
	if err != nil {
		panic("api: criteria are texts: " + err.Error())
	}
	return string(text)
}

// codesOf are the codes of a fact of a period, with the empty one before them for "any".
func codesOf(voc *fact.Vocabulary, name string) []string {
	codes := []string{""}
	if f := voc.Groups["periodo"].Field(name); f != nil {
		for _, o := range f.Options {
			codes = append(codes, o.Code)
		}
	}
	return slices.Clip(codes)
}

// snapshot reads the cursor of a search; ok is false when it can't be one.
func (q *query) snapshot(name string) (s snapshot, ok bool) {
	v := q.bounded(name, "", maxSnapshot)
	if v == "" {
		return s, true
	}
	if s, ok = readSnapshot(v); !ok {
		q.wrong(name, codeCursor)
	}
	return s, ok
}
