package api

import (
	"net/http"
	"regexp"
	"strings"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// explanation is one code as its page tells it.
type explanation struct {
	Type   string `json:"type"`
	Code   string `json:"code"`
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Cure   string `json:"cure"`
}

// explanations are all codes that a caller may meet under that edition: those of the service, and
// those that the checks of the edition give. Of a code that both have, the service's word counts;
// one that several checks give is explained by all of them.
func explanations(ed *rulebook.Edition, lang string) []explanation {
	var all []explanation
	for i := range problemTable {
		all = append(all, ofTable(&problemTable[i], lang))
	}
	place := map[string]int{} // of codes of checks
	for _, r := range ed.Rules {
		for i := range r.Versions {
			v := &r.Versions[i]
			if problemIndex[v.Code] != nil {
				continue
			}
			x := ofCheck(r.Title, v, lang)
			if n, ok := place[v.Code]; ok {
				all[n].also(x)
				continue
			}
			place[v.Code] = len(all)
			all = append(all, x)
		}
	}
	return all
}

// also adds what another check says under the same code.
func (x *explanation) also(y explanation) {
	x.Title = joined(x.Title, "; ", y.Title)
	x.Detail = joined(x.Detail, " ", y.Detail)
}

func joined(text, between, more string) string {
	if strings.Contains(text, more) {
		return text
	}
	return text + between + more
}

// explanationOf is the explanation of one code.
func explanationOf(ed *rulebook.Edition, code, lang string) (explanation, bool) {
	for _, x := range explanations(ed, lang) {
		if x.Code == code {
			return x, true
		}
	}
	return explanation{}, false
}

func ofTable(e *explained, lang string) explanation {
	return explanation{
		Type: "/problems/" + e.Code, Code: e.Code, Status: statuses[e.Kind],
		Title: e.Title.In(lang), Detail: general(e.Text.In(lang)), Cure: e.Cure.In(lang),
	}
}

// slot is a place in a message that is filled for each case.
var slot = regexp.MustCompile(`\{[^{}]*\}`)

// ofCheck explains the code of a check by its own message.
func ofCheck(title fact.Texts, v *rulebook.RuleVersion, lang string) explanation {
	return explanation{
		Type: "/problems/" + v.Code, Code: v.Code, Status: http.StatusUnprocessableEntity,
		Title: title.In(lang), Detail: slot.ReplaceAllString(v.Message.Texts.In(lang), "…"), Cure: checkCure.In(lang),
	}
}

var checkCure = texts("Controllare il fatto indicato da pointer; la regola è in /v1/rules.",
	"Check the fact that the pointer names; the rule is in /v1/rules.",
	"Die von pointer genannte Angabe prüfen; die Regel steht in /v1/rules.")
