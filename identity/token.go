package identity

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"omnia/internal/fault"
)

// The bounds of a token. It is read before anybody is known to have sent it.
const (
	maxToken = 8 << 10
	maxDepth = 16
	maxKID   = 256
)

// parsed is a token taken apart. Nothing of it has been verified.
type parsed struct {
	signed    string // what the signature is over
	signature []byte
	algorithm string
	typ       string // in small letters, without application/
	kid       string
	claims    map[string]any
}

// encoding is that of RFC 7515: no padding, and no bits left over, so that a token has one spelling.
var encoding = base64.RawURLEncoding.Strict()

// parse takes a token apart, strictly.
func parse(token string) (*parsed, *fault.Fault) {
	switch {
	case token == "":
		return nil, refuse(CodeMissing, "There is no token. Send it as Authorization: Bearer.")
	case len(token) > maxToken:
		return nil, refuse(CodeMalformed, "The token is longer than %d bytes.", maxToken)
	case strings.ContainsAny(token, "\r\n"): // the decoder would pass over them: again a second spelling
		return nil, refuse(CodeMalformed, "The token has line breaks.")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, refuse(CodeMalformed, "A token has three parts with a dot between them; this has %d.", len(parts))
	}
	header, f := object(parts[0], "header")
	if f != nil {
		return nil, f
	}
	claims, f := object(parts[1], "payload")
	if f != nil {
		return nil, f
	}
	signature, err := encoding.DecodeString(parts[2])
	if err != nil {
		return nil, refuse(CodeMalformed, "The signature is not base64url.")
	}
	p := &parsed{signed: parts[0] + "." + parts[1], signature: signature, claims: claims}
	if f := p.readHeader(header); f != nil {
		return nil, f
	}
	return p, nil
}

// object decodes one part of a token. A name given twice would be read by one program as the
// first and by another as the last.
func object(part, where string) (map[string]any, *fault.Fault) {
	text, err := encoding.DecodeString(part)
	if err != nil {
		return nil, refuse(CodeMalformed, "The %s is not base64url.", where)
	}
	value, err := decode(text)
	switch {
	case errors.Is(err, errTwice) && where == "payload":
		return nil, refuse(CodeClaims, "The payload has a claim twice.")
	case err != nil:
		return nil, refuse(CodeMalformed, "The %s can't be read: %v.", where, err)
	}
	members, ok := value.(map[string]any)
	if !ok {
		return nil, refuse(CodeMalformed, "The %s is not a JSON object.", where)
	}
	return members, nil
}

var (
	errTwice = errors.New("a name is there twice")
	errJSON  = errors.New("it is not JSON")
	errUTF8  = errors.New("it is not UTF-8")
	errDeep  = fmt.Errorf("it is nested deeper than %d", maxDepth)
)

// decode reads one JSON value, numbers as they are written and names as they are spelled:
// the usual decoding into a struct would take "ISS" for "iss" and the last of two.
func decode(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, errUTF8
	}
	if !json.Valid(text) {
		return nil, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return decodeValue(d, 0)
}

func decodeValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, errJSON
	}
	delim, ok := t.(json.Delim)
	switch {
	case !ok:
		return t, nil
	case depth == maxDepth:
		return nil, errDeep
	case delim == '{':
		return decodeObject(d, depth+1)
	default:
		return decodeArray(d, depth+1)
	}
}

func decodeObject(d *json.Decoder, depth int) (any, error) {
	members := map[string]any{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errJSON
		}
		if _, twice := members[name]; twice {
			return nil, errTwice
		}
		if members[name], err = decodeValue(d, depth); err != nil {
			return nil, err
		}
	}
	return members, closing(d)
}

func decodeArray(d *json.Decoder, depth int) (any, error) {
	items := []any{}
	for d.More() {
		item, err := decodeValue(d, depth)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, closing(d)
}

func closing(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errJSON
	}
	return nil
}

// readHeader takes what is needed from the header. Parameters that change how a token is to be
// read are refused (crit, b64, zip); those that offer a key are not looked at.
func (p *parsed) readHeader(header map[string]any) *fault.Fault {
	for _, name := range []string{"crit", "b64", "zip", "enc"} {
		if _, there := header[name]; there {
			return refuse(CodeMalformed, "The header has %s, which is not supported.", name)
		}
	}
	for _, h := range []struct {
		name string
		into *string
		code string
	}{{"alg", &p.algorithm, CodeAlgorithm}, {"typ", &p.typ, CodeType}, {"kid", &p.kid, CodeMalformed}} {
		text, ok := header[h.name].(string)
		if !ok || text == "" {
			return refuse(h.code, "The header has no %s, or it is no text.", h.name)
		}
		*h.into = text
	}
	if !slices.Contains(Algorithms, p.algorithm) { // none and the symmetric ones end here, whatever the issuer
		return refuse(CodeAlgorithm, "The token must be signed with %s.", strings.Join(Algorithms, " or "))
	}
	if len(p.kid) > maxKID {
		return refuse(CodeMalformed, "The kid is longer than %d bytes.", maxKID)
	}
	p.typ = strings.TrimPrefix(strings.ToLower(p.typ), "application/")
	return nil
}

// fits holds the header against what the issuer is allowed.
func (p *parsed) fits(i *Issuer) *fault.Fault {
	if !slices.Contains(i.Algorithms, p.algorithm) {
		return refuse(CodeAlgorithm, "The token must be signed with %s.", strings.Join(i.Algorithms, " or "))
	}
	if !slices.Contains(i.Types, p.typ) {
		return refuse(CodeType, "The typ of the token must be %s.", strings.Join(i.Types, " or "))
	}
	return nil
}
