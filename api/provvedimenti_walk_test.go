package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"omnia/fixtures"
)

// TestTheStatefulContract walks through it with the demo people, as a portal would: each answer is held
// against the document that the service serves.
func TestTheStatefulContract(t *testing.T) {
	t.Parallel()
	h := newItaly(t)
	for _, persona := range []string{"titolare", "consulente", "subdelegato", "operatore", "auditor"} {
		matricole := items(h.get(persona, "/v1/matricole?limit=200"))
		if len(matricole) == 0 {
			t.Errorf("%s has no matricola", persona)
		}
		for _, m := range matricole[:min(3, len(matricole))] {
			h.walk(persona, m["matricola"].(string), m["servizi"].([]any))
		}
	}
	if n := len(items(h.get("consulente-scaduto", "/v1/matricole"))); n != 0 {
		t.Errorf("the delegation that ended yesterday still shows %d matricole", n)
	}
	h.write()
}

// walk reads all there is of one matricola.
func (h *house) walk(persona, matricola string, servizi []any) {
	h.t.Helper()
	at := "/v1/matricole/" + matricola
	h.get(persona, at)
	units := items(h.get(persona, at+"/unita-produttive"))
	if slices.Contains(servizi, any("provvedimenti")) {
		for _, query := range []string{"", "?esito=autorizzazioni&dal=2015-01-01", "?esito=reiezioni&dal=2015-01-01&sort=dal"} {
			for _, p := range items(h.get(persona, at+"/provvedimenti"+query)) {
				self := strings.TrimPrefix(p["links"].(map[string]any)["self"].(string), "http://127.0.0.1:8080")
				d := h.get(persona, self)
				if d["numero"] != p["numero"] || fmt.Sprint(d["versione"]) != fmt.Sprint(p["versione"]) {
					h.t.Errorf("%s leads to %v", self, d["numero"])
				}
				h.get(persona, self+"/versioni")
			}
		}
		for _, format := range []string{"csv", "csv-excel", "xlsx"} {
			if w := h.as(persona, get(at+"/provvedimenti/export?dal=2015-01-01&formato="+format)); w.Code != http.StatusOK {
				h.t.Errorf("%s exports %s: %d %s", persona, format, w.Code, w.Body)
			}
		}
	}
	if slices.Contains(servizi, any("contatori")) {
		for _, u := range units {
			counters := fmt.Sprintf("%s/unita-produttive/%v/counters", at, u["progressivo"])
			for _, lang := range []string{"it", "en", "de"} {
				if w := h.as(persona, get(counters+"?data_fine=2025-11-30&explain=full").with("Accept-Language", lang)); w.Code != http.StatusOK {
					h.t.Errorf("%s: %d %s", counters, w.Code, w.Body)
				}
			}
			if persona == "auditor" { // who looks at what was done asks for nothing
				continue
			}
			if w := h.as(persona, post(counters, `{"richiesta": {"prestazione": "CIGO", "causale": "meteo", "dal": "2025-12-01", "al": "2025-12-14", "ore": 100}}`)); w.Code != http.StatusOK {
				h.t.Errorf("%s: what-if %d %s", counters, w.Code, w.Body)
			}
		}
		h.get(persona, "/v1/counters?limit=5")
	}
	h.get(persona, "/v1/alerts?limit=5")
}

// write stores, corrects and exports, and sees a delegation end.
func (h *house) write() {
	t := h.t
	body := strings.ReplaceAll(measure("Z-1", nil), ownMatric, ferri)
	w := h.as("archivio", post("/v1/provvedimenti", body).with("Idempotency-Key", "walk"))
	want(t, w, http.StatusCreated, "")
	before := h.clock.read()
	correction := strings.ReplaceAll(measure("Z-1", with{"al": "2025-09-14", "correzione": "Periodo ridotto"}), ownMatric, ferri)
	want(t, h.as("archivio", put("/v1/provvedimenti/Z-1", correction).with("If-Match", w.Header().Get("ETag"))), http.StatusOK, "")
	then := h.get("titolare", "/v1/provvedimenti/Z-1?noto_al="+before.Format(time.RFC3339Nano))
	if now := h.get("titolare", "/v1/provvedimenti/Z-1"); fmt.Sprintf("%v %v", now["al"], then["al"]) != "2025-09-14 2025-09-28" {
		t.Errorf("now %v, then %v", now["al"], then["al"])
	}
	want(t, h.as("archivio", ndjson("/v1/provvedimenti?blocco=1", body)), http.StatusOK, "")
	i := slices.IndexFunc(h.demo.Deleghe, func(d fixtures.Delega) bool {
		return d.Tipo == "titolare" && d.Matricola == ferri && d.Delegato == "FRRGLI71C52A662L"
	})
	if _, err := h.store.Revoke(t.Context(), h.demo.Deleghe[i].ID, "test", h.clock.read()); err != nil {
		t.Fatal(err)
	}
	want(t, h.as("titolare", get("/v1/provvedimenti/Z-1")), http.StatusNotFound, "provvedimento_not_found")
}
