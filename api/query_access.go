package api

import (
	"github.com/google/uuid"

	"omnia/engine/fact"
)

// Parameters with a form of their own. What does not have it is refused: a criterion that can't match
// would look like an empty archive.

// matricola is ten digits.
func (q *query) matricola(name string) string {
	v := q.text(name, "")
	if v != "" && !isMatricola(v) {
		q.wrong(name, codeMatricolaForm)
		return ""
	}
	return v
}

// person is a codice fiscale, of a person or of a company.
func (q *query) person(name string) string {
	v := q.text(name, "")
	if v == "" {
		return ""
	}
	if _, ok := fact.FormatOf("codice_fiscale").Check(v); !ok {
		q.wrong(name, codePerson)
		return ""
	}
	return v
}

// id is a UUID as the service writes it.
func (q *query) id(name string) string {
	v := q.text(name, "")
	if v != "" && !isUUID(v) {
		q.wrong(name, codeUUID)
		return ""
	}
	return v
}

// isUUID tells whether s is a UUID in the one form that the service writes: lower case, with hyphens, bare.
func isUUID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}
