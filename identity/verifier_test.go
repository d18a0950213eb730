package identity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"omnia/identity"
)

func TestAPersonIsWhatThePortalSays(t *testing.T) {
	t.Parallel()
	for _, algorithm := range identity.Algorithms {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			key := newSigner(t, algorithm, "k1")
			v := newVerifier(t, atNoon, portal(jwks(t, key.jwk(t, nil))))
			got := accepted(t, v, key.token(t, with(person(), map[string]any{
				"ruoli": []string{"operatore", "impresa", "stampa", "impresa"}, "sede": "7000", "codice_fiscale": "TINIT-FRRGLI71C52A662L", "client_id": "web",
			})))
			want := &identity.Principal{
				Subject: "u-1", CodiceFiscale: "FRRGLI71C52A662L", Nome: "Giulia Ferri", Ruoli: []string{"impresa", "operatore"}, Ignorati: []string{"stampa"},
				Sede: "7000", Livello: 2, Profile: "portale", Client: "web", Issuer: portalISS, TokenID: "t-1", Expires: noon.Add(time.Hour),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if !got.Has("impresa") || got.Has("stampa") {
				t.Error("Has does not follow the roles")
			}
		})
	}
}

// A voucher is never a person, whatever its issuer puts in.
func TestAVoucherIsAnOrganisation(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "RS256", "p1")
	v := newVerifier(t, atNoon, pdnd(jwks(t, key.jwk(t, nil))))
	header := marshal(t, with(key.header(), map[string]any{"typ": "application/AT+JWT"}))
	got := accepted(t, v, key.sign(t, header, marshal(t, with(voucher(), map[string]any{
		"codice_fiscale": "FRRGLI71C52A662L", "nome": "Giulia Ferri", "ruoli": []string{"operatore"}, "sede": "7000", "livello": 3,
	}))))
	want := &identity.Principal{
		Subject: "c-7", Client: "c-7", Purpose: purpose, Organization: true, Profile: "pdnd", Issuer: pdndISS, TokenID: "v-1", Expires: noon.Add(10 * time.Minute),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Keys belong to their issuer: what one may sign, another may not.
func TestOneIssuerCannotSpeakForAnother(t *testing.T) {
	t.Parallel()
	ours, theirs := newSigner(t, "ES256", "k"), newSigner(t, "ES256", "k")
	v := newVerifier(t, atNoon, portal(jwks(t, ours.jwk(t, nil))), pdnd(jwks(t, theirs.jwk(t, nil))))
	refused(t, v, theirs.token(t, person()), identity.CodeSignature)
	header := marshal(t, with(ours.header(), map[string]any{"typ": "at+jwt"}))
	refused(t, v, ours.sign(t, header, marshal(t, voucher())), identity.CodeSignature)
	accepted(t, v, ours.token(t, person()))
	accepted(t, v, theirs.sign(t, header, marshal(t, voucher())))
}

// The tokens in the file were signed by another program.
func TestTokensSignedElsewhereVerify(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		JWKS   json.RawMessage
		Tokens map[string]string
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Tokens) != len(identity.Algorithms) {
		t.Fatal(len(golden.Tokens), err)
	}
	v := newVerifier(t, atNoon, portal(golden.JWKS))
	want := &identity.Principal{
		Subject: "u-1", CodiceFiscale: "FRRGLI71C52A662L", Nome: "Giulia Ferri", Ruoli: []string{"impresa"}, Livello: 2,
		Profile: "portale", Issuer: portalISS, TokenID: "g-1", Expires: noon.Add(time.Hour),
	}
	for _, algorithm := range identity.Algorithms {
		if diff := cmp.Diff(want, accepted(t, v, golden.Tokens[algorithm])); diff != "" {
			t.Errorf("%s: %s", algorithm, diff)
		}
	}
}

func TestTheLifeOfATokenHasTwoEnds(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	keys := jwks(t, key.jwk(t, nil))
	const skew = 30 * time.Second
	for _, tt := range []struct {
		name string
		at   time.Duration // after noon
		code string        // "" is accepted
	}{
		{"long before", -time.Hour, identity.CodeNotYetValid},
		{"just before the skew", -skew - time.Second, identity.CodeNotYetValid},
		{"at the edge of the skew", -skew, ""},
		{"at the end", time.Hour, ""},
		{"last second of the skew", time.Hour + skew - time.Second, ""},
		{"skew over", time.Hour + skew, identity.CodeExpired},
		{"long after", 48 * time.Hour, identity.CodeExpired},
	} {
		for _, begin := range []string{"nbf", "iat"} {
			t.Run(tt.name+", "+begin, func(t *testing.T) {
				t.Parallel()
				v := newVerifier(t, func() time.Time { return noon.Add(tt.at) }, portal(keys))
				token := key.token(t, with(person(), map[string]any{"iat": nil, begin: noon.Unix()}))
				if tt.code == "" {
					accepted(t, v, token)
				} else {
					refused(t, v, token, tt.code)
				}
			})
		}
	}
}

// What the header calls itself decides nothing but whether it is let in.
func TestTypes(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	set := jwks(t, key.jwk(t, nil))
	v := newVerifier(t, atNoon, portal(set), pdnd(set))
	for _, tt := range []struct {
		typ    string
		claims map[string]any
		code   string
	}{
		{"JWT", person(), ""}, {"jwt", person(), ""}, {"at+jwt", person(), ""}, {"application/at+jwt", person(), ""},
		{"logout+jwt", person(), identity.CodeType}, {"dpop+jwt", person(), identity.CodeType}, {"JWE", person(), identity.CodeType},
		{"at+jwt", voucher(), ""}, {"JWT", voucher(), identity.CodeType},
	} {
		token := key.sign(t, marshal(t, with(key.header(), map[string]any{"typ": tt.typ})), marshal(t, tt.claims))
		if tt.code == "" {
			accepted(t, v, token)
		} else {
			refused(t, v, token, tt.code)
		}
	}
}

func TestAnAlgorithmMustBeAllowedToThatIssuer(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "RS256", "k1")
	i := portal(jwks(t, key.jwk(t, map[string]any{"alg": nil})))
	i.Algorithms = []string{"ES256", "PS256"}
	v := newVerifier(t, atNoon, i)
	refused(t, v, key.token(t, person()), identity.CodeAlgorithm)
	pss := &signer{"PS256", "k1", key.private}
	accepted(t, v, pss.token(t, person()))
}

func TestIssuersAreCheckedBeforeAnythingIsAccepted(t *testing.T) {
	t.Parallel()
	_, err := identity.NewVerifier(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "no issuer") {
		t.Errorf("none at all: %v", err)
	}
	_, err = identity.NewVerifier(t.Context(), []identity.Issuer{
		{Profile: "spid", Algorithms: []string{"HS256"}, Leeway: 2 * time.Minute, MaxLife: -1, Roles: map[string]string{"boss": "root"}},
		{Profile: "pdnd", ID: "x", Audience: "y", JWKS: "http://pdnd.example.it/jwks.json"},
		{Profile: "pdnd", ID: "x", Audience: "y", Keys: []byte(`{"keys": []}`), Purposes: []string{"p"}},
	})
	for _, part := range []string{
		`profile "spid"`, "no name", "no audience", "by URL or as they are", `"HS256" is not possible`, "2m0s is not between", "longest life", `"boss" stands for "root"`,
		"is not https", "every voucher would be refused", "no key in the set",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("nothing of %q in:\n%v", part, err)
		}
	}
	key := newSigner(t, "ES256", "k1")
	i := portal(jwks(t, key.jwk(t, nil)))
	if _, err := identity.NewVerifier(t.Context(), []identity.Issuer{i, i}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("one issuer twice: %v", err)
	}
}

func TestManyMayAskAtOnce(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	v := newVerifier(t, atNoon, portal(jwks(t, key.jwk(t, nil))))
	tokens := []string{key.token(t, person()), key.token(t, with(person(), map[string]any{"sub": "u-2"}))}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for range 50 {
				p, err := v.Verify(context.Background(), tokens[n%2])
				if err != nil || p.Subject != []string{"u-1", "u-2"}[n%2] {
					t.Errorf("%+v, %v", p, err)
					return
				}
				p.Ruoli[0] = "auditor" // each has its own
			}
		})
	}
	wg.Wait()
	if p := accepted(t, v, tokens[0]); p.Ruoli[0] != "impresa" {
		t.Errorf("a caller changed the roles to %v", p.Ruoli)
	}
}

func TestLogsDoNotNameThePerson(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("who", "principal", &identity.Principal{
		Subject: "FRRGLI71C52A662L", CodiceFiscale: "FRRGLI71C52A662L", Nome: "Giulia Ferri", Ruoli: []string{"impresa"}, Profile: "portale", TokenID: "t-1",
	})
	log.Info("who", "principal", &identity.Principal{Subject: "archivio", Organization: true})
	for _, secret := range []string{"FRRGLI", "Giulia"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is in the log: %s", secret, out.String())
		}
	}
	for _, part := range []string{`"token":"t-1"`, `"ruoli":["impresa"]`, `"subject":"archivio"`} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%s is not in the log: %s", part, out.String())
		}
	}
}
