package identity

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The bounds of every issuer.
const (
	maxLeeway = 60 * time.Second // how far clocks may be apart
	maxLife   = 24 * time.Hour   // of a token, when its issuer sets no other
)

// Algorithms are those that an issuer may be allowed: all asymmetric, so that what verifies can't sign.
var Algorithms = []string{"ES256", "PS256", "RS256"}

// Issuer is one source of tokens, and all that is believed of it.
type Issuer struct {
	Profile    string   // portale, pdnd or sviluppo
	ID         string   // iss, compared byte by byte
	Audience   string   // must be aud, or one of them, byte by byte
	JWKS       string   // URL of the keys
	Keys       []byte   // the keys themselves, as a JWKS, instead of an URL
	Algorithms []string // subset of the package's Algorithms; none means all of them
	Types      []string // allowed typ, in small letters; none means at+jwt, and for people JWT too
	Purposes   []string // purposeId allowed; of pdnd only, where none means nobody
	Claims     Claims   // where the claims are; the zero value is the house's own names
	Roles      map[string]string
	Levels     map[string]int // acr to level; none means the values of SPID and of eIDAS
	Leeway     time.Duration  // added to both ends of a token's life, at most 60 s
	MaxLife    time.Duration  // a token made for longer is refused; 0 means 24 h
}

// Claims are the names that an issuer gives to the claims about a person.
type Claims struct {
	CodiceFiscale, Nome, Ruoli, Sede, Livello, ACR string
}

// claimNames are the house's own names, and so those of the fields.
var claimNames = []string{"codice_fiscale", "nome", "ruoli", "sede", "livello", "acr"}

// field is the name that the issuer gives to the claim we call house.
func (c *Claims) field(house string) (name *string, ok bool) {
	fields := []*string{&c.CodiceFiscale, &c.Nome, &c.Ruoli, &c.Sede, &c.Livello, &c.ACR}
	i := slices.Index(claimNames, house)
	if i < 0 {
		return nil, false
	}
	return fields[i], true
}

// levels are the values of acr that say something about the strength of a sign-in.
//
// Sources: SPID, "Regole tecniche", the three AuthnContextClassRef, used by CIE as well; Commission
// Implementing Regulation (EU) 2015/1502 for the levels of assurance of eIDAS.
var levels = map[string]int{
	"https://www.spid.gov.it/SpidL1": 1, "https://www.spid.gov.it/SpidL2": 2, "https://www.spid.gov.it/SpidL3": 3,
	"http://eidas.europa.eu/LoA/low": 1, "http://eidas.europa.eu/LoA/substantial": 2, "http://eidas.europa.eu/LoA/high": 3,
}

// withDefaults fills in what is left out.
func (i Issuer) withDefaults() Issuer {
	if len(i.Algorithms) == 0 {
		i.Algorithms = Algorithms
	}
	if len(i.Types) == 0 {
		i.Types = []string{"at+jwt"}
		if i.Profile != ProfilePDND {
			i.Types = append(i.Types, "jwt")
		}
	}
	if len(i.Levels) == 0 {
		i.Levels = levels
	}
	if i.MaxLife == 0 {
		i.MaxLife = maxLife
	}
	for _, house := range claimNames {
		if field, _ := i.Claims.field(house); *field == "" {
			*field = house
		}
	}
	return i
}

// check finds everything that can't be, at once.
func (i Issuer) check() error {
	var wrongs []error
	wrong := func(format string, args ...any) { wrongs = append(wrongs, fmt.Errorf(format, args...)) }
	if !slices.Contains([]string{ProfilePortale, ProfilePDND, ProfileSviluppo}, i.Profile) {
		wrong("profile %q is none of portale, pdnd and sviluppo", i.Profile)
	}
	if i.ID == "" {
		wrong("the issuer has no name: give the iss of its tokens")
	}
	if i.Audience == "" {
		wrong("no audience: a token made for another service would do; give the aud of tokens for this one")
	}
	if (i.JWKS == "") == (len(i.Keys) == 0) {
		wrong("give the keys of the issuer by URL or as they are, one of the two")
	}
	if i.JWKS != "" {
		if err := checkKeysURL(i.JWKS); err != nil {
			wrong("keys: %w", err)
		}
	}
	for _, a := range i.Algorithms {
		if !slices.Contains(Algorithms, a) {
			wrong("algorithm %q is not possible: choose among %s", a, strings.Join(Algorithms, ", "))
		}
	}
	if i.Leeway < 0 || i.Leeway > maxLeeway {
		wrong("clock skew %s is not between 0s and %s", i.Leeway, maxLeeway)
	}
	if i.MaxLife < 0 {
		wrong("the longest life of a token can't be negative")
	}
	if i.Profile == ProfilePDND && len(i.Purposes) == 0 {
		wrong("no purposes: every voucher would be refused; give the purposeId of those to accept")
	}
	for theirs, ours := range i.Roles {
		if _, ok := findRole(ours); !ok {
			wrong("role %q stands for %q, which is none of %s", theirs, ours, strings.Join(Roles(), ", "))
		}
	}
	return errors.Join(wrongs...)
}

// checkKeysURL demands https, because who can change the keys can be anybody; on this machine
// plain http will do.
func checkKeysURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a URL", text)
	case u.Host == "" || u.User != nil || u.Fragment != "":
		return fmt.Errorf("%q is not a plain URL with a host, such as https://portale.example.it/jwks.json", text)
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%q is not https: whoever is on the way could put in keys of their own", text)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
