package identity

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

// What the issuer for development is called. A name under .invalid belongs to nobody (RFC 2606).
const (
	DevIssuer   = "https://sviluppo.omnia.invalid"
	DevAudience = "omnia"
	DevLife     = 12 * time.Hour // of a token, when nothing else is asked
	devKeyFile  = "sviluppo.key"
)

// Dev is an issuer for a run on one's own machine. Whoever can read its key can be anybody, so a
// service that others can reach must not have one: see CheckDev.
type Dev struct {
	private *ecdsa.PrivateKey
	kid     string
	jwks    []byte
	now     func() time.Time
}

// Person is whom a token of Dev names; without CodiceFiscale it is a service account.
type Person struct {
	Subject, CodiceFiscale, Nome string
	Ruoli                        []string
	Sede                         string
	Livello                      int
}

// CheckDev says why signing in for development can't be allowed on that address (host:port), or
// beside that many real issuers; nil when it can.
func CheckDev(addr string, realIssuers int) error {
	var wrongs []error
	if realIssuers > 0 {
		wrongs = append(wrongs, errors.New("OMNIA_ISSUER: a real issuer is set: the sign-in for development would let anybody in beside it"))
	}
	host, _, err := net.SplitHostPort(addr)
	switch {
	case err != nil:
		wrongs = append(wrongs, fmt.Errorf("OMNIA_ADDR: %q is not an address such as 127.0.0.1:8080", addr))
	case !isLoopback(host):
		wrongs = append(wrongs, fmt.Errorf("OMNIA_ADDR: %s can be reached from other machines, and the sign-in for development lets anybody in: listen on 127.0.0.1, or set OMNIA_ISSUER, OMNIA_AUDIENCE and OMNIA_JWKS", addr))
	}
	return errors.Join(wrongs...)
}

// OpenDev takes the key in folder into use, and makes both when they are not there. Processes that
// start at once agree on one key, and it outlives them: so do the tokens.
func OpenDev(folder string, now func() time.Time) (*Dev, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("folder of the key for development: %w", err)
	}
	path := filepath.Join(folder, devKeyFile)
	private, err := readDevKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeDevKey(path); err == nil {
			private, err = readDevKey(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key for development: %w", err)
	}
	return newDev(private, now)
}

func newDev(private *ecdsa.PrivateKey, now func() time.Time) (*Dev, error) {
	kid, err := thumbprint(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	public, err := jwkset.NewJWKFromKey(&private.PublicKey, jwkset.JWKOptions{
		Metadata: jwkset.JWKMetadataOptions{ALG: jwkset.AlgES256, KID: kid, USE: jwkset.UseSig},
	})
	if err != nil {
		return nil, err
	}
	jwks, err := json.Marshal(jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{public.Marshal()}})
	if err != nil {
		return nil, err
	}
	return &Dev{private: private, kid: kid, jwks: jwks, now: now}, nil
}

// Issuer is how a Verifier accepts the tokens of d.
func (d *Dev) Issuer() Issuer {
	return Issuer{Profile: ProfileSviluppo, ID: DevIssuer, Audience: DevAudience, Keys: d.JWKS(), Algorithms: []string{"ES256"}, Types: []string{"jwt"}}
}

// JWKS is the public key, as a set.
func (d *Dev) JWKS() []byte { return append([]byte(nil), d.jwks...) }

// Token signs in a person, for a while above zero and at most 24 hours; 0 means DevLife.
func (d *Dev) Token(p Person, life time.Duration) (string, error) {
	life = cmp.Or(life, DevLife)
	if life < time.Second || life > maxLife {
		return "", fmt.Errorf("a token can't live %s: ask for one second to %s", life, maxLife)
	}
	now := d.now()
	claims := jwt.MapClaims{
		"iss": DevIssuer, "aud": DevAudience, "sub": p.Subject, "jti": rand.Text(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(life).Unix(), "ruoli": append([]string{}, p.Ruoli...),
	}
	for name, value := range map[string]string{"codice_fiscale": p.CodiceFiscale, "nome": p.Nome, "sede": p.Sede} {
		if value != "" {
			claims[name] = value
		}
	}
	if p.CodiceFiscale != "" {
		claims["livello"] = p.Livello
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["kid"] = d.kid
	return token.SignedString(d.private)
}

// thumbprint names a key by itself (RFC 7638), so that another key never has the same name.
func thumbprint(public *ecdsa.PublicKey) (string, error) {
	point, err := public.Bytes() // 4, x, y
	if err != nil {
		return "", err
	}
	half := len(point) / 2
	text := base64.RawURLEncoding.EncodeToString
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"P-256","kty":"EC","x":%q,"y":%q}`, text(point[1:1+half]), text(point[1+half:])))
	return text(sum[:]), nil
}

// readDevKey reads a key that nobody else can read.
func readDevKey(path string) (*ecdsa.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others, who could sign in as anybody: delete it to have a new one", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	broken := fmt.Errorf("%s is not a P-256 key in PEM: delete it to have a new one", path)
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, broken
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.Join(broken, err)
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return nil, broken
	}
	return private, nil
}

// makeDevKey puts a new key at path, whole or not at all, unless another process was faster: a
// link, unlike a renaming, never replaces what is there.
func makeDevKey(path string) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	whole, err := writeBeside(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		return err
	}
	defer os.Remove(whole)
	if err := os.Link(whole, path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// writeBeside writes a file that only its owner can read, down to the disk, in the folder of path.
func writeBeside(path string, text []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".sviluppo-*") // 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
