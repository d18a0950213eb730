package api_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"omnia/api"
	"omnia/archive"
	"omnia/policies"
)

func TestWhoSeesWhichMatricole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct {
		persona string
		sees    []string
	}{
		{"titolare", []string{first}},
		{"consulente", []string{first, second}},
		{"consulente-scaduto", nil},
		{"subdelegato", []string{second}},
		{"operatore", []string{first, second}},
		{"archivio", []string{first, second, third}},
		{"auditor", []string{first, second, third}},
	} {
		t.Run(tt.persona, func(t *testing.T) {
			got := read[listing](t, w.as(tt.persona, get("/v1/matricole"))).column("matricola")
			if !slices.Equal(got, tt.sees) {
				t.Errorf("listed %v, want %v", got, tt.sees)
			}
			for _, m := range []string{first, second, third} {
				status := http.StatusNotFound
				if slices.Contains(tt.sees, m) {
					status = http.StatusOK
				}
				for _, path := range []string{"/v1/matricole/" + m, "/v1/matricole/" + m + "/unita-produttive"} {
					if res := w.as(tt.persona, get(path)); res.Code != status {
						t.Errorf("%s: %d, want %d", path, res.Code, status)
					}
				}
			}
		})
	}
	for _, persona := range []string{"esperto", "approvatore", "portale"} {
		want(t, w.as(persona, get("/v1/matricole")), http.StatusForbidden, "role_not_allowed")
		want(t, w.as(persona, get("/v1/matricole/"+first)), http.StatusForbidden, "role_not_allowed")
	}
}

// steps are the calls that a request makes.
func (w *world) steps(do func()) [3]int64 {
	before := [3]int64{w.store.subjects.Load(), w.policy.asked.Load(), w.store.records.Load()}
	do()
	return [3]int64{w.store.subjects.Load() - before[0], w.policy.asked.Load() - before[1], w.store.records.Load() - before[2]}
}

func TestAMatricolaOutOfReachIsOneThatDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, persona := range []string{"titolare", "consulente", "consulente-scaduto", "subdelegato", "operatore"} {
		for _, r := range []request{
			get("/v1/matricole/%"), get("/v1/matricole/%/unita-produttive"),
			post("/v1/deleghe", `{"tipo": "dipendente", "matricola": "%", "delegato": "`+w.people["auditor"].CodiceFiscale+`", "servizi": ["chat"]}`),
		} {
			t.Run(persona+" "+r.method+" "+r.path, func(t *testing.T) {
				ask := func(matricola string) (res *httptest.ResponseRecorder, steps [3]int64) {
					r := r.with("X-Correlation-ID", "x")
					r.path, r.body = strings.Replace(r.path, "%", matricola, 1), strings.Replace(r.body, "%", matricola, 1)
					w.at(w.clock().Add(time.Second)) // the quota is full again
					steps = w.steps(func() { res = w.as(persona, r) })
					return res, steps
				}
				there, a := ask(third)
				missing, b := ask(absent)
				if persona == "operatore" && r.method == http.MethodPost {
					want(t, there, http.StatusForbidden, "role_not_allowed") // whatever the matricola
				} else {
					want(t, there, http.StatusNotFound, "matricola_not_found")
				}
				if there.Body.String() != missing.Body.String() || !maps.EqualFunc(there.Header(), missing.Header(), slices.Equal) {
					t.Errorf("they differ:\n%v %s\n%v %s", there.Header(), there.Body, missing.Header(), missing.Body)
				}
				if a != b || a != [3]int64{1, 1, 1} {
					t.Errorf("reads, decisions and lines: %v for one out of reach, %v for one that is not there", a, b)
				}
			})
		}
	}
}

func TestRevokingTakesEffectOnTheNextRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token("consulente")
	see := func() int { return w.do(get("/v1/matricole/"+first).with("Authorization", "Bearer "+token)).Code }
	if got := see(); got != http.StatusOK {
		t.Fatalf("before: %d", got)
	}
	out := read[map[string]any](t, w.as("titolare", del("/v1/deleghe/"+w.bonds["mandate1"])))
	if out["stato"] != "revocata" || out["revocata_il"] != "2025-11-30T12:00:00.000000Z" {
		t.Errorf("revoked as %v", out)
	}
	if got := see(); got != http.StatusNotFound {
		t.Errorf("after: %d", got)
	}
	w.at(noon.Add(time.Hour))
	again := read[map[string]any](t, w.as("titolare", del("/v1/deleghe/"+w.bonds["mandate1"])))
	if again["revocata_il"] != out["revocata_il"] {
		t.Errorf("revoked again at %v", again["revocata_il"])
	}
}

func TestASubdelegaDiesWithItsParent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bond(t, "own2", "titolare", second, archive.Titolare, "", "")
	want(t, w.as("subdelegato", get("/v1/matricole/"+second)), http.StatusOK, "")
	want(t, w.as("titolare", del("/v1/deleghe/"+w.bonds["mandate2"])), http.StatusOK, "")
	want(t, w.as("subdelegato", get("/v1/matricole/"+second)), http.StatusNotFound, "matricola_not_found")
	if got := read[listing](t, w.as("subdelegato", get("/v1/matricole"))).Items; len(got) != 0 {
		t.Errorf("still listed: %v", got)
	}
}

func TestADelegationEndsAtMidnightOfRome(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, until string
		lastSecond  time.Time
	}{
		{"winter, one hour ahead of UTC", "2025-11-30", time.Date(2025, 11, 30, 22, 59, 59, 999_999_000, time.UTC)},
		{"summer, two hours ahead of UTC", "2026-07-15", time.Date(2026, 7, 15, 21, 59, 59, 999_999_000, time.UTC)},
		{"the day the clocks go back", "2026-10-25", time.Date(2026, 10, 25, 22, 59, 59, 0, time.UTC)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.bond(t, "short", "consulente-scaduto", first, archive.Dipendente, "", tt.until, archive.ServizioContatori)
			w.at(tt.lastSecond)
			want(t, w.as("consulente-scaduto", get("/v1/matricole/"+first)), http.StatusOK, "")
			if got := read[listing](t, w.as("consulente-scaduto", get("/v1/matricole"))); len(got.Items) != 1 || got.Items[0]["scadenza"] != tt.until {
				t.Errorf("on its last day: %v", got)
			}
			w.at(tt.lastSecond.Add(time.Second))
			want(t, w.as("consulente-scaduto", get("/v1/matricole/"+first)), http.StatusNotFound, "matricola_not_found")
			if got := read[listing](t, w.as("consulente-scaduto", get("/v1/matricole"))); len(got.Items) != 0 {
				t.Errorf("after midnight: %v", got)
			}
		})
	}
}

func TestWithoutATokenNothingOfTheArchiveIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, r := range []request{
		get("/v1/matricole"), get("/v1/matricole/" + first), get("/v1/matricole/" + first + "/unita-produttive"), put("/v1/matricole/"+first, "{}"),
		get("/v1/deleghe"), post("/v1/deleghe", "{}"), get("/v1/deleghe/" + w.bonds["own"]), del("/v1/deleghe/" + w.bonds["own"]), get("/v1/accessi"),
	} {
		steps := w.steps(func() {
			res := w.as("", r)
			want(t, res, http.StatusUnauthorized, "authentication_required")
			if got := res.Header().Get("WWW-Authenticate"); got != `Bearer realm="omnia"` {
				t.Errorf("%s %s: challenge %q", r.method, r.path, got)
			}
		})
		if steps != [3]int64{} {
			t.Errorf("%s %s: the archive was asked: %v", r.method, r.path, steps)
		}
	}
}

func TestOpenRoutesAreDecidedByThePolicies(t *testing.T) {
	t.Parallel()
	dev, real := newWorld(t), newWorld(t, func(c *api.Config) { c.Development = false })
	want(t, dev.as("", get("/v1/rules")), http.StatusOK, "")
	want(t, real.as("", get("/v1/rules")), http.StatusOK, "")
	want(t, dev.as("", post("/v1/counters", `{"facts": {}}`)), http.StatusOK, "")
	want(t, real.as("", post("/v1/counters", `{"facts": {}}`)), http.StatusUnauthorized, "authentication_required")
	want(t, real.as("portale", post("/v1/counters", `{"facts": {}}`)), http.StatusOK, "")
	want(t, real.as("auditor", post("/v1/counters", `{"facts": {}}`)), http.StatusForbidden, "role_not_allowed")
}

func TestABadTokenIsRefusedEvenWhereNoneIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.token("titolare")
	later := w.clock().Add(13 * time.Hour)
	for _, tt := range []struct{ name, header, code string }{
		{"another scheme", "Basic dXNlcjpwYXNz", "credentials_not_bearer"},
		{"no token", "Bearer ", "token_missing"},
		{"noise", "Bearer abc", "token_malformed"},
		{"a signature changed", "Bearer " + good[:len(good)-6] + "AAAAAA", "token_signature"},
		{"two tokens in one", "Bearer " + good + " " + good, "token_malformed"},
	} {
		for _, path := range []string{"/v1/rules", "/v1/matricole", "/v1/nowhere"} {
			res := w.do(get(path).with("Authorization", tt.header))
			want(t, res, http.StatusUnauthorized, tt.code)
			if got := res.Header().Get("WWW-Authenticate"); got != `Bearer realm="omnia", error="invalid_token"` {
				t.Errorf("%s: challenge %q", tt.name, got)
			}
		}
	}
	w.at(later)
	want(t, w.do(get("/v1/rules").with("Authorization", "Bearer "+good)), http.StatusUnauthorized, "token_expired")
	want(t, w.do(get("/status").with("Authorization", "Bearer "+good)), http.StatusOK, "")
	r := get("/v1/rules").build()
	r.Header["Authorization"] = []string{"Bearer " + good, "Bearer " + good}
	res := httptest.NewRecorder()
	w.handler.ServeHTTP(res, r)
	want(t, res, http.StatusUnauthorized, "credentials_not_bearer")
}

func TestQuotasAreOfThePersonAndBadTokensOfTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *api.Config) { c.Limits.Rate = 3 })
	w.at(noon.Add(time.Minute))
	ask := func(header string) int {
		r := get("/v1/rules").build()
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		res := httptest.NewRecorder()
		w.handler.ServeHTTP(res, r)
		return res.Code
	}
	owner, other := "Bearer "+w.token("titolare"), "Bearer "+w.token("consulente")
	got := []int{ask(owner), ask(owner), ask(owner), ask(owner), ask(other), ask("Bearer x"), ask("Bearer x"), ask(""), ask("Bearer x"), ask(""), ask(other)}
	if wanted := []int{200, 200, 200, 429, 200, 401, 401, 200, 429, 429, 429}; !slices.Equal(got, wanted) {
		t.Errorf("got  %v\nwant %v", got, wanted)
	}
}

func TestEachAccessIsRecordedBeforeItsAnswerLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.as("subdelegato", get("/v1/matricole/"+second).with("Motivo-Accesso", "pratica 12").with("X-Correlation-ID", "abc"))
	got := w.last()
	got.ID, got.Policy = "", ""
	wanted := archive.Access{
		Instant: noon, Persona: "sub-subdelegato", CodiceFiscale: w.people["subdelegato"].CodiceFiscale, Ruolo: "subdelega", Base: "subdelega",
		Delega: w.bonds["sub2"], Azione: "matricole.leggi", Matricola: second, Motivo: "pratica 12", Esito: "allow", Correlation: "abc", Address: "192.0.2.1",
	}
	if got != wanted {
		t.Errorf("got  %+v\nwant %+v", got, wanted)
	}
	if w.last().Policy == "" {
		t.Error("the line does not name the policies")
	}
	for _, tt := range []struct {
		persona, path, outcome string
		status                 int
	}{
		{"subdelegato", "/v1/matricole/" + third, "deny:no_bond", 404},
		{"consulente-scaduto", "/v1/matricole/" + second, "deny:bond_not_good", 404},
		{"esperto", "/v1/matricole", "deny:role_not_allowed", 403},
		{"auditor", "/v1/matricole/" + absent, "error:matricola_not_found", 404},
		{"auditor", "/v1/matricole?limit=x", "error:invalid_parameters", 422},
		{"auditor", "/v1/matricole/" + first + "?noto_al=2001-01-01", "error:matricola_not_found", 404},
	} {
		before := len(w.lines())
		res := w.as(tt.persona, get(tt.path))
		if l := w.last(); res.Code != tt.status || l.Esito != tt.outcome || len(w.lines()) != before+1 {
			t.Errorf("%s %s: %d, %d lines, the last %s", tt.persona, tt.path, res.Code, len(w.lines())-before, l.Esito)
		}
	}
}

func TestWithoutARecordThereIsNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.failRecord.Store(true)
	for _, r := range []request{
		get("/v1/matricole"), get("/v1/matricole/" + first), get("/v1/matricole/" + first + "/unita-produttive"),
		get("/v1/deleghe"), get("/v1/deleghe/" + w.bonds["mandate1"]), del("/v1/deleghe/" + w.bonds["mandate1"]), get("/v1/matricole/" + third),
		post("/v1/deleghe", w.grant("dipendente", "auditor", first, "")),
	} {
		res := w.as("titolare", r)
		want(t, res, http.StatusServiceUnavailable, "archive_unavailable")
		if res.Header().Get("ETag") != "" || res.Header().Get("Location") != "" || res.Header().Get("Retry-After") == "" {
			t.Errorf("%s %s: headers %v", r.method, r.path, res.Header())
		}
	}
	w.store.failRecord.Store(false)
	if d, err := w.store.Delega(t.Context(), w.bonds["mandate1"]); err != nil || d.RevocataIl != nil {
		t.Errorf("revoked without a record: %v, %v", d, err)
	}
	if got := read[listing](t, w.as("titolare", get("/v1/deleghe?tipo=dipendente"))).Items; len(got) != 0 {
		t.Errorf("granted without a record: %v", got)
	}
}

func TestAPurposeIsPlainText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for purpose, status := range map[string]int{
		"pratica n. 12": 200, "perché sì": 200, strings.Repeat("è", 200): 200, strings.Repeat("è", 201): 400, "a\x00b": 400, "\xff": 400, "a\tb": 400, "": 400,
	} {
		if res := w.as("titolare", get("/v1/matricole/"+first).with("Motivo-Accesso", purpose)); res.Code != status {
			t.Errorf("%q: %d, want %d", purpose, res.Code, status)
		}
	}
}

func TestWithoutAnArchiveItsRoutesSaySo(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, r := range []request{get("/v1/matricole"), get("/v1/deleghe"), get("/v1/accessi"), post("/v1/deleghe", "{}")} {
		want(t, s.do(r), http.StatusServiceUnavailable, "archive_unavailable")
	}
}

func TestTheLogNamesRolesAndNeverPeople(t *testing.T) {
	t.Parallel()
	log := &lockedBuffer{}
	w := newWorld(t, func(c *api.Config) { c.Log = log.logger() })
	w.as("titolare", get("/v1/matricole/"+first))
	w.as("archivio", get("/v1/matricole/"+first))
	text := log.String()
	for _, secret := range []string{w.people["titolare"].CodiceFiscale, "sub-titolare", first, "Ferri"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	for _, wanted := range []string{`"consumer":"sviluppo:impresa"`, `"consumer":"sviluppo:sub-archivio"`, `"token_id":"`} {
		if !strings.Contains(text, wanted) {
			t.Errorf("the log lacks %s", wanted)
		}
	}
}

func TestAPanicIsRecordedAndTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.panics.Store(true)
	before := len(w.lines())
	res := w.as("titolare", get("/v1/matricole"))
	want(t, res, http.StatusInternalServerError, "internal")
	if l := w.last(); len(w.lines()) != before+1 || l.Esito != "error:internal" || l.Azione != "matricole.elenca" {
		t.Errorf("%d lines, the last %+v", len(w.lines())-before, l)
	}
}

func TestEachCodeOfThePoliciesIsExplained(t *testing.T) {
	t.Parallel()
	internal := []string{"policy_error", "action_unknown", "sign_in_required", "not_a_list", "matricola_missing", "delega_missing"} // ours, or a 401
	for _, code := range policies.Codes() {
		e := slices.IndexFunc(api.ProblemTable, func(e api.Explained) bool { return e.Code == code })
		hidden := slices.Contains([]string{"delega_not_yours", "bond_not_good", "no_bond", "other_office"}, code)
		if e < 0 && !hidden && !slices.Contains(internal, code) {
			t.Errorf("%s has no page", code)
		}
		if e >= 0 && hidden {
			t.Errorf("%s has a page, but must never be told", code)
		}
	}
}
