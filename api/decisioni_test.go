package api_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"omnia/archive"
	"omnia/policies"
)

const unitCounters = "/v1/matricole/" + first + "/unita-produttive/0/counters"

// What was answered is in the record when the answer arrives: the facts, the versions with their reasons, and, made again, the
// very bytes of the answer.
func TestAnAnswerIsInTheRecord(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	id, answer := k.decide(t, "portale", history(named))
	d := k.shown(t, "auditor", id)
	if d.Kind != "counters" || d.Matricola != first || d.UnitaProduttiva != "0" || d.Esito == "" || d.Actor != "sub-portale" || d.Role != "portale" ||
		d.Asked["language"] != "it" || d.AnswerMissing != nil || len(d.Masked)+len(d.Erased) != 0 {
		t.Errorf("%+v", d)
	}
	if got := string(d.Answer); got != strings.TrimSpace(answer) {
		t.Errorf("the answer made again differs:\n%s\n%s", got, answer)
	}
	if !strings.Contains(string(d.Facts), `"codice_fiscale":"01533450266"`) {
		t.Errorf("facts: %s", d.Facts)
	}
	for _, r := range d.Rules {
		if r.Kind == "" || r.Title == "" || r.Why == "" || r.Digest == "" || r.State == "" {
			t.Errorf("a version without its reason: %+v", r)
		}
	}
	if len(d.Rules) < 10 {
		t.Errorf("%d versions", len(d.Rules))
	}
}

// The texts of a decision come in the language of who reads, whatever language it was asked in.
func TestADecisionIsReadInAnyLanguage(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	id, _ := k.decide(t, "portale", history(named))
	english := k.as("portale", post("/v1/counters", history(named)).with("Accept-Language", "en")).Body.String()
	d := read[detail](t, k.as("auditor", get("/v1/decisions/"+id).with("Accept-Language", "en")))
	if diff := cmp.Diff(withoutHeader(t, english), withoutHeader(t, string(d.Answer))); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(d.Rules[0].Why, "because") {
		t.Errorf("why: %s", d.Rules[0].Why)
	}
}

// A read of the archive, a what-if and a list are recorded with the line of their access, by one request each.
func TestWhatIsReadOfTheArchiveIsRecorded(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	if h := read[header](t, k.as("consulente", get(unitCounters).with("Prefer", "record=none"))); h.Decision.Recorded != nil {
		t.Errorf("%+v", h)
	}
	d := k.recorded(t)[0]
	if d.Receipt.Delegation != k.bonds["mandate1"] || d.Receipt.Role != "intermediario" || d.Index.Matricola != first || d.Receipt.Simulation ||
		d.Receipt.Correlation != k.last().Correlation || k.last().Delega != k.bonds["mandate1"] {
		t.Errorf("%+v beside %+v", d.Receipt, k.last())
	}
	k.as("titolare", post(unitCounters, `{"richiesta": {"prestazione": "CIGO", "causale": "meteo", "dal": "2025-12-01", "al": "2025-12-14"}}`))
	if d := k.recorded(t)[0]; !d.Receipt.Simulation || d.Receipt.Role != "titolare" {
		t.Errorf("what-if: %+v", d.Receipt)
	}
	before := len(k.recorded(t))
	units := read[listing](t, k.as("operatore", get("/v1/counters")))
	if got := len(k.recorded(t)) - before; got != len(units.Items) || got < 2 {
		t.Errorf("%d decisions for %d units", got, len(units.Items))
	}
}

// Whoever is not named in a decision does not learn whether it exists: others' are answered as those that are none.
func TestOthersDecisionsLookLikeNone(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	k.as("auditor", get("/v1/matricole/"+third+"/unita-produttive/0/counters"))
	others := k.recorded(t)[0].Receipt.ID
	anonymous, _ := k.decide(t, "portale", history(""))
	const none = "01939a00-0000-7000-8000-00000000dead"
	for _, persona := range []string{"titolare", "operatore"} {
		for _, suffix := range []string{"", "/proof", "/replay", "/comparison?with=" + none, "/correction?provvedimento=A-1"} {
			var bodies []string
			for _, id := range []string{others, anonymous, none, "01939A00-0000-7000-8000-00000000DEAD", "..", "x%00"} {
				r := get("/v1/decisions/" + id + suffix)
				if suffix == "/replay" {
					r.method = http.MethodPost
				}
				w := k.as(persona, r.with("X-Correlation-ID", "same"))
				want(t, w, http.StatusNotFound, "decision_not_found")
				bodies = append(bodies, w.Body.String()+headersOf(w))
			}
			if len(slices.Compact(bodies)) != 1 {
				t.Errorf("%s, %s: they differ: %q", persona, suffix, bodies)
			}
		}
	}
	want(t, k.as("", get("/v1/decisions/"+others)), http.StatusUnauthorized, "authentication_required")
	want(t, k.as("esperto", get("/v1/decisions/"+others)), http.StatusForbidden, "role_not_allowed")
	want(t, k.as("esperto", get("/v1/decisions/"+none)), http.StatusForbidden, "role_not_allowed")
	if l := k.last(); l.Esito != "deny:role_not_allowed" || l.Oggetto != "decisione "+none || l.Matricola != "" {
		t.Errorf("the line: %+v", l)
	}
}

// headersOf are the headers that could tell something.
func headersOf(w *httptest.ResponseRecorder) string {
	h := w.Header().Clone()
	for _, name := range []string{"X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
		h.Del(name)
	}
	var out []string
	for name, values := range h {
		out = append(out, name+strings.Join(values, ","))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// What somebody asked on facts of its own, that name no matricola, it may read again; nobody else but who may see everything.
func TestOnesOwnQuestionsCanBeReadAgain(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	id, _ := k.decide(t, "portale", history(""))
	if d := k.shown(t, "portale", id); d.Actor != "sub-portale" || len(d.Masked) != 0 {
		t.Errorf("%+v", d)
	}
	if l := k.last(); l.Azione != "decisioni.proprie" || l.Oggetto != "decisione "+id {
		t.Errorf("%+v", l)
	}
	want(t, k.as("consulente", get("/v1/decisions/"+id)), http.StatusNotFound, "decision_not_found")
	want(t, k.as("portale", get("/v1/decisions/"+id+"/evidence")), http.StatusForbidden, "role_not_allowed")
	k.shown(t, "auditor", id)
}

// The employer recognises workers and reads none, not even where a text quotes them; the operator does not see who asked.
func TestPersonalValuesAreShownByRole(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	const worker, wrong, report = "RSSMRA80A01H501U", "RSSMRA80A01H501X", "Calo degli ordini"
	form := application{}
	for _, e := range known(t, whole()) {
		form.put(e.path, e.value)
	}
	form.put("richiesta.lavoratori", []any{
		map[string]any{"codice_fiscale": worker, "qualifica": "operaio"}, map[string]any{"codice_fiscale": wrong, "qualifica": "operaio"},
		map[string]any{"codice_fiscale": k.people["titolare"].CodiceFiscale, "qualifica": "impiegato"},
	})
	id := read[header](t, k.as("consulente", post(checkPath, form.body(true)))).Decision.ID

	w := k.as("titolare", get("/v1/decisions/"+id))
	d := read[detail](t, w)
	if text := w.Body.String(); strings.Contains(text, worker) || strings.Contains(text, wrong) || strings.Contains(text, report) || strings.Contains(text, "sub-consulente") {
		t.Errorf("the employer reads %s", text)
	}
	if text := string(d.Facts); !strings.Contains(text, "••••••••••••501U") || !strings.Contains(text, k.people["titolare"].CodiceFiscale) {
		t.Errorf("the employer's facts: %s", text)
	}
	masked := []string{"actor", "/richiesta/lavoratori/0/codice_fiscale", "/richiesta/relazione_tecnica"}
	for _, path := range masked {
		if !slices.Contains(d.Masked, path) {
			t.Errorf("masked: %v, without %s", d.Masked, path)
		}
	}
	if slices.Contains(d.Masked, "/richiesta/lavoratori/2/codice_fiscale") || d.Actor != "" {
		t.Errorf("masked: %v, actor %q", d.Masked, d.Actor)
	}

	d = k.shown(t, "operatore", id)
	if !strings.Contains(string(d.Facts), worker) || !slices.Equal(d.Masked, []string{"actor"}) || d.Actor == "sub-consulente" || !strings.HasSuffix(d.Actor, "nte") {
		t.Errorf("the operator: %v, %q", d.Masked, d.Actor)
	}
	if d = k.shown(t, "auditor", id); len(d.Masked) != 0 || d.Actor != "sub-consulente" {
		t.Errorf("the auditor: %v, %q", d.Masked, d.Actor)
	}
}

// A search by each criterion finds what it should, and nothing else.
func TestDecisionsAreFoundByWhatTheyAre(t *testing.T) {
	bothCourts(t, func(t *testing.T, k *court) {
		a, _ := k.decide(t, "portale", history(named))
		k.later(48 * time.Hour)
		k.publish(t, editionB())
		b, _ := k.decide(t, "portale", history(named))
		k.as("consulente", get(unitCounters))
		c := k.recorded(t)[0].Receipt.ID
		for query, want := range map[string][]string{
			"":                                   {c, b, a},
			"matricola=" + first:                 {c, b, a},
			"matricola=" + second:                {},
			"edition=" + editionA().edition.Name: {a},
			"edition=" + strings.ReplaceAll(editionB().edition.Digest, ":", "%3A"): {c, b},
			"rule=cigo.biennio.max_weeks":                                          {c, b, a},
			"rule=cigo.biennio.max_weeks&version=1":                                {c, b, a},
			"rule=cigo.request.max_weeks&kind=validate":                            {},
			"persona=sub-consulente":                                               {c},
			"delega=" + k.bonds["mandate1"]:                                        {c},
			"kind=validate":                                                        {},
			"simulation=false":                                                     {c, b, a},
			"simulation=true":                                                      {},
			"dal=2025-12-01":                                                       {c, b},
			"al=2025-11-30":                                                        {a},
			"dal=2025-11-30&al=2025-12-02":                                         {c, b, a},
			"unita_produttiva=0&kind=counters":                                     {c, b, a},
			"matricola=" + first + "&provvedimento=A-1":                            {b, a},
			"matricola=" + first + "&provvedimento=A-11":                           {},
			"matricola=" + first + "&provvedimento=A%22%25_-1'":                    {},
		} {
			got := read[listing](t, k.as("auditor", get("/v1/decisions?"+query))).column("id")
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", query, got, want)
			}
		}
		p := read[listing](t, k.as("auditor", get("/v1/decisions?limit=2")))
		rest := read[listing](t, k.as("auditor", get("/v1/decisions?limit=2&cursor="+p.NextCursor)))
		if !slices.Equal(append(p.column("id"), rest.column("id")...), []string{c, b, a}) || rest.NextCursor != "" {
			t.Errorf("pages: %v, %v", p, rest)
		}
		k.as("auditor", get("/v1/matricole/"+third+"/unita-produttive/0/counters"))
		k.decide(t, "portale", history(""))
		if all := read[listing](t, k.as("auditor", get("/v1/decisions"))); len(all.Items) != 5 {
			t.Errorf("the auditor's: %v", all.column("id"))
		}
		if got := read[listing](t, k.as("operatore", get("/v1/decisions"))).column("id"); !slices.Equal(got, []string{c, b, a}) {
			t.Errorf("the office's: %v", got)
		}
		if w := k.as("titolare", get("/v1/decisions").with("Accept", "text/csv")); strings.Count(w.Body.String(), "\n") != 4 {
			t.Errorf("the owner's file: %s", w.Body)
		}
		if got := read[listing](t, k.as("titolare", get("/v1/decisions?simulation=false"))).column("id"); !slices.Equal(got, []string{c, b, a}) {
			t.Errorf("the owner's, by class: %v", got)
		}
		if got := read[listing](t, k.as("titolare", get("/v1/decisions"))).column("id"); !slices.Equal(got, []string{c, b, a}) {
			t.Errorf("the owner's: %v", got)
		}
		if got := read[listing](t, k.as("titolare", get("/v1/decisions"))).column("actor"); got[0] != "<nil>" {
			t.Errorf("the owner sees who asked: %v", got)
		}
		if got := read[listing](t, k.as("consulente", get("/v1/decisions"))); len(got.Items) != 0 {
			t.Errorf("whose bonds allow none: %v", got)
		}
	})
}

// Whatever is wrong with a search is told at once, and who may not see who asked can't find it out by searching.
func TestAWrongSearchIsRefused(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	want(t, k.as("auditor", get("/v1/decisions?version=0&matricola=1&delega=x&kind=altro&esito=boh&simulation=forse&provvedimento=A-1&dal=2025-12-02&al=2025-12-01&limit=0&cursor=!&strano=1")),
		http.StatusUnprocessableEntity, "invalid_parameters",
		"days_in_wrong_order", "bad_cursor", "not_an_id", "value_not_allowed", "value_not_allowed", "limit_out_of_range", "not_a_matricola",
		"needs_parameter", "value_not_allowed", "unknown_parameter", "number_out_of_range")
	want(t, k.as("auditor", get("/v1/decisions?rule=niente&version=7&edition=2020-1")), http.StatusUnprocessableEntity, "invalid_parameters", "edition_not_found", "rule_not_found")
	want(t, k.as("auditor", get("/v1/decisions?rule=cigo.biennio.max_weeks&version=7&edition=sha256%3A00")), http.StatusUnprocessableEntity, "invalid_parameters",
		"edition_not_found", "rule_version_not_found")
	want(t, k.as("auditor", get("/v1/decisions?version=2")), http.StatusUnprocessableEntity, "invalid_parameters", "needs_parameter")
	want(t, k.as("titolare", get("/v1/decisions?persona=sub-consulente")), http.StatusForbidden, "actor_hidden")
	read[listing](t, k.as("titolare", get("/v1/decisions?persona=sub-titolare")))
	want(t, k.as("titolare", get("/v1/decisions?matricola="+third)), http.StatusNotFound, "matricola_not_found")
	want(t, k.as("titolare", get("/v1/decisions?matricola="+absent)), http.StatusNotFound, "matricola_not_found")
	want(t, k.as("", get("/v1/decisions")), http.StatusUnauthorized, "authentication_required")
	want(t, k.as("esperto", get("/v1/decisions")), http.StatusForbidden, "role_not_allowed")
	want(t, k.as("auditor", get("/v1/decisions").with("Accept", "text/html")), http.StatusNotAcceptable, "not_acceptable")
}

// An export has every row once, however many pages it takes, and no formula.
func TestDecisionsAreExported(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	for range 3 {
		k.as("titolare", get(unitCounters).with("X-Correlation-ID", "-1.a"))
	}
	w := k.as("auditor", get("/v1/decisions").with("Accept", "application/x-ndjson"))
	if lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n"); w.Code != http.StatusOK || len(lines) != 3 || !strings.HasPrefix(lines[0], `{"id":"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = k.as("auditor", get("/v1/decisions?kind=counters").with("Accept", "text/csv"))
	lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "id,instant,kind,") || !strings.Contains(lines[1], ",'-1.a,") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w = k.as("auditor", get("/v1/decisions?kind=validate").with("Accept", "text/csv")); strings.Count(w.Body.String(), "\n") != 1 {
		t.Errorf("nothing found: %s", w.Body)
	}
}

// The record of accesses says which decision was looked at, by whom and as what.
func TestReadingADecisionIsAnAccess(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	id, _ := k.decide(t, "portale", history(named))
	k.shown(t, "titolare", id)
	if l := k.last(); l.Azione != "decisioni.leggi" || l.Matricola != first || l.Ruolo != "titolare" || l.Base != policies.BaseOwn || l.Oggetto != "decisione "+id {
		t.Errorf("%+v", l)
	}
	found, _, err := k.store.Accesses(t.Context(), archive.AccessCriteria{Oggetto: "decisione " + id}, archive.Page{Limit: 10})
	if err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}
