package replay

import "omnia/engine/fact"

// wordIn is what an outcome is called: a verdict, a severity, that a fact is asked for. What has no name is shown as
// it is.
func wordIn(code, lang string) string {
	if t, ok := outcomeWords[code]; ok {
		return t.In(lang)
	}
	return code
}

var outcomeWords = map[string]fact.Texts{
	"admissible":        {"it": "ammissibile", "en": "admissible", "de": "zulässig"},
	"partly_admissible": {"it": "ammissibile in parte", "en": "partly admissible", "de": "teilweise zulässig"},
	"inadmissible":      {"it": "non ammissibile", "en": "inadmissible", "de": "unzulässig"},
	"exempt":            {"it": "esente", "en": "exempt", "de": "befreit"},
	"not_applicable":    {"it": "non applicabile", "en": "not applicable", "de": "nicht anwendbar"},
	"missing_data":      {"it": "dati mancanti", "en": "missing data", "de": "fehlende Angaben"},
	"rule_failed":       {"it": "regola non valutabile", "en": "a rule could not be evaluated", "de": "Regel nicht auswertbar"},
	"conflict":          {"it": "conflitto fra regole", "en": "rules in conflict", "de": "widersprüchliche Regeln"},
	"valid":             {"it": "valida", "en": "valid", "de": "gültig"},
	"invalid":           {"it": "non valida", "en": "invalid", "de": "ungültig"},
	"incomplete":        {"it": "incompleta", "en": "incomplete", "de": "unvollständig"},
	"error":             {"it": "errore", "en": "error", "de": "Fehler"},
	"warning":           {"it": "avviso", "en": "warning", "de": "Warnung"},
	"info":              {"it": "informazione", "en": "information", "de": "Hinweis"},
	needed:              {"it": "dato da indicare", "en": "to be given", "de": "anzugeben"},
	value:               {"it": "valore calcolato", "en": "value worked out", "de": "berechneter Wert"},
	refused:             {"it": "fatti respinti", "en": "facts refused", "de": "Angaben abgelehnt"},
}
