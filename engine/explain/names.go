package explain

import (
	"slices"
	"strconv"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// mostNamed is how many numbers are listed before the rest are only counted.
const mostNamed = 8

// missing lists missing facts by the names people know, those of the same kind together.
func (w *Writer) missing(refs []fact.Ref) string {
	var items []string
	var done []*fact.Field
	for i, ref := range refs {
		if ref.Row < 0 {
			items = append(items, w.f.Label(ref))
			continue
		}
		if slices.Contains(done, ref.Field) {
			continue
		}
		done = append(done, ref.Field)
		items = append(items, w.missingOf(ref, refs[i:]))
	}
	return enumerate(w.set, listSemicolon, items)
}

// missingOf says for which periods a fact is missing.
func (w *Writer) missingOf(ref fact.Ref, refs []fact.Ref) string {
	var rows []int
	for _, r := range refs {
		if r.Field == ref.Field {
			rows = append(rows, r.Row)
		}
	}
	w.values[sDato] = w.f.Label(ref)
	name := w.number
	if !strings.HasPrefix(ref.Field.Path, "periodi[]") {
		name = w.place // a row of another list has no number of its own
	}
	if len(rows) == 1 {
		w.values[sNumero] = name(rows[0])
		return w.say(missingRow)
	}
	w.values[sNumeri] = w.enumerated(rows, name)
	return w.say(missingRows)
}

// number is how a period is called: its number, or its place in the list when it has none.
func (w *Writer) number(row int) string {
	if numero, _ := w.f.Period(row); numero != "" {
		return numero
	}
	return w.place(row)
}

// place is how a row without a number is called: by its place in the list.
func (w *Writer) place(row int) string {
	return render(w.set, unnumbered, []fill{{sQuanti, strconv.Itoa(row + 1)}})
}

// numbers lists periods; when they are many, the first few and how many there are.
func (w *Writer) numbers(rows []int) string { return w.enumerated(rows, w.number) }

func (w *Writer) enumerated(rows []int, name func(int) string) string {
	shown := rows[:min(len(rows), mostNamed)]
	names := make([]string, len(shown))
	for i, row := range shown {
		names[i] = name(row)
	}
	if len(rows) == len(shown) {
		return enumerate(w.set, listAnd, names)
	}
	return render(w.set, listMore, []fill{{sElenco, enumerate(w.set, listComma, names)}, {sQuanti, strconv.Itoa(len(rows))}})
}

// exception is the exception of that label, as cited in the version of the days given; in the
// newest when the days are not known.
func (w *Writer) exception(label string, days calendar.Span) string {
	versions := w.exceptions[label]
	for i := range versions {
		if versions[i].days.Meets(days) {
			return versions[i].text
		}
	}
	if len(versions) > 0 {
		return versions[0].text
	}
	return label
}

// waived lists the exceptions that took days out of the request.
func (w *Writer) waived() string {
	req, _ := w.f.Request()
	return w.exceptionList(w.r.Waived, req)
}

func (w *Writer) exceptionList(labels []string, days calendar.Span) string {
	if len(labels) == 1 {
		return w.exception(labels[0], days)
	}
	items := make([]string, len(labels))
	for i, label := range labels {
		items[i] = w.exception(label, days)
	}
	return enumerate(w.set, listSemicolon, items)
}
