package api

import (
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

// observe measures the request and writes its one log record, whatever becomes of it.
func (s *server) observe(c *gin.Context) {
	start := time.Now()
	s.metrics.inFlight.Inc()
	defer func() {
		took := time.Since(start)
		s.metrics.inFlight.Dec()
		s.metrics.request(routeOf(c), methodOf(c), c.Writer.Status(), took)
		s.logCause(c)
		s.logAccess(c, took)
	}()
	c.Next()
}

// logAccess writes what RAC_GEN_LOG_01 of the Italian guidelines asks for. The route stands for
// the path, and the query is left out: neither personal data nor a caller's text gets in.
func (s *server) logAccess(c *gin.Context, took time.Duration) {
	status := c.Writer.Status()
	s.Log.LogAttrs(c.Request.Context(), slog.LevelInfo, "request",
		slog.String("provider", s.PublicURL),
		slog.String("operation", routeOf(c)),
		slog.String("method", methodOf(c)),
		slog.Int("status", status),
		slog.String("outcome", outcome(status)),
		slog.String("client_ip", c.ClientIP()),
		slog.String("consumer", consumerOf(c)),
		slog.String("token_id", tokenOf(c)),
		slog.String("correlation_id", c.GetString(correlationKey)),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.Int("bytes", max(c.Writer.Size(), 0)),
	)
}

func outcome(status int) string {
	switch {
	case status >= 500:
		return "failed"
	case status >= 400:
		return "refused"
	}
	return "ok"
}

// routeOf is the pattern that matched: a few dozen values, where paths would be endless.
func routeOf(c *gin.Context) string {
	if p := c.FullPath(); p != "" {
		return p
	}
	return "unmatched"
}

var knownMethods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch,
	http.MethodDelete, http.MethodOptions}

// methodOf is the method as it came in; invented ones are one value.
func methodOf(c *gin.Context) string {
	if c.Request.Context().Value(headKey{}) != nil {
		return http.MethodHead
	}
	if slices.Contains(knownMethods, c.Request.Method) {
		return c.Request.Method
	}
	return "other"
}
