package identity_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"omnia/identity"
)

func TestClaimsOfAPersonAreHeldToTheirForm(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	v := newVerifier(t, atNoon, portal(jwks(t, key.jwk(t, nil))))
	for _, tt := range []struct {
		name   string
		change map[string]any
		part   string // of the reason; "" is accepted
	}{
		{"as it is", nil, ""},
		{"no name", map[string]any{"nome": nil}, ""},
		{"no roles", map[string]any{"ruoli": nil}, ""},
		{"roles of others only", map[string]any{"ruoli": []string{"stampa"}}, ""},
		{"one of several audiences", map[string]any{"aud": []string{"x", "omnia"}}, ""},
		{"instants with fractions", map[string]any{"exp": json.RawMessage("1772456400.25"), "iat": json.RawMessage("1772452800.999")}, ""},
		{"claims nobody asked for", map[string]any{"x": []any{1, nil, map[string]any{}}, "email": true}, ""},
		{"a code with letters for digits", map[string]any{"codice_fiscale": "FRRGLI71C52A66NL"}, ""},

		{"no subject", map[string]any{"sub": nil}, "sub is missing"},
		{"an empty subject", map[string]any{"sub": ""}, "sub must be text"},
		{"a subject that is a number", map[string]any{"sub": 7}, "sub must be text"},
		{"a long subject", map[string]any{"sub": strings.Repeat("x", 256)}, "longer than 255"},
		{"a subject with a line break", map[string]any{"sub": "a\nb"}, "control characters"},
		{"a jti that is a number", map[string]any{"jti": 7}, "jti must be text"},
		{"an empty code", map[string]any{"codice_fiscale": ""}, "codice_fiscale must be text"},
		{"a code that is null", map[string]any{"codice_fiscale": json.RawMessage("null")}, "codice_fiscale must be text"},
		{"a code in small letters", map[string]any{"codice_fiscale": "frrgli71c52a662l"}, "16 characters in capitals"},
		{"a code of a company", map[string]any{"codice_fiscale": "01234567890"}, "16 characters in capitals"},
		{"a code with something behind", map[string]any{"codice_fiscale": "FRRGLI71C52A662LX"}, "16 characters in capitals"},
		{"a code with a prefix twice", map[string]any{"codice_fiscale": "TINIT-TINIT-FRRGLI71C52A662L"}, "16 characters in capitals"},
		{"a code of another country", map[string]any{"codice_fiscale": "TINDE-FRRGLI71C52A662L"}, "16 characters in capitals"},
		{"a code with a month that is none", map[string]any{"codice_fiscale": "FRRGLI71F52A662L"}, "16 characters in capitals"},
		{"a name that is a list", map[string]any{"nome": []string{"Giulia"}}, "nome must be text"},
		{"roles in one text", map[string]any{"ruoli": "impresa"}, "ruoli must be a list"},
		{"a role that is a number", map[string]any{"ruoli": []any{"impresa", 1}}, "ruoli must be a list"},
		{"an office that is a number", map[string]any{"sede": 7000}, "sede must be text"},
		{"an office that is none", map[string]any{"sede": "7000%"}, "not the code of an office"},
		{"an operatore without an office", map[string]any{"ruoli": []string{"operatore"}}, "operatore needs the claim sede"},
		{"an advisor without an office", map[string]any{"ruoli": []string{"advisor"}}, "advisor needs the claim sede"},
		{"a level that is text", map[string]any{"livello": "2"}, "a number from 0 to 3"},
		{"a level of 4", map[string]any{"livello": 4}, "a number from 0 to 3"},
		{"a level of 2.5", map[string]any{"livello": 2.5}, "a number from 0 to 3"},
		{"an acr that is a number", map[string]any{"acr": 2}, "acr must be text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token := key.token(t, with(person(), tt.change))
			if tt.part == "" {
				accepted(t, v, token)
				return
			}
			refused(t, v, token, identity.CodeClaims)
			if _, err := v.Verify(t.Context(), token); !strings.Contains(err.Error(), tt.part) {
				t.Errorf("%v; want %q", err, tt.part)
			}
		})
	}
}

// Without a codice fiscale there is nobody to answer for what is done.
func TestAServiceAccountHasNoRoleOfAPerson(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	v := newVerifier(t, atNoon, portal(jwks(t, key.jwk(t, nil))))
	account := func(roles ...string) string {
		return key.token(t, with(person(), map[string]any{"codice_fiscale": nil, "sub": "batch", "ruoli": roles, "sede": "7000", "livello": 3}))
	}
	for _, r := range identity.Roles() {
		if r == "archivio" || r == "portale" {
			p := accepted(t, v, account(r))
			if !p.Organization || p.CodiceFiscale+p.Nome != "" || p.Livello != 0 || !p.Has(r) {
				t.Errorf("%s: %+v", r, p)
			}
			continue
		}
		refused(t, v, account("archivio", r), identity.CodeClaims)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	i := portal(jwks(t, key.jwk(t, nil)))
	v := newVerifier(t, atNoon, i)
	for _, tt := range []struct {
		acr, livello any
		want         int
	}{
		{nil, nil, 0},
		{"https://www.spid.gov.it/SpidL1", nil, 1},
		{"https://www.spid.gov.it/SpidL2", nil, 2},
		{"https://www.spid.gov.it/SpidL3", nil, 3},
		{"http://eidas.europa.eu/LoA/substantial", nil, 2},
		{"https://evil.example/SpidL3", nil, 0},
		{"3", nil, 0},
		{nil, 2, 2},
		{nil, 0, 0},
		{"https://www.spid.gov.it/SpidL2", 3, 2},
		{"https://www.spid.gov.it/SpidL3", 1, 1},
		{"unheard-of", 3, 0},
	} {
		if p := accepted(t, v, key.token(t, with(person(), map[string]any{"acr": tt.acr, "livello": tt.livello}))); p.Livello != tt.want {
			t.Errorf("acr %v and livello %v give %d, want %d", tt.acr, tt.livello, p.Livello, tt.want)
		}
	}
	i.Levels = map[string]int{"gold": 3}
	v = newVerifier(t, atNoon, i)
	if p := accepted(t, v, key.token(t, with(person(), map[string]any{"acr": "gold"}))); p.Livello != 3 {
		t.Errorf("levels of its own: %d", p.Livello)
	}
}

func TestAPortalMayCallThingsOtherwise(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "k1")
	i := portal(jwks(t, key.jwk(t, nil)))
	i.Claims = identity.Claims{CodiceFiscale: "https://attributes.eid.gov.it/fiscal_number", Ruoli: "groups"}
	i.Roles = map[string]string{"IS_OPERATORE": "operatore"}
	p := accepted(t, newVerifier(t, atNoon, i), key.token(t, with(person(), map[string]any{
		"codice_fiscale": nil, "https://attributes.eid.gov.it/fiscal_number": "TINIT-FRRGLI71C52A662L",
		"groups": []string{"IS_OPERATORE", "auditor"}, "sede": "7000",
	})))
	if diff := cmp.Diff([]string{"operatore"}, p.Ruoli); diff != "" || p.CodiceFiscale != "FRRGLI71C52A662L" || p.Nome != "Giulia Ferri" {
		t.Errorf("%+v %s", p, diff)
	}
	if diff := cmp.Diff([]string{"auditor"}, p.Ignorati); diff != "" { // with a table, only what is in it
		t.Error(diff)
	}
}

func TestClaimsOfAVoucherAreHeldToTheirForm(t *testing.T) {
	t.Parallel()
	key := newSigner(t, "ES256", "p1")
	v := newVerifier(t, atNoon, pdnd(jwks(t, key.jwk(t, nil))))
	header := marshal(t, with(key.header(), map[string]any{"typ": "at+jwt"}))
	for _, tt := range []struct {
		name   string
		change map[string]any
		part   string
	}{
		{"no client", map[string]any{"client_id": nil}, "client_id is missing"},
		{"a client that is not the subject", map[string]any{"client_id": "c-8"}, "must be the same"},
		{"no jti", map[string]any{"jti": nil}, "jti is missing"},
		{"no iat", map[string]any{"iat": nil}, "iat is missing"},
		{"no purpose", map[string]any{"purposeId": nil}, "purposeId is missing"},
		{"a purpose that is a list", map[string]any{"purposeId": []string{purpose}}, "purposeId must be text"},
		{"another purpose", map[string]any{"purposeId": strings.ToUpper(purpose)}, "none of those accepted"},
		{"bound to a key", map[string]any{"cnf": map[string]any{"jkt": "x"}}, "bound to a key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token := key.sign(t, header, marshal(t, with(voucher(), tt.change)))
			refused(t, v, token, identity.CodeClaims)
			if _, err := v.Verify(t.Context(), token); !strings.Contains(err.Error(), tt.part) {
				t.Errorf("%v; want %q", err, tt.part)
			}
		})
	}
	// The same voucher serves for many calls.
	token := key.sign(t, header, marshal(t, voucher()))
	for range 3 {
		accepted(t, v, token)
	}
}
