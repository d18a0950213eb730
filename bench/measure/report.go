package measure

import (
	"fmt"
	"io"
	"strings"
)

// Report prints tables for people, in Markdown.
type Report struct{ W io.Writer }

// Title begins a group, with a sentence on what is measured.
func (r Report) Title(title, about string) { fmt.Fprintf(r.W, "\n## %s\n\n%s\n\n", title, about) }

// Line prints one sentence.
func (r Report) Line(format string, args ...any) { fmt.Fprintf(r.W, format+"\n", args...) }

// Rows prints what Compare found.
func (r Report) Rows(rows []Row) {
	r.Table([]string{"", "time", "× floor", "least – most", "allocs", "bytes"}, cells(rows))
}

func cells(rows []Row) [][]string {
	var out [][]string
	for _, x := range rows {
		out = append(out, []string{x.Name, Time(x.Nanoseconds), fmt.Sprintf("%.2f", x.Ratio),
			fmt.Sprintf("%.2f – %.2f", x.Least, x.Most), fmt.Sprintf("%.0f", x.Allocs), Size(x.Bytes)})
	}
	return out
}

// Table prints a table whose columns line up.
func (r Report) Table(head []string, rows [][]string) {
	width := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, c := range row {
			width[i] = max(width[i], len([]rune(c)))
		}
	}
	r.row(head, width)
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = strings.Repeat("-", width[i])
	}
	r.row(rule, width)
	for _, row := range rows {
		r.row(row, width)
	}
}

func (r Report) row(cells []string, width []int) {
	fmt.Fprint(r.W, "|")
	for i, c := range cells {
		fmt.Fprintf(r.W, " %s%s |", c, strings.Repeat(" ", width[i]-len([]rune(c))))
	}
	fmt.Fprintln(r.W)
}

// AtMost says whether a ratio of times meets its target.
func (r Report) AtMost(what string, got, target float64) {
	r.verdict(what, got, "at most", target, got <= target)
}

// AtLeast says whether a ratio of throughputs meets its target.
func (r Report) AtLeast(what string, got, target float64) {
	r.verdict(what, got, "at least", target, got >= target)
}

func (r Report) verdict(what string, got float64, sign string, target float64, met bool) {
	word := "missed"
	if met {
		word = "met"
	}
	r.Line("\n**%s: %.2f; target %s %.2f: %s.**", what, got, sign, target, word)
}

// Time is a duration in nanoseconds as people read it.
func Time(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.1f µs", ns/1e3)
	case ns < 1e9:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	}
	return fmt.Sprintf("%.2f s", ns/1e9)
}

// Size is a number of bytes as people read it.
func Size(n float64) string {
	switch {
	case n < 1e4:
		return fmt.Sprintf("%.0f B", n)
	case n < 1e7:
		return fmt.Sprintf("%.1f kB", n/1e3)
	}
	return fmt.Sprintf("%.1f MB", n/1e6)
}
