package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/sync/singleflight"
)

// The bounds of asking an issuer for its keys.
const (
	fetchTime     = 5 * time.Second  // of one fetch
	fetchBytes    = 256 << 10        // of its answer
	fetchInterval = 10 * time.Second // between the starts of two, whoever asks for whatever kid
	freshFor      = 5 * time.Minute  // then the set is fetched again, so that a removed key is forgotten
	keptFor       = 24 * time.Hour   // then a set that can't be fetched again is no longer believed
	maxKeys       = 64
	minRSA        = 2048
	maxRSA        = 8192
)

// key is one public key that may verify.
type key struct {
	public    any
	algorithm string // the only one it is for; "" when the set does not say
}

// fits tells whether a signature by that algorithm may be tried with the key.
func (k key) fits(algorithm string) bool {
	if k.algorithm != "" && k.algorithm != algorithm {
		return false
	}
	_, ec := k.public.(*ecdsa.PublicKey)
	return ec == (algorithm == "ES256")
}

// verify tells whether the token was signed with the key.
func (k key) verify(p *parsed) bool {
	return k.fits(p.algorithm) && jwt.GetSigningMethod(p.algorithm).Verify(p.signed, p.signature, k.public) == nil
}

// keySet are the keys of an issuer by kid. A kid is a name within the set and nothing else: never
// a path, a query or a URL. A set may have one kid for two kinds of key.
type keySet map[string][]key

var errNoKey = errors.New("there is no key in the set that can verify a token")

// readKeys reads a JWKS. One key that is of no use does not spoil the others; a set without any
// that is of use is an error.
func readKeys(text []byte) (keySet, error) {
	var doc struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("the set of keys can't be read: %w", err)
	}
	if len(doc.Keys) > maxKeys {
		return nil, fmt.Errorf("there are %d keys in the set, at most %d are read", len(doc.Keys), maxKeys)
	}
	set := keySet{}
	for _, raw := range doc.Keys {
		if kid, k, ok := readKey(raw); ok {
			set[kid] = append(set[kid], k)
		}
	}
	if len(set) == 0 {
		return nil, errNoKey
	}
	return set, nil
}

// readKey takes a key that has a kid, is meant for verifying signatures, is public, and is strong
// enough for one of our algorithms.
func readKey(raw json.RawMessage) (kid string, k key, ok bool) {
	var m jwkset.JWKMarshal
	if json.Unmarshal(raw, &m) != nil || m.KID == "" || len(m.KID) > maxKID {
		return "", k, false
	}
	forVerifying := (m.USE == "" || m.USE == jwkset.UseSig) && (len(m.KEYOPS) == 0 || slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify))
	isPublic := m.D == "" && m.K == "" // a private key that is published is everybody's
	if !forVerifying || !isPublic {
		return "", k, false
	}
	m.X5U, m.X5C, m.X5T, m.X5TS256 = "", nil, "", "" // the key is in the set: nothing is to be fetched or compared
	jwk, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return "", k, false
	}
	k = key{public: jwk.Key(), algorithm: string(m.ALG)}
	return m.KID, k, k.strong() && slices.ContainsFunc(Algorithms, k.fits)
}

func (k key) strong() bool {
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		return public.Curve == elliptic.P256() // what ES256 is defined for
	case *rsa.PublicKey:
		return public.N.BitLen() >= minRSA && public.N.BitLen() <= maxRSA && public.E >= 3 && public.E%2 == 1
	}
	return false
}

// ring holds the keys of one issuer. They are fetched when the first token needs them, and again
// when they are old or a token names one that is not there; never more often than the interval,
// so that invented kids can't turn this service against the issuer.
type ring struct {
	url    string // "" when the keys were given
	client *http.Client
	now    func() time.Time
	life   context.Context // of the verifier: a fetch may outlast the request that asked for it
	flight singleflight.Group

	mu      sync.Mutex
	set     keySet
	fetched time.Time // when set was
	tried   time.Time // when a fetch last began
	failed  error     // how it ended
}

// find is the keys of that name. An error says that it can't be known now.
func (r *ring) find(ctx context.Context, kid string) ([]key, error) {
	keys, due := r.look(kid)
	switch {
	case r.url == "":
		return keys, nil
	case len(keys) == 0:
		return r.ask(ctx, kid)
	case due:
		r.flight.DoChan("", r.refresh) // in the background: these are good enough for this token
	}
	return keys, nil
}

// look is what is at hand, and whether it should be fetched again. What is too old is not at hand.
func (r *ring) look(kid string) (keys []key, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	age := now.Sub(r.fetched)
	if r.url != "" && age >= keptFor {
		return nil, true
	}
	return r.set[kid], age >= freshFor && now.Sub(r.tried) >= fetchInterval
}

// ask waits for a fetch, when one is due, and looks again.
func (r *ring) ask(ctx context.Context, kid string) ([]key, error) {
	select {
	case answer := <-r.flight.DoChan("", r.refresh):
		if keys, _ := r.look(kid); len(keys) > 0 {
			return keys, nil
		}
		return nil, answer.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// refresh fetches the set unless that was tried just now; its error is that of the last try.
func (r *ring) refresh() (any, error) {
	r.mu.Lock()
	if !r.tried.IsZero() && r.now().Sub(r.tried) < fetchInterval {
		defer r.mu.Unlock()
		return nil, r.failed
	}
	r.tried = r.now()
	r.mu.Unlock()

	set, err := r.fetch()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = err
	if err == nil {
		r.set, r.fetched = set, r.now()
	}
	return nil, err
}

func (r *ring) fetch() (keySet, error) {
	ctx, cancel := context.WithTimeout(r.life, fetchTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", r.url, answer.Status)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, fetchBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.url, err)
	}
	if len(text) > fetchBytes {
		return nil, fmt.Errorf("%s answers with more than %d bytes", r.url, fetchBytes)
	}
	set, err := readKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.url, err)
	}
	return set, nil
}
