package fact

import "slices"

// typeNames are the types as authors write them, by Type.
var typeNames = [...]string{
	Text: "text", Code: "code", Bool: "boolean", Integer: "integer",
	Decimal: "decimal", Date: "date", Days: "days", List: "list",
}

// String is the type as authors write it.
func (t Type) String() string { return typeNames[t] }

// TypeNames lists the types a field may declare; lists are declared as groups.
func TypeNames() []string { return slices.Clone(typeNames[:List]) }

// ParseType reads a type as authors write it.
func ParseType(name string) (Type, bool) {
	i := slices.Index(typeNames[:List], name)
	return Type(max(i, 0)), i >= 0
}

// IsNumber tells whether the type takes bounds and a unit.
func (t Type) IsNumber() bool { return t == Integer || t == Decimal }
