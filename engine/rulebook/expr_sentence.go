package rulebook

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// phrases are the words of one language for the parts of an expression; %1, %2, … are its children.
type phrases struct {
	yes, no         string // constants
	is, isNot       string // a condition that is a fact
	known, notKnown string
	and, or         string
	in, notIn       string
	number          map[relation]string // numbers and anything else
	day             map[relation]string
	text            map[relation]string
	choose          string
	minus           string
	arithmetic      map[op]string
	call            map[string]string
}

var sentences = map[string]*phrases{
	"it": {
		yes: "sempre", no: "mai",
		is: "%1: sì", isNot: "%1: no", known: "si conosce %1", notKnown: "non si conosce %1",
		and: " e ", or: " oppure ",
		in: "%1 è uno di %2", notIn: "%1 non è uno di %2",
		number: map[relation]string{relEQ: "%1 è %2", relNE: "%1 non è %2", relLT: "%1 è meno di %2", relLE: "%1 è al massimo %2", relGT: "%1 è più di %2", relGE: "%1 è almeno %2"},
		day:    map[relation]string{relEQ: "%1 è %2", relNE: "%1 non è %2", relLT: "%1 precede %2", relLE: "%1 non segue %2", relGT: "%1 segue %2", relGE: "%1 non precede %2"},
		text:   map[relation]string{relStarts: "%1 comincia con %2", relEnds: "%1 finisce con %2", relContains: "%1 contiene %2"},
		choose: "(se %1: %2; altrimenti: %3)", minus: "meno %1",
		arithmetic: map[op]string{opAdd: "%1 più %2", opSub: "%1 meno %2", opMul: "%1 per %2"},
		call: map[string]string{
			"monday": "lunedì della settimana di %1", "sunday": "domenica della settimana di %1", "month_end": "ultimo giorno del mese di %1",
			"not_holiday": "%1, o il primo giorno non festivo che segue", "has_row": "una riga di %1 ha %2 = %3", "repeated": "%1 è già in una riga precedente",
			"add_months": "%1 più %2 mesi", "add_days": "%1 più %2 giorni", "add_weeks": "%1 più %2 settimane",
			"days": "giorni da %1 a %2", "weeks": "settimane da %1 a %2", "workdays": "giorni lavorativi da %1 a %2 con %3 giorni la settimana",
			"max": "il maggiore tra %1 e %2", "min": "il minore tra %1 e %2",
			"sum": "somma di %1", "sum_product": "somma di %1", "count": "numero di %1",
			"table": "«%1» secondo la tabella «%2» per %3", "round_half_up": "%1 arrotondato a %2 decimali", "floor": "parte intera di %1", "ceil": "%1 arrotondato per eccesso",
		},
	},
	"en": {
		yes: "always", no: "never",
		is: "%1: yes", isNot: "%1: no", known: "%1 is known", notKnown: "%1 is not known",
		and: " and ", or: " or ",
		in: "%1 is one of %2", notIn: "%1 is none of %2",
		number: map[relation]string{relEQ: "%1 is %2", relNE: "%1 is not %2", relLT: "%1 is less than %2", relLE: "%1 is at most %2", relGT: "%1 is more than %2", relGE: "%1 is at least %2"},
		day:    map[relation]string{relEQ: "%1 is %2", relNE: "%1 is not %2", relLT: "%1 is before %2", relLE: "%1 is not after %2", relGT: "%1 is after %2", relGE: "%1 is not before %2"},
		text:   map[relation]string{relStarts: "%1 starts with %2", relEnds: "%1 ends with %2", relContains: "%1 contains %2"},
		choose: "(if %1: %2; otherwise: %3)", minus: "minus %1",
		arithmetic: map[op]string{opAdd: "%1 plus %2", opSub: "%1 minus %2", opMul: "%1 times %2"},
		call: map[string]string{
			"monday": "Monday of the week of %1", "sunday": "Sunday of the week of %1", "month_end": "last day of the month of %1",
			"not_holiday": "%1, or the first day after it that is no holiday", "has_row": "a row of %1 has %2 = %3", "repeated": "%1 is in an earlier row too",
			"add_months": "%1 plus %2 months", "add_days": "%1 plus %2 days", "add_weeks": "%1 plus %2 weeks",
			"days": "days from %1 to %2", "weeks": "weeks from %1 to %2", "workdays": "working days from %1 to %2 at %3 days a week",
			"max": "the greater of %1 and %2", "min": "the lesser of %1 and %2",
			"sum": "sum of %1", "sum_product": "sum of %1", "count": "number of %1",
			"table": "“%1” by the table “%2” for %3", "round_half_up": "%1 rounded to %2 decimals", "floor": "%1 rounded down", "ceil": "%1 rounded up",
		},
	},
	"de": {
		yes: "immer", no: "nie",
		is: "%1: ja", isNot: "%1: nein", known: "%1 ist bekannt", notKnown: "%1 ist nicht bekannt",
		and: " und ", or: " oder ",
		in: "%1 ist eines von %2", notIn: "%1 ist keines von %2",
		number: map[relation]string{relEQ: "%1 ist %2", relNE: "%1 ist nicht %2", relLT: "%1 ist weniger als %2", relLE: "%1 ist höchstens %2", relGT: "%1 ist mehr als %2", relGE: "%1 ist mindestens %2"},
		day:    map[relation]string{relEQ: "%1 ist %2", relNE: "%1 ist nicht %2", relLT: "%1 liegt vor %2", relLE: "%1 liegt nicht nach %2", relGT: "%1 liegt nach %2", relGE: "%1 liegt nicht vor %2"},
		text:   map[relation]string{relStarts: "%1 beginnt mit %2", relEnds: "%1 endet mit %2", relContains: "%1 enthält %2"},
		choose: "(wenn %1: %2; sonst: %3)", minus: "minus %1",
		arithmetic: map[op]string{opAdd: "%1 plus %2", opSub: "%1 minus %2", opMul: "%1 mal %2"},
		call: map[string]string{
			"monday": "Montag der Woche von %1", "sunday": "Sonntag der Woche von %1", "month_end": "letzter Tag des Monats von %1",
			"not_holiday": "%1 oder der erste folgende Tag, der kein Feiertag ist", "has_row": "eine Zeile von %1 hat %2 = %3", "repeated": "%1 steht schon in einer früheren Zeile",
			"add_months": "%1 plus %2 Monate", "add_days": "%1 plus %2 Tage", "add_weeks": "%1 plus %2 Wochen",
			"days": "Tage von %1 bis %2", "weeks": "Wochen von %1 bis %2", "workdays": "Arbeitstage von %1 bis %2 bei %3 Tagen je Woche",
			"max": "das Größere von %1 und %2", "min": "das Kleinere von %1 und %2",
			"sum": "Summe von %1", "sum_product": "Summe von %1", "count": "Anzahl von %1",
			"table": "„%1“ nach der Tabelle „%2“ für %3", "round_half_up": "%1 auf %2 Dezimalen gerundet", "floor": "%1 abgerundet", "ceil": "%1 aufgerundet",
		},
	},
}

// Sentence is the expression as a sentence in lang, built from the labels of facts and the
// titles of parameters: what a reviewer reads beside the text. Languages without words are Italian.
func (x *expr) Sentence(lang string) string {
	p, ok := sentences[lang]
	if !ok {
		lang, p = "it", sentences["it"]
	}
	return (&speaker{lang, p}).say(x.root)
}

type speaker struct {
	lang string
	*phrases
}

func (s *speaker) say(n *node) string {
	switch n.op {
	case opConst:
		return s.constant(n)
	case opField:
		if n.kind == kindBool {
			return put(s.is, s.label(n.field))
		}
		return s.label(n.field)
	case opKnown:
		return put(s.known, s.label(n.field))
	case opParam:
		return "«" + orElse(n.param.Title.In(s.lang), n.param.ID) + "»"
	case opNamed:
		return s.named(n)
	case opNot:
		return s.not(n.kids[0])
	case opNeg:
		return put(s.minus, s.part(n.kids[0]))
	case opAnd:
		return s.join(n, s.and)
	case opOr:
		return s.join(n, s.or)
	case opCompare:
		return put(s.comparison(n), s.part(n.kids[0]), s.part(n.kids[1]))
	case opIn:
		return put(s.in, s.part(n.kids[0]), s.list(n.kids[1:]))
	case opMatch:
		return put(s.text[n.rel], s.part(n.kids[0]), s.part(n.kids[1]))
	case opAdd, opSub, opMul:
		return put(s.arithmetic[n.op], s.part(n.kids[0]), s.part(n.kids[1]))
	case opChoose:
		return put(s.choose, s.say(n.kids[0]), s.say(n.kids[1]), s.say(n.kids[2]))
	}
	return s.function(n)
}

// named says a value by its name; a condition is said to hold.
func (s *speaker) named(n *node) string {
	title := "«" + orElse(n.named.Title.In(s.lang), n.named.ID) + "»"
	if n.kind == kindBool {
		return put(s.is, title)
	}
	return title
}

func (s *speaker) comparison(n *node) string {
	if n.kids[0].kind == kindDate {
		return s.day[n.rel]
	}
	return s.number[n.rel]
}

func (s *speaker) constant(n *node) string {
	switch n.kind {
	case kindBool:
		if n.num != 0 {
			return s.yes
		}
		return s.no
	case kindText:
		return n.text
	case kindDate:
		y, m, d := calendar.Day(n.num).Date()
		switch s.lang {
		case "it":
			return fmt.Sprintf("il %02d/%02d/%04d", d, m, y)
		case "de":
			return fmt.Sprintf("%02d.%02d.%04d", d, m, y)
		}
		return calendar.Day(n.num).String()
	}
	return strconv.FormatInt(n.num, 10)
}

// not says the opposite of what is common by its own words, and puts the rest in brackets.
func (s *speaker) not(n *node) string {
	opposite := *n
	switch {
	case n.op == opField:
		return put(s.isNot, s.label(n.field))
	case n.op == opKnown:
		return put(s.notKnown, s.label(n.field))
	case n.op == opIn:
		return put(s.notIn, s.part(n.kids[0]), s.list(n.kids[1:]))
	case n.op == opNot:
		return s.say(n.kids[0])
	case n.op == opCompare && n.kids[0].kind != kindBool:
		opposite.rel = n.rel.opposite()
		return s.say(&opposite)
	}
	return put(s.isNot, "("+s.say(n)+")")
}

// opposite is the relation that holds where r does not.
func (r relation) opposite() relation {
	return map[relation]relation{relEQ: relNE, relNE: relEQ, relLT: relGE, relGE: relLT, relGT: relLE, relLE: relGT}[r]
}

// part is a child inside a longer phrase: what has connectives or signs of its own is in brackets.
func (s *speaker) part(n *node) string {
	switch n.op {
	case opAnd, opOr, opAdd, opSub, opMul, opCompare:
		return "(" + s.say(n) + ")"
	}
	return s.say(n)
}

func (s *speaker) join(n *node, word string) string {
	var parts []string
	for _, k := range n.kids {
		text := s.say(k)
		if k.op == opAnd || k.op == opOr {
			text = "(" + text + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, word)
}

func (s *speaker) list(kids []*node) string {
	var parts []string
	for _, k := range kids {
		parts = append(parts, s.say(k))
	}
	return strings.Join(parts, ", ")
}

func (s *speaker) function(n *node) string {
	form := s.call[n.call.Name]
	switch {
	case n.table != nil:
		return put(form, n.table.Outputs[n.output].Name, orElse(n.table.Title.In(s.lang), n.table.ID), s.list(n.kids))
	case n.field != nil && len(n.kids) > 0:
		return put(form, s.label(n.field), s.label(n.columns[0]), s.list(n.kids))
	case n.field != nil && len(n.columns) > 0:
		var labels []string
		for _, f := range n.columns {
			labels = append(labels, s.label(f))
		}
		return put(form, strings.Join(labels, " × "))
	case n.field != nil:
		return put(form, s.label(n.field))
	}
	var parts []string
	for _, k := range n.kids {
		parts = append(parts, s.part(k))
	}
	return put(form, parts...)
}

// label is the name people know a fact by, as it stands inside a sentence: without its capital,
// unless that begins an abbreviation or a German noun.
func (s *speaker) label(f *fact.Field) string {
	text := orElse(f.Label.In(s.lang), f.Path)
	first, size := utf8.DecodeRuneInString(text)
	second, _ := utf8.DecodeRuneInString(text[size:])
	if s.lang == "de" || unicode.IsUpper(second) {
		return text
	}
	return string(unicode.ToLower(first)) + text[size:]
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// put fills %1, %2, … of a form.
func put(form string, parts ...string) string {
	var pairs []string
	for i, p := range parts {
		pairs = append(pairs, "%"+strconv.Itoa(i+1), p)
	}
	return strings.NewReplacer(pairs...).Replace(form)
}
