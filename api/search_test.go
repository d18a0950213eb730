package api_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"omnia/api"
)

const searchPath = "/v1/matricole/" + ownMatric + "/provvedimenti"

// numeri are the numbers that a search finds, in its order.
func (h *house) numeri(query string) []string {
	h.t.Helper()
	return values(items(h.get("titolare", searchPath+query)), "numero")
}

func TestSearchAsTheNoticeSays(t *testing.T) {
	t.Parallel()
	h := small(t)
	for i, m := range []with{
		{"data_emissione": "2025-05-29"}, // the day before the six months
		{"data_emissione": "2025-05-30"},
		{"data_emissione": "2025-11-30", "esito": "reiezione", "motivazione": "Mancano i requisiti dell’art. 11"},
		{"data_emissione": "2025-08-01", "prestazione": "CIGS", "causale": "crisi", "esito": "accoglimento_parziale"},
		{"data_emissione": "2025-08-01", "unita_produttiva": "1", "esito": "in_istruttoria"},
		{"data_emissione": "2024-01-10", "causale": "meteo", "motivazione": nil},
	} {
		h.put(*h.read(measure(fmt.Sprintf("A-%d", i+1), m)))
	}
	for query, want := range map[string][]string{
		"":                                         {"A-3", "A-4", "A-2"},
		"?sort=data_emissione":                     {"A-2", "A-4", "A-3"},
		"?sort=numero":                             {"A-2", "A-3", "A-4"},
		"?esito=in_istruttoria":                    {"A-5"},
		"?esito=autorizzazioni":                    {"A-4", "A-2"},
		"?esito=reiezioni":                         {"A-3"},
		"?dal=2020-01-01":                          {"A-3", "A-4", "A-2", "A-1", "A-6"},
		"?al=2025-05-29":                           {"A-1", "A-6"},
		"?dal=2024-01-10&al=2024-01-10":            {"A-6"},
		"?prestazione=CIGS":                        {"A-4"},
		"?causale=meteo&dal=2020-01-01":            {"A-6"},
		"?unita_produttiva=1":                      {},
		"?unita_produttiva=1&esito=in_istruttoria": {"A-5"},
		"?q=requisito":                             {"A-3"},
		"?q=" + url.QueryEscape("ATTIVITÀ sospensioni commessa"): {"A-4", "A-2"},
		"?q=inesistente": {},
	} {
		if got := h.numeri(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	first := h.get("titolare", searchPath)
	if c := first["criteria"].(map[string]any); c["dal"] != "2025-05-30" || c["al"] != "2025-11-30" || c["sort"] != "-data_emissione" || len(c) != 4 {
		t.Errorf("criteria: %v", c)
	}
	if c := first["sezioni"].(map[string]any); fmt.Sprintf("%v %v", c["autorizzazioni"], c["reiezioni"]) != "2 1" {
		t.Errorf("sections: %v", c)
	}
	if c := h.get("titolare", searchPath+"?al=2025-05-29")["criteria"].(map[string]any); c["dal"] != nil || c["al"] != "2025-05-29" {
		t.Errorf("one day asked: %v", c)
	}
	item := items(first)[0]
	if item["motivazione"] != "Mancano i requisiti dell’art. 11" || item["registrato_il"] == nil || fmt.Sprint(item["versione"]) != "1" || item["links"] == nil {
		t.Errorf("an item: %v", item)
	}
}

// The six months are those of the civil day in Rome, and end where a month is shorter.
func TestTheSixMonthsAreThoseOfRome(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ instant, dal, al string }{
		{"2025-11-30T22:59:59Z", "2025-05-30", "2025-11-30"},
		{"2025-11-30T23:00:00Z", "2025-06-01", "2025-12-01"}, // midnight in Rome, winter
		{"2026-08-30T21:59:59Z", "2026-02-28", "2026-08-30"},
		{"2026-08-30T22:00:00Z", "2026-02-28", "2026-08-31"}, // summer; February has no 31st
		{"2028-08-31T12:00:00Z", "2028-02-29", "2028-08-31"},
	} {
		h := small(t)
		at, err := time.Parse(time.RFC3339, tt.instant)
		if err != nil {
			t.Fatal(err)
		}
		h.clock.set(at)
		c := h.get("titolare", searchPath)["criteria"].(map[string]any)
		if c["dal"] != tt.dal || c["al"] != tt.al {
			t.Errorf("%s: %v to %v, want %s to %s", tt.instant, c["dal"], c["al"], tt.dal, tt.al)
		}
	}
}

// The list stands still while it is read: neither what is stored meanwhile nor what is corrected moves it.
func TestPagesAreOneSnapshot(t *testing.T) {
	t.Parallel()
	for _, sort := range []string{"-data_emissione", "data_emissione", "-dal", "dal", "numero", "-numero"} {
		h := small(t)
		for i := range 20 {
			h.put(*h.read(measure(fmt.Sprintf("A-%02d", i), with{"data_emissione": fmt.Sprintf("2025-10-%02d", 1+i/3), "dal": fmt.Sprintf("2025-09-%02d", 1+i/4)})))
		}
		want := h.numeri("?limit=200&sort=" + sort)
		var got []string
		page := h.get("titolare", searchPath+"?limit=3&sort="+sort)
		for n := 0; ; n++ {
			for _, it := range items(page) {
				got = append(got, it["numero"].(string))
				if fmt.Sprint(it["versione"]) != "1" || it["superato_il"] != nil {
					t.Errorf("%s: a correction of later is seen: %v", sort, it)
				}
			}
			if (page["sezioni"] == nil) != (n > 0) {
				t.Errorf("page %d has sections %v", n, page["sezioni"])
			}
			cursor, more := page["next_cursor"].(string)
			if !more {
				break
			}
			h.put(*h.read(measure(fmt.Sprintf("B-%02d", n), with{"data_emissione": fmt.Sprintf("2025-10-%02d", 1+n)})))
			numero := fmt.Sprintf("A-%02d", (n*7)%20)
			h.put(*h.read(measure(numero, with{"versione": 2, "correzione": "x", "data_emissione": "2025-11-01", "dal": "2025-01-01"})))
			if n == 1 {
				h.clock.set(h.clock.read().Add(24 * time.Hour)) // midnight passes: the six months stay
			}
			page = h.get("titolare", searchPath+"?limit=3&sort="+sort+"&cursor="+cursor)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", sort, got, want)
		}
	}
}

func TestForeignAndEditedCursorsAreRefused(t *testing.T) {
	t.Parallel()
	h := small(t)
	h.grant(owner("7000000009"))
	h.company([]byte(strings.ReplaceAll(`{"matricola":"7000000009","codice_fiscale":"01234567897","denominazione":"Altra","sede":"7000","attiva_dal":"2010-01-01","unita_produttive":[{"progressivo":"0","attiva_dal":"2010-01-01"}]}`, "\n", "")))
	for i := range 5 {
		h.put(*h.read(measure(fmt.Sprintf("A-%d", i), nil)))
	}
	cursor := h.get("titolare", searchPath+"?limit=2")["next_cursor"].(string)
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	edited := func(old, new string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(text), old, new, 1)))
	}
	for name, path := range map[string]string{
		"another matricola":  "/v1/matricole/7000000009/provvedimenti?limit=2&cursor=" + cursor,
		"another order":      searchPath + "?sort=numero&cursor=" + cursor,
		"other criteria":     searchPath + "?esito=reiezioni&cursor=" + cursor,
		"another instant":    searchPath + "?noto_al=2025-11-30T12:00:00Z&cursor=" + cursor,
		"another key":        searchPath + "?cursor=" + edited("A-", "B-"),
		"cut":                searchPath + "?cursor=" + cursor[:len(cursor)-2],
		"no key":             searchPath + "?cursor=" + base64.RawURLEncoding.EncodeToString([]byte("1\nx\n")),
		"not base64":         searchPath + "?cursor=%00%F0",
		"of the rules":       searchPath + "?cursor=" + base64.RawURLEncoding.EncodeToString([]byte("id\nx")),
		"another instant in": searchPath + "?cursor=" + edited(string(text[:3]), "zzz"),
	} {
		t.Run(name, func(t *testing.T) {
			w := h.as("titolare", get(path))
			want(t, w, http.StatusUnprocessableEntity, "invalid_parameters", "bad_cursor")
		})
	}
	for _, other := range []string{"/v1/counters", "/v1/alerts", "/v1/provvedimenti/A-1/versioni"} {
		want(t, h.as("titolare", get(other+"?cursor="+cursor)), http.StatusUnprocessableEntity, "invalid_parameters", "bad_cursor")
	}
}

func TestSearchAsItWasKnown(t *testing.T) {
	t.Parallel()
	h := small(t)
	h.clock.set(time.Date(2025, 11, 10, 22, 59, 59, 0, time.UTC)) // one second before midnight in Rome
	h.put(*h.read(measure("A-1", nil)))
	h.clock.set(time.Date(2025, 11, 12, 9, 0, 0, 0, time.UTC))
	h.put(*h.read(measure("A-2", nil)), *h.read(measure("A-1", with{"versione": 2, "correzione": "x", "causale": "meteo"})))
	h.clock.set(noon)
	for query, want := range map[string]string{
		"?noto_al=2025-11-09":                         "[]",
		"?noto_al=2025-11-10":                         "[A-1 1]",
		"?noto_al=2025-11-10T23:00:00Z":               "[A-1 1]",
		"?noto_al=2025-11-10T22:00:00Z":               "[]",
		"?noto_al=2025-11-11":                         "[A-1 1]",
		"?noto_al=2025-11-12":                         "[A-2 1 A-1 2]",
		"?noto_al=2025-11-30":                         "[A-2 1 A-1 2]",
		"?noto_al=2025-11-12T10:00:00%2B01:00":        "[A-2 1 A-1 2]",
		"?noto_al=2025-11-10T23:00:00Z&causale=meteo": "[]",
		"?noto_al=2025-11-30&causale=mancanza_lavoro": "[A-2 1]",
		"?noto_al=2025-11-10&causale=mancanza_lavoro": "[A-1 1]",
	} {
		// The two of one batch bear the same instant, a moment after nine.
		query = strings.Replace(query, "T10:00:00%2B01:00", "T10:00:01%2B01:00", 1)
		var got []string
		for _, it := range items(h.get("titolare", searchPath+query)) {
			got = append(got, fmt.Sprintf("%v %v", it["numero"], it["versione"]))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
	for query, code := range map[string]string{
		"?noto_al=2025-12-01": "instant_in_future", "?noto_al=2099-01-01T00:00:00Z": "instant_in_future",
		"?noto_al=ieri": "not_an_instant", "?noto_al=2025-02-30": "not_an_instant", "?noto_al=2025-11-12T10:00:00+01:00": "not_an_instant",
	} {
		want(t, h.as("titolare", get(searchPath+query)), http.StatusUnprocessableEntity, "invalid_parameters", code)
	}
}

// Whatever stands in a parameter is a value: it is refused, or it finds nothing.
func TestHostileTextFindsNothing(t *testing.T) {
	t.Parallel()
	h := small(t)
	h.put(*h.read(measure("A-1", with{"motivazione": "100% sospesi; l'azienda _ chiusa"})))
	hostile := []string{
		"' OR '1'='1", "'; DROP TABLE provvedimenti; --", "\" OR 1=1 --", "%", "_", "%%", "*", "A-1' UNION SELECT corpo FROM provvedimenti--", "\\", "\x00", "a\x00b",
		"\xff\xfe", "\u202eA-1", "ＡＡ", "{{7*7}}", "${jndi:ldap://x}", "../../etc/passwd", "<script>", strings.Repeat("a", 201), strings.Repeat("'", 200), "1e309", "-1", "NaN", "\r\nSet-Cookie: x",
	}
	shared := []string{"esito", "dal", "al", "prestazione", "causale", "unita_produttiva", "q", "sort", "cursor", "limit", "noto_al"}
	targets := map[string][]string{
		searchPath:                       shared,
		searchPath + "/export":           append(slices.Clone(shared[:8]), "noto_al", "formato"),
		"/v1/provvedimenti/A-1":          {"versione", "noto_al"},
		"/v1/provvedimenti/A-1/versioni": {"sort", "cursor", "limit", "noto_al"},
		"/v1/counters":                   {"data_fine", "noto_al", "cursor", "limit"},
		"/v1/matricole/" + ownMatric + "/unita-produttive/0/counters": {"data_fine", "noto_al", "explain"},
		"/v1/alerts":     {"kind", "severity", "cursor", "limit"},
		"/v1/alerts.ics": {"kind", "severity"},
	}
	for path, names := range targets {
		for _, name := range names {
			for _, v := range hostile {
				w := h.as("titolare", get(path+"?"+name+"="+url.QueryEscape(v)))
				finds := w.Code == http.StatusOK && strings.Contains(w.Body.String(), `"A-1"`) && path == searchPath
				if w.Code >= 500 || finds && name != "unita_produttiva" || finds {
					t.Errorf("%s %s=%q: %d %.300s", path, name, v, w.Code, w.Body)
				}
			}
		}
	}
	for _, v := range hostile {
		for _, path := range []string{
			"/v1/matricole/%s/provvedimenti", "/v1/matricole/%s/provvedimenti/export", "/v1/provvedimenti/%s", "/v1/provvedimenti/%s/versioni", "/v1/esportazioni/%s", "/v1/esportazioni/%s/file",
			"/v1/matricole/" + ownMatric + "/unita-produttive/%s/counters", "/v1/matricole/%s/unita-produttive/0/counters",
		} {
			w := h.as("titolare", get(fmt.Sprintf(path, strings.ReplaceAll(url.PathEscape(v), "+", "%2B"))))
			if w.Code != http.StatusNotFound {
				t.Errorf("%s with %q: %d %.300s", path, v, w.Code, w.Body)
			}
		}
	}
	if got := h.numeri(""); !slices.Equal(got, []string{"A-1"}) {
		t.Errorf("afterwards: %v", got)
	}
}

func TestParametersThatAreNotMeant(t *testing.T) {
	t.Parallel()
	h := small(t)
	for query, codes := range map[string][]string{
		"?foo=1": {"unknown_parameter"}, "?esito=tutti": {"value_not_allowed"}, "?dal=2025-02-30": {"not_a_day"}, "?dal=2025-03-01&al=2025-02-01": {"days_in_wrong_order"},
		"?limit=0": {"limit_out_of_range"}, "?limit=201": {"limit_out_of_range"}, "?q=...": {"no_words"}, "?causale=x&sort=y": {"value_not_allowed", "value_not_allowed"},
		"?q=a&q=b": {"repeated_parameter"},
	} {
		want(t, h.as("titolare", get(searchPath+query)), http.StatusUnprocessableEntity, "invalid_parameters", codes...)
	}
	want(t, h.as("titolare", get("/v1/provvedimenti/A-1?versione=0")), http.StatusUnprocessableEntity, "invalid_parameters", "number_out_of_range")
	want(t, h.do(get(searchPath)), http.StatusUnauthorized, "authentication_required")
}

func TestWithoutAnArchiveNothingIsFound(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *api.Config) { c.Decider = real{engineOnce()} })
	for _, path := range []string{searchPath, "/v1/provvedimenti/A-1", "/v1/counters", "/v1/alerts", "/v1/alerts.ics", "/v1/esportazioni/x"} {
		want(t, s.do(get(path)), http.StatusServiceUnavailable, "archive_unavailable")
	}
}
