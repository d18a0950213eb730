package export_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"omnia/archive"
	"omnia/archive/export"
	"omnia/engine/calendar"
	"omnia/engine/rulebook"
	"omnia/rules"
)

var update = flag.Bool("update", false, "write the golden files again")

var readers = sync.OnceValue(func() *archive.Reader {
	ed, defects := rulebook.Load(rules.FS)
	if err := defects.Err(); err != nil {
		panic(err)
	}
	r, err := archive.NewReader(ed.Vocabulary)
	if err != nil {
		panic(err)
	}
	return r
})

// read is the measure of a JSON object, with what every measure must have.
func read(t interface {
	Helper()
	Fatal(...any)
}, more string) archive.Provvedimento {
	t.Helper()
	body := `{"esito":"accoglimento","prestazione":"CIGO","dal":"2025-03-03","al":"2025-05-04","matricola":"0123456789","unita_produttiva":"0","data_emissione":"2025-06-10"` + more + `}`
	p, err := readers().Provvedimento([]byte(body), archive.Options{Today: calendar.MustParse("2026-11-23")})
	if err != nil {
		t.Fatal(err)
	}
	return *p
}

// samples are measures with all that can go wrong in a sheet.
func samples(t *testing.T) []archive.Provvedimento {
	t.Helper()
	return []archive.Provvedimento{
		read(t, `,"numero":"000123","causale":"meteo","ore_autorizzate":1200.5,"giorni_fruiti":40,"flussi_completi":true,"lavoratori":12,"motivazione":"Pioggia; \"forte\"\r\nsul cantiere, per settimane"`),
		read(t, `,"numero":"12-2024","motivazione":"=HYPERLINK(\"http://example.invalid\")","protocollo":"1E5","giornate_fruite":["2025-03-03","2025-03-04","2025-03-05","2025-03-07"]`),
		read(t, `,"numero":"-1","motivazione":"＝1+1","versione":2,"correzione":"@SUM(A1)","ore_fruite":0.1,"zero_ore":false`),
		read(t, `,"numero":"'quoted","motivazione":" +39 06 59051","protocollo":"\t=1"`),
		read(t, `,"numero":"perché/ß","motivazione":"Übergangsregelung – 52 %"`),
	}
}

func header() export.Header {
	return export.Header{
		Group: readers().Group(), By: "consulente", At: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC),
		Criteria: []export.Criterion{{Name: "matricola", Value: "0123456789"}, {Name: "q", Value: "=1+1"}},
	}
}

func file(t interface {
	Helper()
	Fatal(...any)
}, format export.Format, lang string, rows ...archive.Provvedimento) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := export.New(format, &b, header(), lang)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range rows {
		if err := w.Row(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	golden(t, "rfc4180.csv", file(t, export.CSV, "it", samples(t)...))
	for _, lang := range []string{"it", "en", "de"} {
		golden(t, "excel-"+lang+".csv", file(t, export.CSVExcel, lang, samples(t)...))
	}
}

func TestACSVWithoutRowsHasItsTitles(t *testing.T) {
	t.Parallel()
	got := string(file(t, export.CSV, "it"))
	if !strings.HasPrefix(got, "matricola,unita_produttiva,numero,versione,data_emissione,esito,prestazione,causale,dal,al,") || strings.Count(got, "\r\n") != 1 {
		t.Errorf("%q", got)
	}
}

// A spreadsheet runs what begins like a formula; none of ours does, but for those that say "this is text".
func TestNoCellIsAFormula(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.SampledFrom([]string{"=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", " =", "\u00a0=", "'", "x", "0", `"`}).Draw(t, "first")
		text := first + "cmd|' /C calc'!A0" + rapid.StringOf(rapid.RuneFrom([]rune(`",;=+x'0 `))).Draw(t, "rest")
		p := read(t, fmt.Sprintf(`,"numero":"1","motivazione":%s,"correzione":%s,"versione":2`, quote(text), quote(text)))
		for format, comma := range map[export.Format]rune{export.CSV: ',', export.CSVExcel: ';'} {
			r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file(t, format, "it", p), []byte("\xef\xbb\xbf"))))
			r.Comma = comma
			rows, err := r.ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			for i, cell := range rows[1] {
				inner := strings.TrimSuffix(strings.TrimPrefix(cell, `="`), `"`)
				marked := len(inner) == len(cell)-3 && !strings.ContainsAny(inner, `"=()!|' `)
				if c := strings.TrimLeft(cell, " \u00a0"); !marked && c != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(c)[0]) {
					t.Fatalf("column %s of %s is %q", rows[0][i], format, cell)
				}
			}
		}
	})
}

func quote(s string) string {
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	return `"` + r.Replace(s) + `"`
}

// The CSV of machines says everything the archive has: read back, it is the same record.
func TestACSVReadBackIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.StringOf(rapid.RuneFrom([]rune("ab ,;\"'=+-@\nàß=0")))
		more := fmt.Sprintf(`,"numero":%s,"motivazione":%s,"ore_autorizzate":%s,"giorni_fruiti":%d`, quote(fmt.Sprint(rapid.Int().Draw(t, "numero"))),
			quote("x"+words.Draw(t, "text")), rapid.StringMatching(`(0|[1-9][0-9]{0,6})(\.[0-9]{1,5})?`).Draw(t, "ore"), rapid.IntRange(0, 300).Draw(t, "giorni"))
		if rapid.Bool().Draw(t, "a wild text") {
			more += `,"correzione":` + quote(rapid.SampledFrom([]string{"=", "'", "''", "+", "@x", "-1"}).Draw(t, "wild")+words.Draw(t, "more")) + `,"versione":3`
		}
		p := read(t, more)
		rows, err := csv.NewReader(bytes.NewReader(file(t, export.CSV, "de", p))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if body := bodyOf(rows[0], rows[1]); !same(body, p) {
			t.Fatalf("%q\nreads back as\n%s\nnot\n%s", rows[1], body, p.Corpo)
		}
	})
}

// bodyOf is the JSON that a line of the CSV stands for.
func bodyOf(names, cells []string) []byte {
	var members []string
	for i, cell := range cells {
		switch names[i] {
		case "ore_autorizzate", "giorni_fruiti", "versione":
		default:
			cell = quote(strings.TrimPrefix(cell, "'"))
		}
		if cells[i] != "" {
			members = append(members, fmt.Sprintf("%q:%s", names[i], cell))
		}
	}
	return []byte("{" + strings.Join(members, ",") + "}")
}

func same(body []byte, p archive.Provvedimento) bool {
	again, err := readers().Provvedimento(body, archive.Options{Today: calendar.MustParse("2026-11-23")})
	return err == nil && again.Digest == p.Digest
}

func TestAWorkbookIsOpenedAgain(t *testing.T) {
	t.Parallel()
	rows := samples(t)
	f, err := excelize.OpenReader(bytes.NewReader(file(t, export.XLSX, "it", rows...)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.GetSheetList(); !cmp.Equal(got, []string{"Provvedimenti", "Criteri"}) {
		t.Fatalf("the sheets are %q", got)
	}
	titles, err := f.GetRows("Provvedimenti")
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]string{}
	for i, title := range titles[0] {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			t.Fatal(err)
		}
		at[title] = name
	}
	for _, tt := range []struct {
		row         int
		title, want string
		shown       string
		kind        excelize.CellType
	}{
		{2, "Matricola aziendale INPS", "0123456789", "0123456789", excelize.CellTypeInlineString},
		{2, "Numero del provvedimento", "000123", "000123", excelize.CellTypeInlineString},
		{2, "Data di emissione", "45818", "10/06/2025", excelize.CellTypeUnset},
		{2, "Ore autorizzate", "1200.5", "1200.5", excelize.CellTypeUnset},
		{2, "Giorni fruiti", "40", "40", excelize.CellTypeUnset},
		{2, "Flussi completi", "sì", "sì", excelize.CellTypeInlineString},
		{2, "Motivazione", "Pioggia; \"forte\"\r\nsul cantiere, per settimane", "Pioggia; \"forte\"\r\nsul cantiere, per settimane", excelize.CellTypeInlineString},
		{3, "Motivazione", `=HYPERLINK("http://example.invalid")`, `=HYPERLINK("http://example.invalid")`, excelize.CellTypeInlineString},
		{3, "Giornate fruite", "03/03/2025 - 05/03/2025 07/03/2025", "03/03/2025 - 05/03/2025 07/03/2025", excelize.CellTypeInlineString},
		{4, "Ore fruite", "0.1", "0.1", excelize.CellTypeUnset},
		{4, "Motivazione", "＝1+1", "＝1+1", excelize.CellTypeInlineString},
	} {
		column, ok := at[tt.title]
		if !ok {
			t.Fatalf("there is no column %s", tt.title)
		}
		cell := fmt.Sprint(column, tt.row)
		raw, err := f.GetCellValue("Provvedimenti", cell, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		shown, err := f.GetCellValue("Provvedimenti", cell)
		if err != nil {
			t.Fatal(err)
		}
		kind, err := f.GetCellType("Provvedimenti", cell)
		if err != nil {
			t.Fatal(err)
		}
		formula, err := f.GetCellFormula("Provvedimenti", cell)
		if err != nil || formula != "" {
			t.Errorf("%s is the formula %q, %v", cell, formula, err)
		}
		if raw != tt.want || shown != tt.shown || kind != tt.kind {
			t.Errorf("%s of row %d is %q, shown as %q, of type %d; want %q, %q, %d", tt.title, tt.row, raw, shown, kind, tt.want, tt.shown, tt.kind)
		}
	}
	panes, err := f.GetPanes("Provvedimenti")
	if err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the titles are not frozen: %+v, %v", panes, err)
	}
	if names := f.GetDefinedName(); len(names) != 1 || names[0].RefersTo != "'Provvedimenti'!$A$1:$V$6" {
		t.Errorf("the filter is over %+v", names)
	}
	criteria, err := f.GetRows("Criteri")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"Criterio", "Valore"},
		{"matricola", "0123456789"},
		{"q", "=1+1"},
		{"Esportato da", "consulente"},
		{"Esportato il (UTC)", "2026-11-23T09:30:00Z"},
		{"Righe", "5"},
	}
	if diff := cmp.Diff(want, criteria); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTitlesAreInTheLanguageAsked(t *testing.T) {
	t.Parallel()
	for lang, sheet := range map[string]string{"it": "Provvedimenti", "en": "Measures", "de": "Bescheide", "xx": "Provvedimenti"} {
		f, err := excelize.OpenReader(bytes.NewReader(file(t, export.XLSX, lang)))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.GetSheetList()[0]; got != sheet {
			t.Errorf("in %s the sheet is %s", lang, got)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What a sheet can't hold as a number or a day stays as it is, as text.
func TestWhatASheetCantHoldIsText(t *testing.T) {
	t.Parallel()
	var days []string
	for d := range 4000 {
		days = append(days, `"`+(calendar.Of(1950, 1, 1)+calendar.Day(2*d)).String()+`"`)
	}
	p := read(t, `,"numero":"1","ore_autorizzate":123456789.1234567891,"ore_fruite":999999999.999999,"giornate_fruite":[`+strings.Join(days, ",")+`]`)
	old := archive.Provvedimento{Numero: "2", Corpo: bytes.Replace(p.Corpo, []byte(`"dal":"2025-03-03"`), []byte(`"dal":"1900-02-28"`), 1)}
	f, err := excelize.OpenReader(bytes.NewReader(file(t, export.XLSX, "it", p, old)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := f.GetRows("Provvedimenti", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	value := func(row int, title string) string {
		for i, t := range all[0] {
			if t == title {
				return all[row][i]
			}
		}
		return "no such column"
	}
	for title, want := range map[string]string{"Ore autorizzate": "123456789.1234567891", "Ore fruite": "999999999.999999"} {
		if got := value(1, title); got != want {
			t.Errorf("%s is %s, want %s", title, got, want)
		}
	}
	if got := value(1, "Giornate fruite"); !strings.HasSuffix(got, "…") || len([]rune(got)) != 32767 {
		t.Errorf("a cell of %d characters", len([]rune(got)))
	}
	if got := value(2, "Primo giorno autorizzato"); got != "1900-02-28" {
		t.Errorf("a day before a sheet's calendar is %s", got)
	}
}

func TestAThousandRowsGoThroughAFile(t *testing.T) {
	t.Parallel()
	p := read(t, `,"numero":"1","motivazione":`+quote(strings.Repeat("Mancanza di lavoro. ", 190)))
	rows := make([]archive.Provvedimento, 6000)
	for i := range rows {
		rows[i] = p
	}
	f, err := excelize.OpenReader(bytes.NewReader(file(t, export.XLSX, "it", rows...)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	criteria, err := f.GetRows("Criteri")
	if err != nil || criteria[len(criteria)-1][1] != "6000" {
		t.Errorf("%v, %v", criteria, err)
	}
}

func TestFailuresAreTold(t *testing.T) {
	t.Parallel()
	if _, err := export.New("pdf", io.Discard, header(), "it"); err == nil {
		t.Error("a format that is not there is taken")
	}
	for _, format := range export.Formats {
		if format.MediaType() == "" || format.Extension() == "" {
			t.Errorf("%s has no media type, or no extension", format)
		}
		w, err := export.New(format, full{}, header(), "it")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Row(archive.Provvedimento{Numero: "77", Corpo: []byte("{")}); err == nil || !strings.Contains(err.Error(), "77") {
			t.Errorf("%s: a damaged record gives %v", format, err)
		}
		if err := w.Close(); !errors.Is(err, errFull) {
			t.Errorf("%s: a full disk gives %v", format, err)
		}
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func BenchmarkRow(b *testing.B) {
	p := read(b, `,"numero":"000123","causale":"meteo","ore_autorizzate":1200.5,"motivazione":"Pioggia sul cantiere"`)
	for _, format := range export.Formats {
		b.Run(string(format), func(b *testing.B) {
			w, err := export.New(format, io.Discard, header(), "it")
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop() && i < 1_000_000; i++ {
				if err := w.Row(p); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
