package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"omnia/fixtures"
)

// both makes a person who has a company and answers others as an adviser.
func (p *parlour) both() string {
	t := p.people["titolare"]
	p.people["doppio"] = fixtures.Person{Persona: "doppio", CodiceFiscale: t.CodiceFiscale, Ruoli: []string{"impresa", "advisor"}, Sede: "7000"}
	return "doppio"
}

// Who has a company and is an adviser too is asked as what they are in each conversation: as an adviser they hear of matricole
// that are not theirs, and as a company only of their own.
func TestSomebodyWhoIsBothIsAskedAsWhatTheyAreThere(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	both := p.both()
	own := p.open(both, first, "")
	others := p.open("consulente", second, "")
	l := p.listen(both, "")
	p.post(both, others+"/assignment", "", http.StatusOK)
	l.until("assigned")
	p.say("consulente", others, "di un'altra impresa")
	l.hears("as an adviser", "di un'altra impresa")
	p.say(both, own, "della propria")
	l.hears("as a company", "della propria")

	list := fmt.Sprint(read[map[string]any](t, p.as(both, get(conversations)))["items"])
	for _, at := range []string{own, others} {
		if !strings.Contains(list, strings.TrimPrefix(at, conversations+"/")) {
			t.Errorf("%s is not in their list: %s", at, list)
		}
	}
	for _, word := range []string{"propria", "altra"} {
		if items := read[listing](t, p.as(both, get("/v1/chat/messages?q="+word))).Items; len(items) != 1 {
			t.Errorf("searching %q among one's own: %v", word, items)
		}
	}

	if _, err := p.store.Revoke(t.Context(), p.bonds["own"], "prova", opening); err != nil {
		t.Fatal(err)
	}
	p.stored(others, "consulente", "ancora")
	l.hears("as an adviser, with no company any more", "ancora")
	p.stored(own, both, "della propria, dopo la revoca")
	if e, ok := l.next(); !ok || e.kind != "resync" {
		t.Errorf("as a company, after the revocation: %+v", e)
	}
}

// Nobody is their own adviser.
func TestNobodyAnswersThemselves(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	both := p.both()
	p.post2(both, http.MethodPut, "/v1/chat/presence", `{"available": true}`, http.StatusOK)
	at := p.open(both, first, "")
	if k := read[map[string]any](t, p.as(both, get(at))); k["state"] != "in_coda" {
		t.Errorf("given to who opened it: %v", k)
	}
	p.post2("advisor", http.MethodPut, "/v1/chat/presence", `{"available": true}`, http.StatusOK)
	want(t, p.as("advisor", post(at+"/transfer", `{"adviser": "sub-doppio"}`)), http.StatusConflict, "adviser_absent")
	want(t, p.as(both, post(at+"/assignment", "")), http.StatusForbidden, "access_denied")
}
