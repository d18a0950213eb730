package rulebook

// TraceSlots are the values that a sentence of the catalogue may name, each with what it is, in
// Italian. A slot that is not here is refused when the sentences are loaded.
var TraceSlots = map[string]string{}
