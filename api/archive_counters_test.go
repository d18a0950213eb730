package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"omnia/fixtures"
	"omnia/internal/fault"
)

// facts is the body of the stateless POST of a demo company, taken apart.
type facts struct {
	DataRiferimento string          `json:"data_riferimento"`
	Azienda         map[string]any  `json:"azienda"`
	Unita           map[string]any  `json:"unita_produttiva"`
	Periodi         []with          `json:"periodi"`
	Richiesta       json.RawMessage `json:"richiesta"`
}

// archived puts a demo company into the archive, for the demo titolare, and gives its facts.
func (h *house) archived(c fixtures.Company, n int) (f facts, unit string) {
	h.t.Helper()
	var body struct{ Facts facts }
	d := json.NewDecoder(bytes.NewReader(c.Body))
	d.UseNumber()
	if err := d.Decode(&body); err != nil {
		h.t.Fatal(err)
	}
	f = body.Facts
	matricola := fmt.Sprint(f.Azienda["matricola"])
	unit = fmt.Sprint(f.Unita["progressivo"])
	since := "2000-01-01"
	u := with{"progressivo": unit, "attiva_dal": since}
	if v := f.Unita["giorni_settimana"]; v != nil {
		u["giorni_settimana"] = []with{{"dal": since, "giorni": v}}
	}
	if v := f.Unita["organico_medio"]; v != nil {
		u["organico"] = []with{{"dal": since, "fasce": v}}
	}
	p := with{"matricola": matricola, "codice_fiscale": f.Azienda["codice_fiscale"], "denominazione": c.Title, "sede": "7000", "attiva_dal": since, "unita_produttive": []with{u}}
	if v := f.Azienda["settore"]; v != nil {
		row := with{"dal": since, "settore": v}
		if x := f.Azienda["fondo"]; x != nil {
			row["fondo"] = x
		}
		p["inquadramenti"] = []with{row}
	}
	if v := f.Azienda["dipendenti_semestre"]; v != nil {
		p["dipendenti"] = []with{{"dal": since, "media": v}}
	}
	text, err := json.Marshal(p)
	if err != nil {
		h.t.Fatal(err)
	}
	h.company(text)
	for _, row := range f.Periodi {
		m := with{"matricola": matricola, "unita_produttiva": unit, "data_emissione": "2025-11-01"}
		for k, v := range row {
			m[k] = v
		}
		body, err := json.Marshal(m)
		if err != nil {
			h.t.Fatal(err)
		}
		h.put(*h.read(string(body)))
	}
	d2 := owner(matricola)
	d2.ID = fmt.Sprintf("01900000-0000-7000-8000-0000000%05d", n)
	h.grant(d2)
	return f, unit
}

// bare is an answer without what is its own: id, instant, and the instant of knowledge.
func bare(t *testing.T, body []byte) string {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(all["decision"], &header); err != nil {
		t.Fatal(err)
	}
	delete(header, "id")
	delete(header, "instant")
	delete(header, "simulation")
	delete(all, "noto_al")
	all["decision"], _ = json.Marshal(header)
	out, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// The archive and the stateless POST are one decision: the same facts give the same bytes.
func TestTheArchiveDecidesAsTheFactsDo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	compared := 0
	for i, c := range fixtures.Companies() {
		if bytes.Contains(c.Body, []byte("202500155555")) {
			continue // its history has a period without an outcome, which no archive takes
		}
		f, unit := h.archived(c, i)
		at := fmt.Sprintf("/v1/matricole/%v/unita-produttive/%s/counters", f.Azienda["matricola"], unit)
		for _, depth := range []string{"short", "full"} {
			for _, day := range []string{"2025-11-30", "2024-02-29"} {
				state := with{"azienda": f.Azienda, "unita_produttiva": f.Unita, "periodi": f.Periodi, "data_riferimento": day}
				stateless := h.as("portale", post("/v1/counters?explain="+depth, text(t, with{"facts": state})))
				stored := h.as("titolare", get(at+"?data_fine="+day+"&explain="+depth))
				if stateless.Code != 200 || stored.Code != 200 || bare(t, stateless.Body.Bytes()) != bare(t, stored.Body.Bytes()) {
					t.Errorf("%s on %s: stateless %d, from the archive %d\n%s\n%s", c.Name, day, stateless.Code, stored.Code, bare(t, stateless.Body.Bytes()), bare(t, stored.Body.Bytes()))
				}
				compared++
			}
			if f.Richiesta == nil {
				continue
			}
			what := with{"richiesta": f.Richiesta}
			whole := with{"azienda": f.Azienda, "unita_produttiva": f.Unita, "periodi": f.Periodi, "richiesta": f.Richiesta}
			stateless := h.as("portale", post("/v1/counters?explain="+depth, text(t, with{"facts": whole})))
			simulated := h.as("titolare", post(at+"?explain="+depth, text(t, what)))
			if stateless.Code != 200 || simulated.Code != 200 || bare(t, stateless.Body.Bytes()) != bare(t, simulated.Body.Bytes()) {
				t.Errorf("%s, what-if: stateless %d, from the archive %d\n%s\n%s", c.Name, stateless.Code, simulated.Code, stateless.Body, simulated.Body)
			}
			if s := object(t, simulated)["decision"].(map[string]any); s["simulation"] != true {
				t.Errorf("%s: a what-if is not marked: %v", c.Name, s)
			}
		}
	}
	if compared < 40 {
		t.Errorf("only %d answers compared", compared)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

const unitPath = "/v1/matricole/" + ownMatric + "/unita-produttive/0/counters"

// counted is how many weeks the first counter counts.
func (h *house) counted(query string) string {
	h.t.Helper()
	it := items(h.get("titolare", unitPath+query))[0]
	return fmt.Sprint(it["counted"].(map[string]any)["exact"])
}

// Two axes: the day that is asked about, and the instant of what was known.
func TestCountersOnBothAxesOfTime(t *testing.T) {
	t.Parallel()
	h := small(t)
	h.put(*h.read(measure("A-1", nil)))                                           // four weeks
	h.put(*h.read(measure("A-2", with{"dal": "2025-03-03", "al": "2025-03-16"}))) // two weeks
	before := h.clock.read()
	h.put(*h.read(measure("A-1", with{"al": "2025-09-07", "versione": 2, "correzione": "Periodo ridotto"}))) // one week
	for query, want := range map[string]string{
		"": "3", "?data_fine=2025-11-30": "3", "?data_fine=2025-09-07": "3", "?data_fine=2025-03-16": "2", "?data_fine=2025-02-28": "0",
		"?noto_al=" + before.Format(time.RFC3339Nano):                      "6",
		"?data_fine=2025-03-16&noto_al=" + before.Format(time.RFC3339Nano): "2",
	} {
		if got := h.counted(query); got != want {
			t.Errorf("%q: %s weeks, want %s", query, got, want)
		}
	}
	whatIf := `{"richiesta": {"prestazione": "CIGO", "causale": "mancanza_lavoro", "dal": "2025-12-01", "al": "2025-12-14"}}`
	requested := func(query string) string {
		w := h.as("titolare", post(unitPath+query, whatIf))
		want(t, w, http.StatusOK, "")
		return fmt.Sprint(items(object(t, w))[0]["total"].(map[string]any)["exact"])
	}
	if now, then := requested(""), requested("?noto_al="+before.Format(time.RFC3339Nano)); now != "5" || then != "8" {
		t.Errorf("the what-if makes %s weeks now, %s as known then", now, then)
	}
	echoed := h.get("titolare", unitPath+"?noto_al="+before.Format(time.RFC3339Nano))["noto_al"]
	if want := before.Truncate(time.Microsecond).Format("2006-01-02T15:04:05.000000Z"); echoed != want {
		t.Errorf("noto_al %v, want %s", echoed, want)
	}
	if n := h.stored(); n != 2 {
		t.Errorf("what-ifs stored something: %d", n)
	}
}

func TestQuestionsAboutAUnitThatMakeNoSense(t *testing.T) {
	t.Parallel()
	h := small(t)
	other := "/v1/matricole/" + ownMatric + "/unita-produttive/9/counters"
	want(t, h.as("titolare", get(other)), http.StatusNotFound, "unita_produttiva_not_found")
	want(t, h.as("titolare", post(other, `{"richiesta": {}}`)), http.StatusNotFound, "unita_produttiva_not_found")
	want(t, h.as("titolare", get(unitPath+"?noto_al=2001-01-01")), http.StatusNotFound, "unita_produttiva_not_found")
	w := h.as("titolare", get(unitPath+"?data_fine=2015-09-23"))
	want(t, w, http.StatusUnprocessableEntity, "before_law", "before_law")
	if p := problem(t, w); p.Errors[0].Pointer != "/query/data_fine" {
		t.Errorf("pointer %s", p.Errors[0].Pointer)
	}
	w = h.as("titolare", post(unitPath, `{"data_riferimento": "2015-09-23", "richiesta": {"prestazione": "CIGO", "dal": "2015-09-14", "al": "2015-09-27"}}`))
	if p := problem(t, w); w.Code != 422 || p.Code != "before_law" || !slices.ContainsFunc(p.Errors, func(d fault.Detail) bool { return d.Pointer == "/richiesta/dal" }) {
		t.Errorf("what-if before the law: %d %s", w.Code, w.Body)
	}
	for body, code := range map[string]string{
		`{}`: "required", `{"richiesta": 1}`: "wrong_type", `{"richiesta": {"dal": "x"}}`: "invalid_date",
		`{"richiesta": {"foo": 1}}`: "unknown_field", `{"richiesta": {}, "facts": {}}`: "unknown_field", `{"richiesta": {"dal": "2025-12-14", "al": "2025-12-01"}}`: "date_order",
	} {
		w := h.as("titolare", post(unitPath, body))
		if p := problem(t, w); w.Code != 400 && w.Code != 422 || len(p.Errors) != 1 || p.Errors[0].Code != code {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	want(t, h.as("titolare", post(unitPath+"?data_fine=2025-01-01", `{"richiesta": {}}`)), http.StatusUnprocessableEntity, "invalid_parameters", "unknown_parameter")
	want(t, h.as("consulente", get(unitPath)), http.StatusNotFound, "matricola_not_found")
	want(t, h.do(get(unitPath)), http.StatusUnauthorized, "authentication_required")
}

// What another unit or matricola of the company was granted counts for the rate, and only there.
func TestTheLastTreatmentIsThatOfTheCompany(t *testing.T) {
	t.Parallel()
	h := small(t)
	rate := func() string {
		for _, it := range items(h.get("titolare", unitPath)) {
			if it["id"] == "addizionale.aliquota" {
				return fmt.Sprint(it["rate"].(map[string]any)["exact"])
			}
		}
		return "none"
	}
	never := rate()
	h.put(*h.read(measure("A-1", with{"unita_produttiva": "1"})))
	if after := rate(); after == never {
		t.Errorf("the rate is %s with and without a treatment elsewhere", after)
	}
}

func TestCountersOfAStudioInOneList(t *testing.T) {
	t.Parallel()
	h := newItaly(t)
	all := items(h.get("consulente", "/v1/counters?limit=200"))
	matricole := items(h.get("consulente", "/v1/matricole?limit=200"))
	var wanted []string
	for _, m := range matricole {
		if !slices.Contains(m["servizi"].([]any), "contatori") {
			continue
		}
		for _, u := range items(h.get("consulente", "/v1/matricole/"+m["matricola"].(string)+"/unita-produttive")) {
			wanted = append(wanted, fmt.Sprint(m["matricola"], " ", u["progressivo"]))
		}
	}
	slices.Sort(wanted)
	place := func(u map[string]any) string { return fmt.Sprint(u["matricola"], " ", u["unita_produttiva"]) }
	var got []string
	for _, u := range all {
		got = append(got, place(u))
	}
	if !slices.Equal(got, wanted) || len(got) < 5 {
		t.Fatalf("units %v, want %v", got, wanted)
	}
	// Page by page it is the same list, each state the one of the unit's own question.
	var paged []map[string]any
	for path := "/v1/counters?limit=2"; ; {
		page := h.get("consulente", path)
		paged = append(paged, items(page)...)
		cursor, more := page["next_cursor"].(string)
		if !more {
			break
		}
		path = "/v1/counters?limit=2&cursor=" + cursor
	}
	if fmt.Sprint(paged) != fmt.Sprint(all) {
		t.Error("page by page the list is another one")
	}
	for _, u := range all {
		own := items(h.get("consulente", fmt.Sprintf("/v1/matricole/%v/unita-produttive/%v/counters", u["matricola"], u["unita_produttiva"])))
		short := items(u)
		if len(own) != len(short) {
			t.Fatalf("%s: %d counters, its own question has %d", place(u), len(short), len(own))
		}
		for i := range own {
			for name, v := range short[i] {
				if fmt.Sprint(v) != fmt.Sprint(own[i][name]) {
					t.Errorf("%s %v: %s is %v, its own question says %v", place(u), own[i]["id"], name, v, own[i][name])
				}
			}
		}
	}
	for persona, n := range map[string]int{"consulente-scaduto": 0, "subdelegato": 1, "auditor": 20} {
		if got := len(items(h.get(persona, "/v1/counters?limit=200"))); got < n || n == 0 && got > 0 {
			t.Errorf("%s sees %d units", persona, got)
		}
	}
	want(t, h.as("consulente", get("/v1/counters?data_fine=2015-09-23")), http.StatusUnprocessableEntity, "before_law", "before_law")
	want(t, h.do(get("/v1/counters")), http.StatusUnauthorized, "authentication_required")
	old := items(h.get("consulente", "/v1/counters?noto_al=2001-01-01"))
	if len(old) != 0 {
		t.Errorf("in 2001 %d units were known", len(old))
	}
}

// A unit with a history that no counter can be decided with says so, and the others have their counters.
func TestOneUnitThatCannotBeDecidedDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	h := small(t)
	h.put(*h.read(measure("A-1", with{"regime": "covid19", "dal": "2025-09-01", "al": "2025-09-28"})))
	states := items(h.get("titolare", "/v1/counters"))
	verdict := func(i int) any { return states[i]["items"].([]any)[0].(map[string]any)["verdict"] }
	if len(states) != 2 || verdict(0) != "rule_failed" || verdict(1) != "admissible" {
		t.Errorf("states: %v", states)
	}
	h.get("titolare", "/v1/alerts")
}

// A revoked delegation ends at once for all that rests on it.
func TestARevocationEndsEveryRoute(t *testing.T) {
	t.Parallel()
	h := small(t)
	h.put(*h.read(measure("A-1", nil)))
	paths := []string{searchPath, searchPath + "/export", "/v1/provvedimenti/A-1", "/v1/provvedimenti/A-1/versioni", unitPath, "/v1/alerts?matricola=" + ownMatric, "/v1/alerts.ics?matricola=" + ownMatric}
	for _, p := range paths {
		if w := h.as("titolare", get(p)); w.Code != 200 {
			t.Errorf("%s: %d %s", p, w.Code, w.Body)
		}
	}
	if _, err := h.store.Revoke(t.Context(), owner(ownMatric).ID, "test", h.clock.read()); err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		want(t, h.as("titolare", get(p)), http.StatusNotFound, "")
	}
	for _, p := range []string{"/v1/counters", "/v1/alerts"} {
		if n := len(items(h.get("titolare", p))); n != 0 {
			t.Errorf("%s still lists %d", p, n)
		}
	}
}
