package identity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"omnia/identity"
)

func TestAnExpiredTokenIsRefusedEvenWhenRemembered(t *testing.T) {
	t.Parallel()
	c := &clock{t: noon}
	key := newSigner(t, "ES256", "k1")
	v := newVerifier(t, c.now, portal(jwks(t, key.jwk(t, nil))))
	token := key.token(t, with(person(), map[string]any{"exp": noon.Add(10 * time.Second).Unix()}))
	accepted(t, v, token)
	c.add(39 * time.Second) // within the skew of 30 s
	accepted(t, v, token)
	c.add(time.Second)
	refused(t, v, token, identity.CodeExpired)
}

// A clock that is set back must not make a token good before its time.
func TestWhatIsRememberedHoldsOnlyForward(t *testing.T) {
	t.Parallel()
	c := &clock{t: noon}
	key := newSigner(t, "ES256", "k1")
	v := newVerifier(t, c.now, portal(jwks(t, key.jwk(t, nil))))
	token := key.token(t, person())
	accepted(t, v, token)
	c.add(-time.Hour)
	refused(t, v, token, identity.CodeNotYetValid)
}

// A token that was pushed out by others is verified again.
func TestTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	v := newVerifier(t, atNoon, portal(jwks(t, key.jwk(t, nil))))
	token := key.token(t, person())
	for _, n := range []int{1, identity.Generation, 3*identity.Generation + 7} {
		accepted(t, v, token)
		if held := v.Crowd(n, noon); held > 2*identity.Generation {
			t.Errorf("after %d others %d tokens are remembered", n, held)
		}
		if p := accepted(t, v, token); p.Subject != "u-1" {
			t.Errorf("after %d others the token is taken for %s", n, p.Subject)
		}
	}
}

func TestTokensAreNotMixedUp(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	v := newVerifier(t, atNoon, portal(jwks(t, key.jwk(t, nil))))
	tokens := make([]string, 50)
	for n := range tokens {
		tokens[n] = key.token(t, with(person(), map[string]any{"sub": fmt.Sprint("u-", n)}))
	}
	for range 2 {
		for n, token := range tokens {
			if p := accepted(t, v, token); p.Subject != fmt.Sprint("u-", n) {
				t.Errorf("token %d is taken for %s", n, p.Subject)
			}
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	key := newSigner(b, "ES256", "k1")
	keys := jwks(b, key.jwk(b, nil))
	token := key.token(b, person())
	b.Run("remembered", func(b *testing.B) {
		v := newVerifier(b, atNoon, portal(keys))
		for b.Loop() {
			accepted(b, v, token)
		}
	})
	b.Run("first time", func(b *testing.B) {
		now := noon
		v := newVerifier(b, func() time.Time { return now }, portal(keys))
		for b.Loop() {
			if now = now.Add(time.Minute); now.After(noon.Add(58 * time.Minute)) {
				now = noon
			}
			if _, err := v.Verify(context.Background(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
