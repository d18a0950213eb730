package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAProvvedimentoIsStoredOnce(t *testing.T) {
	t.Parallel()
	h := small(t)
	body := measure("A-1", nil)
	w := h.as("archivio", post("/v1/provvedimenti", body))
	want(t, w, http.StatusCreated, "")
	if at := w.Header().Get("Location"); at != "http://127.0.0.1:8080/v1/provvedimenti/A-1" || w.Header().Get("ETag") == "" {
		t.Errorf("Location %q, ETag %q", at, w.Header().Get("ETag"))
	}
	again := h.as("archivio", post("/v1/provvedimenti", " "+strings.ReplaceAll(body, ",", " , ")))
	want(t, again, http.StatusOK, "")
	if again.Header().Get("ETag") != w.Header().Get("ETag") || object(t, again)["registrazione"] != "invariato" {
		t.Errorf("again: %v %s", again.Header(), again.Body)
	}
	want(t, h.as("archivio", post("/v1/provvedimenti", measure("A-1", with{"causale": "meteo"}))), http.StatusConflict, "provvedimento_conflict")
	want(t, h.as("archivio", post("/v1/provvedimenti", measure("A-1", with{"versione": 3, "correzione": "x"}))), http.StatusConflict, "version_gap")
	want(t, h.as("archivio", post("/v1/provvedimenti", measure("A-1", with{"versione": 2, "correzione": "Ore ricalcolate", "ore_autorizzate": 300}))), http.StatusCreated, "")
	if got := h.get("titolare", "/v1/provvedimenti/A-1"); fmt.Sprintf("%v %v", got["versione"], got["ore_autorizzate"]) != "2 300" {
		t.Errorf("after the correction: %v", got)
	}
}

func TestWhatIsWrongWithAProvvedimentoComesBackAtOnce(t *testing.T) {
	t.Parallel()
	h := small(t)
	for _, tt := range []struct {
		name, body, code string
		status           int
		errors           []string
	}{
		{"unknown company", measure("A-1", with{"matricola": "7999999999"}), "invalid_input", 422, []string{"unknown_matricola"}},
		{"unknown unit", measure("A-1", with{"unita_produttiva": "9"}), "invalid_input", 422, []string{"unknown_unita_produttiva"}},
		{"several", measure("A-1", with{"dal": "2025-02-30", "esito": "forse", "data_emissione": "2026-01-01"}), "invalid_input", 422,
			[]string{"invalid_date", "issued_in_future", "unknown_code"}},
		{"missing", `{"numero": "A-1"}`, "invalid_input", 422, slices.Repeat([]string{"required"}, 7)},
		{"unknown field", measure("A-1", with{"foo": 1}), "unknown_field", 400, []string{"unknown_field"}},
		{"not JSON", `{`, "malformed_json", 400, []string{"malformed_json"}},
		{"a list", `[]`, "invalid_input", 422, []string{"wrong_type"}},
	} {
		w := h.as("archivio", post("/v1/provvedimenti", tt.body))
		p := problem(t, w)
		got := codes(p)
		slices.Sort(got)
		if w.Code != tt.status || p.Code != tt.code || !slices.Equal(got, tt.errors) {
			t.Errorf("%s: %d %s %v, want %d %s %v", tt.name, w.Code, p.Code, got, tt.status, tt.code, tt.errors)
		}
	}
	want(t, h.as("archivio", get("/v1/provvedimenti/A-1")), http.StatusNotFound, "provvedimento_not_found")
}

func TestOnlyTheArchiveWrites(t *testing.T) {
	t.Parallel()
	h := small(t)
	for _, persona := range []string{"titolare", "consulente", "operatore", "auditor", "esperto", "portale"} {
		for _, r := range []request{post("/v1/provvedimenti", measure("A-1", nil)), ndjson("/v1/provvedimenti", measure("A-1", nil)), put("/v1/provvedimenti/A-1", measure("A-1", nil))} {
			if w := h.as(persona, r); w.Code != http.StatusForbidden {
				t.Errorf("%s %s as %s: %d %s", r.method, r.path, persona, w.Code, w.Body)
			}
		}
	}
	want(t, h.do(post("/v1/provvedimenti", measure("A-1", nil))), http.StatusUnauthorized, "authentication_required")
}

func TestTheSameKeyGivesTheSameAnswer(t *testing.T) {
	t.Parallel()
	h := small(t)
	send := func(r request) *httptest.ResponseRecorder { return h.as("archivio", r.with("Idempotency-Key", "k-1")) }
	first := send(post("/v1/provvedimenti", measure("A-1", nil)))
	again := send(post("/v1/provvedimenti", measure("A-1", nil)))
	if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s\nagain %d %v %s", first.Code, first.Body, again.Code, again.Header(), again.Body)
	}
	want(t, send(post("/v1/provvedimenti", measure("A-2", nil))), http.StatusUnprocessableEntity, "idempotency_key_reused")
	many := func(r request) *httptest.ResponseRecorder { return h.as("archivio", r.with("Idempotency-Key", "k-2")) }
	text := measure("B-1", nil) + "\n" + measure("B-2", nil) + "\n"
	first, again = many(ndjson("/v1/provvedimenti?blocco=1", text)), many(ndjson("/v1/provvedimenti?blocco=1", text))
	if first.Code != 200 || again.Code != 200 || first.Body.String() != again.Body.String() {
		t.Errorf("many: first %d %s\nagain %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	want(t, many(ndjson("/v1/provvedimenti?blocco=1", text+measure("B-3", nil))), http.StatusUnprocessableEntity, "idempotency_key_reused")
	want(t, h.as("archivio", get("/v1/provvedimenti/B-3")), http.StatusNotFound, "provvedimento_not_found")
}

func TestACorrectionRestsOnTheVersionThatWasSeen(t *testing.T) {
	t.Parallel()
	h := small(t)
	tag := h.as("archivio", post("/v1/provvedimenti", measure("A-1", nil))).Header().Get("ETag")
	correction := measure("A-1", with{"ore_autorizzate": 300, "correzione": "Ore ricalcolate"})
	at := "/v1/provvedimenti/A-1"
	want(t, h.as("archivio", put(at, correction)), http.StatusPreconditionRequired, "precondition_required")
	want(t, h.as("archivio", put(at, correction).with("If-Match", `"1-0000"`)), http.StatusPreconditionFailed, "precondition_failed")
	want(t, h.as("archivio", put("/v1/provvedimenti/A-9", correction).with("If-Match", tag)), http.StatusNotFound, "provvedimento_not_found")
	want(t, h.as("archivio", put(at, measure("A-2", with{"correzione": "x", "versione": 4})).with("If-Match", tag)), http.StatusUnprocessableEntity, "invalid_input", "other_numero", "other_version")
	want(t, h.as("archivio", put(at, measure("A-1", nil)).with("If-Match", tag)), http.StatusUnprocessableEntity, "invalid_input", "correction_without_reason")

	before := h.clock.read()
	w := h.as("archivio", put(at, correction).with("If-Match", tag))
	want(t, w, http.StatusOK, "")
	if next := w.Header().Get("ETag"); next == tag || !strings.HasPrefix(next, `"2-`) {
		t.Errorf("ETag %s after %s", next, tag)
	}
	want(t, h.as("archivio", put(at, correction).with("If-Match", tag)), http.StatusPreconditionFailed, "precondition_failed")

	then := h.get("titolare", at+"?noto_al="+before.Format(time.RFC3339Nano))
	now := h.get("titolare", at)
	if fmt.Sprintf("%v %v %v %v", then["versione"], then["ore_autorizzate"], now["versione"], now["ore_autorizzate"]) != "1 400 2 300" || then["superato_il"] != nil {
		t.Errorf("then %v\nnow %v", then, now)
	}
	if n := len(now["versioni"].([]any)); n != 2 || len(then["versioni"].([]any)) != 1 {
		t.Errorf("versions: %v, then %v", now["versioni"], then["versioni"])
	}
	old := h.get("titolare", at+"?versione=1")
	if old["superato_il"] == nil || fmt.Sprint(old["ore_autorizzate"]) != "400" {
		t.Errorf("version 1: %v", old)
	}
	list := items(h.get("titolare", at+"/versioni"))
	if got := values(list, "versione"); !slices.Equal(got, []string{"2", "1"}) {
		t.Errorf("versions listed: %v", got)
	}
	page := h.get("titolare", at+"/versioni?sort=versione&limit=1")
	rest := h.get("titolare", at+"/versioni?sort=versione&limit=1&cursor="+page["next_cursor"].(string))
	if got := append(values(items(page), "versione"), values(items(rest), "versione")...); !slices.Equal(got, []string{"1", "2"}) || rest["next_cursor"] != nil {
		t.Errorf("paged: %v", got)
	}
}

func TestACorrectionMayMoveAMeasureToAnotherCompany(t *testing.T) {
	t.Parallel()
	h := small(t)
	h.company([]byte(`{"matricola":"7000000002","codice_fiscale":"01234567897","denominazione":"Altra S.r.l.","sede":"7000","attiva_dal":"2010-01-01","unita_produttive":[{"progressivo":"0","attiva_dal":"2010-01-01"}]}`))
	h.put(*h.read(measure("A-1", nil)))
	h.put(*h.read(measure("A-1", with{"matricola": "7000000002", "versione": 2, "correzione": "Matricola scambiata"})))
	want(t, h.as("titolare", get("/v1/provvedimenti/A-1")), http.StatusNotFound, "provvedimento_not_found")
	old := h.get("titolare", "/v1/provvedimenti/A-1?versione=1")
	if n := len(old["versioni"].([]any)); n != 1 || strings.Contains(fmt.Sprint(old), "7000000002") {
		t.Errorf("the other company's version is told: %v", old)
	}
	if n := len(items(h.get("titolare", "/v1/matricole/"+ownMatric+"/provvedimenti"))); n != 0 {
		t.Errorf("%d measures are still listed", n)
	}
}

// A number out of reach must answer as one that is not there: same body, same headers, same steps.
func TestANumberOutOfReachIsNotThere(t *testing.T) {
	t.Parallel()
	h := newItaly(t)
	theirs, nobodys := "", "999999999999"
	for _, body := range h.demo.Provvedimenti {
		if p := h.read(string(body)); p.Matricola != ferri {
			theirs = p.Numero
			break
		}
	}
	for _, suffix := range []string{"", "/versioni", "?noto_al=2025-11-30", "?versione=1"} {
		path := func(numero string) string { return "/v1/provvedimenti/" + numero + suffix }
		sameAnswer(t, h, "titolare", path(theirs), path(nobodys), "provvedimento_not_found")
		sameAnswer(t, h, "consulente-scaduto", path(theirs), path(nobodys), "provvedimento_not_found")
	}
	sameAnswer(t, h, "consulente-scaduto", "/v1/matricole/"+ferri+"/provvedimenti", "/v1/matricole/7999999999/provvedimenti", "matricola_not_found")
	sameAnswer(t, h, "consulente-scaduto", "/v1/matricole/"+ferri+"/provvedimenti/export", "/v1/matricole/7999999999/provvedimenti/export", "matricola_not_found")
	sameAnswer(t, h, "consulente-scaduto", "/v1/matricole/"+ferri+"/unita-produttive/0/counters", "/v1/matricole/7999999999/unita-produttive/0/counters", "matricola_not_found")
	sameAnswer(t, h, "consulente-scaduto", "/v1/alerts?matricola="+ferri, "/v1/alerts?matricola=7999999999", "matricola_not_found")
}

func sameAnswer(t *testing.T, h *house, persona, one, other, code string) {
	t.Helper()
	a, b := h.as(persona, get(one).with("X-Correlation-ID", "x")), h.as(persona, get(other).with("X-Correlation-ID", "x"))
	want(t, a, http.StatusNotFound, code)
	for _, w := range []*httptest.ResponseRecorder{a, b} {
		w.Header().Del("X-RateLimit-Remaining")
		w.Header().Del("X-RateLimit-Reset")
	}
	if a.Code != b.Code || a.Body.String() != b.Body.String() || fmt.Sprint(a.Header()) != fmt.Sprint(b.Header()) {
		t.Errorf("%s: %s and %s differ:\n%d %v %s\n%d %v %s", persona, one, other, a.Code, a.Header(), a.Body, b.Code, b.Header(), b.Body)
	}
}

func TestTheDetailHasTheEffectOnEachCounter(t *testing.T) {
	t.Parallel()
	h := small(t)
	h.put(*h.read(measure("A-1", nil)), *h.read(measure("A-2", with{"dal": "2025-06-02", "al": "2025-06-29", "esito": "reiezione"})))
	effects := func(path string) map[string]string {
		out := map[string]string{}
		for _, v := range h.get("titolare", path)["effetti"].([]any) {
			e := v.(map[string]any)
			counted := "?"
			if q, ok := e["counted"].(map[string]any); ok {
				counted = fmt.Sprint(q["exact"])
			}
			out[e["id"].(string)] = counted
		}
		return out
	}
	granted, refused := effects("/v1/provvedimenti/A-1"), effects("/v1/provvedimenti/A-2")
	if granted["cigo.settimane_biennio"] != "4" || granted["complessivo.mesi_quinquennio"] != "12/13" {
		t.Errorf("granted: %v", granted)
	}
	if refused["cigo.settimane_biennio"] != "0" {
		t.Errorf("refused: %v", refused)
	}
	// A correction that takes two weeks away: the old version has its own effect still.
	h.put(*h.read(measure("A-1", with{"al": "2025-09-14", "versione": 2, "correzione": "Periodo ridotto"})))
	if now, old := effects("/v1/provvedimenti/A-1"), effects("/v1/provvedimenti/A-1?versione=1"); now["cigo.settimane_biennio"] != "2" || old["cigo.settimane_biennio"] != "4" {
		t.Errorf("now %v, old version %v", now, old)
	}
}

// Each measure of the demo can be shown, whatever its company and its day.
func TestEachMeasureOfTheDemoIsShown(t *testing.T) {
	t.Parallel()
	h := newItaly(t)
	with := 0
	for _, body := range h.demo.Provvedimenti {
		p := h.read(string(body))
		d := h.get("auditor", "/v1/provvedimenti/"+p.Numero)
		if d["effetti_assenti"] != nil {
			t.Errorf("%s: %v", p.Numero, d["effetti_assenti"])
		}
		if len(d["effetti"].([]any)) > 0 {
			with++
		}
	}
	if with == 0 {
		t.Error("no measure has an effect")
	}
}

func TestTextsInAPathMeanThemselves(t *testing.T) {
	t.Parallel()
	h := small(t)
	for _, numero := range []string{"A/1", "A+1", "A 1", "À-1", "100%", "A?1#2", "%2F", "A+B/C D"} {
		h.put(*h.read(measure(numero, nil)))
		list := items(h.get("titolare", "/v1/matricole/"+ownMatric+"/provvedimenti?sort=numero&limit=200"))
		i := slices.IndexFunc(list, func(x map[string]any) bool { return x["numero"] == numero })
		if i < 0 {
			t.Fatalf("%s is not listed", numero)
		}
		self := list[i]["links"].(map[string]any)["self"].(string)
		if got := h.get("titolare", strings.TrimPrefix(self, "http://127.0.0.1:8080")); got["numero"] != numero {
			t.Errorf("%s leads to %v", self, got["numero"])
		}
	}
}
