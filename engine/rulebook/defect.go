package rulebook

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Defect is one thing wrong in the content, said to the person who wrote it.
type Defect struct {
	Place   Place
	Code    string // stable: "unknown_fact", "unit_mismatch", …
	Message string // Italian sentence
	Hint    string // Italian, the cure: "forse intendevi azienda.settore?"
	Snippet string // the line of the file, as written
}

// Defects is everything wrong in a set of content, sorted by place, each said once.
type Defects []Defect

// String is the place as people and editors read it: file:line:column.
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Err is nil when there are no defects, so that a nil list is no error.
func (d Defects) Err() error {
	if len(d) == 0 {
		return nil
	}
	return d
}

// Error is every defect on its line, for logs and tests.
func (d Defects) Error() string {
	lines := make([]string, len(d))
	for i := range d {
		lines[i] = d[i].String()
	}
	return strings.Join(lines, "\n")
}

// String is the defect on one line.
func (d *Defect) String() string {
	s := d.Place.String() + ": " + d.Message
	if d.Hint != "" {
		s += " (" + d.Hint + ")"
	}
	return s
}

// widest is how much of a line is shown: table rows run long, and a mark far to the right helps nobody.
const widest = 110

// Print writes each defect for a person: place and sentence, the line with a mark below the
// column, and the cure.
func (d Defects) Print(w io.Writer) error {
	for i := range d {
		if err := d[i].print(w); err != nil {
			return err
		}
	}
	return nil
}

func (d *Defect) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", harmless(d.Place.String()), harmless(d.Message))
	if d.Snippet != "" {
		line, col := clip(d.Snippet, d.Place.Col)
		fmt.Fprintf(&b, "    %s\n    %s^\n", line, strings.Repeat(" ", col-1))
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "    suggerimento: %s\n", harmless(d.Hint))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// harmless replaces what a terminal would obey: the files are not ours.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || invisible(r) {
			return ' '
		}
		return r
	}, s)
}

// clip keeps the part of the line around the column, both counted in characters.
func clip(line string, col int) (string, int) {
	runes := []rune(harmless(line))
	col = min(max(col, 1), len(runes)+1)
	if len(runes) <= widest {
		return string(runes), col
	}
	from := max(0, min(col-1-widest/2, len(runes)-widest))
	shown, at := string(runes[from:from+widest]), col-from
	if from > 0 {
		shown, at = "…"+shown, at+1
	}
	if from+widest < len(runes) {
		shown += "…"
	}
	return shown, at
}

// tidy sorts by place and drops what was said twice.
func (d Defects) tidy() Defects {
	slices.SortStableFunc(d, func(a, b Defect) int {
		return cmp.Or(cmp.Compare(a.Place.File, b.Place.File), cmp.Compare(a.Place.Line, b.Place.Line),
			cmp.Compare(a.Place.Col, b.Place.Col), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(d, func(a, b Defect) bool {
		return a.Place == b.Place && a.Code == b.Code && a.Message == b.Message
	})
}
