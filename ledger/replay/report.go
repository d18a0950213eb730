package replay

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"omnia/engine/rulebook"
)

const schemaBacktest = "backtest/v1"

// Report is what a back-test found, for machines.
type Report struct {
	Schema        string           `json:"schema"`
	Draft         Draft            `json:"draft"`
	Decisions     int64            `json:"decisions"`
	Unchanged     int64            `json:"unchanged"`
	WordsOnly     int64            `json:"words_only"` // of the unchanged
	Changed       int64            `json:"changed"`
	NotReplayable map[string]int64 `json:"not_replayable"` // by reason
	ByOutcome     []Group          `json:"by_outcome"`
	ByRule        []Group          `json:"by_rule"`
	ByArticle     []Group          `json:"by_article"`
	BySector      []Group          `json:"by_sector"`
}

// Draft names what was tried.
type Draft struct {
	Edition string `json:"edition"`
	Digest  string `json:"digest"`
}

// Group is the decisions in which the same thing changes in the same way; before and after are absent where there is no such
// thing.
type Group struct {
	Kind        string           `json:"kind"`
	Rule        string           `json:"rule,omitempty"`
	Law         string           `json:"law,omitempty"`
	Sector      string           `json:"sector,omitempty"`
	Before      string           `json:"before,omitempty"`
	After       string           `json:"after,omitempty"`
	FiguresOnly bool             `json:"figures_only"` // before and after are the same, the amounts or days behind them are not
	Decisions   int64            `json:"decisions"`
	Sectors     map[string]int64 `json:"sectors"`
	Examples    []Example        `json:"examples"`
}

// Report is the same for the same decisions, in whatever order they were added.
func (b *Backtest) Report(draft *rulebook.Edition) *Report {
	return &Report{
		Schema: schemaBacktest, Draft: Draft{draft.Name, draft.Digest},
		Decisions: b.Decisions, Unchanged: b.Unchanged, WordsOnly: b.Words, Changed: b.Changed, NotReplayable: b.NotReplayable,
		ByOutcome: b.report(byOutcome), ByRule: b.report(byRule), ByArticle: b.report(byArticle), BySector: b.report(bySector),
	}
}

func (b *Backtest) report(by dimension) []Group {
	list := []Group{}
	for _, g := range b.sorted(by) {
		list = append(list, Group{
			Kind: g.Kind, Rule: g.Rule, Law: g.Laws, Sector: g.Sector, Before: g.Before, After: g.After, FiguresOnly: g.Figures,
			Decisions: g.decisions, Sectors: g.sectors, Examples: g.examples,
		})
	}
	return list
}

// JSON writes the report for machines.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Text writes the report for people, in Italian.
func (r *Report) Text(w io.Writer) error {
	p := &page{w: w}
	p.line("Prova a ritroso della bozza %s, %s", r.Draft.Edition, r.Draft.Digest)
	p.line("")
	p.line("Decisioni esaminate: %d", r.Decisions)
	p.line("  invariate: %d, di cui %d cambiano solo nelle parole", r.Unchanged, r.WordsOnly)
	p.line("  cambiate: %d", r.Changed)
	p.line("  non ripetibili: %d%s", sum(r.NotReplayable), reasons(r.NotReplayable))
	for _, part := range []struct {
		title  string
		groups []Group
		what   func(*Group) string
	}{
		{"Per esito", r.ByOutcome, func(g *Group) string { return kindWord(g.Kind) }},
		{"Per regola", r.ByRule, func(g *Group) string { return withLaw(g.Rule, g.Law) }},
		{"Per articolo", r.ByArticle, func(g *Group) string { return g.Law }},
		{"Per settore", r.BySector, func(g *Group) string { return "settore " + sectorWord(g.Sector) }},
	} {
		p.groups(part.title, part.groups, part.what)
	}
	return p.err
}

// page is text on its way out; the first error stays.
type page struct {
	w   io.Writer
	err error
}

func (p *page) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *page) groups(title string, list []Group, what func(*Group) string) {
	p.line("")
	p.line("%s", title)
	if len(list) == 0 {
		p.line("  nessun cambiamento")
	}
	for i := range list {
		g := &list[i]
		p.line("  %s: %s", what(g), passage(g))
		p.line("    decisioni %d (%s)", g.Decisions, sectors(g.Sectors))
		for _, x := range g.Examples {
			p.line("    esempio %s del %s, matricola %s", x.Decision, x.On, dashed(x.Matricola))
			if len(x.Before)+len(x.After) > 0 {
				p.line("      prima %s", dashed(string(x.Before)))
				p.line("      dopo  %s", dashed(string(x.After)))
			}
		}
	}
}

// passage says what becomes what.
func passage(g *Group) string {
	switch {
	case g.Before == "" && g.After == "":
		return "cambia"
	case g.FiguresOnly:
		return "resta «" + word(g.Before) + "», cambiano i valori"
	case g.Before == "":
		return "si aggiunge «" + word(g.After) + "»"
	case g.After == "":
		return "cade «" + word(g.Before) + "»"
	}
	return "da «" + word(g.Before) + "» a «" + word(g.After) + "»"
}

// word is that of the report, which is in Italian.
func word(code string) string { return wordIn(code, "it") }

func kindWord(kind string) string {
	if kind == KindValidate {
		return "controllo della domanda"
	}
	return "contatori"
}

func withLaw(rule, law string) string {
	if law == "" {
		return rule
	}
	return rule + " (" + law + ")"
}

func sectorWord(s string) string {
	if s == unknownSector {
		return "non noto"
	}
	return s
}

func sectors(m map[string]int64) string {
	var list []string
	for _, s := range slices.Sorted(maps.Keys(m)) {
		list = append(list, fmt.Sprintf("settore %s: %d", sectorWord(s), m[s]))
	}
	return strings.Join(list, ", ")
}

// The reasons for which a decision is counted apart.
var italianReasons = map[string]string{
	ReasonErased: "dati personali cancellati", ReasonEdition: "manca il testo dell'edizione", ReasonForm: "registrate in una forma non nota",
	ReasonDiffers: "diverse già con la loro edizione",
}

func reasons(m map[string]int64) string {
	var list []string
	for _, r := range slices.Sorted(maps.Keys(m)) {
		list = append(list, fmt.Sprintf("%s %d", italianReasons[r], m[r]))
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, ", ") + ")"
}

func sum(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

func dashed(s string) string {
	if s == "" {
		return "—"
	}
	return s
}
