package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"omnia/archive/importing"
)

// loaded sends a file of delegations and gives the report, whether all was stored or nothing.
func (w *world) loaded(persona, media, body string) (*httptest.ResponseRecorder, importing.Report) {
	w.t.Helper()
	res := w.as(persona, request{method: http.MethodPost, path: "/v1/deleghe", body: body, headers: map[string]string{"Content-Type": media}})
	if res.Code == http.StatusOK {
		return res, read[importing.Report](w.t, res)
	}
	var p struct {
		Report importing.Report `json:"report"`
	}
	if err := json.Unmarshal(res.Body.Bytes(), &p); err != nil {
		w.t.Fatalf("%v in %s", err, res.Body)
	}
	return res, p.Report
}

// defects are the errors of a report, one a line.
func defects(r importing.Report) string {
	var out []string
	for _, e := range r.Errors {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s %s", e.Line, e.Code, e.Pointer)))
	}
	return strings.Join(out, "\n")
}

const ndjsonType = "application/x-ndjson"

func TestATitolareLoadsItsOwnDelegations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := w.grant("dipendente", "consulente-scaduto", first, `, "valida_dal": "2025-12-01"`) + "\n" +
		w.grant("intermediario", "subdelegato", first, `, "studio": "Studio Nord", "valida_dal": "2025-12-01", "valida_al": "2026-06-30"`) + "\n"
	before := len(w.lines())
	res, r := w.loaded("titolare", ndjsonType, text)
	if res.Code != 200 || r.Creati != 2 || !r.Clean() {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	held := read[listing](t, w.as("auditor", get("/v1/deleghe?matricola="+first)))
	if got := held.column("tipo"); !slices.Equal(got, []string{"titolare", "intermediario", "dipendente", "intermediario"}) || held.Items[3]["delegante"] != w.people["titolare"].CodiceFiscale {
		t.Errorf("held: %v", held.Items)
	}
	var recorded []string
	for _, l := range w.lines()[before:] {
		recorded = append(recorded, l.Azione+" "+l.Matricola+" "+l.Ruolo+" "+l.Esito)
	}
	for _, want := range []string{"deleghe.conferisci " + first + " titolare allow"} {
		if !slices.Contains(recorded, want) {
			t.Errorf("recorded %q, without %q", recorded, want)
		}
	}
	if res, r := w.loaded("titolare", ndjsonType, text); res.Code != 200 || r.Invariati != 2 {
		t.Errorf("sent again: %d %s", res.Code, res.Body)
	}
	csv := "matricola;tipo;delegato;studio;servizi;valida_dal;valida_al\n" + first + ";dipendente;" + w.people["auditor"].CodiceFiscale + ";;contatori,chat;01/12/2025;\n"
	if res, r := w.loaded("titolare", "text/csv", csv); res.Code != 200 || r.Creati != 1 {
		t.Errorf("as CSV: %d %s", res.Code, res.Body)
	}
	if _, r := w.loaded("titolare", "text/csv", strings.NewReplacer("valida_al\n", "valida_al;delegante\n", "2025;\n", "2025;;01533450266\n").Replace(csv)); defects(r) != "2 csv_header" {
		t.Errorf("as somebody else: %s", defects(r))
	}
}

// Each line is judged as if it came alone, with the code it has alone, and one bad line is enough.
func TestEachLineOfOnesOwnDelegationsIsJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stored := func() int { return len(read[listing](t, w.as("auditor", get("/v1/deleghe"))).Items) }
	before := stored()
	_, r := w.loaded("titolare", ndjsonType, strings.Join([]string{
		w.grant("dipendente", "auditor", first, ""),
		w.grant("dipendente", "auditor", second, ""), // of another company
		w.grant("dipendente", "auditor", absent, ""),
		w.grant("titolare", "titolare", first, `, "valida_dal": "2025-11-29"`),
		w.grant("intermediario", "consulente", first, ""), // has one
		w.grant("subdelega", "auditor", first, `, "padre": "`+w.bonds["mandate1"]+`"`),
		w.grant("dipendente", "auditor", first, `, "valida_al": "2026-01-31"`), // beside line 1
		w.grant("dipendente", "subdelegato", first, `, "delegante": "01533450266"`),
		"{",
	}, "\n"))
	want := `2 matricola_not_found
3 matricola_not_found
4 delega_self /delegato
4 delega_type_not_allowed /tipo
4 delega_past /valida_dal
5 delega_overlap
6 bond_not_allowed
7 delega_overlap
8 unknown_field /delegante
9 malformed_json`
	if got := defects(r); got != want || stored() != before || r.Errati != 8 || r.Annullati != 1 {
		t.Errorf("got\n%s\nwant\n%s\n%+v; %d stored, %d before", got, want, r, stored(), before)
	}
	texts := map[string]bool{}
	for _, e := range r.Errors {
		if e.Code == "matricola_not_found" {
			texts[e.Detail] = true
		}
	}
	if len(texts) != 1 {
		t.Errorf("a matricola of others is told from one that does not exist: %v", texts)
	}
	denied := 0
	for _, l := range w.lines() {
		if l.Esito == "deny:no_bond" && l.Azione == "deleghe.conferisci" && (l.Matricola == second || l.Matricola == absent) {
			denied++
		}
	}
	if denied != 2 {
		t.Errorf("%d denied lines are in the record", denied)
	}
	for _, persona := range []string{"auditor", "operatore", "portale"} {
		if res, _ := w.loaded(persona, ndjsonType, w.grant("dipendente", "auditor", first, "")); res.Code != http.StatusForbidden {
			t.Errorf("%s: %d %s", persona, res.Code, res.Body)
		}
	}
}

func TestAnIntermediarioLoadsSubdeleghe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub := func(persona, matricola, parent, more string) string {
		return w.grant("subdelega", persona, matricola, `, "padre": "`+w.bonds[parent]+`"`+more)
	}
	good := sub("auditor", first, "mandate1", `, "valida_dal": "2025-12-01"`) + "\n" + sub("auditor", second, "mandate2", `, "valida_dal": "2025-12-01"`)
	if res, r := w.loaded("consulente", ndjsonType, good); res.Code != 200 || r.Creati != 2 {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	got := read[listing](t, w.as("consulente", get("/v1/deleghe?delegato="+w.people["auditor"].CodiceFiscale)))
	if len(got.Items) != 2 || got.Items[0]["valida_al"] != "2026-12-31" || got.Items[1]["valida_al"] != nil {
		t.Errorf("they end as their parents do: %v", got.Items)
	}
	_, r := w.loaded("consulente", ndjsonType, strings.Join([]string{
		sub("titolare", first, "mandate1", `, "valida_al": "2027-01-01"`),
		sub("titolare", first, "mandate2", ""),
		sub("titolare", second, "expired", ""),
		sub("titolare", third, "mandate1", ""),
		w.grant("dipendente", "titolare", first, ""),
	}, "\n"))
	if got, want := defects(r), "1 subdelega_longer\n2 delega_padre\n3 delega_padre\n4 matricola_not_found\n5 bond_not_allowed"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What binds the caller to a matricola is asked once, however many lines are about it.
func TestALongFileAsksOnceForEachMatricola(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var text strings.Builder
	for i := range 400 {
		fmt.Fprintln(&text, w.grant("dipendente", "auditor", first, fmt.Sprintf(`, "valida_dal": "%d-01-01", "valida_al": "%d-12-31"`, 2026+i, 2026+i)))
	}
	before, lines := w.store.subjects.Load(), len(w.lines())
	res, r := w.loaded("titolare", ndjsonType, text.String())
	if res.Code != 200 || r.Creati != 400 {
		t.Fatalf("%d %s", res.Code, res.Body)
	}
	if n := w.store.subjects.Load() - before; n != 1 {
		t.Errorf("%d questions about one matricola", n)
	}
	if n := len(w.lines()) - lines; n != 2 {
		t.Errorf("%d lines in the record, for the file and for the matricola", n)
	}
}
