package api

import (
	"fmt"
	"net/http"
	"strings"

	"omnia/engine/fact"
	"omnia/internal/fault"
)

// The codes of the problems that arise in this package. Those of the engine are in its own
// packages; problemTable explains them all.
const (
	codeInternal         = "internal"
	codeRouteNotFound    = "route_not_found"
	codeMethodNotAllowed = "method_not_allowed"
	codeNotAcceptable    = "not_acceptable"
	codeMediaType        = "unsupported_media_type"
	codeEncoding         = "unsupported_encoding"
	codeTooLarge         = "body_too_large"
	codeBodyBroken       = "body_incomplete"
	codeSlowBody         = "body_timeout"
	codeTimeout          = "timeout"
	codeRateLimited      = "rate_limited"
	codeOverloaded       = "overloaded"
	codeStopping         = "stopping"
	codeQuery            = "invalid_parameters"
	codeUnknownParameter = "unknown_parameter"
	codeRepeated         = "repeated_parameter"
	codeQuerySyntax      = "malformed_query"
	codeChoice           = "value_not_allowed"
	codeLimit            = "limit_out_of_range"
	codeDay              = "not_a_day"
	codeCursor           = "bad_cursor"
	codeTooLong          = "parameter_too_long"
	codeRuleNotFound     = "rule_not_found"
	codeNotInForce       = "rule_not_in_force"
	codeAmbiguous        = "ambiguous_rule"
	codeEditionNotFound  = "edition_not_found"
	codeProblemNotFound  = "problem_not_found"

	codeUnauthenticated      = "authentication_required"
	codeCredentials          = "credentials_not_bearer"
	codeNoIssuer             = "no_issuer"
	codeForbidden            = "access_denied"
	codeMatricolaNotFound    = "matricola_not_found"
	codeArchiveUnavailable   = "archive_unavailable"
	codePurpose              = "bad_purpose"
	codeBadKey               = "bad_idempotency_key"
	codeKeyReused            = "idempotency_key_reused"
	codeInProgress           = "idempotency_in_progress"
	codePreconditionFailed   = "precondition_failed"
	codePreconditionRequired = "precondition_required"
	codeStaleVersion         = "stale_version"
	codeUnitNotFound         = "unita_produttiva_not_found"
	codeDelegaNotFound       = "delega_not_found"
	codeDelegaParent         = "delega_padre"
	codeDelegaOverlap        = "delega_overlap"
	codeDelegaSelf           = "delega_self"
	codeDelegaPast           = "delega_past"
	codeDelegaType           = "delega_type_not_allowed"
	codeOtherMatricola       = "other_matricola"
	codeUnitInUse            = "unit_in_use"
	codePerson               = "not_a_codice_fiscale"
	codeUUID                 = "not_an_id"
	codeText                 = "not_plain_text"
	codeInvalidInput         = "invalid_input"
	codeMatricolaForm        = "not_a_matricola"
)

// explained is one code: what it is called, what is told to the caller, and the cure. Text may
// have verbs, which are filled for each problem.
type explained struct {
	Code  string
	Kind  fault.Kind
	Said  bool // only in findings and warnings, which are part of an answer: no problem bears it
	Title fact.Texts
	Text  fact.Texts
	Cure  fact.Texts
}

// status is that of the answers that bear the code.
func (e *explained) status() int {
	if e.Said {
		return http.StatusOK
	}
	return statuses[e.Kind]
}

// texts is a text in the three languages.
func texts(it, en, de string) fact.Texts { return fact.Texts{"it": it, "en": en, "de": de} }

// problemIndex finds an explanation by its code.
var problemIndex = func() map[string]*explained {
	index := make(map[string]*explained, len(problemTable))
	for i := range problemTable {
		index[problemTable[i].Code] = &problemTable[i]
	}
	return index
}()

// failure is the problem of that code, said in lang. The code must be in problemTable.
func failure(lang, code string, args ...any) *fault.Fault {
	e := problemIndex[code]
	return fault.New(e.Kind, code, filled(e.Text.In(lang), args))
}

// defect is one wrong part of an input, said in lang. The code must be in problemTable.
func defect(lang, pointer, code string, args ...any) fault.Detail {
	return fault.Detail{Pointer: pointer, Code: code, Text: filled(problemIndex[code].Text.In(lang), args)}
}

func filled(text string, args []any) string {
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// general is the text with its verbs as an ellipsis, for the page that explains the code.
func general(text string) string {
	return strings.NewReplacer("%q", "…", "%s", "…", "%d", "…").Replace(text)
}
