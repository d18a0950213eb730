package fact_test

import (
	"strings"
	"testing"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

func TestDecodeReadsEveryType(t *testing.T) {
	t.Parallel()
	f := decode(t, `{
		"data_riferimento": "2025-11-30",
		"azienda": {"matricola": "0123456789", "settore": "m", "dipendenti_semestre": 5.01},
		"unita_produttiva": {"progressivo": "0", "giorni_settimana": 5,
			"organico_medio": [{"ore_settimanali": 40, "lavoratori": 8}, {"ore_settimanali": 20.0, "lavoratori": 4.5}]},
		"periodi": [
			{"numero": "P1", "evento_non_evitabile": true, "dal": "2024-01-08", "al": "2024-04-07",
			 "giornate_fruite": ["2024-01-08", "2024-02-29"], "zero_ore": false},
			{}],
		"richiesta": {"saldo": -0.50, "relazione_tecnica": "Perch\u00e9 \ud83d\ude00 \"sì\"",
			"consultazione": {"data_conclusione": "2025-01-31", "esame_congiunto": true}}}`)
	if got := f.Get("data_riferimento").Day(); got != calendar.Of(2025, 11, 30) {
		t.Errorf("data_riferimento is %s", got)
	}
	if got := f.Get("azienda.matricola").Text; got != "0123456789" {
		t.Errorf("matricola is %q: leading zeros must stay", got)
	}
	if got := f.Get("azienda.dipendenti_semestre").Rat; !got.Equal(quantity.Frac(501, 100)) {
		t.Errorf("5.01 is read as %s", got)
	}
	if got := f.Get("unita_produttiva.giorni_settimana").Num; got != 5 {
		t.Errorf("giorni_settimana is %d", got)
	}
	if got := f.Get("richiesta.saldo").Rat; !got.Equal(quantity.Frac(-1, 2)) {
		t.Errorf("-0.50 is read as %s", got)
	}
	if got := f.Get("richiesta.relazione_tecnica").Text; got != "Perché 😀 \"sì\"" {
		t.Errorf("escapes are read as %q", got)
	}
	if got := f.Get("richiesta.consultazione.data_conclusione").Day().String(); got != "2025-01-31" {
		t.Errorf("nested date is %s", got)
	}
	if f.Get("azienda.codice_fiscale").IsKnown() || f.Get("richiesta.dal").IsKnown() {
		t.Error("what is absent must be unknown")
	}
	rows := f.Get("periodi").Rows()
	periodo := vocabulary.Groups["periodo"]
	if len(rows) != 2 || len(rows[1]) != len(periodo.Fields) {
		t.Fatalf("periodi has %d rows", len(rows))
	}
	first := rows[0]
	if v := first[periodo.Slot("zero_ore")]; !v.IsKnown() || v.Bool() {
		t.Errorf("false must be a known false, not %+v", v)
	}
	if v := first[periodo.Slot("giornate_fruite")]; len(v.Days()) != 2 || v.Days()[1] != calendar.Of(2024, 2, 29) {
		t.Errorf("giornate_fruite is %v", v.Days())
	}
	for i, v := range rows[1] {
		if v.IsKnown() {
			t.Errorf("%s of an empty row is known", periodo.Fields[i].Name)
		}
	}
	fascia := f.Get("unita_produttiva.organico_medio").Rows()[1]
	if got := fascia[1].Rat; !got.Equal(quantity.Frac(9, 2)) {
		t.Errorf("4.5 workers are %s", got)
	}
}

func TestDecodeTellsNoHistoryFromUnknownHistory(t *testing.T) {
	t.Parallel()
	if v := decode(t, `{}`).Get("periodi"); v.IsKnown() {
		t.Error("absent periodi must be unknown")
	}
	if v := decode(t, `{"periodi":[]}`).Get("periodi"); !v.IsKnown() || len(v.Rows()) != 0 {
		t.Error("empty periodi must be a known empty history")
	}
}

func TestDecodeReportsEachDefectInItsPlace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		// What is not JSON, or not of this shape: 400.
		{"not json", `{"azienda": nope}`, "400 malformed_json\n/facts/azienda malformed_json"},
		{"cut short", `{"periodi": [{"numero": "1"`, "400 malformed_json\n/facts/periodi/0 malformed_json"},
		{"comma before the end", `{"periodi": [],}`, "400 malformed_json\n/facts malformed_json"},
		{"comma at the start", `{,"periodi": []}`, "400 malformed_json\n/facts malformed_json"},
		{"comma forgotten", `{"periodi": [] "azienda": {}}`, "400 malformed_json\n/facts malformed_json"},
		{"single quotes", `{'periodi': []}`, "400 malformed_json\n/facts malformed_json"},
		{"comment", `{} // none`, "400 trailing_data\n/facts trailing_data"},
		{"trailing data", `{} {}`, "400 trailing_data\n/facts trailing_data"},
		{"unknown key", `{"azienda": {"setore": "a"}}`, "400 unknown_field\n/facts/azienda/setore unknown_field"},
		{"case matters", `{"Azienda": {}}`, "400 unknown_field\n/facts/Azienda unknown_field"},
		{"unknown key of a row", `{"periodi": [{}, {"numro": {"x": [1]}}]}`, "400 unknown_field\n/facts/periodi/1/numro unknown_field"},
		{"unknown key with a slash", `{"a/b~c": 1}`, "400 unknown_field\n/facts/a~1b~0c unknown_field"},
		{"duplicate key", `{"periodi": [{"dal": "2024-01-01", "dal": 7}]}`, "400 duplicate_key\n/facts/periodi/0/dal duplicate_key"},
		{"duplicate object", `{"azienda": {}, "azienda": {}}`, "400 duplicate_key\n/facts/azienda duplicate_key"},
		{"all wrong keys at once", `{"x": 1, "azienda": {"y": 2, "settore": "a", "settore": "a"}}`,
			"400 duplicate_key\n/facts/azienda/settore duplicate_key\n/facts/azienda/y unknown_field\n/facts/x unknown_field"},

		// Well formed, but of a wrong type, value or order: 422.
		{"number for text", `{"azienda": {"matricola": 123456789}}`, "422 invalid_input\n/facts/azienda/matricola wrong_type"},
		{"text for number", `{"azienda": {"dipendenti_semestre": "5"}}`, "422 invalid_input\n/facts/azienda/dipendenti_semestre wrong_type"},
		{"null is not absent", `{"azienda": {"settore": null}, "periodi": null, "richiesta": null}`,
			"422 invalid_input\n/facts/azienda/settore wrong_type\n/facts/periodi wrong_type\n/facts/richiesta wrong_type"},
		{"list for object", `{"azienda": []}`, "422 invalid_input\n/facts/azienda wrong_type"},
		{"object for list", `{"periodi": {}}`, "422 invalid_input\n/facts/periodi wrong_type"},
		{"rows that are no objects", `{"periodi": [1, {}, []]}`, "422 invalid_input\n/facts/periodi/0 wrong_type\n/facts/periodi/2 wrong_type"},
		{"zero for false", `{"periodi": [{"zero_ore": 0}]}`, "422 invalid_input\n/facts/periodi/0/zero_ore wrong_type"},
		{"facts that are no object", `[]`, "422 invalid_input\n/facts wrong_type"},
		{"day that does not exist", `{"richiesta": {"dal": "2025-02-29"}}`, "422 invalid_input\n/facts/richiesta/dal invalid_date"},
		{"day written otherwise", `{"richiesta": {"dal": "30/11/2025"}}`, "422 invalid_input\n/facts/richiesta/dal invalid_date"},
		{"year zero", `{"richiesta": {"dal": "0000-01-01"}}`, "422 invalid_input\n/facts/richiesta/dal invalid_date"},
		{"a day used that does not exist", `{"periodi": [{"giornate_fruite": ["2024-01-01", "2024-04-31", 3]}]}`,
			"422 invalid_input\n/facts/periodi/0/giornate_fruite/1 invalid_date\n/facts/periodi/0/giornate_fruite/2 wrong_type"},
		{"exponent", `{"richiesta": {"ore": 1e3}}`, "422 invalid_input\n/facts/richiesta/ore not_exact"},
		{"fraction of a whole number", `{"unita_produttiva": {"giorni_settimana": 5.5}}`, "422 invalid_input\n/facts/unita_produttiva/giorni_settimana not_integer"},
		{"number too long", `{"richiesta": {"ore": 0.` + strings.Repeat("1", 40) + `}}`, "422 invalid_input\n/facts/richiesta/ore too_long"},
		{"whole number beyond 64 bits", `{"richiesta": {"numero_intero": 9223372036854775808}}`, "422 invalid_input\n/facts/richiesta/numero_intero out_of_range"},
		{"below the bound", `{"unita_produttiva": {"giorni_settimana": 4}}`, "422 invalid_input\n/facts/unita_produttiva/giorni_settimana out_of_range"},
		{"above the bound", `{"unita_produttiva": {"mesi_attivita": 7}}`, "422 invalid_input\n/facts/unita_produttiva/mesi_attivita out_of_range"},
		{"negative", `{"richiesta": {"ore": -0.01}}`, "422 invalid_input\n/facts/richiesta/ore out_of_range"},
		{"unknown code", `{"azienda": {"settore": "z"}}`, "422 invalid_input\n/facts/azienda/settore unknown_code"},
		{"code in another case", `{"richiesta": {"prestazione": "cigo"}}`, "422 invalid_input\n/facts/richiesta/prestazione unknown_code"},
		{"matricola without its zero", `{"azienda": {"matricola": "123456789"}}`, "422 invalid_input\n/facts/azienda/matricola invalid_format"},
		{"check digit", `{"richiesta": {"lavoratori": [{"codice_fiscale": "RSSMRA80A01H501X"}]}}`,
			"422 invalid_input\n/facts/richiesta/lavoratori/0/codice_fiscale invalid_check_digit"},
		{"empty text", `{"periodi": [{"numero": " "}]}`, "422 invalid_input\n/facts/periodi/0/numero empty"},
		{"NUL in a text", `{"periodi": [{"numero": "a\u0000"}]}`, "422 invalid_input\n/facts/periodi/0/numero control_character"},
		{"text too long", `{"periodi": [{"numero": "` + strings.Repeat("è", 201) + `"}]}`, "422 invalid_input\n/facts/periodi/0/numero too_long"},
		{"dates out of order", `{"periodi": [{}, {"al": "2024-01-01", "dal": "2024-01-02"}], "richiesta": {"dal": "2025-02-01", "al": "2025-01-31"}}`,
			"422 invalid_input\n/facts/periodi/1/al date_order\n/facts/richiesta/al date_order"},
		{"numero twice", `{"periodi": [{"numero": "1"}, {}, {}, {"numero": "1"}, {"numero": "2"}, {"numero": "1"}]}`,
			"422 invalid_input\n/facts/periodi/3/numero duplicate_numero\n/facts/periodi/5/numero duplicate_numero"},

		// Both kinds: 400, with everything found.
		{"both kinds", `{"azienda": {"settore": "z", "x": 1}}`, "400 unknown_field\n/facts/azienda/settore unknown_code\n/facts/azienda/x unknown_field"},
		{"what was found before a syntax error", `{"azienda": {"settore": "z"}, "periodi": [}`,
			"400 malformed_json\n/facts/azienda/settore unknown_code\n/facts/periodi/0 malformed_json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, lang := range []string{"it", "en", "de", "fr"} {
				_, err := fact.Decode(vocabulary, []byte(tt.body), fact.Options{Language: lang})
				if got := defects(t, err); got != tt.want {
					t.Errorf("Decode(%s) in %s:\n got %s\nwant %s", tt.body, lang, got, tt.want)
				}
			}
		})
	}
}

func TestDecodeTakesNumbersAsWritten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ literal, want string }{
		{"0", "0"}, {"-0", "0"}, {"-0.0", "0"}, {"13.0", "13"}, {"5.01", "501/100"}, {"-3.25", "-13/4"},
		{"0.1", "1/10"}, {"123456789012345678", "123456789012345678"},
		{"9223372036854775807", "9223372036854775807"}, {"-9223372036854775808", "-9223372036854775808"},
		{"12345678901234567890.5", "24691357802469135781/2"},
		{"0.00000000000000001", "1/100000000000000000"},
	} {
		got := decode(t, `{"richiesta":{"saldo":`+tt.literal+`}}`).Get("richiesta.saldo").Rat
		if got.String() != tt.want {
			t.Errorf("%s is read as %s, want %s", tt.literal, got, tt.want)
		}
	}
	for literal, want := range map[string]int64{"13.0": 13, "-0": 0, "5.000": 5, "-9223372036854775807": -1<<63 + 1} {
		if got := decode(t, `{"richiesta":{"numero_intero":`+literal+`}}`).Get("richiesta.numero_intero").Num; got != want {
			t.Errorf("%s is read as %d", literal, got)
		}
	}
}

func TestDecodeSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ body, lang, want string }{
		{`{"azienda":{"setore":"a"}}`, "it", "Il campo «setore» non esiste. Forse intendevi «settore»?"},
		{`{"azienda":{"setore":"a"}}`, "de", "Das Feld „setore“ gibt es nicht. Meinten Sie „settore“?"},
		{`{"zzzzzzzzzzzzzz":1}`, "en", "There is no field “zzzzzzzzzzzzzz”. Allowed here: data_riferimento, azienda, unita_produttiva, periodi, richiesta."},
		{`{"azienda":{"matricola":12}}`, "it", "matricola: qui serve un testo fra virgolette, non un numero."},
		{`{"azienda":{"matricola":null}}`, "en", "matricola (en): null is not a value: when the fact is not known, leave the field out."},
		{`{"azienda":{"matricola":"12"}}`, "it", "matricola: la forma non è quella prevista: 10 cifre, zeri iniziali compresi."},
		{`{"richiesta":{"prestazione":"CIG"}}`, "it", "prestazione: il codice «CIG» non è previsto. Forse intendevi «CIGO»?"},
		{`{"richiesta":{"prestazione":"mobilità"}}`, "en", "prestazione (en): the code “mobilità” is not one of those allowed. Allowed codes: CIGO, CIGS, AIS."},
		{`{"richiesta":{"dal":"2025-02-30"}}`, "it", "dal: «2025-02-30» non è un giorno del calendario scritto come AAAA-MM-GG, per esempio 2025-11-30."},
		{`{"richiesta":{"dal":"2025-02-02","al":"2025-02-01"}}`, "en", "al (en): 2025-02-01 comes before 2025-02-02 of “dal (en)”: correct one of the two."},
		{`{"unita_produttiva":{"giorni_settimana":7}}`, "de", "giorni_settimana (de): Die Zahl muss zwischen 5 und 6 liegen."},
		{`{"richiesta":{"ore":-1}}`, "it", "ore: il numero non può essere minore di 0."},
		{`{"periodi":[{"numero":"7"},{"numero":"7"}]}`, "it", "numero: lo stesso valore è già nella riga 1 dell'elenco: ognuno va scritto una volta sola."},
		{`{"richiesta":{"lavoratori":[{"codice_fiscale":"rssmra80a01h501u"}]}}`, "it", "codice_fiscale: le lettere vanno scritte in maiuscolo."},
		{"{\n  \"azienda\": {\"settore\" \"a\"}}", "it", "Alla riga 2, colonna 25, c'è un carattere che qui non può stare: controllare virgole, virgolette e parentesi."},
	} {
		_, err := fact.Decode(vocabulary, []byte(tt.body), fact.Options{Language: tt.lang})
		if got := firstText(t, err); got != tt.want {
			t.Errorf("%s in %s:\n got %s\nwant %s", tt.body, tt.lang, got, tt.want)
		}
	}
}

func TestLenientDecodingKeepsOnlyWrongTypesAsErrors(t *testing.T) {
	t.Parallel()
	body := `{"azienda":{"matricola":"12","settore":"z"},"unita_produttiva":{"giorni_settimana":9},` +
		`"periodi":[{"numero":"1"},{"numero":"1"}],"richiesta":{"dal":"2025-02-02","al":"2025-02-01","ore":1e2,"relazione_tecnica":""}}`
	f, err := fact.Decode(vocabulary, []byte(body), fact.Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range f.Findings {
		got = append(got, fact.PathOf(d.Pointer)+" "+d.Code)
	}
	want := []string{
		"azienda.matricola invalid_format", "azienda.settore unknown_code", "periodi[1].numero duplicate_numero",
		"richiesta.al date_order", "richiesta.ore not_exact", "unita_produttiva.giorni_settimana out_of_range",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("findings:\n got %s\nwant %s", got, want)
	}
	for _, name := range []string{"azienda.matricola", "azienda.settore", "richiesta.al", "richiesta.ore", "richiesta.relazione_tecnica"} {
		if v := f.Get(name); v.IsKnown() || v.Refused() == "" {
			t.Errorf("%s must be unknown and remembered as written, not %+v", name, v)
		}
	}
	if !f.Get("richiesta.dal").IsKnown() {
		t.Error("the start of a run out of order stays known")
	}
	if got := string(f.AppendJSON(nil, true)); got != body {
		t.Errorf("written again:\n got %s\nwant %s", got, body)
	}
	for _, hard := range []string{`{"azienda":{"settore":7}}`, `{"richiesta":{"dal":"2025-02-30"}}`, `{"azienda":{"settore":null}}`} {
		if _, err := fact.Decode(vocabulary, []byte(hard), fact.Options{Lenient: true}); err == nil {
			t.Errorf("%s must be refused in lenient reading too", hard)
		}
	}
}

func TestMessagesNeverRepeatPersonalData(t *testing.T) {
	t.Parallel()
	secret := "RSSMRA80A01H501X"
	_, err := fact.Decode(vocabulary, []byte(`{"azienda":{"codice_fiscale":"`+secret+`"},"richiesta":{"relazione_tecnica":"\u0001`+secret+`"}}`), fact.Options{})
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("the message repeats the code: %v", err)
	}
}

func TestObjectsMayHaveManyFields(t *testing.T) {
	t.Parallel()
	var list []*fact.Field
	for i := range 200 {
		list = append(list, &fact.Field{Name: "f" + strings.Repeat("x", i), Type: fact.Bool})
	}
	g := fact.NewGroup("wide", list)
	var b strings.Builder
	for i := len(list) - 1; i >= 0; i-- {
		b.WriteString(`"` + list[i].Name + `":true,`)
	}
	rec, err := fact.DecodeRecord(g, []byte(`{`+strings.TrimSuffix(b.String(), ",")+`}`), fact.Options{})
	if err != nil || !rec[0].Bool() || !rec[199].Bool() {
		t.Fatalf("200 fields: %v", err)
	}
	_, err = fact.DecodeRecord(g, []byte(`{`+b.String()+`"`+list[150].Name+`":false}`), fact.Options{})
	if got := defects(t, err); got != "400 duplicate_key\n/"+list[150].Name+" duplicate_key" {
		t.Errorf("got %s", got)
	}
}

func TestNewGroupPanicsOnClashingNames(t *testing.T) {
	t.Parallel()
	for _, names := range [][2]string{{"a", "a"}, {"a", "a.b"}, {"a.b", "a"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v are accepted together", names)
				}
			}()
			fact.NewGroup("", []*fact.Field{{Name: names[0]}, {Name: names[1]}})
		}()
	}
}
