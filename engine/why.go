package engine

import (
	"strconv"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// Why says in one sentence, for a person who checks a decision, why a version was the one that holds and what came
// of it. Kind and Why may be empty, as they are in a receipt: then the sentence says less. It is "" for a version
// that the edition does not have, or has with another meaning.
func Why(ed *rulebook.Edition, a *Applied, lang string) string {
	it := itemOf(ed, a)
	if it == nil {
		return ""
	}
	day, err := calendar.Parse(a.On)
	known := err == nil
	text := whyWords["title"].In(lang) + whyReason(a, it.Version, day, known).In(lang)
	if x, ok := stateWords[a.State]; ok {
		text += x.In(lang)
	}
	title := it.Title.In(lang)
	if title == "" {
		title = a.ID
	}
	return strings.NewReplacer(
		"{n}", strconv.Itoa(a.Version), "{title}", title, "{id}", a.ID, "{what}", dayWords[a.Why].In(lang), "{day}", day.In(lang),
		"{from}", it.Version.From.In(lang), "{to}", it.Version.To.In(lang),
	).Replace(text) + "."
}

// itemOf is the version in the edition; nil when there is none of that meaning.
func itemOf(ed *rulebook.Edition, a *Applied) *rulebook.Item {
	for i := range ed.Items {
		it := &ed.Items[i]
		if it.ID == a.ID && it.Version.Number == a.Version && it.Version.Digest == a.Digest && (a.Kind == "" || a.Kind == it.Kind) {
			return it
		}
	}
	return nil
}

// whyReason chooses the words for the reason: without a day, on a day outside the version, between two days, from
// one on, to one, or always.
func whyReason(a *Applied, v *rulebook.Version, day calendar.Day, known bool) fact.Texts {
	switch {
	case !known:
		return whyWords["case"]
	case a.Why == WhyNearest:
		return whyWords["nearest"]
	case !v.Has(day):
		return whyWords["undated"]
	case v.From == calendar.Min && v.Open():
		return whyWords["always"]
	case v.From == calendar.Min:
		return whyWords["until"]
	case v.Open():
		return whyWords["since"]
	}
	return whyWords["between"]
}

var whyWords = map[string]fact.Texts{
	"title": {
		"it": "Versione {n} di «{title}» ({id}), perché ", "en": "Version {n} of “{title}” ({id}), because ", "de": "Version {n} von „{title}“ ({id}), denn ",
	},
	"case": {
		"it": "vale per ogni caso, quale che sia il giorno", "en": "it holds for every case, whatever the day", "de": "sie gilt für jeden Fall, unabhängig vom Tag",
	},
	"nearest": {
		"it": "il {day}{what} nessuna versione era in vigore, e questa è la più vicina",
		"en": "on {day}{what} no version was in force, and this is the closest one",
		"de": "am {day}{what} war keine Version in Kraft, und diese liegt am nächsten",
	},
	"undated": {
		"it": "riguarda un periodo che non dice quando comincia; in vigore dal {from} al {to}",
		"en": "it concerns a period that does not say when it began; in force from {from} to {to}",
		"de": "sie betrifft einen Zeitraum, der seinen Beginn nicht nennt; in Kraft vom {from} bis {to}",
	},
	"always": {
		"it": "è in vigore il {day}{what}, come in ogni altro giorno", "en": "it is in force on {day}{what}, as on any other day",
		"de": "sie ist am {day}{what} in Kraft, wie an jedem anderen Tag",
	},
	"until": {
		"it": "il {day}{what} non viene dopo il {to}, ultimo giorno in cui è in vigore", "en": "{day}{what} is not after {to}, the last day on which it is in force",
		"de": "der {day}{what} liegt nicht nach dem {to}, dem letzten Tag ihrer Geltung",
	},
	"since": {
		"it": "il {day}{what} non viene prima del {from}, da quando è in vigore", "en": "{day}{what} is not before {from}, since when it has been in force",
		"de": "der {day}{what} liegt nicht vor dem {from}, seit dem sie in Kraft ist",
	},
	"between": {
		"it": "il {day}{what} cade fra il {from} e il {to}, i giorni in cui è in vigore", "en": "{day}{what} lies between {from} and {to}, when it is in force",
		"de": "der {day}{what} liegt zwischen dem {from} und dem {to}, in denen sie in Kraft ist",
	},
}

// dayWords say what the day is to the case.
var dayWords = map[string]fact.Texts{
	WhyReference: {"it": " (giorno di riferimento)", "en": " (reference day)", "de": " (Bezugstag)"},
	WhyNearest:   {"it": " (giorno di riferimento)", "en": " (reference day)", "de": " (Bezugstag)"},
	WhyStart:     {"it": " (primo giorno richiesto)", "en": " (first day requested)", "de": " (erster beantragter Tag)"},
	WhyEachDay:   {"it": " (giorno di una settimana richiesta)", "en": " (day of a week requested)", "de": " (Tag einer beantragten Woche)"},
	WhyFiling:    {"it": " (giorno di presentazione)", "en": " (day of filing)", "de": " (Tag der Einreichung)"},
	WhyPeriodDay: {"it": " (giorno di un periodo della storia)", "en": " (day of a period of the history)", "de": " (Tag eines früheren Zeitraums)"},
	WhyTriedDay:  {"it": " (giorno provato come possibile inizio)", "en": " (day tried as a possible start)", "de": " (als möglicher Beginn geprüfter Tag)"},
	WhyUse:       {"it": " (giorno di cui si applica la legge)", "en": " (day whose law applies)", "de": " (Tag, dessen Recht gilt)"},
}

// stateWords say what came of the version.
var stateWords = map[string]fact.Texts{
	StateNotInForce: {"it": "; non ha deciso nulla", "en": "; it decided nothing", "de": "; sie hat nichts entschieden"},
	StateFalse:      {"it": "; la sua condizione non era soddisfatta", "en": "; its condition did not hold", "de": "; ihre Bedingung war nicht erfüllt"},
	StateUnknown:    {"it": "; non si è potuto dire se la sua condizione fosse soddisfatta", "en": "; whether its condition held could not be told", "de": "; ob ihre Bedingung erfüllt war, ließ sich nicht sagen"},
	StateApplied:    {"it": "; è stata applicata", "en": "; it was applied", "de": "; sie wurde angewandt"},
	StateTrue:       {"it": "; la sua condizione era soddisfatta", "en": "; its condition held", "de": "; ihre Bedingung war erfüllt"},
	StateFailed:     {"it": "; non si è potuta valutare", "en": "; it could not be evaluated", "de": "; sie konnte nicht ausgewertet werden"},
}
