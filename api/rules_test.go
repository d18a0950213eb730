package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"omnia/engine/calendar"
	"omnia/engine/rulebook"
)

// page is a list as its reader sees it.
type page struct {
	Items      []map[string]any `json:"items"`
	Limit      int              `json:"limit"`
	NextCursor string           `json:"next_cursor"`
}

func (s *service) page(path string) (p page) {
	s.t.Helper()
	w := s.do(get(path))
	want(s.t, w, http.StatusOK, "")
	decode(s.t, w.Body.Bytes(), &p)
	return p
}

// names are "kind/id" of each item.
func (p page) names() (out []string) {
	for _, i := range p.Items {
		out = append(out, i["kind"].(string)+"/"+i["id"].(string))
	}
	return out
}

func TestRulesAreListedFilteredAndSorted(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, tt := range []struct {
		name, path string
		want       []string
	}{
		{"all, by id", "/v1/rules", []string{"exception/METEO25", "parameter/cigo.limite", "counter/cigo.settimane_biennio", "parameter/doppio", "table/doppio"}},
		{"backwards", "/v1/rules?sort=-id", []string{"table/doppio", "parameter/doppio", "counter/cigo.settimane_biennio", "parameter/cigo.limite", "exception/METEO25"}},
		{"by kind", "/v1/rules?sort=kind", []string{"counter/cigo.settimane_biennio", "exception/METEO25", "parameter/cigo.limite", "parameter/doppio", "table/doppio"}},
		{"of one kind", "/v1/rules?kind=parameter", []string{"parameter/cigo.limite", "parameter/doppio"}},
		{"with a text in the title, whatever its case", "/v1/rules?q=BIENNIO", []string{"counter/cigo.settimane_biennio"}},
		{"none", "/v1/rules?q=nessuno", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := s.page(tt.path).names(); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAnEmptyListIsNotNull(t *testing.T) {
	t.Parallel()
	w := newService(t).do(get("/v1/rules?q=nessuno"))
	if got := strings.TrimSpace(w.Body.String()); got != `{"items":[],"limit":50}` {
		t.Errorf("got %s", got)
	}
}

func TestCursorsVisitEachItemOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, sort := range []string{"id", "-id", "kind", "-kind"} {
		for limit := range 6 {
			var got []string
			path := "/v1/rules?sort=" + sort + "&limit=" + string(rune('1'+limit))
			for next := path; next != ""; {
				p := s.page(next)
				got = append(got, p.names()...)
				if next = ""; p.NextCursor != "" {
					next = path + "&cursor=" + url.QueryEscape(p.NextCursor)
				}
			}
			if whole := s.page("/v1/rules?sort=" + sort).names(); !slices.Equal(got, whole) {
				t.Errorf("%s, %d a page: got %v, want %v", sort, limit+1, got, whole)
			}
		}
	}
}

func TestTheVersionInForceIsShown(t *testing.T) {
	t.Parallel()
	s := newService(t)
	w := s.do(get("/v1/rules/cigo.limite?at=2022-12-31").with("Accept-Language", "en"))
	want(t, w, http.StatusOK, "")
	var got map[string]any
	decode(t, w.Body.Bytes(), &got)
	for field, wanted := range map[string]any{
		"kind": "parameter", "id": "cigo.limite", "title": "Limite (en)", "version": 2.0, "valid_from": "2021-01-01", "valid_to": "2022-12-31",
		"confidence": "CONFIRMED", "digest": "sha256:cigo.limite", "text_digest": "sha256:text", "file": "parameters/cigo.limite.yaml",
		"source": "titolo: Limite\n", "edition": "2025-11", "edition_digest": "sha256:aa",
	} {
		if got[field] != wanted {
			t.Errorf("%s is %v, want %v", field, got[field], wanted)
		}
	}
}

func TestAnOpenVersionHasNoEnd(t *testing.T) {
	t.Parallel()
	w := newService(t).do(get("/v1/rules/cigo.settimane_biennio"))
	want(t, w, http.StatusOK, "")
	if strings.Contains(w.Body.String(), "valid_to") {
		t.Errorf("got %s", w.Body)
	}
}

func TestARuleNotInForceSaysWhenItWas(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, tt := range []struct{ at, want string }{
		{"2014-01-01", "cigo.limite is not in force on 2014-01-01: the first version in force after it is 1, from 2015-09-24."},
		{"2020-06-01", "cigo.limite is not in force on 2020-06-01: the last version in force before it is 1, from 2015-09-24 to 2019-12-31; the first version in force after it is 2, from 2021-01-01."},
		{"2025-01-01", "cigo.limite is not in force on 2025-01-01: the last version in force before it is 2, from 2021-01-01 to 2022-12-31."},
	} {
		w := s.do(get("/v1/rules/cigo.limite?at="+tt.at).with("Accept-Language", "en"))
		want(t, w, http.StatusNotFound, "rule_not_in_force")
		if p := problem(t, w); p.Detail != tt.want {
			t.Errorf("got  %s\nwant %s", p.Detail, tt.want)
		}
	}
}

func TestAnIdOfSeveralKindsNeedsTheKind(t *testing.T) {
	t.Parallel()
	s := newService(t)
	want(t, s.do(get("/v1/rules/doppio")), http.StatusUnprocessableEntity, "invalid_parameters", "ambiguous_rule")
	want(t, s.do(get("/v1/rules/doppio?kind=table")), http.StatusOK, "")
	want(t, s.do(get("/v1/rules/doppio/versions?kind=parameter")), http.StatusOK, "")
	want(t, s.do(get("/v1/rules/doppio?kind=counter")), http.StatusNotFound, "rule_not_found")
}

func TestVersionsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var got []float64
	for _, v := range s.page("/v1/rules/cigo.limite/versions").Items {
		got = append(got, v["version"].(float64))
	}
	if !slices.Equal(got, []float64{2, 1}) {
		t.Errorf("got %v", got)
	}
	want(t, s.do(get("/v1/rules/nessuna/versions")), http.StatusNotFound, "rule_not_found")
}

func TestTheEditionIsFoundByNameAndByDigest(t *testing.T) {
	t.Parallel()
	s := newService(t)
	if p := s.page("/v1/editions"); len(p.Items) != 1 || p.Items[0]["name"] != "2025-11" || p.Items[0]["current"] != true {
		t.Errorf("got %v", p.Items)
	}
	for _, id := range []string{"2025-11", "sha256:aa"} {
		if items := s.edition(id)["items"].([]any); len(items) != 6 {
			t.Errorf("%s: %d items", id, len(items))
		}
	}
	want(t, s.do(get("/v1/editions/2024-01")), http.StatusNotFound, "edition_not_found")
}

func (s *service) edition(id string) (e map[string]any) {
	s.t.Helper()
	w := s.do(get("/v1/editions/" + url.PathEscape(id)))
	want(s.t, w, http.StatusOK, "")
	decode(s.t, w.Body.Bytes(), &e)
	return e
}

// published is an edition that was published with the first items of the small one.
func published(s *service, name, on, digest string, items int) *rulebook.Published {
	p := &rulebook.Published{Name: name, On: calendar.MustParse(on), Digest: digest}
	for _, i := range s.fake.edition.Items[:items] {
		v := i.Version
		p.Items = append(p.Items, rulebook.PublishedItem{Kind: i.Kind, ID: i.ID, Version: v.Number, From: v.From, To: v.To, Digest: v.Digest, TextDigest: v.TextDigest})
	}
	return p
}

func TestPublishedEditionsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.fake.edition.Published = []*rulebook.Published{ // oldest first, as loaded
		published(s, "2025.9", "2025-01-10", "sha256:09", 1), published(s, "2025.10", "2025-03-01", "sha256:10", 2), published(s, "2025-11", "2025-11-01", "sha256:aa", 6),
	}
	list := func(query string) (out []string) {
		for next := "/v1/editions?limit=2" + query; next != ""; {
			p := s.page(next)
			for _, e := range p.Items {
				out = append(out, fmt.Sprint(e["name"], " ", e["digest"], " ", e["published_on"], " ", e["current"], " ", e["size"]))
			}
			if next = ""; p.NextCursor != "" {
				next = "/v1/editions?limit=2" + query + "&cursor=" + url.QueryEscape(p.NextCursor)
			}
		}
		return out
	}
	const old, middle, use = "2025.9 sha256:09 2025-01-10 false 1", "2025.10 sha256:10 2025-03-01 false 2", "2025-11 sha256:aa 2025-11-01 true 6"
	for query, wanted := range map[string][]string{
		"":                   {use, middle, old},
		"&sort=published_on": {old, middle, use},
		"&sort=name":         {use, middle, old}, // by the letter
	} {
		if got := list(query); !slices.Equal(got, wanted) {
			t.Errorf("%q: got %v, want %v", query, got, wanted)
		}
	}
	for _, id := range []string{"2025.10", "sha256:10"} {
		e := s.edition(id)
		first := e["items"].([]any)[1].(map[string]any)
		if len(e["items"].([]any)) != 2 || e["published_on"] != "2025-03-01" || first["id"] != "METEO25" || first["valid_from"] != "2025-07-01" || first["valid_to"] != "2025-12-31" {
			t.Errorf("%s: %v", id, e)
		}
	}

	s.fake.edition.Name = rulebook.Draft
	const draft = "bozza sha256:aa <nil> true 6"
	if got := list(""); len(got) != 4 || got[0] != draft {
		t.Errorf("a draft in use is not first: %v", got)
	}
}
