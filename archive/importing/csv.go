package importing

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// columns are those of a CSV of deleghe; the last may be missing. Who grants for itself does not say who grants.
var (
	columns    = []string{"matricola", "tipo", "delegato", "studio", "servizi", "valida_dal", "valida_al", "delegante", "padre"}
	ownColumns = []string{"matricola", "tipo", "delegato", "studio", "servizi", "valida_dal", "valida_al", "padre"}
)

// header is the first line of a CSV: the columns, in the order that the file has.
type header struct {
	comma   rune
	names   []string
	columns []string // those that it may have
	defect  string   // code of what is wrong with it: then every line is refused for it
	about   []string // the columns that the defect is about
}

// newHeader reads a header. Columns stand between commas or, as Italian spreadsheets write them, semicolons.
func newHeader(text []byte, columns []string) *header {
	h := &header{comma: ',', columns: columns}
	if bytes.Count(text, []byte{';'}) > bytes.Count(text, []byte{','}) {
		h.comma = ';'
	}
	names, err := h.cells(text)
	if err != nil {
		h.defect = "csv_header"
		return h
	}
	for _, n := range names {
		h.names = append(h.names, strings.ToLower(strings.TrimSpace(n)))
	}
	for i, n := range h.names {
		if !slices.Contains(columns, n) || slices.Contains(h.names[:i], n) {
			h.about = append(h.about, n)
		}
	}
	for _, n := range columns[:len(columns)-1] {
		if !slices.Contains(h.names, n) {
			h.about = append(h.about, n)
		}
	}
	if len(h.about) > 0 {
		h.defect = "csv_header"
	}
	return h
}

// cells reads one line. A cell can't go on in the next: then one quote too many would swallow the file.
func (h *header) cells(text []byte) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord = h.comma, -1
	return r.Read()
}

// row is a line as the JSON object it stands for, without its empty cells.
func (h *header) row(text []byte, d *decoder) ([]byte, error) {
	if h.defect != "" {
		return nil, d.says(h.defect, strings.Join(h.about, ", "), strings.Join(h.columns, ", "))
	}
	if !utf8.Valid(text) {
		return nil, d.says("csv_utf8")
	}
	cells, err := h.cells(text)
	if err != nil {
		return nil, d.says("csv_row")
	}
	if len(cells) != len(h.names) {
		return nil, d.says("csv_cells", len(cells), len(h.names))
	}
	object := make(map[string]any, len(cells))
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		switch name := h.names[i]; {
		case cell == "":
		case name == "servizi":
			object[name] = strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(" ,;|+", r) })
		case name == "valida_dal" || name == "valida_al":
			object[name] = isoDay(cell)
		default:
			object[name] = cell
		}
	}
	return json.Marshal(object)
}

var italianDay = regexp.MustCompile(`^([0-9]{2})/([0-9]{2})/([0-9]{4})$`)

// isoDay turns 31/12/2026, as spreadsheets write it, into 2026-12-31; anything else is left to the reader.
func isoDay(cell string) string {
	if m := italianDay.FindStringSubmatch(cell); m != nil {
		return m[3] + "-" + m[2] + "-" + m[1]
	}
	return cell
}
