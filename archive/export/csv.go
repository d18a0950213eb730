package export

import (
	"bufio"
	"io"
	"regexp"
	"strconv"
	"strings"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// flavour is how a CSV writes its cells.
type flavour interface {
	comma() byte
	title(f *fact.Field) string
	cell(f *fact.Field, v *fact.Value) string
}

// csvWriter writes lines that end with CR LF, as RFC 4180 asks. What stands between quotes is kept byte
// by byte: texts of several lines stay as they are.
type csvWriter struct {
	out     *bufio.Writer
	table   *table
	flavour flavour
	line    []byte
}

func newCSV(w io.Writer, t *table, f flavour) (*csvWriter, error) {
	c := &csvWriter{out: bufio.NewWriter(w), table: t, flavour: f}
	if _, ok := f.(excel); ok {
		c.line = append(c.line, "\xef\xbb\xbf"...) // else Excel takes UTF-8 for Windows-1252
	}
	for i, field := range t.fields {
		c.add(i, f.title(field))
	}
	return c, c.end()
}

// Row adds one provvedimento.
func (c *csvWriter) Row(p archive.Provvedimento) error {
	rec, err := c.table.record(&p)
	if err != nil {
		return err
	}
	for i, f := range c.table.fields {
		cell := ""
		if v := &rec[f.Slot]; v.IsKnown() {
			cell = c.flavour.cell(f, v)
		}
		c.add(i, cell)
	}
	return c.end()
}

// Close writes out what is still held.
func (c *csvWriter) Close() error { return c.out.Flush() }

// add puts a cell on the line, in quotes where it needs them.
func (c *csvWriter) add(column int, cell string) {
	if column > 0 {
		c.line = append(c.line, c.flavour.comma())
	}
	if !strings.ContainsAny(cell, "\",;\r\n\t") && strings.TrimSpace(cell) == cell {
		c.line = append(c.line, cell...)
		return
	}
	c.line = append(c.line, '"')
	c.line = append(c.line, strings.ReplaceAll(cell, `"`, `""`)...)
	c.line = append(c.line, '"')
}

func (c *csvWriter) end() error {
	_, err := c.out.Write(append(c.line, '\r', '\n'))
	c.line = c.line[:0]
	return err
}

// Guard marks a text that a spreadsheet would run: with an apostrophe before it, which spreadsheets take
// for "this is text". One that begins with an apostrophe gets another, so that taking the first one off gives every
// text back.
func Guard(s string) string {
	if t := strings.TrimLeft(s, " \u00a0"); t != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠'", []rune(t)[0]) {
		return "'" + s
	}
	return s
}

// machine is the CSV of RFC 4180: names, codes, ISO days, decimal points.
type machine struct{}

func (machine) comma() byte                { return ',' }
func (machine) title(f *fact.Field) string { return f.Name }

func (machine) cell(f *fact.Field, v *fact.Value) string {
	switch f.Type {
	case fact.Bool:
		return strconv.FormatBool(v.Bool())
	case fact.Integer:
		return strconv.FormatInt(v.Num, 10)
	case fact.Decimal:
		return decimal(v.Rat)
	case fact.Date:
		return v.Day().String()
	case fact.Days:
		return runs(v.Days(), calendar.Day.String, "/")
	}
	return Guard(v.Text)
}

// excel is the CSV that an Italian Excel opens with a double click.
type excel struct{ lang string }

func (excel) comma() byte                  { return ';' }
func (e excel) title(f *fact.Field) string { return f.Label.In(e.lang) }

func (e excel) cell(f *fact.Field, v *fact.Value) string {
	switch f.Type {
	case fact.Bool:
		return f.Word(v, e.lang)
	case fact.Integer:
		return strconv.FormatInt(v.Num, 10)
	case fact.Decimal:
		return strings.ReplaceAll(decimal(v.Rat), ".", ",")
	case fact.Date:
		return italian(v.Day())
	case fact.Days:
		return runs(v.Days(), italian, " - ")
	case fact.Code:
		return Guard(f.Word(v, e.lang))
	}
	if f.Type == fact.Text && taken.MatchString(v.Text) {
		return `="` + v.Text + `"`
	}
	return Guard(v.Text)
}

// taken are the texts that Excel would take for a number, a day or a time: 0123456789 would lose its zero,
// 12-2024 become December. Written as a formula they stay as they are; they have no character that could end it.
var taken = regexp.MustCompile(`^[0-9][0-9A-Za-z./:-]*$`)

// italian is a day as 30/11/2025.
func italian(d calendar.Day) string {
	s := d.String() // years have four digits: the reader takes no others
	return s[8:] + "/" + s[5:7] + "/" + s[:4]
}

// decimal is an exact number with a point; a fraction without end stays a fraction.
func decimal(r quantity.Rat) string {
	if n, ok := r.Int64(); ok {
		return strconv.FormatInt(n, 10)
	}
	b := r.Big()
	if digits, exact := b.FloatPrec(); exact {
		return b.FloatString(digits)
	}
	return r.String()
}

// runs are days, those that follow each other as one: "2025-11-24/2025-11-28 2025-12-01".
func runs(days []calendar.Day, word func(calendar.Day) string, to string) string {
	var b strings.Builder
	for i := 0; i < len(days); {
		j := i
		for j+1 < len(days) && days[j+1] == days[j]+1 {
			j++
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word(days[i]))
		if j > i {
			b.WriteString(to + word(days[j]))
		}
		i = j + 1
	}
	return b.String()
}
