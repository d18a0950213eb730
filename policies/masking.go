package policies

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mask is how a personal value is shown.
type Mask string

// The masks.
const (
	MaskNone     Mask = "chiaro"   // as it is
	MaskInitials Mask = "iniziali" // the first letter of each word
	MaskLast     Mask = "ultimi"   // the last four characters; of a short value fewer
	MaskHidden   Mask = "nascosto" // not at all
)

var masks = []string{string(MaskNone), string(MaskInitials), string(MaskLast), string(MaskHidden)}

// shownLast is how many characters MaskLast leaves, at most a quarter of the value.
const shownLast = 4

// Hide is the value as the mask lets it be seen. A mask that is none hides all of it.
func (m Mask) Hide(value string) string {
	switch m {
	case MaskNone:
		return value
	case MaskInitials:
		return initials(value)
	case MaskLast:
		n := utf8.RuneCountInString(value)
		last := min(shownLast, n/4)
		return strings.Repeat("•", n-last) + string([]rune(value)[n-last:])
	}
	return ""
}

func initials(value string) string {
	var out strings.Builder
	for i, word := range strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if i > 0 {
			out.WriteByte(' ')
		}
		first, _ := utf8.DecodeRuneInString(word)
		out.WriteString(string(first) + ".")
	}
	return out.String()
}

// Masking is how a reader sees the personal values of decisions. The zero Masking hides everything.
type Masking struct {
	Own   bool // the reader's own codice fiscale is shown
	Actor Mask // who asked for the decision
	facts Mask
	other map[string]Mask // by shape
}

// Unmasked shows everything: what somebody sent is no secret to them.
func Unmasked() Masking { return Masking{Own: true, Actor: MaskNone, facts: MaskNone} }

// Of is the mask of facts of that shape, which is a JSON pointer with * for the places in lists.
func (m Masking) Of(shape string) Mask {
	if x, ok := m.other[shape]; ok {
		return x
	}
	return m.facts
}

// Masking is how whoever acts as the verdict says sees personal values. For whom the table has no row
// everything is hidden.
func (p *Policies) Masking(v Verdict) Masking {
	if !v.Allow {
		return Masking{}
	}
	name := v.Ruolo
	if l, ok := p.tables.Legami[name]; ok {
		name = l.Ruolo
	}
	t, ok := p.tables.Maschere[name]
	if !ok {
		return Masking{}
	}
	return Masking{Own: t.Propri, Actor: t.Attore, facts: t.Fatti, other: t.Salvo}
}

// readsDecisions is the action whose readers the table is about.
const readsDecisions = "decisioni.leggi"

func (t *tableFiles) checkMaschere() {
	const table = "mascheramento"
	for name, m := range t.Maschere {
		t.titled(table, name, m.Titolo)
		known(t, table, []string{name}, "ruolo", name, t.Ruoli)
		t.oneOf(table, []string{name, "fatti"}, string(m.Fatti), masks)
		t.oneOf(table, []string{name, "attore"}, string(m.Attore), masks)
		for shape, x := range m.Salvo {
			t.oneOf(table, []string{name, "salvo", shape}, string(x), masks)
			if !strings.HasPrefix(shape, "/") {
				t.at(table, []string{name, "salvo", shape}, "%q is no place in the facts: /richiesta/lavoratori/*/codice_fiscale is one", shape)
			}
		}
	}
	for _, name := range t.readers() {
		known(t, table, nil, "ruolo", name, t.Maschere)
	}
}

// readers are the roles that may read decisions, by themselves or by a bond.
func (t *tables) readers() (names []string) {
	for _, name := range sortedKeys(t.Ruoli) {
		if slices.Contains(t.Ruoli[name].Azioni, readsDecisions) {
			names = append(names, name)
		}
	}
	for _, l := range t.Legami {
		if slices.Contains(l.Azioni, readsDecisions) && !slices.Contains(names, l.Ruolo) {
			names = append(names, l.Ruolo)
		}
	}
	return names
}
