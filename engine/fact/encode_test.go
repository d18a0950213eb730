package fact_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"omnia/engine/fact"
	"omnia/engine/quantity"
)

var sameFacts = cmp.Options{
	cmp.Comparer(func(a, b quantity.Rat) bool { return a.Equal(b) }),
	cmpopts.IgnoreFields(fact.Facts{}, "Vocabulary"),
	cmp.Exporter(func(t reflect.Type) bool { return t.PkgPath() == "omnia/engine/fact" }), // the lists of a value
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		written := f.AppendJSON(nil, true)
		if !json.Valid(written) {
			t.Fatalf("not JSON: %s", written)
		}
		for _, opt := range []fact.Options{{}, {Lenient: true}} {
			read, err := fact.Decode(vocabulary, written, opt)
			if err != nil {
				t.Fatalf("%s\n%v", written, err)
			}
			if diff := cmp.Diff(f, read, sameFacts); diff != "" {
				t.Fatalf("%s\n%s", written, diff)
			}
			if again := read.AppendJSON(nil, true); string(again) != string(written) {
				t.Fatalf("written twice:\n%s\n%s", written, again)
			}
		}
	})
}

func TestCanonicalJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		{"declared order, no blanks", `{ "richiesta": {"al": "2025-01-02", "dal": "2025-01-01"}, "data_riferimento": "2025-01-03" }`,
			`{"data_riferimento":"2025-01-03","richiesta":{"dal":"2025-01-01","al":"2025-01-02"}}`},
		{"objects without a fact vanish, lists stay", `{"azienda": {}, "periodi": [], "richiesta": {"consultazione": {}}}`, `{"periodi":[]}`},
		{"empty rows stay", `{"periodi": [{}, {"giornate_fruite": []}]}`, `{"periodi":[{},{"giornate_fruite":[]}]}`},
		{"numbers in their shortest form", `{"richiesta": {"ore": 10.500, "saldo": -0.0, "numero_intero": 13.0}}`,
			`{"richiesta":{"ore":10.5,"saldo":0,"numero_intero":13}}`},
		{"only what must be is escaped", `{"periodi": [{"numero": "\u00e8\/\"\\\n</"}]}`, `{"periodi":[{"numero":"è/\"\\\n</"}]}`},
		{"nothing known", `{}`, `{}`},
	} {
		if got := string(decode(t, tt.body).AppendJSON(nil, true)); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestPresumedFactsAreNotWritten(t *testing.T) {
	t.Parallel()
	f := decode(t, `{"periodi":[{}]}`)
	*f.Get("azienda.settore") = fact.OfText("m").As(fact.Presumed)
	*f.Get("richiesta.ore") = fact.OfRat(quantity.Int(8)).As(fact.Declared)
	if got := string(f.AppendJSON(nil, true)); got != `{"periodi":[{}],"richiesta":{"ore":8}}` {
		t.Errorf("got %s", got)
	}
}

func TestADecimalWithoutEndIsWrittenAsItsFraction(t *testing.T) {
	t.Parallel()
	f := decode(t, `{}`)
	*f.Get("richiesta.ore") = fact.OfRat(quantity.Frac(41600, 3))
	if got := string(f.AppendJSON(nil, true)); got != `{"richiesta":{"ore":"41600/3"}}` {
		t.Errorf("got %s", got)
	}
}

func TestDigestCoversWhatIsNotPersonal(t *testing.T) {
	t.Parallel()
	base := decode(t, `{"azienda":{"settore":"a"},"richiesta":{"lavoratori":[{"qualifica":"operaio"}]}}`)
	personal := decode(t, `{"richiesta":{"lavoratori":[{"codice_fiscale":"RSSMRA80A01H501U","qualifica":"operaio"}],"relazione_tecnica":"x"},"azienda":{"codice_fiscale":"80078750587","settore":"a"}}`)
	other := decode(t, `{"azienda":{"settore":"b"},"richiesta":{"lavoratori":[{"qualifica":"operaio"}]}}`)
	if base.Digest() != personal.Digest() {
		t.Error("personal facts change the digest")
	}
	if base.Digest() == other.Digest() {
		t.Error("another sector has the same digest")
	}
	if d := base.Digest(); !strings.HasPrefix(d, "sha256:") || len(d) != len("sha256:")+64 {
		t.Errorf("digest is %q", d)
	}
	if got := string(personal.AppendJSON(nil, false)); strings.Contains(got, "RSSMRA") || strings.Contains(got, "80078750587") {
		t.Errorf("personal facts are written: %s", got)
	}
}

func TestPersonalFieldsOfAllKindsAreLeftOutTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		public, err := fact.Decode(vocabulary, f.AppendJSON(nil, false), fact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if public.Digest() != f.Digest() {
			t.Fatal("the public part has another digest")
		}
		for i, field := range vocabulary.Root.Fields {
			if field.Personal && public.Root[i].IsKnown() {
				t.Fatalf("%s is personal and is written", field.Path)
			}
		}
	})
}
