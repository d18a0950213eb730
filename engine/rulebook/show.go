package rulebook

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"omnia/engine/calendar"
)

// Find gives the versions of the content of that id, newest first; with a day, those in force
// on it. Things of different kinds may share an id.
func (ed *Edition) Find(id string, at *calendar.Day) []*Item {
	var found []*Item
	for i := range ed.Items {
		if it := &ed.Items[i]; it.ID == id && (at == nil || it.Version.Has(*at)) {
			found = append(found, it)
		}
	}
	slices.Reverse(found)
	return found
}

// Declaration is the declaration that a fact stands in, or a place in it ("richiesta.lavoratori[0].qualifica"): its
// list, its object, or the facts that belong to none.
func (ed *Edition) Declaration(path string) *Item {
	path, _, _ = strings.Cut(path, "[")
	object, _, _ := strings.Cut(path, ".")
	for _, id := range []string{path, object, rootFacts} {
		for i := range ed.Items {
			if it := &ed.Items[i]; it.Kind == "facts" && it.ID == id {
				return it
			}
		}
	}
	return nil
}

// InForce is the version of a parameter that is in force on a day, and how a record names it: "<id>, versione <n>, edizione
// <name>". Nil: none is.
func (ed *Edition) InForce(parameter string, on calendar.Day) (v *ParameterVersion, named string) {
	if p := ed.Parameters[parameter]; p != nil {
		v = p.At(on)
	}
	if v == nil {
		return nil, ""
	}
	return v, fmt.Sprintf("%s, versione %d, edizione %s", parameter, v.Number, ed.Name)
}

// NearestID is the id most like the one written, or "".
func (ed *Edition) NearestID(id string) string {
	var ids []string
	for i := range ed.Items {
		ids = append(ids, ed.Items[i].ID)
	}
	return nearest(id, ids)
}

// Show writes versions for a person: what they are, when they hold, on what they rest, the text
// as written, and each condition as a sentence.
func (ed *Edition) Show(w io.Writer, items []*Item) error {
	for i, it := range items {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := ed.show(w, it); err != nil {
			return err
		}
	}
	return nil
}

func (ed *Edition) show(w io.Writer, it *Item) error {
	v := it.Version
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, versione %d — %s\n", kindNames[it.Kind], it.ID, v.Number, it.Title.In("it"))
	fmt.Fprintf(&b, "in vigore dal %s, %s\n", v.From, until(v.To))
	for _, c := range v.Law {
		fmt.Fprintf(&b, "fonte: %s\n", c)
	}
	fmt.Fprintf(&b, "certezza della fonte: %s\n", v.Confidence)
	if v.Note != "" {
		fmt.Fprintf(&b, "nota: %s\n", v.Note)
	}
	fmt.Fprintf(&b, "impronta: %s\nscritto in: %s\n\n%s", v.Digest, it.Place, it.Source)
	if said := ed.sentences(it); len(said) > 0 {
		b.WriteString("\nin parole:\n")
		for _, s := range said {
			b.WriteString("  " + s + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func until(d calendar.Day) string {
	if d == calendar.Max {
		return "senza termine"
	}
	return "fino al " + d.String()
}

// String is the citation as people write it: "D.lgs. 148/2015, art. 12, c. 3".
func (c Citation) String() string {
	s := c.Act
	if c.Article != "" {
		s += ", art. " + c.Article
	}
	if c.Paragraph != "" {
		s += ", c. " + c.Paragraph
	}
	return s
}

// speech gathers the sentences of the expressions of a version.
type speech []string

func (s *speech) condition(name string, c *Condition) {
	if c != nil {
		*s = append(*s, name+": "+c.Sentence("it"))
	}
}

func (s *speech) expr(name string, x *Expr) {
	if x != nil {
		*s = append(*s, name+": "+x.Sentence("it"))
	}
}

// sentences are the conditions of a version in words.
func (ed *Edition) sentences(it *Item) speech {
	var s speech
	n := it.Version.Number
	for _, c := range ed.Counters {
		if it.Kind == "counter" && c.ID == it.ID {
			s.counter(&c.Versions[len(c.Versions)-n])
		}
	}
	for _, x := range ed.Exceptions {
		if it.Kind == "exception" && x.ID == it.ID {
			s.exception(&x.Versions[len(x.Versions)-n])
		}
	}
	for _, p := range ed.Presumed {
		if it.Kind == "presumption" && p.ID == it.ID {
			v := &p.Versions[len(p.Versions)-n]
			s.condition("si presume se", v.When)
			s.expr("valore", v.Value)
			s.condition("fra le righe in cui", v.Where)
		}
	}
	if v := ed.Values[it.ID]; v != nil && it.Kind == "value" {
		s.expr("valore", v.Versions[len(v.Versions)-n].Value)
	}
	for _, r := range slices.Concat(ed.Rules, ed.FormRules) {
		if it.Kind == "rule" && r.ID == it.ID {
			v := &r.Versions[len(r.Versions)-n]
			s.condition("riguarda il caso se", v.When)
			s.condition("segnala se", v.Finding)
			s.formRule(r, v)
		}
	}
	for _, b := range ed.Bounds {
		if it.Kind == "bound" && b.ID == it.ID {
			s.bound(b, &b.Versions[len(b.Versions)-n])
		}
	}
	if f := ed.Form(it.ID); f != nil && it.Kind == "form" {
		s.form(&f.Versions[len(f.Versions)-n])
	}
	return s
}

func (s *speech) exception(v *ExceptionVersion) {
	s.condition("vale se", v.When)
	for i := range v.Derogates {
		s.condition("deroga a "+v.Derogates[i].Norm+" solo se", v.Derogates[i].When)
	}
}

// Words of an author's keys.
var (
	measureWords = map[Measure]string{
		MeasureDays: "giorni lavorativi", MeasureMonths: "mesi, da data a data", MeasureHours: "ore", MeasureWeeks: "settimane di calendario toccate",
	}
	basisWords = map[Basis]string{
		BasisUsedComplete: "il fruito quando i flussi sono completi, altrimenti l'autorizzato",
		BasisUsedDeclared: "il fruito quando è dichiarato, altrimenti l'autorizzato",
		BasisAuthorised:   "l'autorizzato",
	}
)

func (s *speech) plain(name, text string) { *s = append(*s, name+": "+text) }

func (s *speech) counter(v *CounterVersion) {
	if len(v.Norms) > 0 {
		s.plain("ne tolgono giorni le deroghe a", strings.Join(v.Norms, ", "))
	}
	s.condition("si applica se", v.AppliesWhen)
	s.condition("si chiede se", v.AsksWhen)
	s.condition("riguarda la richiesta se", v.Requests)
	for i := range v.Lines {
		n := &v.Lines[i]
		s.condition("conta «"+n.ID+"» se", n.When)
		s.plain("  in", measureWords[n.Measure])
		s.plain("  conta", basisWords[n.Basis])
		s.expr("  per", n.Factor)
		s.condition("  a settimane intere se", n.WholeWeeksWhen)
	}
	for i := range v.Variants {
		s.variant(&v.Variants[i])
	}
	if v.Rate == nil {
		return
	}
	for i := range v.Rate.Schedules {
		t := &v.Rate.Schedules[i]
		s.condition("aliquote «"+t.ID+"» se", t.When)
		for _, tier := range t.Tiers {
			s.expr("  fino a", tier.UpTo)
			s.expr("  aliquota", tier.Rate)
		}
	}
}

func (s *speech) variant(v *Variant) {
	s.condition("variante «"+v.ID+"» se", v.When)
	s.expr("finestra "+string(v.Window.Kind), v.Window.Length)
	if v.Window.Kind == WindowFixed {
		s.plain("finestra fissa", calendar.Span{From: v.Window.From, To: v.Window.To}.String())
	}
	for _, t := range v.Sum {
		s.plain("somma", strings.Join(t.Lines, ", "))
		s.condition("  con peso se", t.WeightWhen)
		for _, step := range t.Weight {
			s.expr("  fino a", step.UpTo)
			s.expr("  peso", step.Factor)
		}
	}
	for _, c := range v.Limit {
		s.condition("limite se", c.When)
		s.expr("limite", c.Value)
	}
	s.expr("al massimo in una domanda", v.MaxRequest)
	for _, j := range v.Judge {
		s.condition("giudica a passo «"+string(j.Step)+"» se", j.When)
		s.expr("eccedenza", j.Excess)
	}
	if p := v.Pause; p != nil {
		s.expr("pausa dopo", p.After)
		s.expr("pausa lunga", p.Length)
		s.condition("settimana senza lavoro se", p.IdleWhen)
	}
}
