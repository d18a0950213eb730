package rulebook_test

import (
	"testing"

	"omnia/engine/fact"
	. "omnia/engine/rulebook"
)

// causes gives the list of periods these causes; "" is one that is not known.
func (w *world) causes(e *Env, list ...string) {
	rows := []fact.Record{}
	for _, cause := range list {
		row := w.row.New()
		if cause != "" {
			row[w.row.Slot("causale")] = fact.OfText(cause)
		}
		rows = append(rows, row)
	}
	w.set(e, "periodi", fact.OfRows(rows))
}

func TestHasRowLooksForAValueInAList(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := condition(t, w, `has_row(periodi, "causale", richiesta.causale)`)
	for _, tt := range []struct {
		name  string
		asked string
		rows  []string
		want  Tri
		lacks []string
	}{
		{"one has it", "meteo", []string{"crisi", "", "meteo"}, True, nil},
		{"none has it", "meteo", []string{"crisi", "mercato"}, False, nil},
		{"no rows", "meteo", []string{}, False, nil},
		{"one may have it", "meteo", []string{"crisi", ""}, Unknown, []string{"periodi[1].causale"}},
		{"the list is not known", "meteo", nil, Unknown, []string{"periodi"}},
		{"what is looked for is not known", "", []string{"meteo"}, Unknown, []string{"richiesta.causale"}},
	} {
		e := w.blank()
		if tt.rows != nil {
			w.causes(e, tt.rows...)
		}
		if tt.asked != "" {
			w.set(e, "richiesta.causale", fact.OfText(tt.asked))
		}
		if got := c.Eval(e); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		var lacks []string
		for _, r := range c.Blocking(e, nil) {
			lacks = append(lacks, r.Path())
		}
		if len(lacks) != len(tt.lacks) || len(lacks) > 0 && lacks[0] != tt.lacks[0] {
			t.Errorf("%s: lacks %v, want %v", tt.name, lacks, tt.lacks)
		}
	}
	if got, want := c.Canonical(), `has_row(periodi, "causale", richiesta.causale)`; got != want {
		t.Errorf("canonical %s", got)
	}
}

func TestRepeatedLooksAtTheRowsBefore(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := condition(t, w, `repeated(periodo.causale)`)
	e := w.blank()
	w.causes(e, "meteo", "", "crisi", "meteo", "meteo")
	want := []Tri{False, Unknown, False, True, True}
	for _, repeats := range []*Repeats{nil, {}} {
		e.Repeats = repeats
		for i, row := range e.Root[w.root.Slot("periodi")].Rows() {
			e.Row, e.RowIndex = row, i
			if got := c.Eval(e); got != want[i] {
				t.Errorf("row %d with memory %v: %v, want %v", i, repeats != nil, got, want[i])
			}
		}
	}
}

func TestFunctionsOfRowsSayWhatTheyWant(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for src, want := range map[string]string{
		`has_row(azienda.nome, "causale", "meteo")`:               "type_mismatch",
		`has_row(giornate, "causale", "meteo")`:                   "type_mismatch",
		`has_row(periodi, "cause", "meteo")`:                      "unknown_fact",
		`has_row(periodi, "giorni", "meteo")`:                     "type_mismatch",
		`has_row(periodi, "causale", 3)`:                          "type_mismatch",
		`has_row(periodi, azienda.nome, "meteo")`:                 "argument",
		`repeated(azienda.nome)`:                                  "type_mismatch",
		`repeated(periodo.giorni)`:                                "type_mismatch",
		`monday(azienda.mesi) == richiesta.dal`:                   "type_mismatch",
		`add_weeks(richiesta.dal, richiesta.ore) == richiesta.al`: "unit_mismatch",
	} {
		_, defects := CompileCondition(src, here, w.Scope)
		if len(defects) != 1 || defects[0].Code != want {
			t.Errorf("%s: %v, want %s", src, defects, want)
		}
	}
}
