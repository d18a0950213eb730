// Package fault is the one vocabulary of what went wrong: a stable code, where, why and the cure.
//
// Every package may use it; it uses none. How a fault looks on the wire is decided once, in api.
package fault

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind says what sort of thing went wrong, and so how a caller should react.
type Kind int

// The kinds, each with its HTTP status in api.
const (
	Internal             Kind = iota // 500, never with detail
	Malformed                        // 400
	Unauthorized                     // 401
	Forbidden                        // 403
	NotFound                         // 404
	NotAllowed                       // 405
	NotAcceptable                    // 406
	Conflict                         // 409
	TooLarge                         // 413
	Unsupported                      // 415
	Invalid                          // 422
	RateLimited                      // 429
	Unavailable                      // 503
	Timeout                          // 504
	PreconditionFailed               // 412
	PreconditionRequired             // 428
)

// Detail is one defect of an input.
type Detail struct {
	Pointer string `json:"pointer"` // RFC 6901, from the root of the body
	Code    string `json:"code"`    // stable, language-free
	Text    string `json:"detail"`  // for a person, with the cure
}

// Fault is an error that may be shown to the caller.
type Fault struct {
	Kind    Kind
	Code    string
	Text    string
	Details []Detail
	cause   error
}

// New is a fault with a stable code and a sentence for the caller.
func New(k Kind, code, text string) *Fault { return &Fault{Kind: k, Code: code, Text: text} }

// Wrap keeps err for the log; it is never shown.
func (f *Fault) Wrap(err error) *Fault {
	g := *f
	g.cause = err
	return &g
}

// With is the same fault with these defects, sorted by place.
func (f *Fault) With(details ...Detail) *Fault {
	g := *f
	g.Details = slices.Clone(details)
	slices.SortStableFunc(g.Details, func(a, b Detail) int {
		return cmp.Or(comparePointers(a.Pointer, b.Pointer), cmp.Compare(a.Code, b.Code))
	})
	return &g
}

// Error is for logs.
func (f *Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", f.Code, f.Text)
	for _, d := range f.Details {
		fmt.Fprintf(&b, "\n  %s: %s: %s", d.Pointer, d.Code, d.Text)
	}
	if f.cause != nil {
		fmt.Fprintf(&b, " (%v)", f.cause)
	}
	return b.String()
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.cause }

// Is matches by code, so that errors.Is works with the package-level faults.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && t.Code == f.Code
}

// comparePointers orders /a/2 before /a/10, and rows before names.
func comparePointers(a, b string) int {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		order := cmp.Compare(as[i], bs[i])
		switch {
		case errX == nil && errY == nil:
			order = cmp.Or(cmp.Compare(x, y), order)
		case errX == nil:
			order = -1
		case errY == nil:
			order = 1
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(as), len(bs))
}
