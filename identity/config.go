package identity

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Config is what a command can be told about issuers, by flag or by environment. The zero value,
// but for the defaults, has none.
type Config struct {
	Issuer     string            `env:"OMNIA_ISSUER" placeholder:"ISS" help:"Issuer of the portal's tokens, exactly as in iss. With none, the sign-in is for development."`
	Audience   string            `env:"OMNIA_AUDIENCE" placeholder:"AUD" help:"Audience that the portal's tokens must name."`
	JWKS       string            `name:"jwks" env:"OMNIA_JWKS" placeholder:"URL" help:"Keys of the portal, https."`
	Algorithms []string          `env:"OMNIA_ALGORITHMS" default:"ES256,PS256,RS256" placeholder:"ALG" help:"Signatures accepted (default ${default})."`
	Claims     map[string]string `env:"OMNIA_CLAIMS" mapsep:"," placeholder:"OURS=THEIRS,…" help:"Names of claims that differ in the portal's tokens; ours are codice_fiscale, nome, ruoli, sede, livello, acr."`
	Roles      map[string]string `env:"OMNIA_ROLES" mapsep:"," placeholder:"THEIRS=OURS,…" help:"What the portal's roles are here; with none they have our names."`

	PDNDIssuer   string   `name:"pdnd-issuer" env:"OMNIA_PDND_ISSUER" placeholder:"ISS" help:"Issuer of PDND vouchers; with none they are refused."`
	PDNDAudience string   `name:"pdnd-audience" env:"OMNIA_PDND_AUDIENCE" placeholder:"AUD" help:"Audience of the e-service that vouchers must name."`
	PDNDJWKS     string   `name:"pdnd-jwks" env:"OMNIA_PDND_JWKS" placeholder:"URL" help:"Keys of PDND, https."`
	PDNDPurposes []string `name:"pdnd-purposes" env:"OMNIA_PDND_PURPOSES" placeholder:"ID" help:"purposeId of the vouchers accepted."`

	ClockSkew time.Duration `env:"OMNIA_CLOCK_SKEW" default:"30s" help:"How far the clocks of issuers may be off, at most 60s (default ${default})."`
}

// Check finds every setting that can't be, by the name of its variable.
func (c Config) Check() error {
	var wrongs []error
	wrong := func(format string, args ...any) { wrongs = append(wrongs, fmt.Errorf(format, args...)) }
	for _, p := range []profile{
		{"OMNIA_", c.Issuer, c.Audience, c.JWKS, false},
		{"OMNIA_PDND_", c.PDNDIssuer, c.PDNDAudience, c.PDNDJWKS, len(c.PDNDPurposes) > 0},
	} {
		for _, err := range p.check() {
			wrong("%w", err)
		}
	}
	if c.Issuer != "" && c.Issuer == c.PDNDIssuer {
		wrong("OMNIA_PDND_ISSUER: it is the same as OMNIA_ISSUER, and a token must have one set of rules")
	}
	for _, a := range c.Algorithms {
		if !slices.Contains(Algorithms, a) {
			wrong("OMNIA_ALGORITHMS: %q is not possible: choose among %s", a, strings.Join(Algorithms, ", "))
		}
	}
	if c.ClockSkew < 0 || c.ClockSkew > maxLeeway {
		wrong("OMNIA_CLOCK_SKEW: %s is not between 0s and %s", c.ClockSkew, maxLeeway)
	}
	if c.PDNDIssuer != "" && len(c.PDNDPurposes) == 0 {
		wrong("OMNIA_PDND_PURPOSES: every voucher would be refused; give the purposeId of those to accept")
	}
	for _, ours := range slices.Sorted(maps.Keys(c.Claims)) {
		if !slices.Contains(claimNames, ours) || c.Claims[ours] == "" {
			wrong("OMNIA_CLAIMS: %q: write OURS=THEIRS, where ours is one of %s", ours, strings.Join(claimNames, ", "))
		}
	}
	for _, theirs := range slices.Sorted(maps.Keys(c.Roles)) {
		if _, ok := findRole(c.Roles[theirs]); !ok {
			wrong("OMNIA_ROLES: %q stands for %q, which is none of %s", theirs, c.Roles[theirs], strings.Join(Roles(), ", "))
		}
	}
	return errors.Join(wrongs...)
}

// profile are the three settings without which an issuer is none, and whether anything else is set for it.
type profile struct {
	prefix, issuer, audience, jwks string
	more                           bool
}

// check finds what is missing: a half-set issuer would otherwise be none, and the door open.
func (p profile) check() (wrongs []error) {
	if p.issuer+p.audience+p.jwks == "" && !p.more {
		return nil
	}
	for _, s := range []struct{ name, value, cure string }{
		{"ISSUER", p.issuer, "give the iss of its tokens"},
		{"AUDIENCE", p.audience, "give the aud of tokens for this service, or one made for another would do"},
		{"JWKS", p.jwks, "give the URL of its keys"},
	} {
		if s.value == "" {
			wrongs = append(wrongs, fmt.Errorf("%s%s: it is needed beside the others of its kind; %s", p.prefix, s.name, s.cure))
		}
	}
	if p.jwks != "" {
		if err := checkKeysURL(p.jwks); err != nil {
			wrongs = append(wrongs, fmt.Errorf("%sJWKS: %w", p.prefix, err))
		}
	}
	return wrongs
}

// Issuers are the real issuers set; none means a run for development. Check comes first.
func (c Config) Issuers() (list []Issuer) {
	common := Issuer{Algorithms: c.Algorithms, Leeway: c.ClockSkew}
	if c.Issuer != "" {
		i := common
		i.Profile, i.ID, i.Audience, i.JWKS = ProfilePortale, c.Issuer, c.Audience, c.JWKS
		i.Claims, i.Roles = c.claims(), c.Roles
		list = append(list, i)
	}
	if c.PDNDIssuer != "" {
		i := common
		i.Profile, i.ID, i.Audience, i.JWKS = ProfilePDND, c.PDNDIssuer, c.PDNDAudience, c.PDNDJWKS
		i.Purposes = c.PDNDPurposes
		list = append(list, i)
	}
	return list
}

// claims are the names that the portal gives to claims; an empty one is ours.
func (c Config) claims() (names Claims) {
	for ours, theirs := range c.Claims {
		if field, ok := names.field(ours); ok {
			*field = theirs
		}
	}
	return names
}
