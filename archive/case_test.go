package archive_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"omnia/archive"
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/fixtures"
)

// stored is a body of POST /v1/counters, and the same as the archive would have it.
type stored struct {
	body    []byte
	facts   *fact.Facts
	pos     *archive.Posizione
	unita   string
	history []archive.Provvedimento
	ask     archive.Ask
}

// store puts the facts of a body into values of the archive.
func store(t testing.TB, body []byte) *stored {
	t.Helper()
	envelope, err := fact.NewEnvelope(shipped().Vocabulary, fact.AllFacts("facts"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := envelope.Decode(body, fact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := request.Facts
	get := func(name string) *fact.Value { return f.Get(name) }
	s := &stored{body: body, facts: f, unita: "0", pos: &archive.Posizione{
		Matricola: "0123456789", CodiceFiscale: "80078750587", Denominazione: "x", Sede: "7000",
		Inquadramenti: []archive.Inquadramento{{Settore: get("azienda.settore").Text, Fondo: get("azienda.fondo").Text}},
	}}
	if v := get("unita_produttiva.progressivo"); v.IsKnown() {
		s.unita = v.Text
	}
	if v := get("azienda.matricola"); v.IsKnown() {
		s.pos.Matricola = v.Text
	}
	if v := get("azienda.codice_fiscale"); v.IsKnown() {
		s.pos.CodiceFiscale = v.Text
	}
	u := archive.Unita{Progressivo: s.unita}
	if v := get("azienda.dipendenti_semestre"); v.IsKnown() {
		s.pos.Dipendenti = []archive.Dipendenti{{Media: v.Rat}}
	}
	if v := get("unita_produttiva.giorni_settimana"); v.IsKnown() {
		u.GiorniSettimana = []archive.GiorniSettimana{{Giorni: int(v.Num)}}
	}
	if v := get("unita_produttiva.organico_medio"); v.IsKnown() {
		o := archive.Organico{}
		for _, row := range v.Rows() {
			o.Fasce = append(o.Fasce, archive.Fascia{OreSettimanali: row[0].Rat, Lavoratori: row[1].Rat})
		}
		u.Organico = []archive.Organico{o}
	}
	s.pos.Unita = []archive.Unita{u}
	s.pos.Seal()
	s.history = s.provvedimenti(t)
	s.question(t, get)
	return s
}

// provvedimenti are the periods as records of their own.
func (s *stored) provvedimenti(t testing.TB) (list []archive.Provvedimento) {
	t.Helper()
	r, g := reader(t), shipped().Vocabulary.Groups["periodo"]
	for i, row := range s.facts.Get("periodi").Rows() {
		if !row[g.Slot("numero")].IsKnown() {
			row[g.Slot("numero")] = fact.OfText(fmt.Sprint("n", i))
		}
		if v := &row[g.Slot("esito")]; !v.IsKnown() {
			*v = fact.OfText("accoglimento")
		}
		if v := &row[g.Slot("prestazione")]; !v.IsKnown() {
			*v = fact.OfText("CIGO")
		}
		period := fact.AppendRecord(nil, g, row, true)
		more := fmt.Sprintf(`,"matricola":%q,"unita_produttiva":%q,"data_emissione":"2025-06-01","motivazione":"Mancanza di lavoro: calo documentato degli ordini nel trimestre."}`, s.pos.Matricola, s.unita)
		p, err := r.Provvedimento(append(period[:len(period)-1], more...), options("it"))
		if err != nil {
			t.Fatalf("%v\n%s", err, period)
		}
		list = append(list, *p)
	}
	return list
}

// question is what the body asks.
func (s *stored) question(t testing.TB, get func(string) *fact.Value) {
	t.Helper()
	s.ask.Day = today
	if v := get("richiesta.al"); v.IsKnown() {
		s.ask.Day = v.Day()
	}
	if v := get("data_riferimento"); v.IsKnown() {
		s.ask.Day = v.Day()
	}
	if v := get("azienda.fine_ultimo_trattamento"); v.IsKnown() {
		d := v.Day()
		s.ask.LastTreatment = &d
	}
	var members map[string]map[string]json.RawMessage
	if err := json.Unmarshal(s.body, &members); err != nil {
		t.Fatal(err)
	}
	if raw, ok := members["facts"]["richiesta"]; ok {
		what, err := fact.NewEnvelope(shipped().Vocabulary, fact.Part("richiesta"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := what.Decode([]byte(`{"richiesta":`+string(raw)+`}`), fact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.ask.Richiesta = r.Facts
	}
}

// bodies are the demo companies and some generated histories.
func bodies() map[string][]byte {
	all := map[string][]byte{}
	for _, c := range fixtures.Companies() {
		all[c.Name] = c.Body
	}
	for seed := range uint64(8) {
		all[fmt.Sprint("generated ", seed)] = fixtures.Generate(seed, 30)
	}
	return all
}

// The archive says what a caller would who sends the same periods: the two answers are one.
func TestTheArchiveAnswersAsTheBodyDoes(t *testing.T) {
	t.Parallel()
	for name, body := range bodies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := store(t, body)
			f, err := reader(t).Case(s.pos, s.unita, s.history, s.ask)
			if err != nil {
				t.Fatal(err)
			}
			opt := engine.Options{Today: today, Language: "it", Explain: engine.Full}
			want, err := decider().Counters(s.facts, opt)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decider().Counters(f, opt)
			if err != nil {
				t.Fatal(err)
			}
			// The archive always knows whose unit it is, and how long it has worked.
			for _, c := range []*engine.Counters{want, got} {
				c.Decision.FactsDigest = ""
			}
			if diff := cmp.Diff(string(want.AppendJSON(nil)), string(got.AppendJSON(nil))); diff != "" {
				t.Errorf("(-body +archive)\n%s", diff)
			}
			if a, b := rowsOf(s.facts), rowsOf(f); !bytes.Equal(a, b) {
				t.Errorf("the periods are\n%s\nnot\n%s", b, a)
			}
		})
	}
}

// rowsOf are the periods of a case as JSON.
func rowsOf(f *fact.Facts) []byte {
	only := &fact.Facts{Vocabulary: f.Vocabulary, Root: f.Vocabulary.Root.New()}
	*only.Get("periodi") = *f.Get("periodi")
	return only.AppendJSON(nil, true)
}

func TestACaseIsOfItsDay(t *testing.T) {
	t.Parallel()
	r := reader(t)
	p, err := r.Posizione([]byte(company), options("it"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, unita, day, want string }{
		{"before it was there nothing is known, and it has worked no month", "2", "2000-01-01",
			`{"data_riferimento":"2000-01-01","azienda":{"matricola":"0123456789","codice_fiscale":"80078750587"},"unita_produttiva":{"progressivo":"2","mesi_attivita":0},"periodi":[]}`},
		{"the first day of the unit", "2", "2005-01-01",
			`{"data_riferimento":"2005-01-01","azienda":{"matricola":"0123456789","codice_fiscale":"80078750587","settore":"a"},"unita_produttiva":{"progressivo":"2","giorni_settimana":6,"mesi_attivita":0},"periodi":[]}`},
		{"the last day of a classification", "2", "2017-12-31",
			`{"data_riferimento":"2017-12-31","azienda":{"matricola":"0123456789","codice_fiscale":"80078750587","settore":"a"},"unita_produttiva":{"progressivo":"2","giorni_settimana":6},"periodi":[]}`},
		{"the day after it", "2", "2018-01-01",
			`{"data_riferimento":"2018-01-01","azienda":{"matricola":"0123456789","codice_fiscale":"80078750587","settore":"fondo","fondo":"fsba"},"unita_produttiva":{"progressivo":"2","giorni_settimana":6},"periodi":[]}`},
		{"the staff that is good that day", "2", "2024-06-01",
			`{"data_riferimento":"2024-06-01","azienda":{"matricola":"0123456789","codice_fiscale":"80078750587","settore":"fondo","fondo":"fsba","dipendenti_semestre":48.5},` +
				`"unita_produttiva":{"progressivo":"2","giorni_settimana":5,"organico_medio":[{"ore_settimanali":40,"lavoratori":40.25},{"ore_settimanali":20,"lavoratori":8}]},"periodi":[]}`},
		{"a day before six months have passed", "10", "2026-03-31",
			`{"data_riferimento":"2026-03-31","azienda":{"matricola":"0123456789","codice_fiscale":"80078750587","settore":"fondo","fondo":"fsba","dipendenti_semestre":48.5},"unita_produttiva":{"progressivo":"10","giorni_settimana":5,"mesi_attivita":5},"periodi":[]}`},
		{"six months later", "10", "2026-04-01",
			`{"data_riferimento":"2026-04-01","azienda":{"matricola":"0123456789","codice_fiscale":"80078750587","settore":"fondo","fondo":"fsba","dipendenti_semestre":48.5},"unita_produttiva":{"progressivo":"10","giorni_settimana":5},"periodi":[]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := r.Case(p, tt.unita, nil, archive.Ask{Day: calendar.MustParse(tt.day)})
			if err != nil {
				t.Fatal(err)
			}
			got, want := compact(t, f.AppendJSON(nil, true)), compact(t, []byte(tt.want))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if _, err := r.Case(p, "3", nil, archive.Ask{Day: today}); !errors.Is(err, archive.ErrUnita) {
		t.Errorf("a unit that is not there gives %v", err)
	}
}

// compact is JSON as a value, so that the order of members does not matter.
func compact(t testing.TB, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func TestADamagedHistoryIsToldByItsNumber(t *testing.T) {
	t.Parallel()
	s := store(t, fixtures.Generate(1, 3))
	s.history[1].Corpo = []byte(`{"dal":`)
	_, err := reader(t).Case(s.pos, s.unita, s.history, s.ask)
	if err == nil || !strings.Contains(err.Error(), s.history[1].Numero) {
		t.Errorf("%v does not name %s", err, s.history[1].Numero)
	}
}

func TestEffectsAreWhatTheCountersSayOfOne(t *testing.T) {
	t.Parallel()
	s := store(t, fixtures.Companies()[0].Body)
	r := reader(t)
	for i := range s.history {
		p := &s.history[i]
		f, err := r.Case(s.pos, s.unita, s.history, archive.Ask{Day: archive.EffectDay(p)})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := decider().Counters(f, engine.Options{Today: today, Language: "it", Explain: engine.Short})
		if err != nil {
			t.Fatal(err)
		}
		effects := archive.Effects(answer, p.Numero)
		if len(effects) == 0 {
			t.Errorf("%s has no effect at all, and no reason for it", p.Numero)
		}
		for _, e := range effects {
			if e.Reason == "" || e.Code == "" || e.Rule.Version == 0 {
				t.Errorf("%s on %s: %+v says no reason", p.Numero, e.ID, e)
			}
			if e.Counted != nil && e.Total != nil && e.Counted.Value.Cmp(e.Total.Value) > 0 && e.ID == "cigo.settimane_biennio" {
				t.Errorf("%s on %s counts %s of %s", p.Numero, e.ID, e.Counted.Value, e.Total.Value)
			}
		}
		if i == 0 {
			short := make([][4]string, len(effects)) // digests change with any rule
			for i, e := range effects {
				short[i] = [4]string{e.ID, e.Verdict, e.Counted.Text, e.Reason}
			}
			golden(t, "effects.json", short)
		}
	}
	if got := archive.Effects(&engine.Counters{}, "x"); got == nil || len(got) > 0 {
		t.Errorf("no counters give %v, not an empty list", got)
	}
	if got := archive.EffectDay(&archive.Provvedimento{Al: calendar.Of(1999, 1, 1)}); got != archive.LawInForce {
		t.Errorf("an old one is looked at on %s", got)
	}
}

// What GET …/counters does in place of reading a body, and the whole of both.
func BenchmarkCase(b *testing.B) {
	r := reader(b)
	for _, n := range []int{5, 20, 100} {
		s := store(b, fixtures.Generate(7, n))
		envelope, err := fact.NewEnvelope(shipped().Vocabulary, fact.AllFacts("facts"))
		if err != nil {
			b.Fatal(err)
		}
		opt := engine.Options{Today: today, Language: "it", Explain: engine.Normal}
		decode := func() *fact.Facts {
			request, err := envelope.Decode(s.body, fact.Options{})
			if err != nil {
				b.Fatal(err)
			}
			return request.Facts
		}
		assemble := func() *fact.Facts {
			pos := &archive.Posizione{Corpo: s.pos.Corpo}
			if err := pos.Open(); err != nil {
				b.Fatal(err)
			}
			f, err := r.Case(pos, s.unita, s.history, s.ask)
			if err != nil {
				b.Fatal(err)
			}
			return f
		}
		for _, way := range []struct {
			name string
			read func() *fact.Facts
		}{{"body", decode}, {"archive", assemble}} {
			b.Run(fmt.Sprintf("%d/%s/read", n, way.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					way.read()
				}
			})
			b.Run(fmt.Sprintf("%d/%s/whole", n, way.name), func(b *testing.B) {
				b.ReportAllocs()
				var out []byte
				for b.Loop() {
					answer, err := decider().Counters(way.read(), opt)
					if err != nil {
						b.Fatal(err)
					}
					out = answer.AppendJSON(out[:0])
				}
			})
		}
	}
}
