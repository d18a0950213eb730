package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"
)

// alertsOf reads all alerts of a person, so many a page.
func (h *house) alertsOf(persona, query string, limit int) (all []map[string]any, pages int) {
	h.t.Helper()
	path := fmt.Sprintf("/v1/alerts?limit=%d%s", limit, query)
	for next := path; ; pages++ {
		page := h.get(persona, next)
		if n := len(items(page)); n > limit {
			h.t.Fatalf("%d alerts on a page of %d", n, limit)
		}
		all = append(all, items(page)...)
		cursor, more := page["next_cursor"].(string)
		if !more {
			return all, pages + 1
		}
		next = path + "&cursor=" + cursor
	}
}

func TestAlertsAreAListInPages(t *testing.T) {
	t.Parallel()
	h := newItaly(t)
	all, _ := h.alertsOf("consulente", "", 200)
	if len(all) < 5 {
		t.Fatalf("only %d alerts", len(all))
	}
	seen := map[string]bool{}
	for _, a := range all {
		if seen[a["id"].(string)] {
			t.Errorf("%v is there twice", a["id"])
		}
		seen[a["id"].(string)] = true
	}
	for _, limit := range []int{1, 2, 3, 7} {
		if some, _ := h.alertsOf("consulente", "", limit); fmt.Sprint(some) != fmt.Sprint(all) {
			t.Errorf("in pages of %d: %v\nwant %v", limit, values(some, "id"), values(all, "id"))
		}
	}
	for _, member := range []string{"kind", "severity", "matricola"} {
		for _, v := range slices.Compact(slices.Sorted(slices.Values(values(all, member)))) {
			some, _ := h.alertsOf("consulente", "&"+member+"="+v, 3)
			var wanted []map[string]any
			for _, a := range all {
				if a[member] == v {
					wanted = append(wanted, a)
				}
			}
			if !slices.Equal(values(some, "id"), values(wanted, "id")) {
				t.Errorf("%s=%s: %v, want %v", member, v, values(some, "id"), values(wanted, "id"))
			}
		}
	}
	if some, _ := h.alertsOf("consulente-scaduto", "", 50); len(some) != 0 {
		t.Errorf("who has no delegation sees %d alerts", len(some))
	}
	mine := values(items(h.get("titolare", "/v1/alerts?limit=200")), "matricola")
	if slices.ContainsFunc(mine, func(m string) bool { return m != ferri }) || len(mine) == 0 {
		t.Errorf("the titolare sees alerts of %v", mine)
	}
	for query, code := range map[string]string{"?kind=x": "value_not_allowed", "?severity=x": "value_not_allowed", "?limit=0": "limit_out_of_range", "?cursor=x": "bad_cursor", "?x=1": "unknown_parameter"} {
		want(t, h.as("titolare", get("/v1/alerts"+query)), http.StatusUnprocessableEntity, "invalid_parameters", code)
	}
	want(t, h.do(get("/v1/alerts")), http.StatusUnauthorized, "authentication_required")
}

func TestAlertsAsACalendar(t *testing.T) {
	t.Parallel()
	h := newItaly(t)
	all, _ := h.alertsOf("consulente", "", 200)
	var dated []string
	for _, a := range all {
		if a["dated"] == true {
			dated = append(dated, a["id"].(string))
		}
	}
	slices.Sort(dated)
	for name, r := range map[string]request{
		"by its path":   get("/v1/alerts.ics"),
		"by its accept": get("/v1/alerts").with("Accept", "text/calendar"),
	} {
		w := h.as("consulente", r)
		want(t, w, http.StatusOK, "")
		calendar, err := ics.ParseCalendar(strings.NewReader(w.Body.String()))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var uids []string
		for _, e := range calendar.Events() {
			uids = append(uids, e.Id())
		}
		slices.Sort(uids)
		if !slices.Equal(uids, dated) || len(uids) == 0 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: events %v, want %v", name, uids, dated)
		}
	}
	want(t, h.as("consulente", get("/v1/alerts.ics").with("Accept", "application/json")), http.StatusNotAcceptable, "not_acceptable")
	want(t, h.as("consulente", get("/v1/alerts.ics?limit=3")), http.StatusUnprocessableEntity, "invalid_parameters", "unknown_parameter")
	one := h.as("titolare", get("/v1/alerts.ics?matricola="+ferri+"&kind=delega"))
	want(t, one, http.StatusOK, "")
}
