package api

import (
	"net/http"
	"regexp"

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
// those that the checks of the edition give. Of a code that both have, the service's word counts.
func explanations(ed *rulebook.Edition, lang string) []explanation {
	var all []explanation
	for i := range problemTable {
		all = append(all, ofTable(&problemTable[i], lang))
	}
	seen := map[string]bool{}
	for _, r := range ed.Rules {
		for i := range r.Versions {
			code := r.Versions[i].Code
			if problemIndex[code] == nil && !seen[code] {
				seen[code] = true
				all = append(all, ofCheck(r.Title, &r.Versions[i], lang))
			}
		}
	}
	return all
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
