package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"omnia/archive"
	"omnia/engine"
	"omnia/internal/rome"
)

const checkPath = "/v1/matricole/" + first + "/unita-produttive/0/validate"

// measures puts grants of the unit "0" of the first company into the archive.
func (w *world) measures(t *testing.T, bodies ...string) {
	t.Helper()
	reader, err := archive.NewReader(editionOnce().Vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range bodies {
		p, err := reader.Provvedimento([]byte(body), archive.Options{Language: "it", Today: rome.Day(w.clock())})
		if err != nil {
			t.Fatal(err)
		}
		p.RegistratoDa = "archivio"
		if _, err := w.store.WriteProvvedimenti(t.Context(), []archive.Provvedimento{*p}, true); err != nil {
			t.Fatal(err)
		}
	}
}

func granted(numero, dal, al string) string {
	return `{"numero": "` + numero + `", "versione": 1, "matricola": "` + first + `", "unita_produttiva": "0", "prestazione": "CIGO", "causale": "mancanza_lavoro",
		"esito": "accoglimento", "dal": "` + dal + `", "al": "` + al + `", "data_emissione": "2025-02-10", "ore_autorizzate": 400, "motivazione": "Mancanza di lavoro"}`
}

// request is what a person writes who lets the archive fill in the rest.
func requestAlone(t *testing.T) application {
	form := application{}
	for _, e := range known(t, whole()) {
		if strings.HasPrefix(e.path, "richiesta.") {
			form.put(e.path, e.value)
		}
	}
	return form
}

// The archive fills in the company, the unit and its history, each with its source: the application alone is enough.
func TestTheArchiveFillsInWhatItKnows(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	w.measures(t, granted("A-1", "2024-12-02", "2025-01-26"))
	v := check(t, w.as("consulente", post(checkPath, requestAlone(t).body(true))))
	if v.Outcome != engine.OutcomeValid {
		t.Errorf("%s: findings %v, missing %v", v.Outcome, v.Findings, v.Missing)
	}
	sources := map[string]string{}
	for _, p := range v.Prefilled {
		sources[p.Field] = p.Source.Kind
		if p.Source.Version != 1 || p.Source.Registered == "" || p.Value == nil {
			t.Errorf("%+v", p)
		}
	}
	for field, kind := range map[string]string{
		"azienda.matricola": "posizione", "azienda.codice_fiscale": "posizione", "azienda.settore": "posizione", "azienda.dipendenti_semestre": "posizione",
		"unita_produttiva.giorni_settimana": "posizione", "unita_produttiva.organico_medio": "posizione", "periodi[0]": "provvedimento",
	} {
		if sources[field] != kind {
			t.Errorf("%s comes from %q, want %q", field, sources[field], kind)
		}
	}
	if len(v.Differences) != 0 {
		t.Errorf("%v", v.Differences)
	}
}

// What was written stays, and where it differs from the archive both values are told.
func TestWhatWasWrittenStays(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	w.measures(t, granted("A-1", "2024-12-02", "2025-01-26"), granted("A-2", "2025-02-03", "2025-03-02"))
	form := requestAlone(t).put("azienda.settore", "b").put("azienda.matricola", " ").put("azienda.codice_fiscale", "00000000000").
		put("unita_produttiva.organico_medio", []any{map[string]any{"ore_settimanali": 40, "lavoratori": 12}}).
		put("periodi", []any{
			map[string]any{"numero": "A-1", "dal": "2024-12-02", "al": "2025-01-19"},
			map[string]any{"numero": "X-9", "prestazione": "CIGO", "esito": "reiezione", "dal": "2024-06-03", "al": "2024-06-09"},
		})
	for _, lang := range []string{"it", "en", "de"} {
		v := check(t, w.as("consulente", post(checkPath, form.body(false)).with("Accept-Language", lang)))
		told := map[string]string{}
		for _, f := range v.Findings {
			if f.Code == "differs_from_archive" {
				told[f.Fields[0]] = f.Message
				if f.Severity != "warning" || f.Rule.ID == "" || f.Rule.Version == 0 {
					t.Errorf("%+v", f)
				}
			}
		}
		for field, part := range map[string]string{"azienda.settore": "", "unita_produttiva.organico_medio": "", "periodi[0].al": "A-1", "periodi[1]": "X-9", "periodi": "A-2", "azienda.codice_fiscale": ""} {
			if !strings.Contains(told[field], part) || told[field] == "" {
				t.Errorf("%s: %s: %q", lang, field, told[field])
			}
		}
		if strings.Contains(told["azienda.codice_fiscale"], "00000000000") {
			t.Errorf("a personal value in words: %s", told["azienda.codice_fiscale"])
		}
		var fields []string
		for _, d := range v.Differences {
			fields = append(fields, d.Field)
			if d.Field == "azienda.settore" && (d.Written != "b" || d.Known != "a") {
				t.Errorf("%+v", d)
			}
		}
		if len(fields) != len(told) {
			t.Errorf("%v but %v", fields, told)
		}
		for _, p := range v.Prefilled {
			if p.Field == "azienda.settore" || p.Field == "periodi[0].al" {
				t.Errorf("%s was overwritten", p.Field)
			}
		}
	}
}

// A unit that the archive does not have, or that did not work any more on the first day requested, is told.
func TestAUnitThatIsNotThereIsTold(t *testing.T) {
	t.Parallel()
	if embedded(t).Vocabulary.Root.Field("unita_produttiva.nota") == nil {
		t.Fatal("the rules have no fact that says whether the unit is there")
	}
	w := formWorld(t)
	v := check(t, w.as("consulente", post(strings.Replace(checkPath, "/0/", "/77/", 1), requestAlone(t).body(true))))
	if v.Outcome == engine.OutcomeValid || !mentions(v, "unita_produttiva.progressivo") {
		t.Errorf("%s %v", v.Outcome, v.Findings)
	}
	early := requestAlone(t).put("richiesta.dal", "2014-12-01").put("richiesta.al", "2014-12-28") // unit 10 began in 2015
	v = check(t, w.as("consulente", post(strings.Replace(checkPath, "/0/", "/10/", 1), early.body(false))))
	for _, p := range v.Prefilled {
		if p.Field == "unita_produttiva.attiva" && p.Value != false {
			t.Errorf("%+v", p)
		}
	}
}

func mentions(v checked, field string) bool {
	for _, f := range v.Findings {
		for _, name := range f.Fields {
			if name == field {
				return true
			}
		}
	}
	return false
}

// Access is as for the counters of the unit, with the service of applications; the access is recorded.
func TestWhoMayCheckOverTheArchive(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	body := requestAlone(t).body(false)
	for persona, status := range map[string]int{"titolare": 200, "consulente": 200, "operatore": 200, "subdelegato": 404, "portale": 403, "auditor": 403, "": 401} {
		if got := w.as(persona, post(checkPath, body)).Code; got != status {
			t.Errorf("%q: %d, want %d", persona, got, status)
		}
	}
	want(t, w.as("subdelegato", post(strings.Replace(checkPath, first, second, 1), body)), http.StatusForbidden, "service_not_delegated")
	want(t, w.as("consulente", post(strings.Replace(checkPath, first, absent, 1), body)), http.StatusNotFound, "matricola_not_found")
	w.as("consulente", post(checkPath, body))
	if l := w.last(); l.Azione != "validazioni.calcola" || l.Matricola != first || l.Delega != w.bonds["mandate1"] {
		t.Errorf("%+v", l)
	}
}

// ---- drafts ----

func factsOf(form application) string {
	b, err := json.Marshal(form)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// A draft is checked as it is stored; the receipt stays with it, and is no change of it.
func TestADraftIsCheckedAndKeepsItsReceipt(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	path, tag := w.open("consulente", first, factsOf(requestAlone(t).put("richiesta.dal", "2025-11-18")))
	want(t, w.as("consulente", get(path+"/validation")), http.StatusNotFound, "draft_unchecked")
	answer := w.as("consulente", post(path+"/validation", ""))
	v := check(t, answer)
	if v.Outcome != engine.OutcomeInvalid || !mentions(v, "richiesta.dal") || v.Draft == nil || v.Draft.ETag != tag || answer.Header().Get("ETag") != tag {
		t.Errorf("%s %v %+v", v.Outcome, v.Findings, v.Draft)
	}
	receipt := read[map[string]any](t, w.as("titolare", get(path+"/validation")))
	if receipt["decision"] != v.Decision.ID || receipt["outcome"] != "invalid" || receipt["draft_version"] != 1.0 || receipt["complete"] != false {
		t.Errorf("%v", receipt)
	}
	want(t, w.as("consulente", put(path, draftBody(first, "fine", factsOf(requestAlone(t)))).with("If-Match", tag)), http.StatusOK, "")
	if again := read[map[string]any](t, w.as("titolare", get(path+"/validation"))); again["decision"] != v.Decision.ID {
		t.Error("the receipt went with the version")
	}
}

// The check before sending closes a draft that is in order, and no other.
func TestADraftIsSubmitted(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	path, tag := w.open("consulente", first, factsOf(requestAlone(t).put("richiesta.pagamento", nil)))
	want(t, w.as("consulente", post(path+"/submission", "")), http.StatusPreconditionRequired, "precondition_required")
	want(t, w.as("consulente", post(path+"/submission", "").with("If-Match", `"7-00"`)), http.StatusPreconditionFailed, "draft_conflict")
	v := check(t, w.as("consulente", post(path+"/submission", "").with("If-Match", tag)))
	if v.Outcome != engine.OutcomeIncomplete || v.Draft.State != "aperta" || v.Draft.ETag != tag {
		t.Errorf("%s %+v", v.Outcome, v.Draft)
	}
	saved := w.as("consulente", put(path, draftBody(first, "invio", factsOf(requestAlone(t)))).with("If-Match", tag))
	submit := post(path+"/submission", "").with("If-Match", saved.Header().Get("ETag")).with("Idempotency-Key", "invio-1")
	answer := w.as("consulente", submit)
	v = check(t, answer)
	if v.Outcome != engine.OutcomeValid || v.Draft.State != "pronta" || v.Draft.Version != 3 || answer.Header().Get("ETag") != v.Draft.ETag {
		t.Fatalf("%s %+v %v %v", v.Outcome, v.Draft, v.Findings, v.Missing)
	}
	if again := w.as("consulente", submit); again.Body.String() != answer.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("%d %s", again.Code, again.Body)
	}
	tag = v.Draft.ETag
	for _, r := range []request{put(path, draftBody(first, "x", `{}`)), post(path+"/validation", ""), post(path+"/submission", "")} {
		want(t, w.as("consulente", r.with("If-Match", tag)), http.StatusConflict, "draft_ready")
	}
	receipt := read[map[string]any](t, w.as("titolare", get(path+"/validation")))
	if receipt["decision"] != v.Decision.ID || receipt["complete"] != true || receipt["draft_version"] != 2.0 {
		t.Errorf("%v", receipt)
	}
	want(t, w.as("titolare", del(path).with("If-Match", tag)), http.StatusNoContent, "")
}

// A later check that says otherwise explains why: other facts, of the person or of the archive, another day, the law.
// It is the comparison of the two decisions in the record.
func TestALaterOutcomeIsExplained(t *testing.T) {
	t.Parallel()
	w := newCourt(t)
	path, tag := w.open("consulente", first, factsOf(requestAlone(t).put("richiesta.dal", "2025-11-18")))
	before := check(t, w.as("consulente", post(path+"/validation", "")))
	if again := check(t, w.as("consulente", post(path+"/validation", ""))); before.Changes != nil || again.Changes != nil {
		t.Errorf("nothing changed: %+v", again.Changes)
	}
	want(t, w.as("consulente", put(path, draftBody(first, "fine", factsOf(requestAlone(t)))).with("If-Match", tag)), http.StatusOK, "")
	after := check(t, w.as("consulente", post(path+"/validation", "").with("Accept-Language", "en")))
	x := after.Changes
	if x == nil || x.OutcomeBefore != "invalid" || x.OutcomeAfter != "valid" || len(x.Gone) == 0 || x.Gone[0].Code != "not_monday" || x.Gone[0].Rule != "modulo.inizio_lunedi" ||
		!slices.Equal(x.Causes, []string{"facts"}) || !slices.Equal(x.Fields, []string{"richiesta.dal"}) || len(x.Text) == 0 || x.Text[0][:31] != "The outcome changed because the" {
		t.Fatalf("%+v", x)
	}
	w.at(noon.AddDate(0, 0, 1))
	w.measures(t, granted("A-1", "2025-11-17", "2025-12-14")) // meanwhile the same weeks were granted
	later := check(t, w.as("consulente", post(path+"/validation", "")))
	if x = later.Changes; x == nil || x.Before.Decision != after.Decision.ID || !slices.Contains(x.Causes, "facts") || slices.Contains(x.Causes, "rules") ||
		!slices.Equal(x.Fields, []string{"periodi[0]"}) || len(x.New) == 0 || x.New[0].Code != "overlaps_granted" {
		t.Errorf("%+v", x)
	}
	w.measures(t, granted("A-2", "2025-01-06", "2025-06-22"))
	same := check(t, w.as("consulente", post(path+"/validation", "")))
	w.publish(t, editionB()) // 20 weeks in two years, of which 24 are used
	ruled := check(t, w.as("consulente", post(path+"/validation", "")))
	if x = ruled.Changes; x == nil || x.Before.Decision != same.Decision.ID || !slices.Equal(x.Causes, []string{"rules"}) || x.Edition == "" || len(x.Fields) != 0 ||
		len(x.New) != 1 || x.New[0].Code != "limit_reached" || !strings.Contains(strings.Join(x.Text, " "), "perché sono cambiate le regole") {
		t.Errorf("%+v", x)
	}
}
