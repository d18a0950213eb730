package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"omnia/internal/fault"
)

// Problem is the body of every error (RFC 9457).
type Problem struct {
	Type          string         `json:"type"` // page that explains Code
	Title         string         `json:"title"`
	Status        int            `json:"status"`
	Detail        string         `json:"detail,omitempty"`
	Code          string         `json:"code"`
	Errors        []fault.Detail `json:"errors,omitempty"`
	CorrelationID string         `json:"correlation_id,omitempty"`
	Report        any            `json:"report,omitempty"` // of a text of many lines that was refused
	Draft         any            `json:"draft,omitempty"`  // as it is now, of a change that came too late
}

// statuses is the one map from what went wrong to HTTP.
var statuses = map[fault.Kind]int{
	fault.Internal:      http.StatusInternalServerError,
	fault.Malformed:     http.StatusBadRequest,
	fault.Unauthorized:  http.StatusUnauthorized,
	fault.Forbidden:     http.StatusForbidden,
	fault.NotFound:      http.StatusNotFound,
	fault.NotAllowed:    http.StatusMethodNotAllowed,
	fault.NotAcceptable: http.StatusNotAcceptable,
	fault.Conflict:      http.StatusConflict,
	fault.TooLarge:      http.StatusRequestEntityTooLarge,
	fault.Unsupported:   http.StatusUnsupportedMediaType,
	fault.Invalid:       http.StatusUnprocessableEntity,
	fault.RateLimited:   http.StatusTooManyRequests,
	fault.Unavailable:   http.StatusServiceUnavailable,
	fault.Timeout:       http.StatusGatewayTimeout,

	fault.PreconditionFailed:   http.StatusPreconditionFailed,
	fault.PreconditionRequired: http.StatusPreconditionRequired,
}

// faultOf makes any error one that may be shown. What is not a fault may hold anything, so the
// caller learns nothing of it.
func faultOf(err error, lang string) *fault.Fault {
	var f *fault.Fault
	switch {
	case errors.As(err, &f) && f.Kind != fault.Internal:
		return f
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled): // a caller who left is no failure of ours
		return failure(lang, codeTimeout).Wrap(err)
	}
	return failure(lang, codeInternal).Wrap(err)
}

// problemOf is how a fault looks on the wire.
func problemOf(f *fault.Fault, lang, correlation string) Problem {
	p := Problem{
		Type:          "/problems/" + f.Code,
		Title:         http.StatusText(statuses[f.Kind]),
		Status:        statuses[f.Kind],
		Detail:        f.Text,
		Code:          f.Code,
		CorrelationID: correlation,
	}
	if e, ok := problemIndex[f.Code]; ok {
		p.Title = e.Title.In(lang)
		if !strings.Contains(e.Text.In(lang), "%") {
			p.Detail = e.Text.In(lang) // the engine's own sentence is for its callers in Go
		}
	}
	p.Errors = slices.Clone(f.Details)
	for i := range p.Errors {
		if d := &p.Errors[i]; d.Code == f.Code && d.Text == f.Text { // a place for the whole, in the same words
			d.Text = p.Detail
		}
	}
	return p
}

const causeKey = "cause"

// fail answers with the problem that err is, and keeps err for the log.
func (s *server) fail(c *gin.Context, err error) {
	lang := languageOf(c)
	f := faultOf(err, lang)
	c.Set(causeKey, err)
	p := problemOf(f, lang, c.GetString(correlationKey))
	if problemIndex[f.Code] == nil { // of a check: the rules explain it
		if x, ok := explanationOf(s.Decider.Edition(), f.Code, lang); ok {
			p.Title = x.Title
		}
	}
	if r, ok := errors.AsType[*reported](err); ok {
		p.Report = r.report
	}
	if d, ok := errors.AsType[*draftConflict](err); ok {
		p.Draft = d.current
	}
	if retry := retryAfter(f.Kind); retry != "" && c.Writer.Header().Get("Retry-After") == "" {
		c.Header("Retry-After", retry)
	}
	if f.Kind == fault.Unauthorized {
		challenge(c)
	}
	write(c, p.Status, typeProblem, p)
	c.Abort()
}

// retryAfter is when to come back, in seconds, where nothing more exact is known.
func retryAfter(k fault.Kind) string {
	if k == fault.RateLimited || k == fault.Unavailable {
		return "1"
	}
	return ""
}

// logCause says in the log what the caller was not told.
func (s *server) logCause(c *gin.Context) {
	err, ok := c.Get(causeKey)
	if !ok || c.Writer.Status() < http.StatusInternalServerError {
		return
	}
	s.Log.LogAttrs(c.Request.Context(), slog.LevelError, "request failed",
		slog.String("correlation_id", c.GetString(correlationKey)), slog.Any("error", err))
}
