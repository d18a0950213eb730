package identity_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"omnia/identity"
)

func openDev(t *testing.T, folder string) *identity.Dev {
	t.Helper()
	d, err := identity.OpenDev(folder, atNoon)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func devToken(t *testing.T, d *identity.Dev, p identity.Person, life time.Duration) string {
	t.Helper()
	token, err := d.Token(p, life)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTheDevelopmentIssuerSignsPeopleIn(t *testing.T) {
	t.Parallel()
	d := openDev(t, t.TempDir())
	v := newVerifier(t, atNoon, d.Issuer())
	got := accepted(t, v, devToken(t, d, identity.Person{
		Subject: "BSSLRA80T47H501T", CodiceFiscale: "BSSLRA80T47H501T", Nome: "Laura Bassi", Ruoli: []string{"operatore"}, Sede: "7000", Livello: 2,
	}, 0))
	if got.TokenID == "" {
		t.Error("the token has no id")
	}
	got.TokenID = ""
	want := &identity.Principal{
		Subject: "BSSLRA80T47H501T", CodiceFiscale: "BSSLRA80T47H501T", Nome: "Laura Bassi", Ruoli: []string{"operatore"}, Sede: "7000", Livello: 2,
		Profile: "sviluppo", Issuer: identity.DevIssuer, Expires: noon.Add(12 * time.Hour),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p := accepted(t, v, devToken(t, d, identity.Person{Subject: "archivio", Ruoli: []string{"archivio"}}, time.Minute)); !p.Organization || p.Expires != noon.Add(time.Minute) {
		t.Errorf("%+v", p)
	}
	if a, b := devToken(t, d, identity.Person{Subject: "a"}, 0), devToken(t, d, identity.Person{Subject: "a"}, 0); a == b {
		t.Error("two tokens are the same")
	}
}

func TestALifeThatCannotBe(t *testing.T) {
	t.Parallel()
	d := openDev(t, t.TempDir())
	for _, life := range []time.Duration{-time.Hour, time.Millisecond, 25 * time.Hour} {
		if token, err := d.Token(identity.Person{Subject: "a"}, life); err == nil {
			t.Errorf("%s gives %s", life, token)
		}
	}
}

// The key outlives the process, and another folder has another key.
func TestTheKeyStays(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data", "deep")
	token := devToken(t, openDev(t, folder), identity.Person{Subject: "a"}, 0)
	accepted(t, newVerifier(t, atNoon, openDev(t, folder).Issuer()), token)
	refused(t, newVerifier(t, atNoon, openDev(t, t.TempDir()).Issuer()), token, identity.CodeSignature)
	info, err := os.Stat(filepath.Join(folder, "sviluppo.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestThoseWhoStartAtOnceAgreeOnTheKey(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	sets := make([]string, 16)
	var wg sync.WaitGroup
	for n := range sets {
		wg.Go(func() {
			d, err := identity.OpenDev(folder, atNoon)
			if err != nil {
				t.Error(err)
				return
			}
			sets[n] = string(d.JWKS())
		})
	}
	wg.Wait()
	for _, set := range sets[1:] {
		if set != sets[0] {
			t.Fatalf("two keys:\n%s\n%s", sets[0], set)
		}
	}
}

func TestAKeyThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	good := t.TempDir()
	openDev(t, good)
	pem, err := os.ReadFile(filepath.Join(good, "sviluppo.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, text string
		mode       os.FileMode
		part       string
	}{
		{"empty", "", 0o600, "delete it"},
		{"not PEM", "key", 0o600, "not a P-256 key"},
		{"cut off", string(pem[:len(pem)/2]), 0o600, "not a P-256 key"},
		{"not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600, "not a P-256 key"},
		{"readable by all", string(pem), 0o644, "can be read by others"},
		{"readable by the group", string(pem), 0o640, "can be read by others"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			path := filepath.Join(folder, "sviluppo.key")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			if _, err := identity.OpenDev(folder, atNoon); err == nil || !strings.Contains(err.Error(), tt.part) {
				t.Errorf("%v; want %q", err, tt.part)
			}
		})
	}
	file := filepath.Join(good, "sviluppo.key")
	if _, err := identity.OpenDev(file, atNoon); err == nil {
		t.Error("a file is taken for a folder")
	}
}

func TestThePublishedSetHasNothingPrivate(t *testing.T) {
	t.Parallel()
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(openDev(t, t.TempDir()).JWKS(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatal(set, err)
	}
	k := set.Keys[0]
	if _, private := k["d"]; private || k["kty"] != "EC" || k["crv"] != "P-256" || k["use"] != "sig" || k["alg"] != "ES256" || len(k["kid"].(string)) != 43 {
		t.Errorf("%v", k)
	}
}

func TestSigningInForDevelopmentStaysOnTheMachine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		addr  string
		real  int
		parts []string // none is allowed
	}{
		{"127.0.0.1:8080", 0, nil},
		{"127.8.8.8:0", 0, nil},
		{"[::1]:8080", 0, nil},
		{"localhost:8080", 0, nil},
		{":8080", 0, []string{"OMNIA_ADDR", "other machines"}},
		{"0.0.0.0:8080", 0, []string{"other machines"}},
		{"[::]:8080", 0, []string{"other machines"}},
		{"192.168.1.7:8080", 0, []string{"other machines"}},
		{"localhost.example.it:8080", 0, []string{"other machines"}},
		{"here", 0, []string{"not an address"}},
		{"127.0.0.1:8080", 1, []string{"OMNIA_ISSUER"}},
		{"0.0.0.0:8080", 2, []string{"OMNIA_ISSUER", "other machines"}},
	} {
		err := identity.CheckDev(tt.addr, tt.real)
		if (err == nil) != (len(tt.parts) == 0) {
			t.Errorf("%s with %d: %v", tt.addr, tt.real, err)
		}
		for _, part := range tt.parts {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s with %d: %v; want %q", tt.addr, tt.real, err, part)
			}
		}
	}
}
