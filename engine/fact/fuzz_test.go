package fact_test

import (
	"encoding/json"
	"errors"
	"testing"

	"omnia/engine/fact"
	"omnia/internal/fault"
)

// FuzzDecode holds whatever the body: reading never panics, a refusal says why, lenient reading
// takes all that strict reading takes, and what was read is read again from what is written.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, ``, ` `, `{"periodi":[]}`, `{"azienda":{"matricola":"0123456789","dipendenti_semestre":5.01}}`,
		`{"periodi":[{"numero":"1","dal":"2024-01-08","al":"2024-04-07","giornate_fruite":["2024-02-29"],"zero_ore":false}]}`,
		`{"periodi":[{"numero":"1"},{"numero":"1"}]}`, `{"richiesta":{"dal":"2025-01-02","al":"2025-01-01","ore":-0.0}}`,
		`{"richiesta":{"saldo":12345678901234567890.12,"numero_intero":1e999999}}`,
		`{"richiesta":{"relazione_tecnica":"\ud83d\ude00\u0000\\\/\b"}}`, `{"\u0061zienda":{},"azienda":{}}`,
		"\xef\xbb\xbf{}", "{\"azienda\":{\"settore\":\"\xff\"}}", `{"richiesta":{"relazione_tecnica":"\ud83d"}}`,
		`{"richiesta":{"lavoratori":[{"codice_fiscale":"RSSMRA80A01H501U","qualifica":"operaio","anzianita_giorni":90}]}}`,
		string(twentyPeriods()),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, opt := range []fact.Options{{}, {Lenient: true, Language: "de"}} {
			read, err := fact.Decode(vocabulary, body, opt)
			if err != nil {
				mustExplain(t, err)
				continue
			}
			if !json.Valid(body) {
				t.Fatalf("accepted, and not JSON: %q", body)
			}
			written := read.AppendJSON(nil, true)
			again, err := fact.Decode(vocabulary, written, opt)
			if err != nil {
				t.Fatalf("%q is written as %q, which is refused: %v", body, written, err)
			}
			if got := again.AppendJSON(nil, true); string(got) != string(written) || again.Digest() != read.Digest() {
				t.Fatalf("%q is written as %q, then as %q", body, written, got)
			}
			if !opt.Lenient {
				if _, err := fact.Decode(vocabulary, body, fact.Options{Lenient: true}); err != nil {
					t.Fatalf("lenient reading refuses what strict reading takes: %v", err)
				}
			}
		}
	})
}

func mustExplain(t *testing.T, err error) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Details) == 0 || f.Kind != fault.Malformed && f.Kind != fault.Invalid {
		t.Fatalf("no reason in %v", err)
	}
	for _, d := range f.Details {
		if d.Text == "" || d.Code == "" || !json.Valid([]byte(`"`+d.Code+`"`)) {
			t.Fatalf("no sentence in %+v", d)
		}
	}
}
