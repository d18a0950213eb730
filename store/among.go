package store

import (
	"encoding/json"
	"strings"
)

// among is the condition that a column is one of the values, and its one argument. A list of any length
// goes into one parameter: neither database allows as many parameters as a batch has rows.
func (s *Store) among(column string, values []string) (condition string, arg any) {
	if s.dialect == postgres {
		return column + " = ANY(?::text[])", arrayText(values)
	}
	b, err := json.Marshal(values)
	if err != nil {
		panic("store: texts always have a JSON: " + err.Error())
	}
	return column + " IN (SELECT value FROM json_each(?))", string(b)
}

var arrayEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// arrayText is an array of texts as PostgreSQL reads it: {"a","b"}.
func arrayText(values []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		_, _ = arrayEscape.WriteString(&b, v) // a Builder never fails
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}
