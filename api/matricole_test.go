package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"omnia/archive"
)

func TestTheListSaysOnWhatBasisForWhatAndUntilWhen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bond(t, "more", "consulente", first, archive.Dipendente, "", "2025-12-31", archive.ServizioChat)
	w.bond(t, "own2", "consulente", second, archive.Titolare, "", "2026-01-31")
	for _, tt := range []struct {
		persona string
		wanted  []string
	}{
		{"titolare", []string{first + " own [contatori provvedimenti domande chat deleghe] <nil> 1"}},
		{"consulente", []string{
			first + " delega [contatori provvedimenti domande chat deleghe] 2026-12-31 2",
			second + " own [contatori provvedimenti domande chat deleghe] <nil> 2",
		}},
		{"subdelegato", []string{second + " subdelega [contatori provvedimenti] <nil> 1"}},
		{"operatore", []string{first + " ufficio [contatori provvedimenti] <nil> 0", second + " ufficio [contatori provvedimenti] <nil> 0"}},
	} {
		var got []string
		for _, i := range read[listing](t, w.as(tt.persona, get("/v1/matricole"))).Items {
			got = append(got, fmt.Sprint(i["matricola"], " ", i["basis"], " ", i["servizi"], " ", i["scadenza"], " ", len(i["deleghe"].([]any))))
			one := read[map[string]any](t, w.as(tt.persona, get("/v1/matricole/"+i["matricola"].(string))))
			for name, value := range i {
				if fmt.Sprint(one[name]) != fmt.Sprint(value) {
					t.Errorf("%s: alone %s has %s %v, in the list %v", tt.persona, i["matricola"], name, one[name], value)
				}
			}
		}
		if !slices.Equal(got, tt.wanted) {
			t.Errorf("%s\ngot  %q\nwant %q", tt.persona, got, tt.wanted)
		}
	}
}

func TestMatricoleAreFoundByNameAndNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for q, wanted := range map[string][]string{
		"": {first, second, third}, "ferri": {first}, "TESSITURA preal": {second}, "100": {first, second, third}, "1000000002": {second},
		"%": nil, "_": nil, "*": nil, "fer%": {first}, "'": nil, "ferri' OR '1'='1": nil, "ferri; DROP TABLE deleghe": nil, "ﬀ": nil, "sud 100%": {third},
	} {
		path := "/v1/matricole"
		if q != "" {
			path += "?q=" + url.QueryEscape(q)
		}
		if got := read[listing](t, w.as("auditor", get(path))).column("matricola"); !slices.Equal(got, wanted) {
			t.Errorf("%q: %v, want %v", q, got, wanted)
		}
	}
}

func TestMatricoleAreListedByPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := read[listing](t, w.as("auditor", get("/v1/matricole?limit=2")))
	two := read[listing](t, w.as("auditor", get("/v1/matricole?limit=2&cursor="+one.NextCursor)))
	if got := append(one.column("matricola"), two.column("matricola")...); !slices.Equal(got, []string{first, second, third}) || two.NextCursor != "" {
		t.Errorf("got %v, then %q", got, two.NextCursor)
	}
	w.company(t, "1000000000", "01533450266", "Prima", "7000") // before the page, while it is turned over
	if again := read[listing](t, w.as("auditor", get("/v1/matricole?limit=2&cursor="+one.NextCursor))); !slices.Equal(again.column("matricola"), []string{third}) {
		t.Errorf("after an insert: %v", again.column("matricola"))
	}
}

// hostile are texts that must be data and nothing else.
var hostile = []string{
	"' OR '1'='1", "'; DROP TABLE deleghe; --", "\" OR 1=1", "1 UNION SELECT * FROM accessi", "%", "_", "%%%", "\\", "*", "?", "$1", "{{7*7}}", "../../etc/passwd",
	"\x00", "a\x00b", "\u202e", "\ufeff", "١٢٣٤٥٦٧٨٩٠", "１０００００００００１", "ﬀ", "é", "e\u0301", "\xff\xfe", strings.Repeat("a", 201), "<script>alert(1)</script>", "null", "\r\nSet-Cookie: a=b",
}

func TestHostileParametersAreData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, count := len(w.lines()), 0
	for _, text := range hostile {
		e := url.QueryEscape(text)
		paths := []string{"/v1/matricole/" + url.PathEscape(text), "/v1/matricole/" + url.PathEscape(text) + "/unita-produttive", "/v1/deleghe/" + url.PathEscape(text)}
		for _, p := range []string{"matricole?q=", "matricole?cursor=", "matricole?limit=", "matricole?sort=", "deleghe?matricola=", "deleghe?delegante=", "deleghe?delegato=",
			"deleghe?padre=", "deleghe?tipo=", "deleghe?cursor=", "accessi?persona=", "accessi?azione=", "accessi?esito=", "accessi?delega=", "accessi?dal=", "accessi?cursor=",
			"matricole/" + first + "?noto_al=", "matricole/" + first + "/unita-produttive?cursor="} {
			paths = append(paths, "/v1/"+p+e)
		}
		for _, path := range paths {
			res := w.as("auditor", get(path))
			if res.Code != 200 && res.Code != 404 && res.Code != 422 {
				t.Errorf("%q: %d %s", path, res.Code, res.Body)
			}
			if res.Code == 200 {
				if p := read[listing](t, res); len(p.Items) != 0 && !strings.HasPrefix(path, "/v1/matricole?q=") {
					t.Errorf("%q found %v", path, p.Items)
				}
			}
			count++
		}
	}
	all := w.lines()
	if len(all)-before < count*9/10 { // a path that ends up as another route, or none, is no access
		t.Errorf("%d requests, %d lines", count, len(all)-before)
	}
	for _, l := range all {
		if strings.Contains(l.Oggetto, "\x00") || len([]rune(l.Oggetto)) > 1000 {
			t.Errorf("recorded %q", l.Oggetto)
		}
	}
	if got := read[listing](t, w.as("auditor", get("/v1/deleghe"))).Items; len(got) != 5 {
		t.Errorf("%d delegations are left", len(got))
	}
}

func TestCursorsEditedByHandAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cursor := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for _, path := range []string{"/v1/matricole?cursor=", "/v1/deleghe?cursor=", "/v1/accessi?cursor=", "/v1/matricole/" + first + "/unita-produttive?cursor="} {
		for _, c := range []string{"x", "====", cursor("matricola"), cursor("matricola\n"), cursor("id\n' OR 1=1"), cursor("matricola\n1' OR '1'='1"),
			cursor("-istante\nzz"), cursor("denominazione\n" + first), cursor("progressivo\n"), strings.Repeat("A", 500)} {
			res := w.as("auditor", get(path+c))
			if res.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s%s: %d %s", path, c, res.Code, res.Body)
			}
		}
	}
	foreign := read[listing](t, w.as("auditor", get("/v1/matricole?limit=1"))).NextCursor
	want(t, w.as("auditor", get("/v1/deleghe?cursor="+foreign)), http.StatusUnprocessableEntity, "invalid_parameters", "bad_cursor")
	got := read[listing](t, w.as("titolare", get("/v1/matricole?cursor="+cursor("matricola\n0000000000")))) // another's key opens nothing
	if !slices.Equal(got.column("matricola"), []string{first}) {
		t.Errorf("got %v", got)
	}
}

func TestProductionUnitsAreInTheOrderOfTheirNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := read[listing](t, w.as("titolare", get("/v1/matricole/"+first+"/unita-produttive")))
	if got := p.column("progressivo"); !slices.Equal(got, []string{"0", "2", "10"}) || p.Items[0]["comune"] != "Bergamo" {
		t.Errorf("got %v", p.Items)
	}
	one := read[listing](t, w.as("titolare", get("/v1/matricole/"+first+"/unita-produttive?sort=-progressivo&limit=2")))
	two := read[listing](t, w.as("titolare", get("/v1/matricole/"+first+"/unita-produttive?sort=-progressivo&limit=2&cursor="+one.NextCursor)))
	if got := append(one.column("progressivo"), two.column("progressivo")...); !slices.Equal(got, []string{"10", "2", "0"}) {
		t.Errorf("the other way round: %v", got)
	}
}

func TestACompanyIsWrittenByWhoSaysWhatItRestsOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := companyDocument(absent, "01533450266", "Nuova S.r.l.", "7000")
	path := "/v1/matricole/" + absent
	want(t, w.as("archivio", put(path, body)), http.StatusPreconditionRequired, "precondition_required")
	want(t, w.as("archivio", put(path, body).with("If-Match", "*")), http.StatusPreconditionFailed, "precondition_failed")
	want(t, w.as("archivio", put(path, body).with("If-Match", `"1-00"`)), http.StatusPreconditionFailed, "precondition_failed")
	made := w.as("archivio", put(path, body).with("If-None-Match", "*"))
	want(t, made, http.StatusCreated, "")
	if got := made.Header().Get("Location"); got != "http://127.0.0.1:8080"+path {
		t.Errorf("Location %s", got)
	}
	want(t, w.as("archivio", put(path, body).with("If-None-Match", "*")), http.StatusPreconditionFailed, "precondition_failed")
	tag := made.Header().Get("ETag")
	if shown := w.as("archivio", get(path)); shown.Header().Get("ETag") != tag {
		t.Errorf("written as %s, read as %s", tag, shown.Header().Get("ETag"))
	}
	w.at(noon.Add(time.Hour))
	changed := strings.Replace(body, "Nuova", "Novissima", 1)
	again := w.as("archivio", put(path, changed).with("If-Match", `"0-1", `+tag))
	want(t, again, http.StatusOK, "")
	if v := read[map[string]any](t, again); v["versione"] != 2.0 || again.Header().Get("ETag") == tag {
		t.Errorf("version %v, tag %s", v["versione"], again.Header().Get("ETag"))
	}
	want(t, w.as("archivio", put(path, body).with("If-Match", tag)), http.StatusPreconditionFailed, "precondition_failed")
	want(t, w.as("archivio", put(path, body).with("If-Match", "W/"+again.Header().Get("ETag"))), http.StatusPreconditionFailed, "precondition_failed")
	before := read[map[string]any](t, w.as("auditor", get(path+"?noto_al=2025-11-30T12:30:00Z")))
	if name := before["azienda"].(map[string]any)["denominazione"]; name != "Nuova S.r.l." || before["versione"] != 1.0 {
		t.Errorf("as it was known before: %v", before)
	}
	for _, persona := range []string{"titolare", "consulente", "operatore", "auditor", "portale"} {
		want(t, w.as(persona, put("/v1/matricole/"+first, body).with("If-Match", "*")), http.StatusForbidden, "role_not_allowed")
	}
}

func TestWhatIsReadCanBeWrittenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	res := w.as("archivio", get("/v1/matricole/"+first))
	var shown struct {
		Posizione json.RawMessage `json:"posizione"`
	}
	if err := json.Unmarshal(res.Body.Bytes(), &shown); err != nil {
		t.Fatal(err)
	}
	back := w.as("archivio", put("/v1/matricole/"+first, string(shown.Posizione)).with("If-Match", res.Header().Get("ETag")))
	want(t, back, http.StatusOK, "")
	if v := read[map[string]any](t, back)["versione"]; v != 1.0 {
		t.Errorf("nothing changed, and yet it is version %v", v)
	}
}

func TestACompanyThatCanNotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	send := func(body string) request { return put("/v1/matricole/"+first, body).with("If-Match", "*") }
	good := companyDocument(first, "01533450266", "Ferri", "7000")
	want(t, w.as("archivio", send(companyDocument(second, "01533450266", "Ferri", "7000"))), http.StatusUnprocessableEntity, "invalid_input", "other_matricola")
	for name, body := range map[string]string{
		"a unit twice": strings.Replace(good, `"progressivo": "2"`, `"progressivo": "10"`, 1), "a wrong codice fiscale": strings.Replace(good, "01533450266", "01533450265", 1),
		"a day that is none": strings.Replace(good, `"attiva_dal": "2010-01-01",`, `"attiva_dal": "2010-02-30",`, 1),
	} {
		if res := w.as("archivio", send(body)); res.Code != http.StatusUnprocessableEntity || len(problem(t, res).Errors) == 0 {
			t.Errorf("%s: %d %s", name, res.Code, res.Body)
		}
	}
	want(t, w.as("archivio", send(strings.Replace(good, `"sede"`, `"Sede"`, 1))), http.StatusBadRequest, "")
	want(t, w.as("archivio", send("")), http.StatusBadRequest, "")
	want(t, w.as("archivio", send(good).with("Content-Type", "text/plain")), http.StatusUnsupportedMediaType, "unsupported_media_type")
}

func TestWhatTheCallerHasIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tag := w.as("auditor", get("/v1/matricole/"+first)).Header().Get("ETag")
	for header, status := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200} {
		res := w.as("auditor", get("/v1/matricole/"+first).with("If-None-Match", header))
		if res.Code != status || status == 304 && (res.Body.Len() != 0 || res.Header().Get("ETag") != tag) {
			t.Errorf("%s: %d %s", header, res.Code, res.Body)
		}
	}
	if l := w.last(); l.Esito != "allow" || l.Azione != "matricole.leggi" {
		t.Errorf("recorded as %+v", l)
	}
}

func TestTheRecordOfAccessesIsForTheAuditor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.as("consulente", get("/v1/matricole/"+first).with("Motivo-Accesso", "pratica 7"))
	w.as("consulente", get("/v1/matricole/"+third))
	w.as("titolare", get("/v1/matricole"))
	w.as("auditor", get("/v1/matricole/"+absent))
	for query, wanted := range map[string]int{
		"matricola=" + first: 1, "matricola=" + third: 1, "persona=sub-consulente": 2, "delega=" + w.bonds["mandate1"]: 1, "azione=matricole.elenca": 1,
		"esito=deny": 1, "esito=error": 1, "dal=2025-11-30&al=2025-11-30&persona=sub-titolare": 1, "dal=2025-12-01": 0, "al=2025-11-29": 0,
		"persona=sub-consulente&esito=allow": 1,
	} {
		if got := read[listing](t, w.as("auditor", get("/v1/accessi?"+query))).Items; len(got) != wanted {
			t.Errorf("%s: %d lines, want %d: %v", query, len(got), wanted, got)
		}
	}
	one := read[listing](t, w.as("auditor", get("/v1/accessi?persona=sub-consulente&esito=allow"))).Items[0]
	for name, wanted := range map[string]any{
		"azione": "matricole.leggi", "matricola": first, "ruolo": "intermediario", "base": "delega", "delega": w.bonds["mandate1"], "motivo": "pratica 7",
		"codice_fiscale": w.people["consulente"].CodiceFiscale, "istante": "2025-11-30T12:00:00.000000Z",
	} {
		if one[name] != wanted {
			t.Errorf("%s is %v, want %v", name, one[name], wanted)
		}
	}
	before := len(w.lines())
	var ids []string
	for path := "/v1/accessi?limit=3"; path != ""; {
		p := read[listing](t, w.as("auditor", get(path)))
		ids, path = append(ids, p.column("id")...), ""
		if p.NextCursor != "" {
			path = "/v1/accessi?limit=3&cursor=" + p.NextCursor
		}
	}
	if sorted := slices.Sorted(slices.Values(ids)); len(ids) != before || !slices.IsSortedFunc(ids, func(a, b string) int { return -strings.Compare(a, b) }) || len(slices.Compact(sorted)) != before {
		t.Errorf("%d lines read by pages of the %d there were", len(ids), before)
	}
	for _, persona := range []string{"titolare", "consulente", "operatore", "archivio", "esperto", "portale"} {
		want(t, w.as(persona, get("/v1/accessi")), http.StatusForbidden, "role_not_allowed")
	}
}

func TestAUnitWithMeasuresStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const without = `{"matricola": "%s", "codice_fiscale": "01533450266", "denominazione": "Ferri", "sede": "7000", "attiva_dal": "2010-01-01", "unita_produttive": [%s]}`
	const unit = `{"progressivo": "%s", "attiva_dal": "2010-01-01"}`
	path := "/v1/matricole/" + first
	send := func(units string) request {
		return put(path, fmt.Sprintf(without, first, units)).with("If-Match", "*")
	}
	body := strings.Replace(measureOf(first), `"unita_produttiva":"0"`, `"unita_produttiva":"2"`, 1)
	want(t, w.as("archivio", post("/v1/provvedimenti", body)), http.StatusCreated, "")
	want(t, w.as("archivio", send(fmt.Sprintf(unit, "0"))), http.StatusUnprocessableEntity, "invalid_input", "unit_in_use")
	want(t, w.as("archivio", send(fmt.Sprintf(unit, "2"))), http.StatusOK, "")
}

// measureOf is a provvedimento of the main unit of a matricola.
func measureOf(matricola string) string {
	return fmt.Sprintf(`{"numero":"U-1","matricola":%q,"unita_produttiva":"0","prestazione":"CIGO","causale":"mancanza_lavoro",`+
		`"esito":"accoglimento","dal":"2025-03-03","al":"2025-03-09","data_emissione":"2025-03-20"}`, matricola)
}
