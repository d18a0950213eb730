package api_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"go.uber.org/goleak"

	"omnia/api"
	"omnia/archive"
)

const exportPath = searchPath + "/export"

// table reads a CSV: the titles, and one row by its column for each record.
func table(t *testing.T, text string, comma rune) (titles []string, rows []map[string]string) {
	t.Helper()
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	r.Comma = comma
	all, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, cell := range line {
			row[all[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return all[0], rows
}

func TestAShortExportIsTheAnswer(t *testing.T) {
	t.Parallel()
	h := small(t)
	for i := range 450 { // more than one page of the store
		h.put(*h.read(measure(fmt.Sprintf("A-%03d", i), nil)))
	}
	h.put(*h.read(measure("B-1", with{"data_emissione": "2024-01-01"})))
	w := h.as("titolare", get(exportPath+"?sort=numero"))
	want(t, w, http.StatusOK, "")
	if d := w.Header().Get("Content-Disposition"); d != `attachment; filename="provvedimenti-7000000001-2025-11-30.csv"` {
		t.Errorf("Content-Disposition %s", d)
	}
	_, rows := table(t, w.Body.String(), ',')
	if len(rows) != 450 || rows[0]["numero"] != "A-000" || rows[449]["numero"] != "A-449" {
		t.Errorf("%d rows", len(rows))
	}
	if _, rows := table(t, h.as("titolare", get(exportPath+"?al=2024-12-31&formato=csv-excel")).Body.String(), ';'); len(rows) != 1 {
		t.Errorf("the criteria are those of the search: %v", rows)
	}
	w = h.as("titolare", get(exportPath+"?formato=xlsx&q=commesse").with("Accept-Language", "de"))
	want(t, w, http.StatusOK, "")
	book, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	sheets := book.GetSheetList()
	found, err := book.GetRows(sheets[0])
	if err != nil || len(found) != 451 || !slices.Equal(sheets, []string{"Bescheide", "Kriterien"}) {
		t.Errorf("%v: %d rows, %v", sheets, len(found), err)
	}
	criteria, err := book.GetRows(sheets[1])
	if err != nil || !strings.Contains(fmt.Sprint(criteria), "q commesse") || !strings.Contains(fmt.Sprint(criteria), "Giulia Ferri") {
		t.Errorf("criteria: %v, %v", criteria, err)
	}
}

// What a spreadsheet would run is written as text, in every format.
func TestFormulasAreNotExported(t *testing.T) {
	t.Parallel()
	h := small(t)
	formulas := []string{"=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "=HYPERLINK(\"http://x\")", " =1+1"}
	for i, f := range formulas {
		h.put(*h.read(measure(fmt.Sprintf("=A-%d", i), with{"motivazione": f, "protocollo": f})))
	}
	for _, format := range []string{"csv", "csv-excel"} {
		comma := ','
		if format == "csv-excel" {
			comma = ';'
		}
		titles, rows := table(t, h.as("titolare", get(exportPath+"?formato="+format)).Body.String(), comma)
		if len(rows) != len(formulas) {
			t.Fatalf("%s: %d rows", format, len(rows))
		}
		for _, row := range rows {
			for _, name := range titles {
				cell := strings.TrimLeft(row[name], " ")
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) && !(format == "csv-excel" && strings.HasPrefix(cell, `="`) && strings.Trim(cell, `="0123456789`) == "") {
					t.Errorf("%s: %s is %q", format, name, row[name])
				}
			}
		}
	}
	w := h.as("titolare", get(exportPath+"?formato=xlsx"))
	book, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	sheet := book.GetSheetList()[0]
	rows, err := book.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for y, row := range rows {
		for x := range row {
			cell, err := excelize.CoordinatesToCellName(x+1, y+1)
			if err != nil {
				t.Fatal(err)
			}
			if f, err := book.GetCellFormula(sheet, cell); err != nil || f != "" {
				t.Errorf("%s is the formula %q, %v", cell, f, err)
			}
		}
	}
}

// long is a house in which an export of more than ten rows is a job.
func long(t *testing.T) *house {
	t.Helper()
	h := small(t, func(c *api.Config) { c.Limits.Export = 10 })
	for i := range 11 {
		h.put(*h.read(measure(fmt.Sprintf("A-%02d", i), nil)))
	}
	return h
}

// job asks for an export and gives the path of its status.
func (h *house) job(persona, query string) string {
	h.t.Helper()
	w := h.as(persona, get(exportPath+query))
	want(h.t, w, http.StatusAccepted, "")
	at, ok := strings.CutPrefix(w.Header().Get("Location"), "http://127.0.0.1:8080")
	if !ok || object(h.t, w)["stato"] != "in_coda" {
		h.t.Fatalf("%v %s", w.Header(), w.Body)
	}
	return at
}

// once lets the worker make one file.
func (h *house) once() {
	h.t.Helper()
	if worked, err := api.NewExporter(h.cfg).Once(h.t.Context()); !worked || err != nil {
		h.t.Fatal(worked, err)
	}
}

func TestALongExportIsAJob(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"csv", "csv-excel", "xlsx"} {
		h := long(t)
		at := h.job("titolare", "?formato="+format)
		want(t, h.as("titolare", get(at)), http.StatusOK, "")
		want(t, h.as("titolare", get(at+"/file")), http.StatusConflict, "export_not_ready")
		h.put(*h.read(measure("B-1", nil))) // comes too late
		h.once()
		w := h.as("titolare", get(at))
		want(t, w, http.StatusSeeOther, "")
		file, _ := strings.CutPrefix(w.Header().Get("Location"), "http://127.0.0.1:8080")
		w = h.as("titolare", get(file))
		want(t, w, http.StatusOK, "")
		if d := w.Header().Get("Content-Disposition"); !strings.HasPrefix(d, `attachment; filename="provvedimenti-7000000001-`) {
			t.Errorf("%s: Content-Disposition %s", format, d)
		}
		if format == "csv" {
			if _, rows := table(t, w.Body.String(), ','); len(rows) != 11 {
				t.Errorf("%d rows", len(rows))
			}
		}
		if worked, err := api.NewExporter(h.cfg).Once(t.Context()); worked || err != nil {
			t.Errorf("the job was done twice: %v", err)
		}
		h.clock.set(h.clock.read().Add(25 * time.Hour))
		want(t, h.as("titolare", get(at)), http.StatusNotFound, "esportazione_not_found")
	}
}

// The job of another person is not there, even for who may see the same matricola.
func TestAnExportBelongsToWhoAsked(t *testing.T) {
	t.Parallel()
	h := long(t)
	at := h.job("titolare", "")
	h.once()
	nobodys := "/v1/esportazioni/018f3c6e-7b1a-7c3d-9e4f-5a6b7c8d9e0f"
	for _, persona := range []string{"auditor", "operatore", "consulente-scaduto"} {
		for _, suffix := range []string{"", "/file"} {
			sameAnswer(t, h, persona, at+suffix, nobodys+suffix, "esportazione_not_found")
		}
	}
	want(t, h.do(get(at)), http.StatusUnauthorized, "authentication_required")
	if _, err := h.store.Revoke(t.Context(), owner(ownMatric).ID, "test", h.clock.read()); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "/file"} {
		sameAnswer(t, h, "titolare", at+suffix, nobodys+suffix, "esportazione_not_found")
	}
}

// searchSpy is an archive in which something happens once so many pages have been read.
type searchSpy struct {
	api.Archive
	pages, after int
	do           func()
}

func (s *searchSpy) Search(ctx context.Context, c archive.Criteria, p archive.Page) ([]archive.Provvedimento, bool, error) {
	found, more, err := s.Archive.Search(ctx, c, p)
	if s.pages++; s.pages == s.after {
		s.do()
	}
	return found, more, err
}

func TestARevocationCutsARunningExport(t *testing.T) {
	t.Parallel()
	h := small(t, func(c *api.Config) { c.Limits.Export = 10 })
	for i := range 500 {
		h.put(*h.read(measure(fmt.Sprintf("A-%03d", i), nil)))
	}
	at := h.job("titolare", "")
	if _, err := h.store.Revoke(t.Context(), owner(ownMatric).ID, "test", h.clock.read().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	h.once()
	e, err := h.store.Export(t.Context(), strings.TrimPrefix(at, "/v1/esportazioni/"))
	if err != nil || e.State != archive.ExportFailed || e.Error != "export_revoked" {
		t.Fatalf("revoked before it began: %+v, %v", e, err)
	}
	// Granted anew, and revoked after the first page.
	again := owner(ownMatric)
	again.ID = "01900000-0000-7000-8000-0000000000ff"
	h.grant(again)
	at = h.job("titolare", "?formato=xlsx")
	cfg := h.cfg
	spy := &searchSpy{Archive: h.store, after: 1, do: func() {
		if _, err := h.store.Revoke(t.Context(), again.ID, "test", h.clock.read()); err != nil {
			t.Error(err)
		}
	}}
	cfg.Archive = spy
	if worked, err := api.NewExporter(cfg).Once(t.Context()); !worked || err != nil {
		t.Fatal(worked, err)
	}
	if spy.pages != 1 {
		t.Errorf("%d pages were read", spy.pages)
	}
	e, err = h.store.Export(t.Context(), strings.TrimPrefix(at, "/v1/esportazioni/"))
	if err != nil || e.State != archive.ExportFailed || e.Error != "export_revoked" {
		t.Errorf("revoked meanwhile: %+v, %v", e, err)
	}
	if err := h.store.ReadExport(t.Context(), e.ID, io.Discard); err == nil {
		t.Error("there is a file all the same")
	}
	lines, _, err := h.store.Accesses(t.Context(), archive.AccessCriteria{Matricola: ownMatric}, archive.Page{Limit: 1})
	if err != nil || len(lines) != 1 || lines[0].Esito != "deny:export_revoked" {
		t.Errorf("the record says %+v, %v", lines, err)
	}
	// It is granted once more: who asked learns why there is no file.
	third := owner(ownMatric)
	third.ID = "01900000-0000-7000-8000-0000000000fe"
	h.grant(third)
	status := h.get("titolare", at)
	if f := status["errore"].(map[string]any); status["stato"] != "fallita" || f["code"] != "export_revoked" {
		t.Errorf("status: %v", status)
	}
	want(t, h.as("titolare", get(at+"/file")), http.StatusConflict, "export_not_ready")
}

// An answer that is being written is cut too: it must not look whole.
func TestARevocationCutsAnExportThatIsBeingSent(t *testing.T) {
	t.Parallel()
	h := small(t)
	for i := range 500 {
		h.put(*h.read(measure(fmt.Sprintf("A-%03d", i), nil)))
	}
	cfg := h.cfg
	cfg.Archive = &searchSpy{Archive: h.store, after: 1, do: func() {
		if _, err := h.store.Revoke(t.Context(), owner(ownMatric).ID, "test", h.clock.read()); err != nil {
			t.Error(err)
		}
	}}
	server := httptest.NewServer(api.New(cfg))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+exportPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.token("titolare"))
	answer, err := http.DefaultClient.Do(r)
	if err == nil {
		var body []byte
		body, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err == nil {
			t.Errorf("a whole answer of %d bytes", len(body))
		}
	}
}

// A worker runs until it is stopped, and leaves nothing behind.
func TestTheExporterStartsAndStops(t *testing.T) {
	h := long(t)
	before := goleak.IgnoreCurrent()
	at := h.job("titolare", "")
	e := api.NewExporter(h.cfg)
	e.Start()
	id := strings.TrimPrefix(at, "/v1/esportazioni/")
	eventually(t, "the worker makes the file", func() bool {
		job, err := h.store.Export(t.Context(), id)
		return err == nil && job.State == archive.ExportReady
	})
	e.Stop()
	goleak.VerifyNone(t, before)
}
