package rulebook_test

import (
	"math/rand/v2"
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	. "omnia/engine/rulebook"
)

// world is a small vocabulary with every type, a row, parameters and tables, for the tests of expressions.
type world struct {
	*Scope
	root, row *fact.Group
}

func newWorld() *world {
	periodo := fact.NewGroup("periodo", []*fact.Field{
		field("periodi[]", "dal", fact.Date, ""),
		field("periodi[]", "al", fact.Date, ""),
		field("periodi[]", "causale", fact.Code, "", "meteo", "mercato", "crisi"),
		field("periodi[]", "giorni", fact.Integer, quantity.Days),
		field("periodi[]", "ore", fact.Decimal, quantity.Hours),
		field("periodi[]", "peso", fact.Decimal, ""),
		field("periodi[]", "lavoratori", fact.Integer, ""),
		field("periodi[]", "zero_ore", fact.Bool, ""),
		field("periodi[]", "giornate", fact.Days, ""),
	})
	list := field("", "periodi", fact.List, "")
	list.Element = periodo
	root := fact.NewGroup("", []*fact.Field{
		field("", "data_riferimento", fact.Date, ""),
		field("", "azienda.settore", fact.Code, "", "a", "b", "e", "m", "n", "o", "fis", "fondo", "altro", "c", "d"),
		field("", "azienda.nome", fact.Text, ""),
		field("", "azienda.dipendenti", fact.Decimal, ""),
		field("", "azienda.quota", fact.Decimal, ""),
		field("", "azienda.mesi", fact.Integer, ""),
		field("", "azienda.sedi", fact.Integer, ""),
		field("", "azienda.artigiana", fact.Bool, ""),
		field("", "azienda.unica", fact.Bool, ""),
		field("", "richiesta.dal", fact.Date, ""),
		field("", "richiesta.al", fact.Date, ""),
		field("", "richiesta.ore", fact.Integer, quantity.Hours),
		field("", "richiesta.settimane", fact.Decimal, quantity.Weeks),
		field("", "richiesta.causale", fact.Code, "", "meteo", "mercato", "crisi"),
		field("", "richiesta.evento_non_evitabile", fact.Bool, ""),
		field("", "richiesta.consultazione.data_conclusione", fact.Date, ""),
		list,
		field("", "giornate", fact.Days, ""),
	})
	return &world{
		Scope: &Scope{
			Vocabulary: &fact.Vocabulary{Root: root, Groups: map[string]*fact.Group{"periodo": periodo}},
			Row:        periodo, Parameters: parameters(), Tables: tables(),
		},
		root: root, row: periodo,
	}
}

var labels = map[string]string{
	"azienda.settore": "Settore dell'azienda", "azienda.dipendenti": "Dipendenti in media", "azienda.artigiana": "Impresa artigiana",
	"richiesta.dal": "Primo giorno richiesto", "richiesta.al": "Ultimo giorno richiesto", "richiesta.settimane": "Settimane richieste",
	"periodi": "Periodi già concessi", "giorni": "Giorni fruiti", "dal": "Primo giorno del periodo",
}

func field(group, name string, t fact.Type, u quantity.Unit, codes ...string) *fact.Field {
	f := &fact.Field{Name: name, Path: name, Type: t, Unit: u}
	if group != "" {
		f.Path = group + "." + name
	}
	for _, c := range codes {
		f.Options = append(f.Options, fact.Option{Code: c})
	}
	if l, ok := labels[name]; ok {
		f.Label = fact.Texts{"it": l}
	}
	return f
}

func span(from, to string) Version {
	v := Version{Number: 1, From: calendar.MustParse(from), To: calendar.Max}
	if to != "" {
		v.To = calendar.MustParse(to)
	}
	return v
}

func parameters() map[string]*Parameter {
	m := map[string]*Parameter{}
	add := func(id string, u quantity.Unit, k fact.Type, versions ...ParameterVersion) {
		m[id] = &Parameter{ID: id, Unit: u, Kind: k, Versions: versions, Title: Texts{"it": "Titolo di " + id}}
	}
	value := func(from, to string, v fact.Value) ParameterVersion {
		return ParameterVersion{Version: span(from, to), Value: v}
	}
	rat := func(s string) fact.Value { return fact.OfRat(quantity.MustParse(s)) }
	add("limite", "", fact.Decimal, value("2020-01-01", "", rat("24")), value("2015-09-24", "2019-12-31", rat("52")))
	add("terzo", "", fact.Decimal, value("2015-09-24", "", rat("1/3")))
	add("cigo.settimane", quantity.Weeks, fact.Decimal, value("2015-09-24", "", rat("52")))
	add("sospeso", "", fact.Decimal, value("2015-09-24", "2016-12-31", rat("3")))
	add("attivo", "", fact.Bool, value("2015-09-24", "", fact.OfBool(true)))
	add("base", "", fact.Code, value("2015-09-24", "", fact.OfText("meteo")))
	return m
}

// tables has one table in which a cell is unknown and a pair of inputs has no row.
func tables() map[string]*Table {
	t := &Table{
		ID: "causali", Title: Texts{"it": "Causali"},
		Inputs: []Column{{Name: "causale", Type: fact.Code, Options: []string{"meteo", "mercato", "crisi"}}, {Name: "eone", Type: fact.Bool}},
		Outputs: []Column{
			{Name: "motivo", Type: fact.Text}, {Name: "peso", Type: fact.Decimal},
			{Name: "conta", Type: fact.Integer}, {Name: "fine", Type: fact.Date}, {Name: "ammessa", Type: fact.Bool},
		},
	}
	row := func(causale string, eone bool, out ...fact.Value) TableRow {
		return TableRow{Inputs: []fact.Value{fact.OfText(causale), fact.OfBool(eone)}, Outputs: out}
	}
	half, day := fact.OfRat(quantity.Frac(1, 2)), fact.OfDay(calendar.MustParse("2024-06-30"))
	t.Versions = []TableVersion{{Version: span("2015-09-24", ""), Rows: []TableRow{
		row("meteo", true, fact.OfText("pioggia"), half, fact.OfInt(1), day, fact.OfBool(true)),
		row("meteo", false, fact.OfText("pioggia"), fact.OfRat(quantity.Int(1)), fact.OfInt(2), day, fact.OfBool(true)),
		row("mercato", false, fact.OfText("calo di ordini"), fact.Value{}, fact.Value{}, day, fact.Value{}),
		row("mercato", true, fact.Value{}, half, fact.OfInt(0), fact.Value{}, fact.OfBool(false)),
		row("crisi", false, fact.OfText(""), half, fact.OfInt(7), day, fact.OfBool(false)),
	}}}
	return map[string]*Table{"causali": t}
}

// env is random facts, each unknown with the chance given (in percent), on a day on which the
// parameters are in force.
func (w *world) env(r *rand.Rand, unknown int) *Env {
	return &Env{
		Root: w.record(r, w.root, unknown), Row: w.record(r, w.row, unknown), RowIndex: 3,
		Day: calendar.MustParse("2017-01-01") + calendar.Day(r.IntN(3000)),
	}
}

func (w *world) record(r *rand.Rand, g *fact.Group, unknown int) fact.Record {
	rec := g.New()
	for i, f := range g.Fields {
		if r.IntN(100) >= unknown {
			rec[i] = w.value(r, f, unknown)
		}
	}
	return rec
}

var texts = []string{"", "a", "alfa", "meteo", "Rossi & C.", "àèì"}

func (w *world) value(r *rand.Rand, f *fact.Field, unknown int) fact.Value {
	switch f.Type {
	case fact.Text:
		return fact.OfText(texts[r.IntN(len(texts))])
	case fact.Code:
		return fact.OfText(f.Options[r.IntN(len(f.Options))].Code)
	case fact.Bool:
		return fact.OfBool(r.IntN(2) == 0)
	case fact.Integer:
		return fact.OfInt(int64(r.IntN(40)) - 5)
	case fact.Decimal:
		return fact.OfRat(quantity.Frac(int64(r.IntN(400))-50, int64(1+r.IntN(9))))
	case fact.Date:
		return fact.OfDay(calendar.MustParse("2023-12-20") + calendar.Day(r.IntN(90)))
	case fact.Days:
		return fact.OfDays(make([]calendar.Day, r.IntN(4)))
	}
	var rows []fact.Record
	for range r.IntN(4) {
		rows = append(rows, w.record(r, f.Element, unknown/2))
	}
	return fact.OfRows(rows)
}

// complete is e with every unknown fact filled in at random.
func (w *world) complete(r *rand.Rand, e *Env) *Env {
	c := *e
	c.Root, c.Row = w.fill(r, w.root, e.Root, nil), w.fill(r, w.row, e.Row, nil)
	return &c
}

// fill fills what is unknown, but for the facts to be spared.
func (w *world) fill(r *rand.Rand, g *fact.Group, rec fact.Record, spare func(f *fact.Field, row int) bool) fact.Record {
	rec = slices.Clone(rec)
	for i, f := range g.Fields {
		if rec[i].State == fact.Unknown && (spare == nil || !spare(f, -1)) {
			rec[i] = w.value(r, f, 0)
		}
		if rows := slices.Clone(rec[i].Rows()); rows != nil {
			for j, row := range rows {
				rows[j] = w.fill(r, f.Element, row, func(f *fact.Field, _ int) bool { return spare != nil && spare(f, j) })
			}
			rec[i].SetRows(rows)
		}
	}
	return rec
}
