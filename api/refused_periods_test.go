package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// What the rules in use refuse about a period is refused wherever one can be written, with the place and the
// code of the rule.
func TestAPeriodThatTheRulesRefuseIsNotStored(t *testing.T) {
	t.Parallel()
	h := small(t)
	for name, change := range map[string]with{
		"a regime outside of its days":  {"regime": "covid19"},
		"a causale outside of its days": {"causale": "covid19"},
		"a day too early":               {"regime": "covid19", "dal": "2020-02-22", "al": "2020-02-28"},
		"a day too late":                {"regime": "covid19", "dal": "2021-12-01", "al": "2022-01-01"},
	} {
		w := h.as("archivio", post("/v1/provvedimenti", measure("A-1", change)))
		want(t, w, http.StatusUnprocessableEntity, "invalid_input", "outside_covid_window")
		if e := problem(t, w).Errors[0]; e.Pointer != "/regime" || !strings.Contains(e.Text, "23-02-2020") {
			t.Errorf("%s: %+v", name, e)
		}
	}
	good := with{"regime": "covid19", "dal": "2020-02-23", "al": "2020-03-31"}
	w := h.as("archivio", post("/v1/provvedimenti", measure("A-1", good)))
	want(t, w, http.StatusCreated, "")
	correction := put("/v1/provvedimenti/A-1", measure("A-1", with{"regime": "covid19", "correzione": "Date"})).with("If-Match", w.Header().Get("ETag"))
	want(t, h.as("archivio", correction), http.StatusUnprocessableEntity, "invalid_input", "outside_covid_window")

	text := measure("B-1", nil) + "\n" + measure("B-2", with{"causale": "covid19"}) + "\n" + measure("B-3", nil)
	w = h.as("archivio", ndjson("/v1/provvedimenti?blocco=1", text))
	want(t, w, http.StatusOK, "")
	r := report(t, w.Body.Bytes())
	if r.Creati != 2 || r.Errati != 1 || r.Errors[0].Line != 2 || r.Errors[0].Code != "outside_covid_window" || r.Errors[0].Pointer != "/regime" {
		t.Errorf("%+v", r)
	}
	want(t, h.as("archivio", ndjson("/v1/provvedimenti", text)), http.StatusUnprocessableEntity, "import_refused")
	if n := h.stored(); n != 3 {
		t.Errorf("%d are stored", n)
	}
	for _, path := range []string{unitPath, "/v1/provvedimenti/A-1"} {
		h.get("titolare", path)
	}
}

// A period of another edition that the one in use refuses does not close the whole unit: it is named, and what
// would rest on it is not answered.
func TestAStoredPeriodThatTheRulesRefuseIsNamed(t *testing.T) {
	t.Parallel()
	h := small(t)
	h.put(*h.read(measure("A-1", nil)))                                                                   // four weeks
	h.put(*h.read(measure("OLD-1", with{"causale": "covid19", "dal": "2019-03-04", "al": "2019-03-10"}))) // no window of today reaches it but the longest
	answer := h.get("titolare", unitPath)
	warned := fmt.Sprint(answer["warnings"])
	if !strings.Contains(warned, "outside_covid_window") || !strings.Contains(warned, "Provvedimento OLD-1: ") {
		t.Errorf("warnings %v", warned)
	}
	if got := h.counted(""); got != "4" {
		t.Errorf("%s weeks are counted", got)
	}

	h.put(*h.read(measure("NEW-1", with{"regime": "covid19", "dal": "2025-03-03", "al": "2025-03-09"})))
	answer = h.get("titolare", unitPath)
	first := items(answer)[0]
	if failure := fmt.Sprint(first["failure"]); first["verdict"] != "rule_failed" || first["counted"] != nil || !strings.Contains(failure, "NEW-1") {
		t.Errorf("the counter over it: %v", first)
	}
	whatIf := object(t, h.as("titolare", post(unitPath, `{"richiesta": {"prestazione": "CIGO", "causale": "mancanza_lavoro", "dal": "2025-12-01", "al": "2025-12-14"}}`)))
	if first := items(whatIf)[0]; first["verdict"] != "rule_failed" || first["grantable"] != nil {
		t.Errorf("a what-if over it: %v", first)
	}
	if got := h.counted("?data_fine=2027-11-30"); got != "0" {
		t.Errorf("when no window reaches it any more %s weeks are counted", got)
	}
	for _, numero := range []string{"NEW-1", "A-1"} {
		shown := h.get("titolare", "/v1/provvedimenti/"+numero)
		if why := fmt.Sprint(shown["effetti_assenti"]); !strings.Contains(why, "outside_covid_window") || !strings.Contains(why, "NEW-1") {
			t.Errorf("%s: its effects are missing because of %v", numero, why)
		}
	}
	listed := items(h.get("titolare", "/v1/counters?limit=10"))
	if len(listed) != 2 || listed[0]["errore"] != nil || !strings.Contains(fmt.Sprint(listed[0]["items"]), "rule_failed") {
		t.Errorf("listed as %v", listed)
	}
	for _, alert := range items(h.get("titolare", "/v1/alerts")) {
		if alert["counter"] == first["id"] {
			t.Errorf("an alert rests on a counter that failed: %v", alert)
		}
	}

	// A correction puts it right.
	h.put(*h.read(measure("NEW-1", with{"versione": 2, "correzione": "Regime errato", "dal": "2025-03-03", "al": "2025-03-09"})))
	if got := h.counted(""); got != "5" {
		t.Errorf("%s weeks are counted after the correction", got)
	}
}
