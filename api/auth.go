package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"omnia/identity"
)

// identify says whose request it is, and spends one request of that principal's quota: the person's
// when there is a good token, otherwise that of the client's address. So guessing tokens costs what
// asking without one costs, and an address whose quota is spent is not even verified.
func (s *server) identify(c *gin.Context) {
	address := principal(c.ClientIP())
	credentials := c.Request.Header.Values("Authorization")
	if cookie, err := c.Cookie(SessionCookie); err == nil && cookie != "" && len(credentials) == 0 && sessionGoodFor(c) {
		credentials = []string{"Bearer " + cookie}
	}
	if len(credentials) == 0 || !strings.HasPrefix(c.Request.URL.Path, "/v1/") {
		s.spend(c, address)
		return
	}
	if q := s.limiter.peek(address, s.Now()); !q.allowed {
		s.tellQuota(c, q)
		return
	}
	p, err := s.verify(c, credentials)
	if err != nil {
		if s.spend(c, address) {
			s.fail(c, err)
		}
		return
	}
	c.Set(principalKey, p)
	s.spend(c, "sub:"+p.Issuer+" "+p.Subject)
}

const principalKey = "principal"

// verify reads the credentials. Two of them are none: which one counts would be anybody's guess.
func (s *server) verify(c *gin.Context, credentials []string) (*identity.Principal, error) {
	scheme, token, _ := strings.Cut(credentials[0], " ")
	if len(credentials) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return nil, failure(languageOf(c), codeCredentials)
	}
	if s.Verifier == nil {
		return nil, failure(languageOf(c), codeNoIssuer)
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), s.Limits.Time)
	defer cancel()
	return s.Verifier.Verify(ctx, strings.TrimSpace(token))
}

// spend takes one request out of a quota, and refuses when none is left.
func (s *server) spend(c *gin.Context, key string) (allowed bool) {
	q := s.limiter.take(key, s.Now())
	s.tellQuota(c, q)
	return q.allowed
}

// tellQuota says what is left of a quota, and refuses the request when that is nothing.
func (s *server) tellQuota(c *gin.Context, q quota) {
	h := c.Writer.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(s.Limits.Rate))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(q.remaining))
	h.Set("X-RateLimit-Reset", seconds(q.reset))
	if !q.allowed {
		h.Set("Retry-After", seconds(max(q.retry, time.Second)))
		s.fail(c, failure(languageOf(c), codeRateLimited, s.Limits.Rate))
	}
}

// principalOf is whose request it is; nil for an anonymous one.
func principalOf(c *gin.Context) *identity.Principal {
	v, _ := c.Get(principalKey)
	p, _ := v.(*identity.Principal)
	return p
}

// who is whose request it is; nil for an anonymous one.
func (c *call) who() *identity.Principal { return principalOf(c.Context) }

// challenge says how to come back with a token (RFC 6750, section 3): without error when there was
// none, so that a client does not throw a good one away.
func challenge(c *gin.Context) {
	value := `Bearer realm="omnia"`
	if c.GetHeader("Authorization") != "" {
		value += `, error="invalid_token"`
	}
	if c.Writer.Header().Get(challengeHeader) == "" {
		c.Header(challengeHeader, value)
	}
}

const challengeHeader = "WWW-Authenticate"

// consumerOf names the caller in the log by what it is, never by who it is: a subject may be a
// codice fiscale. Which person it was stands in the record of accesses, under the same correlation id.
func consumerOf(c *gin.Context) string {
	p := principalOf(c)
	switch {
	case p == nil:
		return "anonymous"
	case p.Organization:
		return p.Profile + ":" + p.Subject
	case len(p.Ruoli) == 0:
		return p.Profile
	}
	return p.Profile + ":" + strings.Join(p.Ruoli, "+")
}

// tokenOf is the id of the token, which its issuer can find the person by.
func tokenOf(c *gin.Context) string {
	if p := principalOf(c); p != nil {
		return p.TokenID
	}
	return ""
}

// unauthenticated is the refusal of a request that needs a person behind it.
func unauthenticated(c *call) error { return failure(c.lang, codeUnauthenticated) }

// created answers 201 with v, which now is at location.
func (c *call) created(location string, v any) error {
	c.Header("Location", location)
	return c.reply(http.StatusCreated, v)
}
