package identity

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"omnia/internal/fault"
)

// maxText bounds a claim that is kept, in bytes.
const maxText = 255

// claims reads typed values from a payload. The first thing wrong stays; what is read after it
// means nothing.
type claims struct {
	all   map[string]any
	wrong *fault.Fault
}

func (c *claims) refuse(format string, args ...any) {
	if c.wrong == nil {
		c.wrong = refuse(CodeClaims, format, args...)
	}
}

// text is a claim that must be text when it is there: null is not absent.
func (c *claims) text(name string) string {
	v, there := c.all[name]
	if !there {
		return ""
	}
	s, ok := v.(string)
	switch {
	case !ok || s == "":
		c.refuse("The claim %s must be text.", name)
	case len(s) > maxText:
		c.refuse("The claim %s is longer than %d bytes.", name, maxText)
	case strings.ContainsFunc(s, unicode.IsControl):
		c.refuse("The claim %s has control characters.", name)
	}
	return s
}

// needed is a text that must be there.
func (c *claims) needed(name string) string {
	if _, there := c.all[name]; !there {
		c.refuse("The claim %s is missing.", name)
	}
	return c.text(name)
}

// texts is a claim that must be a list of texts when it is there.
func (c *claims) texts(name string) (out []string) {
	v, there := c.all[name]
	if !there {
		return nil
	}
	list, ok := v.([]any)
	for _, item := range list {
		s, text := item.(string)
		ok = ok && text
		out = append(out, s)
	}
	if !ok {
		c.refuse("The claim %s must be a list of texts.", name)
	}
	return out
}

// lastSecond is the end of the year 9999: beyond it instants have no RFC 3339 form.
const lastSecond = 253402300799

// instant is a NumericDate. Fractions are allowed there, and cut off: they are less than any skew.
func (c *claims) instant(name string) (t time.Time, there bool) {
	v, there := c.all[name]
	if !there {
		return t, false
	}
	n, ok := v.(json.Number)
	whole, fraction, _ := strings.Cut(string(n), ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if !ok || err != nil || strings.ContainsAny(fraction, "eE") || seconds < 0 || seconds > lastSecond {
		c.refuse("The claim %s must be a number of seconds since 1970.", name)
		return t, true
	}
	return time.Unix(seconds, 0).UTC(), true
}

// audience is aud: one text or a list of them (RFC 7519, 4.1.3).
func (c *claims) audience() []string {
	if _, one := c.all["aud"].(string); one {
		return []string{c.text("aud")}
	}
	return c.texts("aud")
}

// life checks when the token is good, and gives its end.
func (i *Issuer) life(c *claims, now time.Time) (expires time.Time, f *fault.Fault) {
	expires, ends := c.instant("exp")
	from, begins := c.instant("nbf")
	issued, told := c.instant("iat")
	switch {
	case c.wrong != nil:
		return expires, c.wrong
	case !ends:
		return expires, refuse(CodeClaims, "The claim exp is missing.")
	case !now.Before(expires.Add(i.Leeway)):
		return expires, refuse(CodeExpired, "The token has expired. Sign in again.")
	case begins && now.Add(i.Leeway).Before(from), told && now.Add(i.Leeway).Before(issued):
		return expires, refuse(CodeNotYetValid, "The token is not valid yet. Check the clock of its issuer.")
	}
	if !told {
		issued = now
	}
	if expires.Sub(issued) > i.MaxLife {
		return expires, refuse(CodeClaims, "The token is made to live longer than %s.", i.MaxLife)
	}
	return expires, nil
}

// principal is whom the verified claims of a token name.
func (i *Issuer) principal(all map[string]any, now time.Time) (*Principal, *fault.Fault) {
	c := &claims{all: all}
	expires, f := i.life(c, now)
	if f != nil {
		return nil, f
	}
	if aud := c.audience(); c.wrong == nil && !slices.Contains(aud, i.Audience) {
		return nil, refuse(CodeAudience, "The token is not for this service.")
	}
	if _, bound := all["cnf"]; bound {
		c.refuse("The token is bound to a key (cnf), whose proof this service does not verify: ask for a bearer token.")
	}
	p := &Principal{Profile: i.Profile, Issuer: i.ID, Expires: expires, Subject: c.needed("sub"), TokenID: c.text("jti"), Client: c.text("client_id")}
	if i.Profile == ProfilePDND {
		i.readVoucher(c, p)
	} else {
		i.readPerson(c, p)
	}
	if c.wrong != nil {
		return nil, c.wrong
	}
	return p, nil
}

// readVoucher reads a PDND voucher. Claims about persons are not looked at: an administration
// can't become one of its employees, or of ours.
//
// A voucher is a bearer token that serves for many calls until it expires, so its jti is needed
// for the records but seeing it again is no replay. The claim digest, of the tracking evidence,
// is not verified.
func (i *Issuer) readVoucher(c *claims, p *Principal) {
	p.Organization = true
	p.Purpose = c.needed("purposeId")
	c.needed("client_id")
	c.needed("jti")
	if _, told := c.all["iat"]; !told {
		c.refuse("The claim iat is missing.")
	}
	if p.Subject != p.Client {
		c.refuse("In a voucher sub and client_id must be the same.")
	}
	if !slices.Contains(i.Purposes, p.Purpose) {
		c.refuse("The purposeId is none of those accepted here.")
	}
}

// codiceFiscale is the form of a person's code, with the letters that replace digits when two
// people would have the same. The check character is verified where codes are facts.
var codiceFiscale = regexp.MustCompile(`^[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]$`)

// office is the form of the code of an office.
var office = regexp.MustCompile(`^[0-9A-Z]{1,16}$`)

// readPerson reads what a portal says of a person, or of a service account: that is a token
// without codice fiscale, and it can't have a role that only persons have.
func (i *Issuer) readPerson(c *claims, p *Principal) {
	p.Ruoli, p.Ignorati = i.roles(c)
	p.Sede = c.text(i.Claims.Sede)
	if p.Sede != "" && !office.MatchString(p.Sede) {
		c.refuse("The claim %s is not the code of an office.", i.Claims.Sede)
	}
	_, isPerson := c.all[i.Claims.CodiceFiscale]
	p.Organization = !isPerson
	for _, name := range p.Ruoli {
		r, _ := findRole(name)
		if r.person && p.Organization {
			c.refuse("The role %s needs the claim %s.", name, i.Claims.CodiceFiscale)
		}
		if r.sede && p.Sede == "" {
			c.refuse("The role %s needs the claim %s.", name, i.Claims.Sede)
		}
	}
	if p.Organization {
		return
	}
	p.CodiceFiscale = strings.TrimPrefix(c.text(i.Claims.CodiceFiscale), "TINIT-") // as SPID writes it
	if !codiceFiscale.MatchString(p.CodiceFiscale) {
		c.refuse("The claim %s is not the codice fiscale of a person, 16 characters in capitals.", i.Claims.CodiceFiscale)
	}
	p.Nome = c.text(i.Claims.Nome)
	p.Livello = i.level(c)
}

// roles splits the roles of a token into those known here and the others, each sorted.
//
// An unknown role does not spoil the token: portals put the roles of all their applications into
// one claim, and what grants nothing harms nobody. It is kept apart, for the record of access.
func (i *Issuer) roles(c *claims) (known, ignored []string) {
	for _, name := range c.texts(i.Claims.Ruoli) {
		ours := name
		if i.Roles != nil {
			ours = i.Roles[name]
		}
		if _, ok := findRole(ours); ok {
			known = append(known, ours)
		} else {
			ignored = append(ignored, name)
		}
	}
	slices.Sort(known)
	slices.Sort(ignored)
	return slices.Compact(known), slices.Compact(ignored)
}

// level is the assurance of the sign-in; when two claims tell of it, the lower one. What is not
// in the table, and not telling at all, is 0: unknown.
func (i *Issuer) level(c *claims) int {
	found := []int{}
	if acr := c.text(i.Claims.ACR); acr != "" {
		found = append(found, i.Levels[acr])
	}
	if v, there := c.all[i.Claims.Livello]; there {
		n, _ := v.(json.Number)
		level := slices.Index([]json.Number{"0", "1", "2", "3"}, n)
		if level < 0 {
			c.refuse("The claim %s must be a number from 0 to 3.", i.Claims.Livello)
		}
		found = append(found, level)
	}
	if len(found) == 0 {
		return 0
	}
	return slices.Min(found)
}
