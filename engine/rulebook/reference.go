package rulebook

import (
	"fmt"
	"slices"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// Reference is the page about all rules, in Italian and Markdown, for those who answer for them: first
// what the sources leave open, then every parameter, table, exception, presumption, check and counter
// with its versions, its law in words and its source, and the functions that conditions may use.
func (ed *Edition) Reference() []byte {
	p := &rulesPage{ed: ed}
	p.line("# Riferimento delle regole", "",
		"<!-- generato da rules/: make generate -->", "",
		"Pagina generata dalla cartella `rules`: si corregge là, non qui. Le condizioni sono lette a parole; come sono scritte lo dice",
		"`omnia rules show NOME`. I fatti che nominano sono nel [riferimento dei fatti](riferimento-fatti.md).", "",
		"| Certezza | Vuol dire |", "|---|---|")
	for _, c := range []Confidence{Confirmed, Confirmed2, Recalled, Default} {
		p.line("| `" + string(c) + "` | " + certainty[c] + " |")
	}
	p.open()
	p.parameters()
	p.tables()
	p.exceptions()
	p.presumptions()
	p.checks()
	p.counters()
	p.forms()
	p.namedValues()
	p.bounds()
	p.articles()
	p.functions()
	text := strings.ReplaceAll(p.String(), "\n\n\n", "\n\n")
	return []byte(strings.TrimRight(text, "\n") + "\n")
}

// certainty is what the marks of the sources mean.
var certainty = map[Confidence]string{
	Confirmed:  "la norma o la circolare è stata letta",
	Confirmed2: "letto in una sola fonte che la riporta, non sull'atto",
	Recalled:   "noto, ma il testo non è stato riletto",
	Default:    "la legge non lo dice: è una scelta, e la nota spiega quale",
}

type rulesPage struct {
	strings.Builder
	ed *Edition
}

func (p *rulesPage) line(lines ...string) {
	for _, l := range lines {
		p.WriteString(l)
		p.WriteByte('\n')
	}
}

// plural is the section that a kind of content stands in.
var plural = map[string]string{
	"parameter": "Parametri", "table": "Tabelle", "exception": "Deroghe", "presumption": "Presunzioni", "rule": "Controlli", "counter": "Contatori", "form": "Moduli", "value": "Valori con un nome", "bound": "Ciò che un campo può essere",
}

func (p *rulesPage) section(kind, text string) { p.line("", "## "+plural[kind], "", text) }

func (p *rulesPage) head(id string, title Texts) {
	p.line("", "### `"+id+"`", "", title.In("it")+".", "")
}

// version opens the item of a list for a version; what is says it in a few words, if it can.
func (p *rulesPage) version(v *Version, what string) {
	s := fmt.Sprintf("- **Versione %d**, %s", v.Number, life(v))
	if what != "" {
		s += ": " + what
	}
	p.line(s + ".")
	p.line("  Fonte: " + sources(v.Law) + ". Certezza: `" + string(v.Confidence) + "`." + sentence(" ", v.Note))
}

// sentence is a note with its full stop, after a blank.
func sentence(before, note string) string {
	if note == "" {
		return ""
	}
	return before + strings.TrimSuffix(note, ".") + "."
}

// life is from when to when a version is in force.
func life(v *Version) string {
	switch {
	case v.From == calendar.Min && v.Open():
		return "da sempre"
	case v.From == calendar.Min:
		return "fino al " + v.To.In("it")
	case v.Open():
		return "dal " + v.From.In("it")
	}
	return "dal " + v.From.In("it") + " al " + v.To.In("it")
}

// sources are citations with their addresses.
func sources(law []Citation) string {
	var list []string
	for _, c := range law {
		if c.URL == "" {
			list = append(list, c.String())
			continue
		}
		list = append(list, "["+c.String()+"]("+c.URL+")")
	}
	return orElse(strings.Join(list, "; "), "nessuna")
}

// said lists the conditions of a version in words.
func (p *rulesPage) said(kind, id string, v *Version) {
	for _, s := range p.ed.sentences(&Item{Kind: kind, ID: id, Version: v}) {
		indent := "  - "
		if rest, nested := strings.CutPrefix(s, "  "); nested {
			indent, s = "    - ", rest
		}
		p.line(indent + s)
	}
}

func (p *rulesPage) parameters() {
	p.section("parameter", "Valori con la loro data. Se due decimali non bastano, accanto c'è la frazione esatta.")
	for _, id := range sortedKeys(p.ed.Parameters) {
		x := p.ed.Parameters[id]
		p.head(id, x.Title)
		for i := range x.Versions {
			v := &x.Versions[i]
			p.version(&v.Version, "**"+valueInWords(&v.Value, x.Kind, x.Unit)+"**")
		}
	}
}

// valueInWords is a value as people read it, with the exact fraction beside what two decimals can't say.
func valueInWords(v *fact.Value, kind fact.Type, unit quantity.Unit) string {
	switch {
	case !v.IsKnown():
		return "ignoto"
	case kind == fact.Code:
		return "`" + v.Text + "`"
	}
	words := (&fact.Field{Type: kind, Unit: unit}).Word(v, "it")
	if _, said := v.Rat.Mul(quantity.Int(100)).Int64(); kind == fact.Decimal && !said {
		words += " (" + v.Rat.String() + ")"
	}
	return words
}

func (p *rulesPage) tables() {
	p.section("table", "Per ogni combinazione di ingressi, una riga di uscite.")
	for _, id := range sortedKeys(p.ed.Tables) {
		t := p.ed.Tables[id]
		p.head(id, t.Title)
		p.line(withoutRow[t.NoRow], "")
		for i := range t.Versions {
			p.version(&t.Versions[i].Version, "")
			p.rows(t, &t.Versions[i])
		}
	}
	p.holidays()
}

var withoutRow = map[string]string{
	NoRowFails:   "Ingressi senza riga: errore.",
	NoRowUnknown: "Ingressi senza riga: il dato è ignoto.",
}

func (p *rulesPage) rows(t *Table, v *TableVersion) {
	columns := slices.Concat(t.Inputs, t.Outputs)
	var lines [][]string
	for _, row := range v.Rows {
		var cells []string
		for i, value := range slices.Concat(row.Inputs, row.Outputs) {
			cells = append(cells, escaped(valueInWords(&value, columns[i].Type, columns[i].Unit)))
		}
		lines = append(lines, append(cells, escaped(row.Label.In("it")), rowSource(&row, v)))
	}
	var names []string
	for _, c := range columns {
		names = append(names, "`"+c.Name+"`")
	}
	p.table(append(names, "Significato", "Fonte e certezza"), lines)
}

// table leaves out the columns in which nothing stands.
func (p *rulesPage) table(names []string, lines [][]string) {
	filled := func(i int) bool {
		return slices.ContainsFunc(lines, func(cells []string) bool { return cells[i] != "" })
	}
	row := func(cells []string) {
		text := "  |"
		for i, c := range cells {
			if filled(i) {
				text += " " + c + " |"
			}
		}
		p.line(text)
	}
	p.line("")
	row(names)
	row(slices.Repeat([]string{"---"}, len(names)))
	for _, cells := range lines {
		row(cells)
	}
	p.line("")
}

// rowSource is what a row adds to the source and the certainty of its version.
func rowSource(row *TableRow, v *TableVersion) string {
	var said []string
	if !slices.Equal(row.Law, v.Law) {
		said = append(said, sources(row.Law))
	}
	if row.Confidence != v.Confidence {
		said = append(said, "`"+string(row.Confidence)+"`")
	}
	return strings.Join(said, ", ")
}

// escaped is a text inside a table.
func escaped(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// holidays are shown as written: they are a calendar, not a table of inputs.
func (p *rulesPage) holidays() {
	for i := range p.ed.Items {
		it := &p.ed.Items[i]
		if it.Kind == "table" && p.ed.Tables[it.ID] == nil {
			p.head(it.ID, it.Title)
			p.version(it.Version, "")
			p.line("", "```yaml", strings.TrimRight(it.Source, "\n"), "```")
		}
	}
}

func (p *rulesPage) exceptions() {
	p.section("exception", "Nei loro giorni, dove la condizione vale, tolgono i giorni dal conto delle norme a cui derogano.")
	for _, x := range p.ed.Exceptions {
		p.head(x.ID, x.Title)
		for i := range x.Versions {
			v := &x.Versions[i]
			var norms []string
			for _, d := range v.Derogates {
				norms = append(norms, normInWords(d.Norm))
			}
			p.version(&v.Version, "deroga a "+strings.Join(norms, ", "))
			p.said("exception", x.ID, &v.Version)
		}
	}
}

func normInWords(norm string) string {
	if norm == "*" {
		return "ogni norma"
	}
	return "`" + norm + "`"
}

func (p *rulesPage) presumptions() {
	p.section("presumption", "Un fatto che manca, e che una norma permette di presumere. Nella decisione resta segnato come presunto.")
	for _, x := range p.ed.Presumed {
		p.head(x.ID, x.Title)
		for i := range x.Versions {
			v := &x.Versions[i]
			what := "riempie `" + x.Target.Path + "`"
			if v.Latest != nil {
				what += " con il più recente `" + v.Latest.Path + "`"
			}
			p.version(&v.Version, what)
			p.said("presumption", x.ID, &v.Version)
		}
	}
}

// severities are what a finding does.
var severities = map[string]string{"error": "errore", "warning": "avviso", "info": "informazione"}

func (p *rulesPage) checks() {
	p.section("rule", "Che cosa si controlla nei fatti. Un errore ferma la decisione, un avviso la accompagna.")
	p.rules(p.ed.Rules)
}

func (p *rulesPage) rules(list []*Rule) {
	for _, r := range list {
		p.head(r.ID, r.Title)
		for i := range r.Versions {
			v := &r.Versions[i]
			p.version(&v.Version, fmt.Sprintf("%s `%s` su `%s`", severities[v.Severity], v.Code, strings.Join(v.Fields, "`, `")))
			p.said("rule", r.ID, &v.Version)
			p.line("  - messaggio: «" + v.Message.Texts.In("it") + "»")
		}
	}
}

func (p *rulesPage) forms() {
	if len(p.ed.Forms) == 0 {
		return
	}
	p.section("form", "Che cosa si chiede, quando, e che cosa si calcola per chi scrive.")
	for _, f := range p.ed.Forms {
		p.head(f.ID, f.Title)
		for i := range f.Versions {
			p.version(&f.Versions[i].Version, "")
			p.said("form", f.ID, &f.Versions[i].Version)
		}
	}
	p.line("", "## Regole dei moduli", "", "Girano solo per i moduli che le nominano: un errore ferma l'invio, un avviso lo accompagna.")
	p.rules(p.ed.FormRules)
}

func (p *rulesPage) bounds() {
	if len(p.ed.Bounds) == 0 {
		return
	}
	p.section("bound", "Che cosa si può ancora scrivere in un campo, detto mentre si compila. Non ferma nulla: lo fanno le regole.")
	for _, b := range p.ed.Bounds {
		p.head(b.ID, b.Title)
		for i := range b.Versions {
			v := &b.Versions[i]
			p.version(&v.Version, sideWords[b.Side]+" di `"+b.Field.Path+"` nel modulo `"+b.Form.ID+"`")
			p.said("bound", b.ID, &v.Version)
			p.line("  - frase: «" + v.Text.Texts.In("it") + "»")
		}
	}
}

func (p *rulesPage) namedValues() {
	if len(p.ed.Values) == 0 {
		return
	}
	p.section("value", "Ciò che più regole leggono, detto una volta sola. Si legge con `value`.")
	for _, id := range sortedKeys(p.ed.Values) {
		v := p.ed.Values[id]
		p.head(id, v.Title)
		for i := range v.Versions {
			p.version(&v.Versions[i].Version, "")
			p.said("value", id, &v.Versions[i].Version)
		}
	}
}

func (p *rulesPage) counters() {
	p.section("counter", "Nell'ordine della risposta.")
	for _, k := range p.ed.Counters {
		p.head(k.ID, k.Title)
		for i := range k.Versions {
			v := &k.Versions[i].Version
			p.version(v, "")
			p.said("counter", k.ID, v)
		}
	}
}

func (p *rulesPage) functions() {
	p.line("", "## Funzioni", "", "Ciò che una condizione può chiamare; non c'è altro.", "", "| Si scrive | Dà |", "|---|---|")
	for _, f := range Functions() {
		p.line("| `" + f.Signature + "` | " + escaped(f.Text) + " |")
	}
}
