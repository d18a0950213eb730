package rulebook

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// Tri is a three-valued truth (Kleene), plus Failed: a rule that could not be evaluated.
type Tri uint8

// The values. Failed is neither true nor false nor unknown; Env.Failure says why.
const (
	False Tri = iota
	True
	Unknown
	Failed
)

// Env is what an expression is evaluated on. It is reused, never shared between goroutines.
type Env struct {
	Root     fact.Record             // facts of the case
	Row      fact.Record             // the row in hand (`periodo`), or nil
	RowIndex int                     // its index, for naming missing facts; RequestRow for the request as a period
	Day      calendar.Day            // the day whose law applies: parameters and tables are read as in force on it
	Failure  *Failure                // set when something returned Failed
	Open     bool                    // what is not known may still come to be: known() is then unknown of it, not false
	Looked   func(*Table, *TableRow) // is told each row of a table that is read, when not nil
	Repeats  *Repeats                // what repeated() remembers of the lists of this Root; nil: it looks each time
	// Used is told each parameter version read, when not nil.
	Used func(*Parameter, *ParameterVersion)
	Uses *Uses // notes every version read; nil: nobody wants to know
}

// RequestRow is the RowIndex of the request seen as a period: missing facts are named "richiesta.…".
const RequestRow = -1

// Failure is a run-time error of an expression: loud, and never a refusal on the merits.
type Failure struct {
	Code  string // param_not_in_force, table_not_in_force, table_no_row, overflow, date_out_of_range, invalid_argument, no_record
	Text  string // Italian
	Place Place
}

// Condition is a compiled boolean expression.
type Condition struct{ expr }

// Expr is a compiled expression that yields a value.
type Expr struct{ expr }

// expr is what both share. It never changes after it is compiled.
type expr struct {
	Source string
	Place  Place

	root   *node // the checked tree, for sentences and blocking facts
	want   Want
	canon  string
	reads  []*fact.Field
	params []*Parameter
	tables []*Table

	around bool // looks at rows other than the one in hand

	rootWidth, rowWidth int // shortest records the closures may be run on

	test  test     // of a boolean expression
	num   ratFunc  // of a numeric expression
	whole intFunc  // of an integer expression or a date
	text  textFunc // of a text expression
}

// Eval is the truth of the condition; a nil condition is True.
func (c *Condition) Eval(e *Env) Tri {
	if c == nil {
		return True
	}
	if len(e.Root) < c.rootWidth || len(e.Row) < c.rowWidth {
		return c.noRecord(e)
	}
	return c.test(e)
}

// Blocking appends the unknown facts that keep the condition from being decided, each once.
// A side that is decided adds nothing; nor does a condition that is True, False or Failed.
func (c *Condition) Blocking(e *Env, refs []fact.Ref) []fact.Ref {
	if c == nil {
		return refs
	}
	return c.blocking(e, refs)
}

// Number is the value of a numeric expression; the truth is True when it is known, Unknown or Failed otherwise.
func (x *Expr) Number(e *Env) (quantity.Rat, Tri) {
	if len(e.Root) < x.rootWidth || len(e.Row) < x.rowWidth || x.num == nil {
		return quantity.Rat{}, x.noRecord(e)
	}
	return x.num(e)
}

// Code is the value of a text expression, likewise.
func (x *Expr) Code(e *Env) (string, Tri) {
	if len(e.Root) < x.rootWidth || len(e.Row) < x.rowWidth || x.text == nil {
		return "", x.noRecord(e)
	}
	return x.text(e)
}

// Value is the value whatever its type, likewise. A number comes as Rat, unless the expression
// was compiled for an integer, or for any type and is whole by its form: then it comes as Num.
func (x *Expr) Value(e *Env) (fact.Value, Tri) {
	if len(e.Root) < x.rootWidth || len(e.Row) < x.rowWidth {
		return fact.Value{}, x.noRecord(e)
	}
	switch {
	case x.test != nil:
		t := x.test(e)
		if t > True {
			return fact.Value{}, t
		}
		return fact.OfBool(t == True), True
	case x.text != nil:
		s, t := x.text(e)
		return known(fact.OfText(s), t)
	case x.whole != nil && x.want.Kind != WantNumber:
		n, t := x.whole(e)
		return known(fact.OfInt(n), t)
	}
	r, t := x.num(e)
	return known(fact.OfRat(r), t)
}

// Blocking appends the unknown facts that keep the value from being known, each once.
func (x *Expr) Blocking(e *Env, refs []fact.Ref) []fact.Ref { return x.blocking(e, refs) }

// Canonical is the printed syntax tree: the form that digests of meaning are taken of.
func (x *expr) Canonical() string { return x.canon }

// Reads lists the facts the expression names, each once, in the order of the text.
func (x *expr) Reads() []*fact.Field { return x.reads }

// LooksAround tells whether the value for a row may rest on other rows of its list.
func (x *expr) LooksAround() bool { return x.around }

// Params lists the parameters the expression names, likewise.
func (x *expr) Params() []*Parameter { return x.params }

// Tables lists the tables the expression names, likewise.
func (x *expr) Tables() []*Table { return x.tables }

// Canonical of a nil condition is empty: it says nothing.
func (c *Condition) Canonical() string {
	if c == nil {
		return ""
	}
	return c.canon
}

// Reads of a nil condition are none.
func (c *Condition) Reads() []*fact.Field {
	if c == nil {
		return nil
	}
	return c.reads
}

// Sentence of a nil condition is empty.
func (c *Condition) Sentence(lang string) string {
	if c == nil {
		return ""
	}
	return c.expr.Sentence(lang)
}

func known(v fact.Value, t Tri) (fact.Value, Tri) {
	if t != True {
		return fact.Value{}, t
	}
	return v, True
}

// noRecord is the answer to records that do not belong to the vocabulary the expression was
// compiled for, or to a value asked in a type that it does not have.
func (x *expr) noRecord(e *Env) Tri {
	return fail(e, x.Place, "no_record",
		"L'espressione %s non può essere valutata qui: mancano i fatti su cui è scritta o il suo tipo non è quello chiesto.", x.canon)
}
