package rulebook

import (
	"strings"

	"omnia/engine/fact"
)

// verdictWords are the outcomes of a counter, for authors.
var verdictWords = map[string]string{
	"admissible": "ammissibile", "partly_admissible": "ammissibile in parte", "inadmissible": "non ammissibile", "exempt": "esente", "not_applicable": "non applicabile",
}

// formRule says what only the rules of a form have.
func (s *speech) formRule(r *Rule, v *RuleVersion) {
	if len(v.Verdicts) > 0 {
		var verdicts []string
		for _, x := range v.Verdicts {
			verdicts = append(verdicts, verdictWords[x])
		}
		s.plain("segnala se il contatore «"+r.Counter.Title.In("it")+"» è", strings.Join(verdicts, " o "))
	}
	if v.Over != nil {
		s.expr("  e solo se «"+v.Over.Part+"» del contatore «"+r.Counter.Title.In("it")+"» supera", v.Over.Value)
	}
	for _, name := range sortedKeys(v.Values) {
		s.expr("  con {"+name+"}", v.Values[name])
	}
	if x := v.Suggestion; x != nil {
		s.expr("propone in "+x.Field, x.Value)
		if x.Part != "" {
			s.plain("propone in "+x.Field, "«"+x.Part+"» del contatore")
		}
	}
}

// sideWords are the sides of a bound.
var sideWords = map[Side]string{SideMin: "il minimo", SideMax: "il massimo", SideOptions: "le scelte"}

// bound says where a bound comes from.
func (s *speech) bound(b *Bound, v *BoundVersion) {
	s.condition("vale se", v.When)
	s.expr(sideWords[b.Side]+" di "+b.Field.Path, v.Value)
	if b.Counter != nil {
		s.plain(sideWords[b.Side]+" di "+b.Field.Path, "«"+v.Part+"» del contatore «"+b.Counter.Title.In("it")+"»")
	}
	for _, a := range v.Attempts {
		s.expr("  provando in "+a.Field.Path, a.Value)
	}
	for _, r := range v.RefusedBy {
		s.plain("  tolte quelle rifiutate da", "«"+r.Title.In("it")+"»")
	}
	for _, name := range sortedKeys(v.Values) {
		s.expr("  con {"+name+"}", v.Values[name])
	}
}

// form says what a version asks, and when.
func (s *speech) form(v *FormVersion) {
	for i := range v.Steps {
		s.plain("passo", v.Steps[i].Title.In("it"))
		for j := range v.Steps[i].Fields {
			f := &v.Steps[i].Fields[j]
			s.plain("  "+f.Name, f.Words("it"))
			s.condition("  si chiede se", f.Asked)
			s.condition("  obbligatorio se", f.Mandatory)
		}
	}
	for i := range v.Derived {
		d := &v.Derived[i]
		s.expr("calcola "+d.Name, d.Value)
		if d.Counter != nil {
			s.plain("calcola "+d.Name, "«"+d.Part+"» del contatore «"+d.Counter.Title.In("it")+"»")
		}
		for _, k := range d.Within {
			s.plain("  non oltre", "l'ultimo giorno ammesso dal contatore «"+k.Title.In("it")+"»")
		}
		s.condition("  se", d.When)
	}
}

// Words is what the form calls the field, else what the fact is called.
func (f *FormField) Words(lang string) string { return wordsOr(f.Label, f.Field.Label).In(lang) }

// Hint is the help of the form, else that of the fact; it may be empty.
func (f *FormField) Hint(lang string) string { return wordsOr(f.Help, f.Field.Help).In(lang) }

func wordsOr(own, other fact.Texts) fact.Texts {
	if own != nil {
		return own
	}
	return other
}
