package api

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// explanation is one code as its page tells it.
type explanation struct {
	Type   string          `json:"type"`
	Code   string          `json:"code"`
	Status int             `json:"status"` // of an answer that bears the code; 200: only findings and warnings do
	Title  string          `json:"title"`
	Detail string          `json:"detail"`
	Cure   string          `json:"cure"`
	Rules  []explainedRule `json:"rules,omitempty"` // that give the code
}

// explainedRule is one version of a rule that gives a code.
type explainedRule struct {
	ID         string              `json:"id"`
	Version    int                 `json:"version"`
	ValidFrom  calendar.Day        `json:"valid_from"`
	ValidTo    *calendar.Day       `json:"valid_to,omitempty"`
	Title      string              `json:"title"`
	Severity   string              `json:"severity"`
	Message    string              `json:"message"`
	Suggestion string              `json:"suggestion,omitempty"`
	Law        []rulebook.Citation `json:"law"`
}

// explanations are all codes that a caller may meet under that edition: those of the service, those of its checks,
// and those of the rules of its forms. A code that several of them give is explained by all.
func explanations(ed *rulebook.Edition, lang string) []explanation {
	return explainedCodes(ed, lang, "")
}

// explainedCodes are the explanations of one code, or of all where only is "".
func explainedCodes(ed *rulebook.Edition, lang, only string) []explanation {
	var all []explanation
	place := map[string]int{}
	for i := range problemTable {
		if e := &problemTable[i]; only == "" || e.Code == only {
			place[e.Code] = len(all)
			all = append(all, ofTable(e, lang))
		}
	}
	add := func(rules []*rulebook.Rule, status int, cure fact.Texts) {
		for _, r := range rules {
			for i := range r.Versions {
				if only != "" && r.Versions[i].Code != only {
					continue
				}
				x := ofRule(r, &r.Versions[i], status, cure, lang)
				if n, ok := place[x.Code]; ok {
					all[n].also(&x)
					continue
				}
				place[x.Code] = len(all)
				all = append(all, x)
			}
		}
	}
	add(ed.Rules, http.StatusUnprocessableEntity, checkCure)
	add(ed.FormRules, http.StatusOK, findingCure)
	return all
}

// also adds what another rule says under the same code. Of an older version of a rule, which comes after the newer ones,
// only that it is there.
func (x *explanation) also(y *explanation) {
	r := y.Rules[0]
	older := slices.ContainsFunc(x.Rules, func(newer explainedRule) bool { return newer.ID == r.ID })
	x.Rules = append(x.Rules, r)
	if older {
		return
	}
	x.Title = joined(x.Title, "; ", y.Title)
	x.Detail = joined(x.Detail, " ", y.Detail)
	x.Cure = joined(x.Cure, " ", y.Cure)
}

func joined(text, between, more string) string {
	if strings.Contains(text, more) {
		return text
	}
	return text + between + more
}

// explanationOf is the explanation of one code.
func explanationOf(ed *rulebook.Edition, code, lang string) (explanation, bool) {
	if found := explainedCodes(ed, lang, code); len(found) > 0 && code != "" {
		return found[0], true
	}
	return explanation{}, false
}

func ofTable(e *explained, lang string) explanation {
	return explanation{
		Type: "/problems/" + e.Code, Code: e.Code, Status: e.status(),
		Title: e.Title.In(lang), Detail: general(e.Text.In(lang)), Cure: e.Cure.In(lang),
	}
}

// slot is a place in a message that is filled for each case.
var slot = regexp.MustCompile(`\{[^{}]*\}`)

func unfilled(text fact.Texts, lang string) string {
	return slot.ReplaceAllString(text.In(lang), "…")
}

// ofRule explains the code of a version of a rule by its own message, and by what it proposes.
func ofRule(r *rulebook.Rule, v *rulebook.RuleVersion, status int, cure fact.Texts, lang string) explanation {
	ref := reference(&v.Version)
	x := explainedRule{
		ID: r.ID, Version: ref.Version, ValidFrom: ref.ValidFrom, ValidTo: ref.ValidTo,
		Title: r.Title.In(lang), Severity: v.Severity, Message: unfilled(v.Message.Texts, lang), Law: ref.Law,
	}
	out := explanation{Type: "/problems/" + v.Code, Code: v.Code, Status: status, Title: x.Title, Detail: x.Message, Cure: cure.In(lang)}
	if v.Suggestion != nil {
		x.Suggestion = unfilled(v.Suggestion.Text.Texts, lang)
		out.Cure = x.Suggestion
	}
	out.Rules = []explainedRule{x}
	return out
}

var (
	checkCure = texts("Controllare il fatto indicato da pointer; la regola è in /v1/rules.",
		"Check the fact that the pointer names; the rule is in /v1/rules.",
		"Die von pointer genannte Angabe prüfen; die Regel steht in /v1/rules.")
	findingCure = texts("Controllare i campi indicati in fields; la regola è in /v1/rules.",
		"Check the fields named in fields; the rule is in /v1/rules.",
		"Die in fields genannten Felder prüfen; die Regel steht in /v1/rules.")
)
