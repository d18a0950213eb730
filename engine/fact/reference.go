package fact

import (
	"fmt"
	"strconv"
	"strings"
)

// typeWords are the types as the reference page says them.
var typeWords = [...]string{
	Text: "testo", Code: "codice", Bool: "sì/no", Integer: "intero", Decimal: "decimale esatto",
	Date: "giorno", Days: "elenco di giorni", List: "elenco",
}

// Reference is the page about all facts, in Italian and Markdown: one table a group, then the
// codes of each coded field.
func (v *Vocabulary) Reference() []byte {
	p := &page{}
	p.line("# Riferimento dei fatti", "",
		"Pagina generata dalle dichiarazioni in `rules/facts`: si corregge là, non qui.", "",
		"Un fatto che manca è *sconosciuto*: non vale zero, né «no», e non fa passare un controllo.", "",
		"## Fatti del caso", "")
	p.table(v.Root.Fields)
	for _, f := range v.Root.Fields {
		if f.Type == List {
			p.line("", fmt.Sprintf("## `%s[]`: %s", f.Path, f.Label.In("it")), "",
				fmt.Sprintf("Nelle regole una riga si chiama `%s`. Al più %s righe.", f.Element.Name, thousands(f.MaxLen)))
			p.rules(f.Element)
			p.line("")
			p.table(f.Element.Fields)
		}
	}
	p.line("", "## Codici", "")
	p.codes(v.Root)
	for _, f := range v.Root.Fields {
		if f.Type == List {
			p.codes(f.Element)
		}
	}
	return []byte(strings.TrimRight(p.String(), "\n") + "\n")
}

type page struct{ strings.Builder }

func (p *page) line(lines ...string) {
	for _, l := range lines {
		p.WriteString(l)
		p.WriteByte('\n')
	}
}

// rules says what the rows of a list must respect together.
func (p *page) rules(g *Group) {
	for _, s := range g.Spans {
		p.line(fmt.Sprintf("`%s` non può precedere `%s`.", s.To.Name, s.From.Name))
	}
	for _, u := range g.Unique {
		p.line(fmt.Sprintf("`%s` non si ripete.", u.Name))
	}
}

func (p *page) table(fields []*Field) {
	p.line("| Fatto | Tipo | Vincoli | Significato | Origine |", "|---|---|---|---|---|")
	for _, f := range fields {
		meaning := f.Label.In("it") + "."
		if help := f.Help.In("it"); help != "" {
			meaning += " " + help
		}
		if f.Personal {
			meaning += " **Dato personale.**"
		}
		p.line("| " + strings.Join([]string{
			"`" + f.Path + "`", typeOf(f), cell(strings.Join(constraints(f), "; ")), cell(meaning), cell(f.Source),
		}, " | ") + " |")
	}
}

func typeOf(f *Field) string {
	if unit := unitNames[f.Unit]; unit != "" {
		return typeWords[f.Type] + " (" + unit + ")"
	}
	return typeWords[f.Type]
}

func constraints(f *Field) []string {
	var out []string
	if f.Format != "" {
		out = append(out, "formato `"+f.Format+"`: "+formats[f.Format].Says.In("it"))
	}
	if len(f.Options) > 0 {
		out = append(out, "uno dei codici più sotto")
	}
	switch {
	case f.Min != nil && f.Max != nil:
		out = append(out, "da "+f.Min.String()+" a "+f.Max.String())
	case f.Min != nil:
		out = append(out, "almeno "+f.Min.String())
	case f.Max != nil:
		out = append(out, "al più "+f.Max.String())
	}
	if f.MaxLen > 0 && f.Format == "" {
		switch f.Type {
		case Text, Code:
			out = append(out, "al più "+thousands(f.MaxLen)+" caratteri")
		case Days:
			out = append(out, "al più "+thousands(f.MaxLen)+" giorni")
		}
	}
	return out
}

func (p *page) codes(g *Group) {
	for _, f := range g.Fields {
		if len(f.Options) == 0 {
			continue
		}
		p.line("### `"+f.Path+"`", "", "| Codice | Significato |", "|---|---|")
		for _, o := range f.Options {
			p.line("| `" + o.Code + "` | " + cell(o.Label.In("it")) + " |")
		}
		p.line("")
	}
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// thousands writes a whole number with the Italian mark.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s
}
