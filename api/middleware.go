package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"mime"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	correlationHeader = "X-Correlation-ID"
	correlationKey    = "correlation"
	maxCorrelation    = 128 // characters
)

// correlate gives the request the caller's correlation id, or one of our own when there is none
// or it could not stand in a log line.
func (s *server) correlate(c *gin.Context) {
	id := c.GetHeader(correlationHeader)
	if !validCorrelation(id) {
		id = rand.Text()
	}
	c.Set(correlationKey, id)
	c.Header(correlationHeader, id)
	c.Set(languageKey, negotiateLanguage(c.GetHeader("Accept-Language")))
}

func validCorrelation(id string) bool {
	for i := range len(id) {
		switch b := id[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case b == '-', b == '_', b == '.', b == ':':
		default:
			return false
		}
	}
	return 0 < len(id) && len(id) <= maxCorrelation
}

// guard turns a panic into a 500 that says nothing; the log has the stack. When part of an answer
// is out already, the connection is cut instead: half an answer must not look whole.
func (s *server) guard(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler || c.Writer.Written() {
			panic(http.ErrAbortHandler)
		}
		s.fail(c, fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
	}()
	c.Next()
}

// headers sets what every answer carries. Nothing here is meant for a cache or for a frame.
func (s *server) headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", languageOf(c))
	h.Set("Vary", "Accept, Accept-Language")
}

// principal is the address; of IPv6 the network of one customer (/64), or a single household
// could use as many quotas as it likes.
func principal(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Is4() || ip.Is4In6() {
		return address
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}

// seconds rounds up: who waits that long is surely let in.
func seconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

// shed refuses work that would only queue up. Those who watch the service are always let in.
func (s *server) shed(c *gin.Context) {
	if path := c.FullPath(); path == "/status" || path == "/metrics" || s.streaming[path] {
		return
	}
	n := s.inFlight.Add(1)
	defer s.inFlight.Add(-1)
	if n > int64(s.Limits.InFlight) {
		s.fail(c, failure(languageOf(c), codeOverloaded))
		return
	}
	c.Next()
}

// writeGrace is how long an answer may take to leave after the time limit of its request.
const writeGrace = 5 * time.Second

// timeLimit bounds the request in its context, and on the connection: a slow body is cut off
// while it is read, a slow reader while it is answered. A writer that can't set deadlines is a
// test's recorder.
//
// Without a body the connection is being watched already for a caller who leaves. A deadline would end
// that watch as if the caller had left, and with it every later request on the same connection.
func (s *server) timeLimit(c *gin.Context) {
	if s.streaming[c.FullPath()] {
		return // it sets a deadline for each write
	}
	limit := s.Limits.Time
	if s.isBulk(c) || s.isLong(c) {
		limit = s.Limits.BulkTime
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), limit)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	conn := http.NewResponseController(c.Writer)
	now := time.Now() // the connection's clock, not ours
	if c.Request.ContentLength != 0 {
		_ = conn.SetReadDeadline(now.Add(limit))
	}
	_ = conn.SetWriteDeadline(now.Add(limit + writeGrace))
	c.Next()
}

// bodyLimit cuts the body at its limit, however it is sent.
func (s *server) bodyLimit(c *gin.Context) {
	limit := s.bodyMost(c)
	if c.Request.ContentLength > limit {
		c.Header("Connection", "close") // the rest of the body is not worth reading
		s.fail(c, failure(languageOf(c), codeTooLarge, limit))
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
}

// bodyMost is the longest body that this request may have.
func (s *server) bodyMost(c *gin.Context) int64 {
	if s.isBulk(c) {
		return s.Limits.Bulk
	}
	return s.Limits.Body
}

// isLong tells whether the request asks for many records at once.
func (s *server) isLong(c *gin.Context) bool {
	rt, ok := s.long[c.Request.Method+" "+c.FullPath()]
	return ok && slices.Contains(rt.long, preferred(c.Request.Header.Values("Accept"), rt.produces))
}

// isBulk tells whether the request sends many records at once, to a route that takes them.
func (s *server) isBulk(c *gin.Context) bool {
	allowed := s.bulk[c.Request.Method+" "+c.FullPath()]
	if allowed == nil {
		return false
	}
	media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	return err == nil && slices.Contains(allowed, media)
}
