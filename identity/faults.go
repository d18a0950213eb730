package identity

import (
	"fmt"

	"omnia/internal/fault"
)

// The codes of what can be wrong with a token, and of the one thing that can be wrong with us.
// They are part of the API: explained there, in each language.
const (
	CodeMissing     = "token_missing"
	CodeMalformed   = "token_malformed"
	CodeSignature   = "token_signature"
	CodeExpired     = "token_expired"
	CodeNotYetValid = "token_not_yet_valid"
	CodeAudience    = "token_audience"
	CodeIssuer      = "token_issuer"
	CodeAlgorithm   = "token_algorithm"
	CodeType        = "token_type"
	CodeClaims      = "token_claims"
	CodeUnavailable = "keys_unavailable"
)

// refuse is a token that is not accepted. The text must hold nothing of the token but names of
// claims: what an attacker writes there is not to be echoed or logged.
func refuse(code, format string, args ...any) *fault.Fault {
	return fault.New(fault.Unauthorized, code, fmt.Sprintf(format, args...))
}

// unavailable says that a token can't be judged now, good as it may be.
func unavailable(cause error) *fault.Fault {
	return fault.New(fault.Unavailable, CodeUnavailable, "The keys of the issuer can't be fetched now. Try again in a few seconds.").Wrap(cause)
}
