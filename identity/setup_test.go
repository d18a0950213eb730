package identity_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"omnia/identity"
	"omnia/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	portalISS = "https://portale.example.it"
	pdndISS   = "https://interop.example.it"
	purpose   = "8c1a3f0e-3f3c-4a4e-9f0e-0d6d3c6f1a11"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // 1772452800

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// signer is an issuer's key.
type signer struct {
	algorithm, kid string
	private        crypto.Signer
}

func newSigner(t testing.TB, algorithm, kid string) *signer {
	t.Helper()
	var private crypto.Signer
	var err error
	if algorithm == "ES256" {
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &signer{algorithm, kid, private}
}

// jwk is the public key with its kid, alg and use, and with these members changed; nil removes one.
func (s *signer) jwk(t testing.TB, change map[string]any) json.RawMessage {
	t.Helper()
	key, err := jwkset.NewJWKFromKey(s.private.Public(), jwkset.JWKOptions{
		Metadata: jwkset.JWKMetadataOptions{ALG: jwkset.ALG(s.algorithm), KID: s.kid, USE: jwkset.UseSig},
	})
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(marshal(t, key.Marshal()), &members); err != nil {
		t.Fatal(err)
	}
	return marshal(t, with(members, change))
}

func jwks(t testing.TB, keys ...json.RawMessage) []byte {
	t.Helper()
	return marshal(t, map[string]any{"keys": keys})
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// with is a copy of m with these members changed; nil removes one.
func with(m, change map[string]any) map[string]any {
	out := maps.Clone(m)
	for name, value := range change {
		if out[name] = value; value == nil {
			delete(out, name)
		}
	}
	return out
}

func (s *signer) header() map[string]any {
	return map[string]any{"alg": s.algorithm, "typ": "JWT", "kid": s.kid}
}

// token is a token with these claims.
func (s *signer) token(t testing.TB, claims map[string]any) string {
	t.Helper()
	return s.sign(t, marshal(t, s.header()), marshal(t, claims))
}

// sign signs any header and payload.
func (s *signer) sign(t testing.TB, header, payload []byte) string {
	t.Helper()
	signed := b64(header) + "." + b64(payload)
	signature, err := jwt.GetSigningMethod(s.algorithm).Sign(signed, s.private)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64(signature)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// person are the claims of a good token at noon.
func person() map[string]any {
	return map[string]any{
		"iss": portalISS, "aud": "omnia", "sub": "u-1", "jti": "t-1", "iat": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
		"codice_fiscale": "FRRGLI71C52A662L", "nome": "Giulia Ferri", "ruoli": []string{"impresa"}, "acr": "https://www.spid.gov.it/SpidL2",
	}
}

// voucher are the claims of a good PDND voucher at noon.
func voucher() map[string]any {
	return map[string]any{
		"iss": pdndISS, "aud": "https://omnia.example.it", "sub": "c-7", "client_id": "c-7", "jti": "v-1", "purposeId": purpose,
		"iat": noon.Unix(), "nbf": noon.Unix(), "exp": noon.Add(10 * time.Minute).Unix(),
	}
}

func portal(keys []byte) identity.Issuer {
	return identity.Issuer{Profile: identity.ProfilePortale, ID: portalISS, Audience: "omnia", Keys: keys, Leeway: 30 * time.Second}
}

func pdnd(keys []byte) identity.Issuer {
	return identity.Issuer{
		Profile: identity.ProfilePDND, ID: pdndISS, Audience: "https://omnia.example.it", Keys: keys, Purposes: []string{purpose}, Leeway: 30 * time.Second,
	}
}

func newVerifier(t testing.TB, now func() time.Time, issuers ...identity.Issuer) *identity.Verifier {
	t.Helper()
	v, err := identity.NewVerifier(t.Context(), issuers, identity.WithClock(now))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func atNoon() time.Time { return noon }

// accepted demands a principal.
func accepted(t testing.TB, v *identity.Verifier, token string) *identity.Principal {
	t.Helper()
	p, err := v.Verify(context.Background(), token)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return p
}

// refused demands a fault of that code, and no principal.
func refused(t testing.TB, v *identity.Verifier, token, code string) {
	t.Helper()
	p, err := v.Verify(context.Background(), token)
	var f *fault.Fault
	if !errors.As(err, &f) || p != nil {
		t.Fatalf("Verify: %+v, %v; want %s", p, err, code)
	}
	kind := fault.Unauthorized
	if code == identity.CodeUnavailable {
		kind = fault.Unavailable
	}
	if f.Code != code || f.Kind != kind || f.Text == "" {
		t.Errorf("refused with %s (kind %d): %q; want %s (kind %d)", f.Code, f.Kind, f.Text, code, kind)
	}
}
