package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"omnia/identity"
)

func TestSettingsBecomeIssuers(t *testing.T) {
	t.Parallel()
	c := identity.Config{
		Issuer: portalISS, Audience: "omnia", JWKS: portalISS + "/jwks.json", Algorithms: []string{"ES256"},
		Claims: map[string]string{"ruoli": "groups", "codice_fiscale": "fiscal_number"}, Roles: map[string]string{"X": "impresa"},
		PDNDIssuer: pdndISS, PDNDAudience: "e-service", PDNDJWKS: pdndISS + "/.well-known/jwks.json", PDNDPurposes: []string{purpose},
		ClockSkew: 10 * time.Second,
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	want := []identity.Issuer{
		{
			Profile: "portale", ID: portalISS, Audience: "omnia", JWKS: portalISS + "/jwks.json", Algorithms: []string{"ES256"}, Leeway: 10 * time.Second,
			Claims: identity.Claims{Ruoli: "groups", CodiceFiscale: "fiscal_number"}, Roles: map[string]string{"X": "impresa"},
		},
		{
			Profile: "pdnd", ID: pdndISS, Audience: "e-service", JWKS: pdndISS + "/.well-known/jwks.json", Algorithms: []string{"ES256"}, Leeway: 10 * time.Second,
			Purposes: []string{purpose},
		},
	}
	if diff := cmp.Diff(want, c.Issuers()); diff != "" {
		t.Error(diff)
	}
	if _, err := identity.NewVerifier(t.Context(), c.Issuers()); err != nil {
		t.Errorf("what was checked is refused: %v", err)
	}
}

func TestNoSettingsAreNoIssuer(t *testing.T) {
	t.Parallel()
	var c identity.Config
	if err := c.Check(); err != nil || len(c.Issuers()) != 0 {
		t.Errorf("%v, %v", c.Issuers(), err)
	}
}

func TestEverythingWrongInTheSettingsIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		c    identity.Config
		want []string // how each line begins
	}{
		{"an issuer alone", identity.Config{Issuer: "x"}, []string{"OMNIA_AUDIENCE:", "OMNIA_JWKS:"}},
		{"keys alone", identity.Config{JWKS: "https://x.example/k"}, []string{"OMNIA_ISSUER:", "OMNIA_AUDIENCE:"}},
		{"an audience alone", identity.Config{Audience: "x"}, []string{"OMNIA_ISSUER:", "OMNIA_JWKS:"}},
		{"plain http", identity.Config{Issuer: "x", Audience: "y", JWKS: "http://x.example/k"}, []string{"OMNIA_JWKS:"}},
		{"plain http on this machine", identity.Config{Issuer: "x", Audience: "y", JWKS: "http://127.0.0.1:9/k"}, nil},
		{"a file", identity.Config{Issuer: "x", Audience: "y", JWKS: "file:///etc/keys"}, []string{"OMNIA_JWKS:"}},
		{"a password in the URL", identity.Config{Issuer: "x", Audience: "y", JWKS: "https://a:b@x.example/k"}, []string{"OMNIA_JWKS:"}},
		{"no URL", identity.Config{Issuer: "x", Audience: "y", JWKS: "https://x example"}, []string{"OMNIA_JWKS:"}},
		{"a voucher without purposes", identity.Config{PDNDIssuer: "x", PDNDAudience: "y", PDNDJWKS: "https://x.example/k"}, []string{"OMNIA_PDND_PURPOSES:"}},
		{"purposes alone", identity.Config{PDNDPurposes: []string{"p"}}, []string{"OMNIA_PDND_ISSUER:", "OMNIA_PDND_AUDIENCE:", "OMNIA_PDND_JWKS:"}},
		{"all of it", identity.Config{
			Issuer: "x", PDNDIssuer: "x", Algorithms: []string{"none", "HS256", "ES256"}, ClockSkew: 61 * time.Second,
			Claims: map[string]string{"email": "mail", "nome": ""}, Roles: map[string]string{"a": "root", "b": "impresa"},
		}, []string{
			"OMNIA_AUDIENCE:", "OMNIA_JWKS:", "OMNIA_PDND_AUDIENCE:", "OMNIA_PDND_JWKS:", "OMNIA_PDND_ISSUER:", "OMNIA_ALGORITHMS:", "OMNIA_ALGORITHMS:",
			"OMNIA_CLOCK_SKEW:", "OMNIA_PDND_PURPOSES:", "OMNIA_CLAIMS:", "OMNIA_CLAIMS:", "OMNIA_ROLES:",
		}},
		{"a skew below zero", identity.Config{ClockSkew: -1}, []string{"OMNIA_CLOCK_SKEW:"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			if err := tt.c.Check(); err != nil {
				for line := range strings.SplitSeq(err.Error(), "\n") {
					got = append(got, strings.SplitAfter(line, ":")[0])
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff, tt.c.Check())
			}
		})
	}
}
