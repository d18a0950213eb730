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
	Root     fact.Record  // facts of the case
	Row      fact.Record  // the row in hand (`periodo`), or nil
	RowIndex int          // its index, for naming missing facts; RequestRow for the request as a period
	Day      calendar.Day // the day whose law applies: parameters and tables are read as in force on it
	Failure  *Failure     // set when something returned Failed
	// Used is told each parameter version read, when not nil.
	Used func(*Parameter, *ParameterVersion)
}

// RequestRow is the RowIndex of the request seen as a period: missing facts are named "richiesta.…".
const RequestRow = -1

// Failure is a run-time error of an expression: loud, and never a refusal on the merits.
type Failure struct {
	Code  string // param_not_in_force, table_no_row, overflow, date_out_of_range
	Text  string // Italian
	Place Place
}

// Condition is a compiled boolean expression.
type Condition struct{ expr }

// Expr is a compiled expression that yields a value.
type Expr struct{ expr }

// expr is what both share. (To be completed by the expression compiler.)
type expr struct {
	Source string
	Place  Place
}

// Eval is the truth of the condition; a nil condition is True.
func (c *Condition) Eval(e *Env) Tri { panic("todo") }

// Blocking appends the unknown facts that keep the condition from being decided.
func (c *Condition) Blocking(e *Env, refs []fact.Ref) []fact.Ref { panic("todo") }

// Number is the value of a numeric expression; the truth is True when it is known, Unknown or Failed otherwise.
func (x *Expr) Number(e *Env) (quantity.Rat, Tri) { panic("todo") }

// Code is the value of a text expression, likewise.
func (x *Expr) Code(e *Env) (string, Tri) { panic("todo") }

// Value is the value whatever its type, likewise.
func (x *Expr) Value(e *Env) (fact.Value, Tri) { panic("todo") }

// Blocking appends the unknown facts that keep the value from being known.
func (x *Expr) Blocking(e *Env, refs []fact.Ref) []fact.Ref { panic("todo") }

// Canonical is the printed syntax tree: the form that digests of meaning are taken of.
func (x *expr) Canonical() string { panic("todo") }

// Reads lists the facts the expression names.
func (x *expr) Reads() []*fact.Field { panic("todo") }
