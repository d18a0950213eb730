package fact_test

import (
	"testing"

	"omnia/engine/fact"
)

func envelope(t testing.TB, members ...fact.Member) *fact.Envelope {
	t.Helper()
	e, err := fact.NewEnvelope(vocabulary, members...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func validation(t testing.TB) *fact.Envelope {
	return envelope(t,
		fact.Plain(fact.Field{Name: "form", Type: fact.Code, Required: true, Options: []fact.Option{{Code: "cigo"}}}),
		fact.Plain(fact.Field{Name: "complete", Type: fact.Bool}),
		fact.AllFacts("facts"),
	)
}

func TestEnvelopeReadsPlainMembersAndFacts(t *testing.T) {
	t.Parallel()
	r, err := validation(t).Decode([]byte(`{"facts": {"azienda": {"settore": "m"}}, "form": "cigo"}`), fact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Get("form").Text != "cigo" || r.Get("complete").IsKnown() || r.Facts.Get("azienda.settore").Text != "m" {
		t.Errorf("read form %+v, complete %+v, facts %s", r.Get("form"), r.Get("complete"), r.Facts.AppendJSON(nil, true))
	}
}

func TestEnvelopeReadsAPartOfTheFacts(t *testing.T) {
	t.Parallel()
	e := envelope(t, fact.Part("richiesta"))
	r, err := e.Decode([]byte(`{"richiesta": {"dal": "2025-09-01", "lavoratori": [{}]}}`), fact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Facts.Get("richiesta.dal").Day().String(); got != "2025-09-01" {
		t.Errorf("richiesta.dal is %s", got)
	}
	_, err = e.Decode([]byte(`{"richiesta": {"dal": "2025-09-02", "al": "2025-09-01", "lavoratori": [{"qualifica": "x"}]}, "facts": {}}`), fact.Options{})
	want := "400 unknown_field\n/facts unknown_field\n/richiesta/al date_order\n/richiesta/lavoratori/0/qualifica unknown_code"
	if got := defects(t, err); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestEnvelopeReportsFromTheRootOfTheBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		{"nothing there", `{}`, "422 invalid_input\n/facts required\n/form required"},
		{"an empty body", ``, "400 malformed_json\n malformed_json"},
		{"blanks only", " \n", "400 malformed_json\n malformed_json"},
		{"not an object", `"facts"`, "422 invalid_input\n wrong_type"},
		{"wrong types", `{"form": 1, "complete": "no", "facts": []}`, "422 invalid_input\n/complete wrong_type\n/facts wrong_type\n/form wrong_type"},
		{"unknown form", `{"form": "cigoo", "facts": {}}`, "422 invalid_input\n/form unknown_code"},
		{"an escaped duplicate", `{"form": "cigo", "facts": {}, "\u0066acts": {}}`, "400 duplicate_key\n/facts duplicate_key"},
		{"case", `{"form": "cigo", "Facts": {}}`, "400 unknown_field\n/Facts unknown_field\n/facts required"},
		{"trailing data", `{"form": "cigo", "facts": {}}x`, "400 trailing_data\n trailing_data"},
		{"order of days", `{"form": "cigo", "facts": {"periodi": [{"dal": "2025-01-02", "al": "2025-01-01"}]}}`, "422 invalid_input\n/facts/periodi/0/al date_order"},
	} {
		_, err := validation(t).Decode([]byte(tt.body), fact.Options{})
		if got := defects(t, err); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestEnvelopeFindingsOfAForm(t *testing.T) {
	t.Parallel()
	r, err := validation(t).Decode([]byte(`{"form": "cigo", "facts": {"azienda": {"settore": "?"}}}`), fact.Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Facts.Findings) != 1 || r.Facts.Findings[0].Pointer != "/facts/azienda/settore" {
		t.Errorf("findings are %+v", r.Facts.Findings)
	}
}

func TestPlainMembersAreStrictInAForm(t *testing.T) {
	t.Parallel()
	_, err := validation(t).Decode([]byte(`{"form": "xyz", "facts": {}}`), fact.Options{Lenient: true})
	if got := defects(t, err); got != "422 invalid_input\n/form unknown_code" {
		t.Errorf("got %s", got)
	}
}

func TestEnvelopeWithoutFacts(t *testing.T) {
	t.Parallel()
	e, err := fact.NewEnvelope(nil,
		fact.Plain(fact.Field{Name: "client_id", Type: fact.Text, Required: true}),
		fact.Plain(fact.Field{Name: "text", Type: fact.Text, MaxLen: 5}))
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Decode([]byte(`{"client_id": "7", "text": "ciao"}`), fact.Options{})
	if err != nil || r.Facts != nil || r.Get("text").Text != "ciao" {
		t.Errorf("read %+v, %v", r, err)
	}
	_, err = e.Decode([]byte(`{"text": "troppo lungo"}`), fact.Options{})
	if got := defects(t, err); got != "422 invalid_input\n/client_id required\n/text too_long" {
		t.Errorf("got %s", got)
	}
}

func TestNewEnvelopeRefusesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, members := range map[string][]fact.Member{
		"an unknown part": {fact.Part("domanda")},
		"a list as part":  {fact.Part("periodi")},
		"the same twice":  {fact.AllFacts("facts"), fact.Plain(fact.Field{Name: "facts"})},
	} {
		if _, err := fact.NewEnvelope(vocabulary, members...); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := fact.NewEnvelope(nil, fact.AllFacts("facts")); err == nil {
		t.Error("facts without a vocabulary are accepted")
	}
}

func TestDecodeRecordReadsOneRow(t *testing.T) {
	t.Parallel()
	g := vocabulary.Groups["periodo"]
	rec, err := fact.DecodeRecord(g, []byte(`{"numero": "1", "dal": "2025-01-01"}`), fact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(fact.AppendRecord(nil, g, rec, true)); got != `{"numero":"1","dal":"2025-01-01"}` {
		t.Errorf("written again: %s", got)
	}
	_, err = fact.DecodeRecord(g, []byte(`{"causale": "x", "dal": "2025-01-02", "al": "2025-01-01"}`), fact.Options{})
	if got := defects(t, err); got != "422 invalid_input\n/al date_order\n/causale unknown_code" {
		t.Errorf("got %s", got)
	}
}

func TestExtendAddsFieldsToARow(t *testing.T) {
	t.Parallel()
	row := vocabulary.Groups["periodo"]
	g := row.Extend("provvedimento",
		fact.Field{Name: "matricola", Type: fact.Text, Format: "matricola", Required: true},
		fact.Field{Name: "data_emissione", Type: fact.Date})
	rec, err := fact.DecodeRecord(g, []byte(`{"matricola": "0123456789", "numero": "1", "data_emissione": "2025-01-31"}`), fact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(fact.AppendRecord(nil, g, rec, true)); got != `{"numero":"1","matricola":"0123456789","data_emissione":"2025-01-31"}` {
		t.Errorf("written again: %s", got)
	}
	_, err = fact.DecodeRecord(g, []byte(`{"dal": "2025-01-02", "al": "2025-01-01"}`), fact.Options{})
	if got := defects(t, err); got != "422 invalid_input\n/al date_order\n/matricola required" {
		t.Errorf("got %s", got)
	}
	if len(row.Fields) == len(g.Fields) || row.Field("dal").Slot != row.Slot("dal") {
		t.Error("the row itself was changed")
	}
}
