package archive_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// measure is a provvedimento that is right.
var measure = map[string]any{
	"numero": "2025-000123", "prestazione": "CIGO", "causale": "meteo", "esito": "accoglimento",
	"dal": "2025-03-03", "al": "2025-05-04", "ore_autorizzate": 1200.5, "giornate_fruite": []string{"2025-03-05", "2025-03-03"},
	"matricola": "0123456789", "unita_produttiva": "0", "data_emissione": "2025-06-10", "motivazione": "Pioggia persistente sul cantiere",
	"lavoratori": 12, "protocollo": "INPS.7000.10/06/2025.0001",
}

func TestAProvvedimentoIsRead(t *testing.T) {
	t.Parallel()
	p, err := reader(t).Provvedimento(object(t, measure, nil), options("it"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"numero":"2025-000123","prestazione":"CIGO","causale":"meteo","esito":"accoglimento","dal":"2025-03-03","al":"2025-05-04",` +
		`"giornate_fruite":["2025-03-03","2025-03-05"],"ore_autorizzate":1200.5,"matricola":"0123456789","unita_produttiva":"0",` +
		`"data_emissione":"2025-06-10","motivazione":"Pioggia persistente sul cantiere","lavoratori":12,"protocollo":"INPS.7000.10/06/2025.0001","versione":1}`
	if string(p.Corpo) != want {
		t.Errorf("Corpo is\n%s\nwant\n%s", p.Corpo, want)
	}
	if p.Versione != 1 || p.Matricola != "0123456789" || p.Dal != calendar.Of(2025, 3, 3) || p.Motivazione != "Pioggia persistente sul cantiere" {
		t.Errorf("read as %+v", p)
	}
	opened := archive.Provvedimento{Corpo: p.Corpo, Digest: p.Digest, Stems: p.Stems}
	if err := opened.Open(); err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprintf("%+v", opened), fmt.Sprintf("%+v", *p); a != b {
		t.Errorf("opened as\n%s\nbut read as\n%s", a, b)
	}
}

// One content has one digest, however it is written.
func TestTheDigestIsOfTheContent(t *testing.T) {
	t.Parallel()
	r := reader(t)
	digest := func(body string) string {
		t.Helper()
		p, err := r.Provvedimento([]byte(body), options("it"))
		if err != nil {
			t.Fatal(err)
		}
		return p.Digest
	}
	text := string(object(t, measure, nil))
	want := digest(text)
	for name, other := range map[string]string{
		"version 1 written out":     strings.Replace(text, "{", `{"versione":1,`, 1),
		"blanks":                    strings.NewReplacer(",", " ,\r\n\t", ":", " : ").Replace(strings.ReplaceAll(text, "INPS.7000.10/06/2025.0001", "INPS.7000.10/06/2025.0001")),
		"a number with zeros":       strings.Replace(text, "1200.5", "1200.5000", 1),
		"escapes":                   strings.Replace(text, "Pioggia", `\u0050ioggia`, 1),
		"days in another order":     strings.Replace(text, `"2025-03-05","2025-03-03"`, `"2025-03-03","2025-03-05"`, 1),
		"a day written twice":       strings.Replace(text, `"2025-03-05","2025-03-03"`, `"2025-03-03","2025-03-05","2025-03-03"`, 1),
		"the version as a big zero": strings.Replace(text, "{", `{"versione":1.0,`, 1),
	} {
		if got := digest(other); got != want {
			t.Errorf("%s changes the digest", name)
		}
	}
	for name, other := range map[string]string{
		"another number":  strings.Replace(text, "1200.5", "1200.51", 1),
		"another version": strings.Replace(text, "{", `{"versione":2,"correzione":"ore sbagliate",`, 1),
		"no days known":   strings.Replace(text, `"giornate_fruite":["2025-03-05","2025-03-03"],`, "", 1),
	} {
		if got := digest(other); got == want {
			t.Errorf("%s does not change the digest", name)
		}
	}
}

func TestDefectsOfAProvvedimentoAreToldAtOnce(t *testing.T) {
	t.Parallel()
	r := reader(t)
	out := map[string]any{}
	for _, lang := range []string{"it", "en", "de"} {
		for name, body := range map[string][]byte{
			"empty object":            []byte(`{}`),
			"everything wrong":        object(t, measure, map[string]any{"matricola": "123", "unita_produttiva": "A", "al": "2025-03-01", "data_emissione": "2027-01-01", "causale": "metéo", "esito": nil, "versione": 2, "lavoratori": -1, "ore_autorizzate": "molte"}),
			"correction of nothing":   object(t, measure, map[string]any{"correzione": "x"}),
			"version zero":            object(t, measure, map[string]any{"versione": 0}),
			"unknown field":           object(t, measure, map[string]any{"motivazioni": "x"}),
			"reasons too long":        object(t, measure, map[string]any{"motivazione": strings.Repeat("à", 4001)}),
			"a NUL":                   object(t, measure, map[string]any{"motivazione": "a\x00b"}),
			"null":                    []byte(`{"numero":null}`),
			"issued tomorrow":         object(t, measure, map[string]any{"data_emissione": "2026-11-24"}),
			"not JSON":                []byte(`{"numero":`),
			"a list of provvedimenti": []byte(`[{}]`),
		} {
			_, err := r.Provvedimento(body, options(lang))
			out[name+" ("+lang+")"] = told(t, err)
		}
	}
	golden(t, "provvedimento.json", out)
}

func TestAnOldProvvedimentoAndOneOfTodayAreTaken(t *testing.T) {
	t.Parallel()
	r := reader(t)
	for _, changes := range []map[string]any{
		{"data_emissione": "1998-04-01", "dal": "1998-01-05", "al": "1998-03-01", "giornate_fruite": nil},
		{"data_emissione": today.String()},
		{"motivazione": strings.Repeat("à", 4000)},
		{"versione": 2, "correzione": "il periodo era sbagliato"},
		{"motivazione": nil, "causale": nil, "protocollo": nil, "lavoratori": nil},
	} {
		if _, err := r.Provvedimento(object(t, measure, changes), options("it")); err != nil {
			t.Errorf("%v: %v", changes, err)
		}
	}
}

// drawMeasure is any provvedimento that is right, as the members of a JSON object.
func drawMeasure(t *rapid.T) map[string]json.RawMessage {
	raw := func(v any) json.RawMessage {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	from := calendar.Of(2010, 1, 1) + calendar.Day(rapid.IntRange(0, 5000).Draw(t, "from"))
	m := map[string]json.RawMessage{
		"numero": raw(rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9/._ -]{0,18}[A-Za-z0-9]`).Draw(t, "numero")), "prestazione": raw(rapid.SampledFrom([]string{"CIGO", "CIGS", "AIS"}).Draw(t, "prestazione")),
		"esito": raw(rapid.SampledFrom([]string{"accoglimento", "accoglimento_parziale", "reiezione", "in_istruttoria"}).Draw(t, "esito")),
		"dal":   raw(from), "al": raw(from + calendar.Day(rapid.IntRange(0, 400).Draw(t, "length"))),
		"matricola": raw(rapid.StringMatching(`[0-9]{10}`).Draw(t, "matricola")), "unita_produttiva": raw(rapid.StringMatching(`[0-9]{1,3}`).Draw(t, "unita")),
		"data_emissione": raw(from),
	}
	some := func(name string, value func() json.RawMessage) {
		if rapid.Bool().Draw(t, name+" is there") {
			m[name] = value()
		}
	}
	some("causale", func() json.RawMessage {
		return raw(rapid.SampledFrom([]string{"meteo", "crisi", "solidarieta"}).Draw(t, "causale"))
	})
	some("ore_autorizzate", func() json.RawMessage {
		return json.RawMessage(rapid.StringMatching(`(0|[1-9][0-9]{0,6})(\.[0-9]{1,5})?`).Draw(t, "ore"))
	})
	some("flussi_completi", func() json.RawMessage { return raw(rapid.Bool().Draw(t, "flussi")) })
	some("motivazione", func() json.RawMessage {
		return raw("x" + rapid.StringOf(rapid.RuneFrom([]rune("abcàèÈ '\"\\\n\t=+-@,;<>&€😀"))).Draw(t, "motivazione"))
	})
	some("giornate_fruite", func() json.RawMessage {
		days := rapid.SliceOfN(rapid.IntRange(0, 60), 0, 9).Draw(t, "days")
		list := make([]calendar.Day, len(days))
		for i, d := range days {
			list[i] = from + calendar.Day(d)
		}
		return raw(list)
	})
	if rapid.Bool().Draw(t, "corrects") {
		m["versione"], m["correzione"] = raw(rapid.IntRange(2, 9).Draw(t, "versione")), raw("perché sì")
	}
	return m
}

// write is the object with its members in that order, and blanks.
func write(m map[string]json.RawMessage, order []string, blank string) []byte {
	var b bytes.Buffer
	b.WriteString(blank + "{" + blank)
	for i, k := range order {
		if i > 0 {
			b.WriteString(blank + ",")
		}
		fmt.Fprintf(&b, "%s%q%s:%s%s", blank, k, blank, blank, m[k])
	}
	b.WriteString(blank + "}" + blank)
	return b.Bytes()
}

func TestCorpoIsCanonical(t *testing.T) {
	t.Parallel()
	r := reader(t)
	rapid.Check(t, func(t *rapid.T) {
		m := drawMeasure(t)
		var names []string
		for k := range m {
			names = append(names, k)
		}
		one, err := r.Provvedimento(write(m, names, ""), options("it"))
		if err != nil {
			t.Fatal(err)
		}
		if ore, ok := m["ore_autorizzate"]; ok {
			if !bytes.Contains(ore, []byte(".")) {
				ore = append(ore, '.')
			}
			m["ore_autorizzate"] = append(ore, "0"...)
		}
		other, err := r.Provvedimento(write(m, rapid.Permutation(names).Draw(t, "order"), rapid.SampledFrom([]string{" ", "\n", "\t "}).Draw(t, "blank")), options("de"))
		if err != nil {
			t.Fatal(err)
		}
		if one.Digest != other.Digest || !bytes.Equal(one.Corpo, other.Corpo) {
			t.Fatalf("the same content is\n%s\nand\n%s", one.Corpo, other.Corpo)
		}
		again, err := r.Provvedimento(one.Corpo, options("it"))
		if err != nil || again.Digest != one.Digest {
			t.Fatalf("read back: %v, %s", err, again.Corpo)
		}
		rec, err := r.Record(one)
		if err != nil {
			t.Fatal(err)
		}
		if back := fact.AppendRecord(nil, r.Group(), rec, true); !bytes.Equal(back, one.Corpo) {
			t.Fatalf("the record is\n%s\nwant\n%s", back, one.Corpo)
		}
	})
}

func TestADamagedRecordIsNoPanic(t *testing.T) {
	t.Parallel()
	for _, corpo := range []string{"", "null", "[]", `{"dal":"2025-02-30"}`, `{"numero":5}`, "\xff", `{"numero":"a"}{}`} {
		p := archive.Provvedimento{Numero: "7", Corpo: []byte(corpo)}
		if err := p.Open(); err == nil || !strings.Contains(err.Error(), "7") {
			t.Errorf("%q is opened as %+v, %v", corpo, p, err)
		}
	}
}

// What an edition does not know any more stays in the archive, and is no fact.
func TestWhatTheEditionDoesNotKnowIsPassedOver(t *testing.T) {
	t.Parallel()
	r := reader(t)
	p, err := r.Provvedimento(object(t, measure, nil), options("it"))
	if err != nil {
		t.Fatal(err)
	}
	p.Corpo = bytes.Replace(p.Corpo, []byte(`"causale":"meteo"`), []byte(`"causale":"neve","altezza":{"cm":[30]}`), 1)
	rec, err := r.Record(p)
	if err != nil {
		t.Fatal(err)
	}
	if v := rec[r.Group().Slot("causale")]; v.IsKnown() {
		t.Errorf("causale is %+v: a code that is gone must be unknown", v)
	}
	if v := rec[r.Group().Slot("al")]; v.Day() != calendar.Of(2025, 5, 4) {
		t.Errorf("al is %s", v.Day())
	}
}
