package fact_test

import (
	"errors"
	"strings"
	"testing"

	"omnia/engine/fact"
	"omnia/internal/fault"
)

// says is one label in the three languages.
func says(s string) fact.Texts { return fact.Texts{"it": s, "en": s + " (en)", "de": s + " (de)"} }

// declare makes a field from "name type" and settings such as "min=0", "format=matricola",
// "codes=a,b", "personal".
func declare(words string) fact.FieldSpec {
	parts := strings.Fields(words)
	f := fact.FieldSpec{Name: parts[0], Type: parts[1], Label: says(parts[0]), Source: "dichiarato"}
	for _, p := range parts[2:] {
		key, value, _ := strings.Cut(p, "=")
		switch key {
		case "min":
			f.Min = value
		case "max":
			f.Max = value
		case "format":
			f.Format = value
		case "unit":
			f.Unit = value
		case "personal":
			f.Personal = true
		case "long":
			f.MaxLength = 300
		case "codes":
			for c := range strings.SplitSeq(value, ",") {
				f.Options = append(f.Options, fact.Option{Code: c, Label: says(c)})
			}
		}
	}
	return f
}

func fields(list ...string) []fact.FieldSpec {
	out := make([]fact.FieldSpec, len(list))
	for i, s := range list {
		out[i] = declare(s)
	}
	return out
}

// specs are declarations with every type, kind of group and check.
func specs() []fact.GroupSpec {
	return []fact.GroupSpec{
		{Fields: fields("data_riferimento date")},
		{Name: "azienda", Label: says("Azienda"), Fields: fields(
			"matricola text format=matricola",
			"codice_fiscale text format=codice_fiscale personal",
			"settore code codes=a,b,c,d,e,f,g,h,i,l,m,n,o,fis,fondo,altro",
			"fondo code format=codice",
			"dipendenti_semestre decimal min=0",
		)},
		{Name: "unita_produttiva", Label: says("Unità produttiva"), Fields: fields(
			"progressivo text format=progressivo",
			"giorni_settimana integer min=5 max=6 unit=day",
			"mesi_attivita integer min=0 max=6 unit=month",
		)},
		{List: "unita_produttiva.organico_medio", Row: "fascia", Label: says("Organico"), Fields: fields(
			"ore_settimanali decimal min=0 unit=hour",
			"lavoratori decimal min=0",
		)},
		{
			List: "periodi", Row: "periodo", Label: says("Periodi"), MaxLength: 10_000,
			Spans: []fact.SpanSpec{{From: "dal", To: "al"}}, Unique: []string{"numero"},
			Fields: fields(
				"numero text", "prestazione code codes=CIGO,CIGS,AIS",
				"causale code codes=mancanza_lavoro,crisi_mercato,meteo,covid19,crisi,solidarieta",
				"evento_non_evitabile boolean", "regime code codes=ordinario,covid19,ucraina22",
				"esito code codes=accoglimento,accoglimento_parziale,reiezione,in_istruttoria",
				"dal date", "al date", "giorni_fruiti integer min=0 unit=day", "flussi_completi boolean",
				"giornate_fruite days", "ore_autorizzate decimal min=0 unit=hour", "ore_fruite decimal min=0 unit=hour",
				"zero_ore boolean",
			),
		},
		{
			Name: "richiesta", Label: says("Richiesta"),
			Spans: []fact.SpanSpec{{From: "dal", To: "al"}},
			Fields: fields(
				"prestazione code codes=CIGO,CIGS,AIS", "dal date", "al date", "ore decimal min=0 unit=hour",
				"saldo decimal", "numero_intero integer", "relazione_tecnica text long personal",
				"consultazione.data_comunicazione date", "consultazione.data_conclusione date",
				"consultazione.esame_congiunto boolean",
			),
		},
		{List: "richiesta.lavoratori", Row: "lavoratore", Label: says("Lavoratori"), MaxLength: 20_000, Fields: fields(
			"codice_fiscale text format=codice_fiscale_persona personal",
			"qualifica code codes=operaio,impiegato", "anzianita_giorni integer min=0 unit=day",
		)},
	}
}

// vocabulary builds specs; it is made once, since it never changes.
var vocabulary = func() *fact.Vocabulary {
	v, errs := fact.NewVocabulary(specs())
	if len(errs) > 0 {
		panic(errs)
	}
	return v
}()

// defects lists what an error says, one "pointer code" a line, after the kind of the fault.
func defects(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return "accepted"
	}
	var f *fault.Fault
	if !errors.As(err, &f) {
		t.Fatalf("not a fault: %v", err)
	}
	out := map[fault.Kind]string{fault.Malformed: "400 ", fault.Invalid: "422 "}[f.Kind] + f.Code
	for _, d := range f.Details {
		if d.Text == "" || strings.Contains(d.Text, "%!") {
			t.Errorf("%s %s has no good sentence: %q", d.Pointer, d.Code, d.Text)
		}
		out += "\n" + d.Pointer + " " + d.Code
	}
	return out
}

func decode(t testing.TB, body string) *fact.Facts {
	t.Helper()
	f, err := fact.Decode(vocabulary, []byte(body), fact.Options{})
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return f
}

func firstText(t testing.TB, err error) string {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Details) == 0 {
		t.Fatalf("no detail in %v", err)
	}
	return f.Details[0].Text
}
