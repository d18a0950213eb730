package fact_test

import (
	"slices"
	"strings"
	"testing"

	"omnia/engine/fact"
)

func TestVocabularyKeepsTheDeclaredOrderAndPaths(t *testing.T) {
	t.Parallel()
	var paths []string
	for _, f := range vocabulary.Root.Fields {
		paths = append(paths, f.Path)
	}
	want := []string{
		"data_riferimento", "azienda.matricola", "azienda.codice_fiscale", "azienda.settore", "azienda.fondo",
		"azienda.dipendenti_semestre", "unita_produttiva.progressivo", "unita_produttiva.giorni_settimana",
		"unita_produttiva.mesi_attivita", "unita_produttiva.organico_medio", "periodi",
	}
	if !slices.Equal(paths[:len(want)], want) {
		t.Errorf("paths are %v", paths)
	}
	causale := vocabulary.Groups["periodo"].Field("causale")
	if causale.Path != "periodi[].causale" || causale.Label["it"] != "causale" {
		t.Errorf("causale is %+v", causale)
	}
	list := vocabulary.Root.Field("periodi")
	if list.Type != fact.List || list.Element != vocabulary.Groups["periodo"] || list.MaxLen != 10_000 {
		t.Errorf("periodi is %+v", list)
	}
	if spans := vocabulary.Root.Spans; len(spans) != 1 || spans[0].To.Path != "richiesta.al" {
		t.Errorf("spans of the root are %+v", spans)
	}
	if f := vocabulary.Root.Field("richiesta.relazione_tecnica"); f.MaxLen != 300 || !f.Personal {
		t.Errorf("relazione_tecnica is %+v", f)
	}
	if n := vocabulary.Groups["periodo"].Field("numero").MaxLen; n != fact.DefaultText {
		t.Errorf("a text without a length has %d", n)
	}
}

func TestNewVocabularyReportsEveryDefect(t *testing.T) {
	t.Parallel()
	group := func(change func(*fact.GroupSpec)) []fact.GroupSpec {
		g := fact.GroupSpec{Name: "azienda", Label: says("Azienda"), Fields: fields("settore code codes=a,b", "dal date", "al date")}
		change(&g)
		return []fact.GroupSpec{g}
	}
	field := func(change func(*fact.FieldSpec)) []fact.GroupSpec {
		return group(func(g *fact.GroupSpec) { change(&g.Fields[0]) })
	}
	number := func(change func(*fact.FieldSpec)) []fact.GroupSpec {
		return group(func(g *fact.GroupSpec) { g.Fields[0] = declare("ore decimal min=0"); change(&g.Fields[0]) })
	}
	list := func(change func(*fact.GroupSpec)) []fact.GroupSpec {
		return group(func(g *fact.GroupSpec) { g.Name, g.List, g.Row = "", "periodi", "periodo"; change(g) })
	}
	for _, tt := range []struct {
		name   string
		groups []fact.GroupSpec
		want   string
	}{
		{"unknown type", field(func(f *fact.FieldSpec) { f.Type = "boolan" }),
			"azienda.settore: type: il tipo «boolan» non esiste: forse intendevi «boolean»?"},
		{"a list is a group", field(func(f *fact.FieldSpec) { f.Type = "list" }),
			"azienda.settore: type: il tipo «list» non esiste: scegliere fra text, code, boolean, integer, decimal, date, days"},
		{"bad name", field(func(f *fact.FieldSpec) { f.Name = "Settore" }),
			"azienda.Settore: name: «Settore» non è un nome: lettere minuscole, cifre e _, con punti fra i livelli"},
		{"no label in German", field(func(f *fact.FieldSpec) { f.Label = fact.Texts{"it": "a", "en": "b"} }),
			"azienda.settore: label: manca il testo in «de»"},
		{"a language too many", field(func(f *fact.FieldSpec) { f.Label = fact.Texts{"it": "a", "en": "b", "de": "c", "fr": "d"} }),
			"azienda.settore: label: la lingua «fr» non è prevista: it, en, de"},
		{"no source", field(func(f *fact.FieldSpec) { f.Source = " " }),
			"azienda.settore: source: manca l'origine del dato: uniemens, dichiarato, archivio o calcolato, con una parola di spiegazione"},
		{"a code twice", field(func(f *fact.FieldSpec) { f.Options = append(f.Options, f.Options[0]) }),
			"azienda.settore: options: il codice «a» è scritto due volte"},
		{"codes of a text", field(func(f *fact.FieldSpec) { f.Type = "text" }),
			"azienda.settore: options: i codici ammessi valgono solo per il tipo code"},
		{"unknown format", field(func(f *fact.FieldSpec) { f.Format = "matricla" }),
			"azienda.settore: format: il formato «matricla» non esiste: forse intendevi «matricola»?"},
		{"bound of a code", field(func(f *fact.FieldSpec) { f.Min = "1" }),
			"azienda.settore: min: vale solo per i tipi integer e decimal"},
		{"length of closed codes", field(func(f *fact.FieldSpec) { f.MaxLength = 3 }),
			"azienda.settore: max_length: vale solo per i tipi text e days e per i codici liberi"},
		{"bound that is no number", number(func(f *fact.FieldSpec) { f.Max = "1e3" }),
			"azienda.ore: max: «1e3» non è un numero esatto, come 24 o 5.5"},
		{"bounds the wrong way", number(func(f *fact.FieldSpec) { f.Max = "-1" }),
			"azienda.ore: max: il massimo -1 è minore del minimo 0"},
		{"unknown unit", number(func(f *fact.FieldSpec) { f.Unit = "ore" }),
			"azienda.ore: unit: l'unità «ore» non esiste: day, week, month, hour, euro o percent"},
		{"a field twice", group(func(g *fact.GroupSpec) { g.Fields = append(g.Fields, g.Fields[0]) }),
			"azienda.settore: name: il nome «settore» è già preso nel gruppo, come campo o come oggetto"},
		{"a field that is an object too", group(func(g *fact.GroupSpec) { g.Fields = append(g.Fields, declare("settore.lettera text")) }),
			"azienda.settore.lettera: name: il nome «settore.lettera» è già preso nel gruppo, come campo o come oggetto"},
		{"no fields", group(func(g *fact.GroupSpec) { g.Fields = nil }), "azienda: fields: il gruppo non dichiara alcun campo"},
		{"a list without a row", group(func(g *fact.GroupSpec) { g.Name, g.List = "", "periodi" }),
			"periodi: row: `list` e `row` vanno insieme: il percorso dell'elenco e il nome di una sua riga"},
		{"a list with a name", group(func(g *fact.GroupSpec) { g.List, g.Row = "periodi", "periodo" }),
			"periodi: name: un gruppo ha `name` oppure `list`, non tutti e due"},
		{"rows of an object", group(func(g *fact.GroupSpec) { g.MaxLength = 3 }),
			"azienda: max_length: il numero massimo di righe è positivo, e vale solo per un elenco (list)"},
		{"no two alike in an object", group(func(g *fact.GroupSpec) { g.Unique = []string{"settore"} }),
			"azienda: unique: vale solo per un elenco (list)"},
		{"span of an unknown day", group(func(g *fact.GroupSpec) { g.Spans = []fact.SpanSpec{{From: "dal", To: "all"}} }),
			"azienda: spans: il gruppo non ha un campo «all»: forse intendevi «al»?"},
		{"span of a code", group(func(g *fact.GroupSpec) { g.Spans = []fact.SpanSpec{{From: "settore", To: "al"}} }),
			"azienda: spans: «settore» e «al» devono essere di tipo date"},
		{"unique number", list(func(g *fact.GroupSpec) { g.Unique = []string{"dal"} }),
			"periodi: unique: «dal» deve essere di tipo text o code"},
		{"a row named as a group", append(group(func(*fact.GroupSpec) {}), list(func(g *fact.GroupSpec) { g.Row = "azienda" })...),
			"periodi: row: il nome di riga «azienda» è già di un campo o gruppo della radice"},
		{"the same row twice", append(list(func(*fact.GroupSpec) {}), list(func(g *fact.GroupSpec) { g.List = "altri" })...),
			"altri: row: il nome di riga «periodo» è già di un altro elenco"},
		{"a group twice", append(group(func(*fact.GroupSpec) {}), group(func(g *fact.GroupSpec) { g.Fields = fields("altro text") })...),
			"azienda: name: il gruppo «azienda» è dichiarato due volte: riunire i campi in uno solo"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, errs := fact.NewVocabulary(tt.groups)
			var got []string
			for _, e := range errs {
				got = append(got, e.Error())
			}
			if strings.Join(got, "\n") != tt.want || v != nil {
				t.Errorf("vocabulary %v, defects:\n got %s\nwant %s", v, strings.Join(got, "\n"), tt.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"settore", "matricola", "dal", "al"}
	for word, want := range map[string]string{
		"setore": "settore", "Settore": "settore", "settroe": "settore", "matricolla": "matricola", "AL": "al", "dall": "dal",
		"": "", "xyz": "", "prestazione": "", strings.Repeat("settore", 20): "",
	} {
		if got := fact.Nearest(word, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}

func TestRefsNameAFactForPeopleAndForPrograms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		ref           fact.Ref
		path, pointer string
	}{
		{fact.Ref{Field: vocabulary.Root.Field("azienda.settore"), Row: -1}, "azienda.settore", "/facts/azienda/settore"},
		{fact.Ref{Field: vocabulary.Groups["periodo"].Field("causale"), Row: 3}, "periodi[3].causale", "/facts/periodi/3/causale"},
		{fact.Ref{Field: vocabulary.Groups["lavoratore"].Field("qualifica"), Row: 0}, "richiesta.lavoratori[0].qualifica", "/facts/richiesta/lavoratori/0/qualifica"},
	} {
		if got := tt.ref.Path(); got != tt.path {
			t.Errorf("path is %s, want %s", got, tt.path)
		}
		if got := tt.ref.Pointer(); got != tt.pointer {
			t.Errorf("pointer is %s, want %s", got, tt.pointer)
		}
		if got := fact.PathOf(tt.pointer); got != tt.path {
			t.Errorf("path of %s is %s", tt.pointer, got)
		}
		if got := fact.WithoutRows(tt.path); got != tt.ref.Field.Path {
			t.Errorf("%s without rows is %s, want %s", tt.path, got, tt.ref.Field.Path)
		}
	}
}
