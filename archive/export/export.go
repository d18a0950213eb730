// Package export writes the result of a search as a file: CSV for machines (RFC 4180), CSV as an
// Italian Excel opens it, and XLSX with a sheet that says what was searched, by whom and when.
//
// A file is a table of the fields of a provvedimento, a new fact being a new column. Spreadsheets run
// what looks like a formula, and a text of the archive may have been written by anyone: so a text that
// could be taken for one is marked as text. Numbers and days are never marked.
package export

import (
	"fmt"
	"io"
	"slices"
	"time"

	"omnia/archive"
	"omnia/engine/fact"
	"omnia/internal/fault"
)

// Format is the form of a file.
type Format string

// The forms.
const (
	CSV      Format = "csv"       // RFC 4180: comma, names of fields, codes, ISO days, decimal point
	CSVExcel Format = "csv-excel" // Italian Excel: semicolon, titles, words, 30/11/2025, decimal comma, byte order mark
	XLSX     Format = "xlsx"      // a workbook: real days and numbers, and a sheet of criteria
)

// Formats are all of them.
var Formats = []Format{CSV, CSVExcel, XLSX}

// MediaType is what HTTP calls the form.
func (f Format) MediaType() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// Extension is the end of a file name, with its dot.
func (f Format) Extension() string {
	if f == XLSX {
		return ".xlsx"
	}
	return ".csv"
}

// Header is what a file says beside its rows.
type Header struct {
	Group    *fact.Group // the fields of a row: [archive.Reader.Group]
	Criteria []Criterion // what was searched, in the order to show
	By       string      // who asked for the file
	At       time.Time   // when
}

// Criterion is one thing that was searched for, in words.
type Criterion struct{ Name, Value string }

// Writer writes a file row by row. Without Close there is no file.
type Writer interface {
	// Row adds one provvedimento.
	Row(p archive.Provvedimento) error
	// Close ends the file; it does not close what it is written to.
	Close() error
}

// ErrTooManyRows is a result that no sheet can hold.
var ErrTooManyRows = fault.New(fault.TooLarge, "export_too_large", "A sheet holds 1,048,575 rows at most: narrow the search, or ask for CSV.")

// New begins a file in the language of its titles (it, en, de).
func New(format Format, w io.Writer, head Header, lang string) (Writer, error) {
	t := newTable(head.Group, lang)
	switch format {
	case CSV:
		return newCSV(w, t, machine{})
	case CSVExcel:
		return newCSV(w, t, excel{lang})
	case XLSX:
		return newWorkbook(w, t, head)
	}
	return nil, fmt.Errorf("export: there is no format %q", format)
}

// table is the columns of a file.
type table struct {
	fields []*fact.Field
	stored *fact.Stored
	lang   string
}

// first are the columns that a person looks for first; the others follow as they are declared.
var first = []string{
	"matricola", "unita_produttiva", "numero", "versione", "data_emissione", "esito", "prestazione", "causale", "dal", "al",
}

func newTable(g *fact.Group, lang string) *table {
	t := &table{lang: lang, stored: fact.NewStored(g, rowsAhead)}
	for _, name := range first {
		if f := g.Field(name); f != nil {
			t.fields = append(t.fields, f)
		}
	}
	for _, f := range g.Fields {
		if !slices.Contains(first, f.Name) {
			t.fields = append(t.fields, f)
		}
	}
	return t
}

// rowsAhead is how many records are made room for at once.
const rowsAhead = 64

// record is the whole record of a row.
func (t *table) record(p *archive.Provvedimento) (fact.Record, error) {
	rec, err := t.stored.Read(p.Corpo)
	if err != nil {
		return nil, fmt.Errorf("export %s version %d: %w", p.Numero, p.Versione, err)
	}
	return rec, nil
}
