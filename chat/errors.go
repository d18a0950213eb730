package chat

import "omnia/internal/fault"

// The refusals of the service. Those that are about input have their place given by who reads the input.
var (
	ErrClosed        = fault.New(fault.Conflict, "conversation_closed", "The conversation is closed.")
	ErrTooMany       = fault.New(fault.Conflict, "too_many_conversations", "The person has as many open conversations as one may have.")
	ErrReused        = fault.New(fault.Conflict, "client_id_reused", "Another message was sent under this client_id.")
	ErrTaken         = fault.New(fault.Conflict, "conversation_taken", "The conversation has another adviser.")
	ErrNotClosed     = fault.New(fault.Conflict, "conversation_not_closed", "The conversation is still open.")
	ErrRated         = fault.New(fault.Conflict, "conversation_rated", "The conversation has been rated.")
	ErrNoConsent     = fault.New(fault.Forbidden, "consent_missing", "The person has not given consent.")
	ErrNotAdviser    = fault.New(fault.Forbidden, "not_the_adviser", "The conversation has another adviser, or none.")
	ErrNoUpload      = fault.New(fault.Invalid, "unknown_attachment", "No such file waits to be sent.")
	ErrAdviserFull   = fault.New(fault.Conflict, "adviser_full", "That adviser has no room for another conversation.")
	ErrAdviserAbsent = fault.New(fault.Conflict, "adviser_absent", "That adviser is not on duty.")
)
