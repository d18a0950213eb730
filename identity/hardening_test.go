package identity_test

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"omnia/identity"
)

// hostile are tokens that nobody may come in with, each with the code it is refused by.
func hostile(t testing.TB, key *signer) map[string][2]string {
	t.Helper()
	stranger := newSigner(t, "ES256", key.kid)
	good := key.token(t, person())
	parts := strings.Split(good, ".")
	payload := marshal(t, person())
	head := func(change map[string]any) []byte { return marshal(t, with(key.header(), change)) }
	claim := func(change map[string]any) string { return key.token(t, with(person(), change)) }
	unsigned := func(alg string) string { return b64(head(map[string]any{"alg": alg})) + "." + parts[1] + "." }
	jwk := json.RawMessage(stranger.jwk(t, nil))

	return map[string][2]string{
		"nothing":                      {"", identity.CodeMissing},
		"a blank":                      {" ", identity.CodeMalformed},
		"the word Bearer before it":    {"Bearer " + good, identity.CodeMalformed},
		"none":                         {unsigned("none"), identity.CodeAlgorithm},
		"None":                         {unsigned("None"), identity.CodeAlgorithm},
		"nOnE with a signature":        {unsigned("nOnE") + parts[2], identity.CodeAlgorithm},
		"no alg":                       {key.sign(t, head(map[string]any{"alg": nil}), payload), identity.CodeAlgorithm},
		"alg that is a list":           {key.sign(t, head(map[string]any{"alg": []string{"ES256"}}), payload), identity.CodeAlgorithm},
		"es256 in small letters":       {key.sign(t, head(map[string]any{"alg": "es256"}), payload), identity.CodeAlgorithm},
		"HS256 with the public PEM":    {hs256(t, head(map[string]any{"alg": "HS256"}), payload, publicPEM(t, key)), identity.CodeAlgorithm},
		"HS256 with the public JWK":    {hs256(t, head(map[string]any{"alg": "HS256"}), payload, key.jwk(t, nil)), identity.CodeAlgorithm},
		"HS256 called ES256":           {hs256(t, head(nil), payload, publicPEM(t, key)), identity.CodeSignature},
		"ES384":                        {es384(t, head(map[string]any{"alg": "ES384"}), payload), identity.CodeAlgorithm},
		"RS256 for a key of ES256":     {newSigner(t, "RS256", key.kid).token(t, person()), identity.CodeSignature},
		"the key of a stranger":        {stranger.token(t, person()), identity.CodeSignature},
		"a kid that is not there":      {key.sign(t, head(map[string]any{"kid": "k9"}), payload), identity.CodeSignature},
		"no kid":                       {key.sign(t, head(map[string]any{"kid": nil}), payload), identity.CodeMalformed},
		"an empty kid":                 {key.sign(t, head(map[string]any{"kid": ""}), payload), identity.CodeMalformed},
		"a kid that is a number":       {key.sign(t, head(map[string]any{"kid": 1}), payload), identity.CodeMalformed},
		"a kid that is a path":         {hs256(t, head(map[string]any{"kid": "../../../../dev/null", "alg": "HS256"}), payload, nil), identity.CodeAlgorithm},
		"a kid that is a path, signed": {key.sign(t, head(map[string]any{"kid": "../" + key.kid}), payload), identity.CodeSignature},
		"a kid that is SQL":            {key.sign(t, head(map[string]any{"kid": "x' UNION SELECT '" + key.kid}), payload), identity.CodeSignature},
		"a kid that is a URL":          {key.sign(t, head(map[string]any{"kid": "http://evil.example/" + key.kid}), payload), identity.CodeSignature},
		"a kid with a zero byte":       {key.sign(t, head(map[string]any{"kid": key.kid + "\x00"}), payload), identity.CodeSignature},
		"a kid of 300 bytes":           {key.sign(t, head(map[string]any{"kid": strings.Repeat("k", 300)}), payload), identity.CodeMalformed},
		"a jwk in the header":          {stranger.sign(t, head(map[string]any{"jwk": jwk}), payload), identity.CodeSignature},
		"a jku in the header":          {stranger.sign(t, head(map[string]any{"jku": "https://evil.example/jwks.json"}), payload), identity.CodeSignature},
		"an x5u in the header":         {stranger.sign(t, head(map[string]any{"x5u": "https://evil.example/cert.pem"}), payload), identity.CodeSignature},
		"an x5c in the header":         {stranger.sign(t, head(map[string]any{"x5c": []string{base64.StdEncoding.EncodeToString(publicPEM(t, stranger))}}), payload), identity.CodeSignature},
		"crit":                         {key.sign(t, head(map[string]any{"crit": []string{"exp"}}), payload), identity.CodeMalformed},
		"an empty crit":                {key.sign(t, head(map[string]any{"crit": []string{}}), payload), identity.CodeMalformed},
		"b64 false":                    {key.sign(t, head(map[string]any{"b64": false, "crit": []string{"b64"}}), payload), identity.CodeMalformed},
		"b64 false, not critical":      {key.sign(t, head(map[string]any{"b64": false}), payload), identity.CodeMalformed},
		"zip":                          {key.sign(t, head(map[string]any{"zip": "DEF"}), deflated(t, payload)), identity.CodeMalformed},
		"alg twice":                    {key.sign(t, []byte(`{"alg":"none","alg":"ES256","typ":"JWT","kid":"`+key.kid+`"}`), payload), identity.CodeMalformed},
		"ALG for alg":                  {key.sign(t, []byte(`{"ALG":"ES256","typ":"JWT","kid":"`+key.kid+`"}`), payload), identity.CodeAlgorithm},
		"no typ":                       {key.sign(t, head(map[string]any{"typ": nil}), payload), identity.CodeType},
		"a token in a token":           {key.sign(t, head(map[string]any{"cty": "JWT"}), []byte(good)), identity.CodeMalformed},
		"a token as a text":            {key.sign(t, head(map[string]any{"cty": "JWT"}), marshal(t, good)), identity.CodeMalformed},
		"an empty payload":             {key.sign(t, head(nil), nil), identity.CodeMalformed},
		"a payload that is null":       {key.sign(t, head(nil), []byte("null")), identity.CodeMalformed},
		"a payload that is a list":     {key.sign(t, head(nil), []byte("["+string(payload)+"]")), identity.CodeMalformed},
		"two payloads":                 {key.sign(t, head(nil), append(payload[:len(payload):len(payload)], payload...)), identity.CodeMalformed},
		"a payload cut off":            {key.sign(t, head(nil), payload[:len(payload)-1]), identity.CodeMalformed},
		"a payload with a comma more":  {key.sign(t, head(nil), append(payload[:len(payload)-1:len(payload)-1], ",}"...)), identity.CodeMalformed},
		"a payload not in UTF-8":       {key.sign(t, head(nil), bytes.Replace(payload, []byte("Giulia"), []byte("Giuli\xe0"), 1)), identity.CodeMalformed},
		"a payload nested 100 deep":    {claim(map[string]any{"x": json.RawMessage(strings.Repeat("[", 100) + strings.Repeat("]", 100))}), identity.CodeMalformed},
		"one byte of the signature":    {good[:len(good)-4] + "AAAA", identity.CodeSignature},
		"no signature":                 {parts[0] + "." + parts[1] + ".", identity.CodeSignature},
		"a signature of zeros":         {parts[0] + "." + parts[1] + "." + b64(make([]byte, 64)), identity.CodeSignature},
		"a signature in DER":           {der(t, key, parts[0]+"."+parts[1]), identity.CodeSignature},
		"another payload":              {parts[0] + "." + b64(marshal(t, with(person(), map[string]any{"ruoli": []string{"auditor"}}))) + "." + parts[2], identity.CodeSignature},
		"cut in the middle":            {good[:len(good)/2], identity.CodeMalformed},
		"two parts":                    {parts[0] + "." + parts[1], identity.CodeMalformed},
		"five parts, as encrypted":     {good + ".AA.AA", identity.CodeMalformed},
		"dots":                         {"..", identity.CodeMalformed},
		"not base64":                   {"!" + good[1:], identity.CodeMalformed},
		"padding":                      {good + "=", identity.CodeMalformed},
		"standard base64":              {parts[0] + "." + parts[1] + "." + strings.Repeat("+/", 43), identity.CodeMalformed},
		"a line break in it":           {good[:20] + "\n" + good[20:], identity.CodeMalformed},
		"a line break behind it":       {good + "\n", identity.CodeMalformed},
		"huge":                         {claim(map[string]any{"x": strings.Repeat("x", 8<<10)}), identity.CodeMalformed},
		"huge and nothing else":        {strings.Repeat("A", 1<<20), identity.CodeMalformed},

		"no issuer":                     {claim(map[string]any{"iss": nil}), identity.CodeClaims},
		"an issuer that is a list":      {claim(map[string]any{"iss": []string{portalISS}}), identity.CodeClaims},
		"an unknown issuer":             {claim(map[string]any{"iss": "https://evil.example"}), identity.CodeIssuer},
		"an issuer with a slash more":   {claim(map[string]any{"iss": portalISS + "/"}), identity.CodeIssuer},
		"an issuer in capitals":         {claim(map[string]any{"iss": strings.ToUpper(portalISS)}), identity.CodeIssuer},
		"ISS for iss":                   {claim(map[string]any{"iss": nil, "ISS": portalISS}), identity.CodeClaims},
		"iss twice":                     {key.sign(t, head(nil), append([]byte(`{"iss":"x",`), payload[1:]...)), identity.CodeClaims},
		"iss twice, once escaped":       {key.sign(t, head(nil), append([]byte(`{"\u0069ss":"x",`), payload[1:]...)), identity.CodeClaims},
		"a name twice further down":     {claim(map[string]any{"x": json.RawMessage(`[{"a":1,"a":2}]`)}), identity.CodeClaims},
		"no audience":                   {claim(map[string]any{"aud": nil}), identity.CodeAudience},
		"another audience":              {claim(map[string]any{"aud": "omnia2"}), identity.CodeAudience},
		"the audience in capitals":      {claim(map[string]any{"aud": "OMNIA"}), identity.CodeAudience},
		"other audiences":               {claim(map[string]any{"aud": []string{"omnia2", "omni", "omnia "}}), identity.CodeAudience},
		"an empty list of audiences":    {claim(map[string]any{"aud": []string{}}), identity.CodeAudience},
		"audiences that are no texts":   {claim(map[string]any{"aud": []any{"omnia", 1}}), identity.CodeClaims},
		"an audience that is an object": {claim(map[string]any{"aud": map[string]any{"omnia": true}}), identity.CodeClaims},
		"expired":                       {claim(map[string]any{"iat": noon.Add(-2 * time.Hour).Unix(), "exp": noon.Add(-time.Hour).Unix()}), identity.CodeExpired},
		"not yet valid":                 {claim(map[string]any{"nbf": noon.Add(time.Hour).Unix()}), identity.CodeNotYetValid},
		"issued in the future":          {claim(map[string]any{"iat": noon.Add(time.Hour).Unix()}), identity.CodeNotYetValid},
		"no exp":                        {claim(map[string]any{"exp": nil}), identity.CodeClaims},
		"exp that is null":              {claim(map[string]any{"exp": json.RawMessage("null")}), identity.CodeClaims},
		"exp that is text":              {claim(map[string]any{"exp": fmt.Sprint(noon.Add(time.Hour).Unix())}), identity.CodeClaims},
		"exp in another form":           {claim(map[string]any{"exp": json.RawMessage("1.8e9")}), identity.CodeClaims},
		"exp beyond all times":          {claim(map[string]any{"exp": json.RawMessage("9223372036854775807")}), identity.CodeClaims},
		"exp below zero":                {claim(map[string]any{"exp": -1}), identity.CodeClaims},
		"nbf that is text":              {claim(map[string]any{"nbf": "now"}), identity.CodeClaims},
		"iat that is true":              {claim(map[string]any{"iat": true}), identity.CodeClaims},
		"a life of a week":              {claim(map[string]any{"exp": noon.Add(7 * 24 * time.Hour).Unix()}), identity.CodeClaims},
		"a life of a week, no iat":      {claim(map[string]any{"iat": nil, "exp": noon.Add(7 * 24 * time.Hour).Unix()}), identity.CodeClaims},
		"bound to a key":                {claim(map[string]any{"cnf": map[string]any{"jkt": "x"}}), identity.CodeClaims},
	}
}

func TestHostileTokensAreRefused(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	v := newVerifier(t, atNoon, portal(jwks(t, key.jwk(t, nil))))
	for name, h := range hostile(t, key) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, v, h[0], h[1])
			refused(t, v, h[0], h[1]) // a refusal is not remembered as something else
		})
	}
}

// What is refused says nothing of the token: logs are read by people, and by programs.
func TestRefusalsEchoNothing(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	v := newVerifier(t, atNoon, portal(jwks(t, key.jwk(t, nil))))
	const poison = "<script>"
	for _, name := range []string{"iss", "aud", "sub", "exp", "nbf", "jti", "codice_fiscale", "sede", "acr", "livello", "ruoli", "nome"} {
		for _, value := range []any{poison, []string{poison}, map[string]string{poison: poison}} {
			if _, err := v.Verify(context.Background(), key.token(t, with(person(), map[string]any{name: value}))); err != nil && strings.Contains(err.Error(), poison) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, name := range []string{"alg", "typ", "kid", "crit"} {
		token := key.sign(t, marshal(t, with(key.header(), map[string]any{name: poison})), marshal(t, person()))
		if _, err := v.Verify(context.Background(), token); err == nil || strings.Contains(err.Error(), poison) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzVerify looks for a token that is let in without having been signed by the key.
func FuzzVerify(f *testing.F) {
	key := newSigner(f, "ES256", "k1")
	stranger := newSigner(f, "ES256", "k1")
	v := newVerifier(f, atNoon, portal(jwks(f, key.jwk(f, nil))))
	for _, h := range hostile(f, stranger) {
		f.Add(h[0])
	}
	f.Add(stranger.token(f, person()))
	f.Fuzz(func(t *testing.T, token string) {
		if p, err := v.Verify(context.Background(), token); err == nil {
			t.Errorf("%q came in as %+v", token, p)
		}
	})
}

// FuzzClaims looks for signed claims that make Verify panic, or a principal that can't be.
func FuzzClaims(f *testing.F) {
	key := newSigner(f, "ES256", "k1")
	v := newVerifier(f, atNoon, portal(jwks(f, key.jwk(f, nil))))
	f.Add(marshal(f, person()))
	f.Add(marshal(f, with(person(), map[string]any{"ruoli": []string{"archivio"}, "codice_fiscale": nil, "exp": 1772452801.5})))
	f.Fuzz(func(t *testing.T, payload []byte) {
		p, err := v.Verify(context.Background(), key.sign(t, marshal(t, key.header()), payload))
		if err != nil {
			return
		}
		if p.Issuer != portalISS || p.Subject == "" || p.Organization != (p.CodiceFiscale == "") || p.Livello < 0 || p.Livello > 3 || !p.Expires.Add(30*time.Second).After(noon) {
			t.Errorf("%s came in as %+v", payload, p)
		}
	})
}

func publicPEM(t testing.TB, key *signer) []byte {
	t.Helper()
	text, err := x509.MarshalPKIXPublicKey(key.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: text})
}

func hs256(t testing.TB, header, payload, secret []byte) string {
	t.Helper()
	signed := b64(header) + "." + b64(payload)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + b64(mac.Sum(nil))
}

func es384(t testing.TB, header, payload []byte) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signed := b64(header) + "." + b64(payload)
	signature, err := jwt.SigningMethodES384.Sign(signed, private)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64(signature)
}

// der signs well but writes the signature as certificates do.
func der(t testing.TB, key *signer, signed string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(signed))
	signature, err := ecdsa.SignASN1(rand.Reader, key.private.(*ecdsa.PrivateKey), sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64(signature)
}

func deflated(t testing.TB, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
