package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"time"

	"omnia/internal/fault"
)

// Verifier turns tokens into principals. It may be used by many goroutines at once.
type Verifier struct {
	issuers map[string]*source // by iss
	now     func() time.Time
	client  *http.Client
	cache   cache
}

// source is an issuer and its keys.
type source struct {
	Issuer
	ring *ring
}

// Option is a part of a Verifier that tests replace.
type Option func(*Verifier)

// WithClock tells the time instead of the clock of the machine.
func WithClock(now func() time.Time) Option { return func(v *Verifier) { v.now = now } }

// WithHTTPClient fetches the keys. Redirects are not followed, whatever the client does.
func WithHTTPClient(c *http.Client) Option { return func(v *Verifier) { v.client = c } }

// NewVerifier accepts the tokens of these issuers. Keys are fetched when the first token needs
// them, so that the service starts while an issuer is down; fetches end with ctx.
//
// Everything wrong with the issuers comes back together.
func NewVerifier(ctx context.Context, issuers []Issuer, options ...Option) (*Verifier, error) {
	v := &Verifier{issuers: map[string]*source{}, now: time.Now, client: &http.Client{Timeout: fetchTime}}
	for _, o := range options {
		o(v)
	}
	client := *v.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v.client = &client
	var wrongs []error
	for _, i := range issuers {
		if err := v.add(ctx, i); err != nil {
			wrongs = append(wrongs, fmt.Errorf("issuer %q: %w", i.ID, err))
		}
	}
	if len(issuers) == 0 {
		wrongs = append(wrongs, errors.New("no issuer: nobody could sign in"))
	}
	if err := errors.Join(wrongs...); err != nil {
		return nil, err
	}
	return v, nil
}

func (v *Verifier) add(ctx context.Context, i Issuer) error {
	if err := i.check(); err != nil {
		return err
	}
	if _, twice := v.issuers[i.ID]; twice {
		return errors.New("it is there twice: a token must have one set of rules")
	}
	r := &ring{url: i.JWKS, client: v.client, now: v.now, life: ctx}
	if i.JWKS == "" {
		set, err := readKeys(i.Keys)
		if err != nil {
			return err
		}
		r.set = set
	}
	v.issuers[i.ID] = &source{i.withDefaults(), r}
	return nil
}

// Verify is the principal of a bearer token, without the word Bearer.
//
// What is wrong with a token is a *fault.Fault of kind Unauthorized with one of the token_ codes;
// it is Unavailable, keys_unavailable, when the keys needed to judge it can't be fetched, or when
// ctx ends before they are.
func (v *Verifier) Verify(ctx context.Context, token string) (*Principal, error) {
	now, digest := v.now(), sha256.Sum256([]byte(token))
	if p, ok := v.cache.get(digest, now); ok {
		return p, nil
	}
	p, until, f := v.verify(ctx, token, now)
	if f != nil {
		return nil, f
	}
	v.cache.put(digest, remembered{principal: p.clone(), from: now, until: until})
	return p, nil
}

// verify does the work: whose it says it is, whether that one may sign so, whether that one did,
// and only then what it says.
func (v *Verifier) verify(ctx context.Context, token string, now time.Time) (p *Principal, until time.Time, f *fault.Fault) {
	t, f := parse(token)
	if f != nil {
		return nil, until, f
	}
	s, f := v.source(t)
	if f != nil {
		return nil, until, f
	}
	if f := t.fits(&s.Issuer); f != nil {
		return nil, until, f
	}
	if f := s.signed(ctx, t); f != nil {
		return nil, until, f
	}
	p, f = s.principal(t.claims, now)
	if f != nil {
		return nil, until, f
	}
	return p, p.Expires.Add(s.Leeway), nil
}

// source is the issuer that the token names.
func (v *Verifier) source(t *parsed) (*source, *fault.Fault) {
	c := &claims{all: t.claims}
	s, ok := v.issuers[c.needed("iss")]
	switch {
	case c.wrong != nil:
		return nil, c.wrong
	case !ok:
		return nil, refuse(CodeIssuer, "The issuer of the token is not one that this service accepts.")
	}
	return s, nil
}

// signed verifies the signature with the key that the token names.
func (s *source) signed(ctx context.Context, t *parsed) *fault.Fault {
	keys, err := s.ring.find(ctx, t.kid)
	if err != nil {
		return unavailable(err)
	}
	for _, k := range keys {
		if k.verify(t) {
			return nil
		}
	}
	return refuse(CodeSignature, "The signature of the token is not by a key of its issuer.")
}
