package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"omnia/fixtures"
	"omnia/identity"
)

// acceptedIn is whom the service with that data folder takes the token for.
func acceptedIn(t *testing.T, folder, token string) *identity.Principal {
	t.Helper()
	dev, err := identity.OpenDev(folder, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	v, err := identity.NewVerifier(t.Context(), []identity.Issuer{dev.Issuer()})
	if err != nil {
		t.Fatal(err)
	}
	p, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTokenSignsInEachDemoPerson(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	for _, person := range fixtures.People() {
		code, stdout, stderr := call(t, "", "token", "--data", folder, person.Persona)
		token, rest, ok := strings.Cut(stdout, "\n")
		if code != 0 || stderr != "" || !ok || rest != "" {
			t.Fatalf("%s: exit %d, stdout %q, stderr %q", person.Persona, code, stdout, stderr)
		}
		p := acceptedIn(t, folder, token)
		if p.Profile != identity.ProfileSviluppo || p.CodiceFiscale != person.CodiceFiscale || p.Sede != person.Sede || !slices.Equal(p.Ruoli, person.Ruoli) || len(p.Ignorati) != 0 {
			t.Errorf("%s: %+v", person.Persona, p)
		}
		subject, level := person.Persona, 0
		if person.CodiceFiscale != "" {
			subject, level = person.CodiceFiscale, 2
		}
		if p.Subject != subject || p.Livello != level || p.Organization != (level == 0) {
			t.Errorf("%s: %+v", person.Persona, p)
		}
		if left := time.Until(p.Expires); left > 12*time.Hour || left < 11*time.Hour {
			t.Errorf("%s: good for %s", person.Persona, left)
		}
	}
}

func TestTokenLivesAsLongAsAsked(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	_, stdout, _ := call(t, "", "token", "--data", folder, "--ttl", "20m", "titolare")
	if left := time.Until(acceptedIn(t, folder, strings.TrimSpace(stdout)).Expires); left > 20*time.Minute || left < 10*time.Minute {
		t.Errorf("good for %s", left)
	}
}

func TestTokenRefuses(t *testing.T) {
	t.Parallel()
	all := make([]string, 0, 11)
	for _, p := range fixtures.People() {
		all = append(all, p.Persona)
	}
	names := strings.Join(all, ", ")
	for _, tt := range []struct {
		name string
		args []string
		part string
	}{
		{"nobody", nil, "say for whom the token is: choose among " + names},
		{"a stranger", []string{"direttore"}, `no demo person "direttore": choose among ` + names},
		{"a life too long", []string{"titolare", "--ttl", "48h"}, "--ttl"},
		{"a life below zero", []string{"titolare", "--ttl=-1h"}, "--ttl"},
		{"a real issuer", []string{"titolare", "--issuer", "https://portale.example.it"}, "OMNIA_ISSUER"},
		{"a real issuer of vouchers", []string{"titolare", "--pdnd-issuer", "https://interop.example.it"}, "OMNIA_PDND_ISSUER"},
		{"a folder that is a file", []string{"titolare", "--data", "token_test.go"}, "OMNIA_DATA"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := call(t, "", append([]string{"token", "--data", t.TempDir()}, tt.args...)...)
			if code != 2 || stdout != "" || !strings.Contains(stderr, tt.part) {
				t.Errorf("exit %d, stdout %q, stderr %q; want 2 with %q", code, stdout, stderr, tt.part)
			}
		})
	}
}

func TestTokenFollowsTheEnvironmentOfTheService(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("OMNIA_DATA", folder)
	_, stdout, _ := call(t, "", "token", "auditor")
	if p := acceptedIn(t, folder, strings.TrimSpace(stdout)); !p.Has("auditor") {
		t.Errorf("%+v", p)
	}
	t.Setenv("OMNIA_ISSUER", "https://portale.example.it")
	if code, stdout, stderr := call(t, "", "token", "auditor"); code != 2 || stdout != "" || !strings.Contains(stderr, "OMNIA_ISSUER") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestTokenListsThePeople(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := call(t, "", "token", "--list")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	people := fixtures.People()
	if code != 0 || stderr != "" || len(lines) != len(people) {
		t.Fatalf("exit %d, stderr %q:\n%s", code, stderr, stdout)
	}
	for i, p := range people {
		for _, part := range append([]string{p.Persona, p.Nome, p.Cognome, p.Sede}, p.Ruoli...) {
			if !strings.Contains(lines[i], part) {
				t.Errorf("%q lacks %q", lines[i], part)
			}
		}
	}
}
