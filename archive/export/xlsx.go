package export

import (
	"io"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// workbook is an XLSX under way. Rows go through a temporary file once they are many.
type workbook struct {
	to     io.Writer
	table  *table
	head   Header
	words  map[string]string
	file   *excelize.File
	rows   *excelize.StreamWriter
	count  int
	styles struct{ title, day, text int }
}

// The bounds of the format.
const (
	maxRows  = 1_048_575 // below the titles
	maxCell  = 32_767    // UTF-16 units
	maxExact = 15        // digits that a number of a sheet keeps
)

// epoch is day 0 of a sheet's days from March 1900 on; before, its calendar has a day that never was.
var (
	epoch    = calendar.Of(1899, 12, 30)
	firstDay = calendar.Of(1900, 3, 1)
)

func newWorkbook(to io.Writer, t *table, head Header) (*workbook, error) {
	b := &workbook{to: to, table: t, head: head, words: wordsIn(t.lang), file: excelize.NewFile()}
	for _, step := range []func() error{b.makeStyles, b.makeSheets, b.makeTitles} {
		if err := step(); err != nil {
			_ = b.file.Close() // only its temporary files: the first error is the one to tell
			return nil, err
		}
	}
	return b, nil
}

func (b *workbook) makeStyles() (err error) {
	format := "dd/mm/yyyy"
	if b.styles.title, err = b.file.NewStyle(&excelize.Style{
		Font:      &excelize.Font{Bold: true},
		Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E7EEF7"}},
		Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"},
	}); err != nil {
		return err
	}
	if b.styles.day, err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
		return err
	}
	const asText = 49 // the number format "@": what is typed there stays text
	b.styles.text, err = b.file.NewStyle(&excelize.Style{NumFmt: asText})
	return err
}

func (b *workbook) makeSheets() error {
	if err := b.file.SetSheetName("Sheet1", b.words["sheet"]); err != nil {
		return err
	}
	if _, err := b.file.NewSheet(b.words["criteria"]); err != nil {
		return err
	}
	var err error
	b.rows, err = b.file.NewStreamWriter(b.words["sheet"])
	return err
}

func (b *workbook) makeTitles() error {
	if err := b.rows.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	titles := make([]any, len(b.table.fields))
	for i, f := range b.table.fields {
		if err := b.rows.SetColWidth(i+1, i+1, width(f)); err != nil {
			return err
		}
		titles[i] = excelize.Cell{StyleID: b.styles.title, Value: f.Label.In(b.table.lang)}
	}
	return b.rows.SetRow("A1", titles)
}

// width is that of a column, in characters.
func width(f *fact.Field) float64 {
	switch {
	case f.Type == fact.Text && f.MaxLen > 200:
		return 60
	case f.Type == fact.Code || f.Type == fact.Days:
		return 32
	}
	return 16
}

// Row adds one provvedimento.
func (b *workbook) Row(p archive.Provvedimento) error {
	if b.count == maxRows {
		return ErrTooManyRows
	}
	rec, err := b.table.record(&p)
	if err != nil {
		return err
	}
	cells := make([]any, len(b.table.fields))
	for i, f := range b.table.fields {
		if v := &rec[f.Slot]; v.IsKnown() {
			cells[i] = b.cell(f, v)
		}
	}
	b.count++
	return b.rows.SetRow("A"+strconv.Itoa(b.count+1), cells)
}

// cell is a value as a sheet holds it. Texts are cells of type text: a sheet runs none of them.
func (b *workbook) cell(f *fact.Field, v *fact.Value) any {
	switch f.Type {
	case fact.Integer:
		return b.number(strconv.FormatInt(v.Num, 10))
	case fact.Decimal:
		return b.number(decimal(v.Rat))
	case fact.Date:
		if v.Day() >= firstDay {
			return excelize.Cell{StyleID: b.styles.day, Value: int64(v.Day() - epoch)}
		}
		return b.text(v.Day().String())
	case fact.Days:
		return b.text(runs(v.Days(), italian, " - "))
	case fact.Bool, fact.Code:
		return b.text(f.Word(v, b.table.lang))
	}
	return b.text(v.Text)
}

// number is a number where a sheet keeps all its digits, else a text. A float of that many digits is written
// as the decimal it was read from.
func (b *workbook) number(exact string) any {
	if digits := strings.Trim(strings.NewReplacer("-", "", ".", "").Replace(exact), "0"); len(digits) > maxExact {
		return b.text(exact)
	}
	n, err := strconv.ParseFloat(exact, 64)
	if err != nil { // a fraction
		return b.text(exact)
	}
	return n
}

// text is a cell of text, as long as a sheet allows.
func (b *workbook) text(s string) any {
	if units := utf16.Encode([]rune(s)); len(s) > maxCell && len(units) > maxCell {
		s = string(utf16.Decode(units[:maxCell-1])) + "…"
	}
	return excelize.Cell{StyleID: b.styles.text, Value: s}
}

// Close writes the sheet of criteria and the whole file.
func (b *workbook) Close() (err error) {
	defer func() {
		if closed := b.file.Close(); err == nil {
			err = closed
		}
	}()
	last, err := excelize.CoordinatesToCellName(len(b.table.fields), b.count+1)
	if err != nil {
		return err
	}
	if err := b.file.AutoFilter(b.words["sheet"], "A1:"+last, nil); err != nil {
		return err
	}
	if err := b.rows.Flush(); err != nil {
		return err
	}
	if err := b.criteria(); err != nil {
		return err
	}
	_, err = b.file.WriteTo(b.to)
	return err
}

// criteria says what was searched, by whom, when, and how many rows there are.
func (b *workbook) criteria() error {
	sheet, err := b.file.NewStreamWriter(b.words["criteria"])
	if err != nil {
		return err
	}
	if err := sheet.SetColWidth(1, 2, 40); err != nil {
		return err
	}
	lines := [][2]any{{b.title(b.words["criterion"]), b.title(b.words["value"])}}
	for _, c := range b.head.Criteria {
		lines = append(lines, [2]any{b.text(c.Name), b.text(c.Value)})
	}
	lines = append(lines, [2]any{b.text(b.words["by"]), b.text(b.head.By)},
		[2]any{b.text(b.words["at"]), b.text(b.head.At.UTC().Format("2006-01-02T15:04:05Z"))},
		[2]any{b.text(b.words["rows"]), b.count})
	for i, l := range lines {
		if err := sheet.SetRow("A"+strconv.Itoa(i+1), l[:]); err != nil {
			return err
		}
	}
	return sheet.Flush()
}

func (b *workbook) title(s string) any { return excelize.Cell{StyleID: b.styles.title, Value: s} }

// wordsIn are the words of a workbook in lang, else in Italian.
func wordsIn(lang string) map[string]string {
	if w, ok := workbookWords[lang]; ok {
		return w
	}
	return workbookWords["it"]
}

var workbookWords = map[string]map[string]string{
	"it": {
		"sheet": "Provvedimenti", "criteria": "Criteri", "criterion": "Criterio", "value": "Valore",
		"by": "Esportato da", "at": "Esportato il (UTC)", "rows": "Righe",
	},
	"en": {
		"sheet": "Measures", "criteria": "Criteria", "criterion": "Criterion", "value": "Value",
		"by": "Exported by", "at": "Exported at (UTC)", "rows": "Rows",
	},
	"de": {
		"sheet": "Bescheide", "criteria": "Kriterien", "criterion": "Kriterium", "value": "Wert",
		"by": "Exportiert von", "at": "Exportiert am (UTC)", "rows": "Zeilen",
	},
}
