package identity_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"omnia/identity"
)

// endpoint serves keys and counts how often it is asked.
type endpoint struct {
	*httptest.Server
	asked atomic.Int64

	mu     sync.Mutex
	answer http.HandlerFunc
}

func newEndpoint(t *testing.T, answer http.HandlerFunc) *endpoint {
	t.Helper()
	e := &endpoint{answer: answer}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.asked.Add(1)
		e.mu.Lock()
		answer := e.answer
		e.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) set(answer http.HandlerFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = answer
}

func serving(set []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.Write(set) }
}

func failing(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "down", http.StatusServiceUnavailable)
}

// asking is a verifier whose portal has its keys at e.
func (e *endpoint) asking(t *testing.T, now func() time.Time) *identity.Verifier {
	t.Helper()
	i := portal(nil)
	i.JWKS = e.URL + "/jwks.json"
	v, err := identity.NewVerifier(t.Context(), []identity.Issuer{i}, identity.WithClock(now), identity.WithHTTPClient(e.Client()))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (e *endpoint) wasAsked(t *testing.T, want int64) {
	t.Helper()
	if got := e.asked.Load(); got != want {
		t.Errorf("the endpoint was asked %d times, want %d", got, want)
	}
}

// lasting are claims that are good for a day, each time another token.
func lasting(id int) map[string]any {
	return with(person(), map[string]any{"jti": fmt.Sprint(id), "exp": noon.Add(24 * time.Hour).Unix()})
}

func TestKeysAreFetchedWhenTheFirstTokenNeedsThem(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	e := newEndpoint(t, serving(jwks(t, key.jwk(t, nil))))
	v := e.asking(t, atNoon)
	e.wasAsked(t, 0)
	refused(t, v, "a.b.c", identity.CodeMalformed)
	refused(t, v, key.token(t, with(person(), map[string]any{"iss": "https://evil.example"})), identity.CodeIssuer)
	e.wasAsked(t, 0) // who can't even name the issuer does not reach it
	for id := range 5 {
		accepted(t, v, key.token(t, lasting(id)))
	}
	e.wasAsked(t, 1)
}

func TestKeysRollOver(t *testing.T) {
	t.Parallel()
	c := &clock{t: noon}
	old, fresh := newSigner(t, "ES256", "k1"), newSigner(t, "ES256", "k2")
	e := newEndpoint(t, serving(jwks(t, old.jwk(t, nil))))
	v := e.asking(t, c.now)
	accepted(t, v, old.token(t, lasting(1)))

	e.set(serving(jwks(t, old.jwk(t, nil), fresh.jwk(t, nil))))
	c.add(time.Minute)
	accepted(t, v, fresh.token(t, lasting(2))) // found at once, because nobody asked for a minute
	accepted(t, v, old.token(t, lasting(3)))   // the old one is still there
	e.wasAsked(t, 2)

	e.set(serving(jwks(t, fresh.jwk(t, nil))))
	c.add(6 * time.Minute)
	accepted(t, v, fresh.token(t, lasting(4))) // old enough to be fetched again, behind the answer
	eventually(t, func() bool {
		_, err := v.Verify(context.Background(), old.token(t, lasting(5)))
		return err != nil
	})
	refused(t, v, old.token(t, lasting(6)), identity.CodeSignature)
	accepted(t, v, fresh.token(t, lasting(7)))
}

// The very token that came in under a key is refused soon after the key is removed.
func TestARemovedKeyTakesItsTokensAlong(t *testing.T) {
	t.Parallel()
	c := &clock{t: noon}
	old, fresh := newSigner(t, "ES256", "k1"), newSigner(t, "ES256", "k2")
	e := newEndpoint(t, serving(jwks(t, old.jwk(t, nil))))
	v := e.asking(t, c.now)
	token := old.token(t, lasting(1))
	accepted(t, v, token)
	e.set(serving(jwks(t, fresh.jwk(t, nil))))
	c.add(30 * time.Second)
	accepted(t, v, fresh.token(t, lasting(2))) // fetches
	accepted(t, v, token)                      // remembered
	c.add(30 * time.Second)
	refused(t, v, token, identity.CodeSignature)
}

func TestInventedKidsDoNotStormTheIssuer(t *testing.T) {
	t.Parallel()
	c := &clock{t: noon}
	key := newSigner(t, "ES256", "k1")
	e := newEndpoint(t, serving(jwks(t, key.jwk(t, nil))))
	v := e.asking(t, c.now)
	storm := func() {
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				for m := range 25 {
					header := marshal(t, with(key.header(), map[string]any{"kid": fmt.Sprintf("x-%d-%d", n, m)}))
					refused(t, v, key.sign(t, header, marshal(t, person())), identity.CodeSignature)
				}
			})
		}
		wg.Wait()
	}
	storm()
	e.wasAsked(t, 1)
	c.add(11 * time.Second)
	storm()
	e.wasAsked(t, 2)
	accepted(t, v, key.token(t, person()))
	e.wasAsked(t, 2)
}

func TestWhenTheEndpointIsDown(t *testing.T) {
	t.Parallel()
	c := &clock{t: noon}
	key, next := newSigner(t, "ES256", "k1"), newSigner(t, "ES256", "k2")
	set := jwks(t, key.jwk(t, nil))
	e := newEndpoint(t, failing)
	v := e.asking(t, c.now)
	for id := range 5 {
		refused(t, v, key.token(t, lasting(id)), identity.CodeUnavailable)
	}
	e.wasAsked(t, 1)

	e.set(serving(set))
	c.add(11 * time.Second)
	accepted(t, v, key.token(t, lasting(10)))
	e.wasAsked(t, 2)

	e.set(failing)
	c.add(23 * time.Hour)
	accepted(t, v, key.token(t, lasting(11))) // the last good keys
	eventually(t, func() bool { return e.asked.Load() == 3 })
	c.add(11 * time.Second)
	refused(t, v, next.token(t, lasting(12)), identity.CodeUnavailable) // it may be a new key: we can't know
	c.add(time.Hour)
	refused(t, v, key.token(t, lasting(13)), identity.CodeUnavailable) // a day is enough
}

func TestAnswersThatAreNoKeys(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	good := jwks(t, key.jwk(t, nil))
	elsewhere := newEndpoint(t, serving(good))
	many := make([]json.RawMessage, 65)
	for i := range many {
		many[i] = key.jwk(t, map[string]any{"kid": fmt.Sprint(i)})
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		part   string
	}{
		{"a page", serving([]byte("<html>")), "can't be read"},
		{"no keys", serving([]byte(`{}`)), "no key in the set"},
		{"an error with keys", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); w.Write(good) }, "500"},
		{"too much", serving([]byte(`{"keys":[` + strings.Repeat(" ", 256<<10) + string(key.jwk(t, nil)) + `]}`)), "more than 262144 bytes"},
		{"too many", serving(jwks(t, many...)), "at most 64"},
		{"a way elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }, "302"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			w.Write(good)
		}, "unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := newEndpoint(t, tt.answer).asking(t, atNoon)
			refused(t, v, key.token(t, person()), identity.CodeUnavailable)
			if _, err := v.Verify(t.Context(), key.token(t, person())); !strings.Contains(err.Error(), tt.part) {
				t.Errorf("%v; want %q", err, tt.part)
			}
		})
	}
}

// A caller who leaves does not take the fetch along on which others wait.
func TestACallerWhoLeavesDoesNotStopTheFetch(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	arrived, answer := make(chan struct{}), make(chan struct{})
	set := jwks(t, key.jwk(t, nil))
	e := newEndpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-answer
		w.Write(set)
	})
	v := e.asking(t, atNoon)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := v.Verify(ctx, key.token(t, lasting(1)))
		left <- err
	}()
	<-arrived
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller who left is told %v", err)
	}
	close(answer)
	accepted(t, v, key.token(t, lasting(2)))
	e.wasAsked(t, 1)
}

func TestFetchingEndsWithTheVerifier(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, end := context.WithCancel(t.Context())
	i := portal(nil)
	i.JWKS = e.URL
	v, err := identity.NewVerifier(ctx, []identity.Issuer{i}, identity.WithHTTPClient(e.Client()), identity.WithClock(atNoon))
	if err != nil {
		t.Fatal(err)
	}
	end()
	refused(t, v, newSigner(t, "ES256", "k1").token(t, person()), identity.CodeUnavailable)
}

func TestKeysThatMayNotVerify(t *testing.T) {
	t.Parallel()
	ec, rsa := newSigner(t, "ES256", "k1"), newSigner(t, "RS256", "k1")
	other := newSigner(t, "ES256", "other") // so that the set is never empty
	weak := json.RawMessage(`{"kty":"RSA","kid":"k1","e":"AQAB","n":"` + b64(append([]byte{0x80}, make([]byte, 127)...)) + `"}`)
	for _, tt := range []struct {
		name   string
		signer *signer
		jwk    json.RawMessage
		good   bool
	}{
		{"as it is", ec, ec.jwk(t, nil), true},
		{"no alg and no use", ec, ec.jwk(t, map[string]any{"alg": nil, "use": nil}), true},
		{"for verifying", ec, ec.jwk(t, map[string]any{"key_ops": []string{"verify"}}), true},
		{"RSA with no alg", rsa, rsa.jwk(t, map[string]any{"alg": nil}), true},
		{"a certificate beside it that is not looked at", ec, ec.jwk(t, map[string]any{"x5u": "http://127.0.0.1:1/x", "x5t": "AA"}), true},
		{"for encrypting", ec, ec.jwk(t, map[string]any{"use": "enc"}), false},
		{"for signing only", ec, ec.jwk(t, map[string]any{"key_ops": []string{"sign"}}), false},
		{"for another algorithm", rsa, rsa.jwk(t, map[string]any{"alg": "PS256"}), false},
		{"for an algorithm of another kind", ec, ec.jwk(t, map[string]any{"alg": "RS256"}), false},
		{"for a secret algorithm", ec, ec.jwk(t, map[string]any{"alg": "HS256"}), false},
		{"without a name", ec, ec.jwk(t, map[string]any{"kid": nil}), false},
		{"with its private part", ec, ec.jwk(t, map[string]any{"d": b64(make([]byte, 32))}), false},
		{"not on the curve", ec, ec.jwk(t, map[string]any{"y": b64(make([]byte, 32))}), false},
		{"on another curve", ec, ec.jwk(t, map[string]any{"crv": "P-384"}), false},
		{"too short", rsa, weak, false},
		{"a secret", ec, json.RawMessage(`{"kty":"oct","kid":"k1","k":"AAAA","alg":"HS256"}`), false},
		{"of an unknown kind", ec, json.RawMessage(`{"kty":"LATTICE","kid":"k1"}`), false},
		{"no object", ec, json.RawMessage(`7`), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := newVerifier(t, atNoon, portal(jwks(t, tt.jwk, other.jwk(t, nil))))
			accepted(t, v, other.token(t, person())) // one bad key spoils nothing
			if token := tt.signer.token(t, person()); tt.good {
				accepted(t, v, token)
			} else {
				refused(t, v, token, identity.CodeSignature)
			}
		})
	}
}

func TestTwoKindsOfKeyMayShareAName(t *testing.T) {
	t.Parallel()
	ec, rsa := newSigner(t, "ES256", "k1"), newSigner(t, "RS256", "k1")
	v := newVerifier(t, atNoon, portal(jwks(t, rsa.jwk(t, nil), ec.jwk(t, nil))))
	accepted(t, v, ec.token(t, person()))
	accepted(t, v, rsa.token(t, person()))
}

// eventually waits for what goes on behind an answer.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it never happened")
}
