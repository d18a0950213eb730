package ledger_test

import (
	"bytes"
	"strings"
	"testing"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/ledger"
	"omnia/rules"
)

// shapes are those of the personal facts of a vocabulary.
func shapes(g *fact.Group, into map[string]bool) map[string]bool {
	for _, f := range g.Fields {
		if f.Personal {
			into["/"+strings.NewReplacer("[]", "/*", ".", "/").Replace(f.Path)] = true
		}
		if f.Element != nil {
			shapes(f.Element, into)
		}
	}
	return into
}

// What is public here are the bytes of which the engine takes the digest of the facts, and what is put together
// again are the facts that were decided on.
func TestFactsAreSplitAsTheEngineWritesThem(t *testing.T) {
	t.Parallel()
	ed, defects := rulebook.Load(rules.FS)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	personal := shapes(ed.Vocabulary.Root, map[string]bool{})
	if !personal["/azienda/codice_fiscale"] || !personal["/richiesta/lavoratori/*/codice_fiscale"] {
		t.Fatalf("personal are %v", personal)
	}
	for _, body := range []string{
		`{"azienda":{"codice_fiscale":"01234567897"}}`,
		`{"data_riferimento":"2025-11-30","azienda":{"matricola":"1234567890","codice_fiscale":"01234567897","settore":"a","dipendenti_semestre":12.50},"periodi":[{"numero":"1","prestazione":"CIGO","dal":"2025-01-06","al":"2025-01-12"}],
		  "richiesta":{"prestazione":"CIGO","lavoratori":[{"codice_fiscale":"RSSMRA80A01H501U"},{"anzianita_giorni":90},{"codice_fiscale":"RSSMRA80A01H501U","qualifica":"operaio"}]}}`,
		`{"periodi":[]}`,
	} {
		facts, err := fact.Decode(ed.Vocabulary, []byte(body), fact.Options{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		whole := facts.AppendJSON(nil, true)
		public, values, bound, err := ledger.Split(whole, func(shape string) (here, within bool) { return personal[shape], true }, seeded(1))
		if err != nil {
			t.Fatal(err)
		}
		if want := facts.AppendJSON(nil, false); !bytes.Equal(public, want) || string(ledger.DigestOf(public)) != facts.Digest() {
			t.Errorf("public:\n got %s\nwant %s", public, want)
		}
		again, err := ledger.Assemble(public, bound, values)
		if err != nil {
			t.Fatal(err)
		}
		back, err := fact.Decode(ed.Vocabulary, again, fact.Options{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := back.AppendJSON(nil, true); !bytes.Equal(got, whole) {
			t.Errorf("comes back as %s\nwas %s", got, whole)
		}
	}
}
