package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"omnia/archive"
)

func TestTheTitolareDelegatesAndTheDelegateActsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want(t, w.as("consulente-scaduto", get("/v1/matricole/"+first)), http.StatusNotFound, "")
	res := w.as("titolare", post("/v1/deleghe", w.grant("dipendente", "consulente-scaduto", first, `, "valida_al": "2026-01-31"`)))
	want(t, res, http.StatusCreated, "")
	d := read[map[string]any](t, res)
	for name, wanted := range map[string]any{
		"tipo": "dipendente", "matricola": first, "delegante": w.people["titolare"].CodiceFiscale, "delegato": w.people["consulente-scaduto"].CodiceFiscale,
		"valida_dal": "2025-11-30", "valida_al": "2026-01-31", "stato": "attiva", "creata_il": "2025-11-30T12:00:00.000000Z",
	} {
		if d[name] != wanted {
			t.Errorf("%s is %v, want %v", name, d[name], wanted)
		}
	}
	if got := res.Header().Get("Location"); got != fmt.Sprintf("http://127.0.0.1:8080/v1/deleghe/%s", d["id"]) {
		t.Errorf("Location %s", got)
	}
	if l := w.last(); l.Oggetto != fmt.Sprintf("delega %s", d["id"]) || l.Esito != "allow" || l.Azione != "deleghe.conferisci" || l.Ruolo != "titolare" {
		t.Errorf("recorded as %+v", l)
	}
	shown := read[map[string]any](t, w.as("consulente-scaduto", get("/v1/matricole/"+first)))
	if shown["basis"] != "delega" || fmt.Sprint(shown["servizi"]) != "[contatori]" || shown["scadenza"] != "2026-01-31" {
		t.Errorf("shown on basis %v, services %v, until %v", shown["basis"], shown["servizi"], shown["scadenza"])
	}
}

func TestWhatCanNotBeGranted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	parent := func(name string) string { return `, "padre": "` + w.bonds[name] + `"` }
	for _, tt := range []struct {
		name, persona, body string
		status              int
		code                string
		errors              []string
	}{
		{"to oneself", "titolare", w.grant("dipendente", "titolare", first, ""), 422, "invalid_input", []string{"delega_self"}},
		{"in the past", "titolare", w.grant("dipendente", "auditor", first, `, "valida_dal": "2025-11-29"`), 422, "invalid_input", []string{"delega_past"}},
		{"a titolare", "titolare", w.grant("titolare", "auditor", first, ""), 422, "invalid_input", []string{"delega_type_not_allowed"}},
		{"everything wrong at once", "titolare", w.grant("titolare", "titolare", first, `, "valida_dal": "2025-11-29"`), 422, "invalid_input",
			[]string{"delega_self", "delega_type_not_allowed", "delega_past"}},
		{"ending before it begins", "titolare", w.grant("dipendente", "auditor", first, `, "valida_dal": "2025-12-02", "valida_al": "2025-12-01"`), 422, "", nil},
		{"a codice fiscale that can't be", "titolare", strings.Replace(w.grant("dipendente", "auditor", first, ""), "FNTCHR77E61G224H", "FNTCHR77E61G224A", 1), 422, "", nil},
		{"to a company", "titolare", strings.Replace(w.grant("dipendente", "auditor", first, ""), "FNTCHR77E61G224H", "01533450266", 1), 422, "", nil},
		{"no service", "titolare", strings.Replace(w.grant("dipendente", "auditor", first, ""), `["contatori"]`, `[]`, 1), 422, "", nil},
		{"a service that is none", "titolare", strings.Replace(w.grant("dipendente", "auditor", first, ""), `["contatori"]`, `["tutto"]`, 1), 422, "", nil},
		{"an unknown field", "titolare", w.grant("dipendente", "auditor", first, `, "Valida_al": "2026-01-01"`), 400, "", nil},
		{"no JSON", "titolare", `{"tipo": `, 400, "malformed_json", nil},
		{"the same person twice", "titolare", w.grant("intermediario", "consulente", first, ""), 409, "delega_overlap", nil},
		{"by an intermediario", "consulente", w.grant("dipendente", "auditor", first, ""), 403, "bond_not_allowed", nil},
		{"by a subdelegato", "subdelegato", w.grant("subdelega", "auditor", second, parent("sub2")), 403, "", nil},
		{"a subdelega by the titolare", "titolare", w.grant("subdelega", "auditor", first, parent("mandate1")), 403, "", nil},
		{"a subdelega without a parent", "consulente", w.grant("subdelega", "auditor", first, ""), 422, "", nil},
		{"a subdelega under one of another matricola", "consulente", w.grant("subdelega", "auditor", first, parent("mandate2")), 409, "delega_padre", nil},
		{"a subdelega under somebody else's", "consulente", w.grant("subdelega", "auditor", second, parent("expired")), 409, "delega_padre", nil},
		{"a subdelega under nothing", "consulente", w.grant("subdelega", "auditor", second, `, "padre": "018f3c6e-7b1a-7c3d-9e4f-5a6b7c8d9e0f"`), 409, "delega_padre", nil},
		{"a subdelega longer than its parent", "consulente", w.grant("subdelega", "auditor", first, parent("mandate1")+`, "valida_al": "2027-01-01"`), 403, "subdelega_longer", nil},
		{"a subdelega that may delegate on", "consulente",
			strings.Replace(w.grant("subdelega", "auditor", first, parent("mandate1")), `["contatori"]`, `["deleghe"]`, 1), 422, "", nil},
		{"by the archive, alone", "archivio", w.grant("dipendente", "auditor", first, ""), 403, "role_not_allowed", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := w.as(tt.persona, post("/v1/deleghe", tt.body))
			if tt.errors != nil {
				want(t, res, tt.status, tt.code, tt.errors...)
			} else if res.Code != tt.status || tt.code != "" && problem(t, res).Code != tt.code {
				t.Errorf("got %d %s", res.Code, res.Body)
			}
		})
	}
	if got := read[listing](t, w.as("auditor", get("/v1/deleghe"))).Items; len(got) != 5 {
		t.Errorf("%d delegations, 5 were there", len(got))
	}
}

func TestASubdelegaIsNeverWiderThanItsParent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bond(t, "narrow", "consulente-scaduto", first, archive.Intermediario, "", "2026-03-31", archive.ServizioContatori, archive.ServizioDeleghe)
	body := w.grant("subdelega", "subdelegato", first, `, "padre": "`+w.bonds["narrow"]+`"`)
	wide := strings.Replace(body, `["contatori"]`, `["contatori", "provvedimenti"]`, 1)
	want(t, w.as("consulente-scaduto", post("/v1/deleghe", wide)), http.StatusForbidden, "subdelega_wider")
	d := read[map[string]any](t, w.as("consulente-scaduto", post("/v1/deleghe", body)))
	if d["valida_al"] != "2026-03-31" {
		t.Errorf("without an end of its own it ends on %v", d["valida_al"])
	}
	shown := read[map[string]any](t, w.as("subdelegato", get("/v1/matricole/"+first)))
	if shown["basis"] != "subdelega" || fmt.Sprint(shown["servizi"]) != "[contatori]" {
		t.Errorf("it gives basis %v, services %v", shown["basis"], shown["servizi"])
	}
	want(t, w.as("consulente-scaduto", del("/v1/deleghe/"+d["id"].(string))), http.StatusOK, "")
	want(t, w.as("subdelegato", get("/v1/matricole/"+first)), http.StatusNotFound, "")
}

func TestWhoSeesAndRevokesADelegation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		persona        string
		sees, revokes  []string
		revokesAnswers int
	}{
		{"titolare", []string{"own", "mandate1", "mandate2", "expired"}, []string{"mandate1", "expired"}, 404},
		{"consulente", []string{"mandate1", "mandate2", "sub2"}, []string{"mandate1", "sub2"}, 404}, // one's own may be given back
		{"consulente-scaduto", []string{"expired"}, []string{"expired"}, 404},
		{"subdelegato", []string{"sub2"}, []string{"sub2"}, 404},
		{"auditor", []string{"own", "mandate1", "mandate2", "expired", "sub2"}, nil, 403},
		{"archivio", []string{"own", "mandate1", "mandate2", "expired", "sub2"}, nil, 403},
		{"operatore", []string{"own", "mandate1", "mandate2", "expired", "sub2"}, nil, 403},
	} {
		t.Run(tt.persona, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for name, id := range w.bonds {
				res := w.as(tt.persona, get("/v1/deleghe/"+id))
				if seen := res.Code == http.StatusOK; seen != slices.Contains(tt.sees, name) || !seen && problem(t, res).Code != "delega_not_found" {
					t.Errorf("%s: %d %s", name, res.Code, res.Body)
				}
			}
			if tt.persona != "operatore" { // who must name a matricola
				var ids []string
				for _, name := range tt.sees {
					ids = append(ids, w.bonds[name])
				}
				slices.Sort(ids)
				if got := read[listing](t, w.as(tt.persona, get("/v1/deleghe"))).column("id"); !slices.Equal(got, ids) {
					t.Errorf("lists %v, want %v", got, ids)
				}
			}
			for _, name := range []string{"mandate1", "sub2", "expired", "own"} {
				res := w.as(tt.persona, del("/v1/deleghe/"+w.bonds[name]))
				switch {
				case slices.Contains(tt.revokes, name):
					want(t, res, http.StatusOK, "")
				case res.Code != tt.revokesAnswers && res.Code != http.StatusForbidden:
					t.Errorf("revokes %s: %d %s", name, res.Code, res.Body)
				}
				d, err := w.store.Delega(t.Context(), w.bonds[name])
				if err != nil || (d.RevocataIl != nil) != slices.Contains(tt.revokes, name) {
					t.Errorf("%s is revoked: %v, %v", name, d.RevocataIl, err)
				}
			}
		})
	}
}

func TestADelegationThatIsNotThereIsOneOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const nowhere = "018f3c6e-7b1a-7c3d-9e4f-5a6b7c8d9e0f"
	for _, build := range []func(string) request{get, del} {
		ask := func(id string) (string, [3]int64) {
			var body string
			steps := w.steps(func() {
				res := w.as("subdelegato", build("/v1/deleghe/"+id).with("X-Correlation-ID", "x"))
				want(t, res, http.StatusNotFound, "delega_not_found")
				body = res.Body.String()
			})
			return body, steps
		}
		others, a := ask(w.bonds["own"])
		missing, b := ask(nowhere)
		if others != missing || a != b {
			t.Errorf("they differ:\n%s %v\n%s %v", others, a, missing, b)
		}
	}
	for _, id := range []string{"x", "%00", "'%20OR%201=1--", strings.Repeat("a", 300), strings.ToUpper(nowhere)} {
		want(t, w.as("subdelegato", get("/v1/deleghe/"+id)), http.StatusNotFound, "delega_not_found")
		want(t, w.as("subdelegato", del("/v1/deleghe/"+id)), http.StatusNotFound, "delega_not_found")
	}
}

func TestTheOperatoreListsDelegationsOfItsOffice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bond(t, "far", "consulente", third, archive.Intermediario, "", "", archive.Servizi...)
	for query, wanted := range map[string]int{"": 0, "?matricola=" + first: 2, "?matricola=" + second: 3, "?matricola=" + third: 0, "?matricola=" + absent: 0} {
		if got := read[listing](t, w.as("operatore", get("/v1/deleghe"+query))).Items; len(got) != wanted {
			t.Errorf("%s: %d listed, want %d", query, len(got), wanted)
		}
	}
}

func TestDelegationsAreListedByPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got []string
	for path := "/v1/deleghe?limit=2"; ; {
		p := read[listing](t, w.as("auditor", get(path)))
		got = append(got, p.column("id")...)
		if p.NextCursor == "" {
			break
		}
		path = "/v1/deleghe?limit=2&cursor=" + p.NextCursor
	}
	wanted := []string{w.bonds["own"], w.bonds["mandate1"], w.bonds["mandate2"], w.bonds["expired"], w.bonds["sub2"]}
	if !slices.Equal(got, wanted) {
		t.Errorf("got %v\nwant %v", got, wanted)
	}
	for query, wanted := range map[string]int{
		"tipo=subdelega": 1, "padre=" + w.bonds["mandate2"]: 1, "delegato=" + w.people["consulente"].CodiceFiscale: 2,
		"delegante=" + w.people["consulente"].CodiceFiscale: 1, "matricola=" + first + "&tipo=titolare": 1, "matricola=" + absent: 0,
	} {
		if got := read[listing](t, w.as("auditor", get("/v1/deleghe?"+query))).Items; len(got) != wanted {
			t.Errorf("%s: %d, want %d", query, len(got), wanted)
		}
	}
}

func TestTheStateOfADelegation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bond(t, "ended", "consulente", third, archive.Intermediario, "", "2025-11-20", archive.Servizi...)
	w.bond(t, "orphan", "subdelegato", third, archive.Subdelega, "ended", "2025-11-20", archive.ServizioChat)
	future := read[map[string]any](t, w.as("titolare", post("/v1/deleghe", w.grant("dipendente", "auditor", first, `, "valida_dal": "2025-12-01"`))))
	w.bonds["future"] = future["id"].(string)
	for name, state := range map[string]string{"mandate1": "attiva", "expired": "scaduta", "future": "futura", "ended": "scaduta", "orphan": "scaduta"} {
		if got := read[map[string]any](t, w.as("auditor", get("/v1/deleghe/"+w.bonds[name])))["stato"]; got != state {
			t.Errorf("%s: %v, want %s", name, got, state)
		}
	}
	w.at(time.Date(2025, 11, 30, 23, 0, 0, 0, time.UTC)) // midnight of Rome
	if got := read[map[string]any](t, w.as("auditor", get("/v1/deleghe/"+w.bonds["future"])))["stato"]; got != "attiva" {
		t.Errorf("on its first day: %v", got)
	}
}

func TestManyDelegationsAreLoadedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	load := func(persona, media, body string) int {
		r := request{method: http.MethodPost, path: "/v1/deleghe", body: body, headers: map[string]string{"Content-Type": media}}
		return w.as(persona, r).Code
	}
	row := func(persona, more string) string {
		return fmt.Sprintf(`{"tipo": "titolare", "matricola": %q, "delegante": "01533450266", "delegato": %q, "valida_dal": "2020-01-01"%s}`+"\n", third, w.people[persona].CodiceFiscale, more)
	}
	count := func() int { return len(read[listing](t, w.as("auditor", get("/v1/deleghe?matricola="+third))).Items) }
	if got := load("archivio", "application/x-ndjson", row("titolare", "")+row("auditor", `, "valida_al": "2019-01-01"`)); got != 422 || count() != 0 {
		t.Errorf("with a bad line: %d, %d stored", got, count())
	}
	good := row("titolare", "") + row("auditor", "")
	if got := load("archivio", "application/x-ndjson", good); got != 200 || count() != 2 {
		t.Errorf("good: %d, %d stored", got, count())
	}
	if got := load("archivio", "application/x-ndjson", good); got != 200 || count() != 2 {
		t.Errorf("again: %d, %d stored", got, count())
	}
	csv := "matricola;tipo;delegato;studio;servizi;valida_dal;valida_al;delegante\n" +
		third + ";intermediario;" + w.people["consulente"].CodiceFiscale + ";Studio;contatori,chat;30/11/2025;;01533450266\n"
	if got := load("archivio", "text/csv", csv); got != 200 || count() != 3 {
		t.Errorf("as CSV: %d, %d stored", got, count())
	}
	if got := load("auditor", "application/x-ndjson", good); got != 403 {
		t.Errorf("by an auditor: %d", got)
	}
	if got := load("archivio", "application/xml", good); got != 415 {
		t.Errorf("as XML: %d", got)
	}
}
