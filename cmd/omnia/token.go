package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"omnia/fixtures"
	"omnia/identity"
)

// tokenCmd is `omnia token`.
type tokenCmd struct {
	Persona string        `arg:"" optional:"" help:"Whom to sign in as; --list names them."`
	List    bool          `help:"Print who there is, and sign in nobody."`
	TTL     time.Duration `name:"ttl" default:"12h" help:"How long the token is good, at most 24h (default ${default})."`
	Data    string        `env:"OMNIA_DATA" default:"./data" placeholder:"FOLDER" help:"Data folder of the service that is to accept the token (default ${default})."`

	Issuer     string `env:"OMNIA_ISSUER" hidden:""`
	PDNDIssuer string `name:"pdnd-issuer" env:"OMNIA_PDND_ISSUER" hidden:""`
}

// demoLevel is the assurance with which demo people have signed in: that of SPID with two factors.
const demoLevel = 2

// Run prints the token and nothing else, so that $(omnia token titolare) is one.
func (c *tokenCmd) Run(std streams) error {
	if c.List {
		return listPeople(std.out)
	}
	if c.Issuer != "" || c.PDNDIssuer != "" {
		return usage(errors.New("OMNIA_ISSUER or OMNIA_PDND_ISSUER is set: a service so configured takes no tokens of demo people; unset it, or sign in at that issuer"))
	}
	person, err := findPerson(c.Persona)
	if err != nil {
		return usage(err)
	}
	dev, err := identity.OpenDev(c.Data, time.Now)
	if err != nil {
		return usage(fmt.Errorf("OMNIA_DATA: %w", err))
	}
	token, err := dev.Token(signedIn(person), c.TTL)
	if err != nil {
		return usage(fmt.Errorf("--ttl: %w", err))
	}
	_, err = fmt.Fprintln(std.out, token)
	return err
}

// signedIn is what the token of a demo person says. A service account goes by its name.
func signedIn(p fixtures.Person) identity.Person {
	if p.CodiceFiscale == "" {
		return identity.Person{Subject: p.Persona, Ruoli: p.Ruoli, Sede: p.Sede}
	}
	return identity.Person{
		Subject: p.CodiceFiscale, CodiceFiscale: p.CodiceFiscale, Nome: p.Nome + " " + p.Cognome,
		Ruoli: p.Ruoli, Sede: p.Sede, Livello: demoLevel,
	}
}

func findPerson(persona string) (fixtures.Person, error) {
	people := fixtures.People()
	i := slices.IndexFunc(people, func(p fixtures.Person) bool { return p.Persona == persona })
	if i >= 0 {
		return people[i], nil
	}
	var names []string
	for _, p := range people {
		names = append(names, p.Persona)
	}
	what := fmt.Sprintf("there is no demo person %q", persona)
	if persona == "" {
		what = "say for whom the token is"
	}
	return fixtures.Person{}, fmt.Errorf("%s: choose among %s", what, strings.Join(names, ", "))
}

// listPeople prints one person a line: what to call it, its roles, its name.
func listPeople(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range fixtures.People() {
		what := strings.Join(p.Ruoli, ",")
		if p.Sede != "" {
			what += " " + p.Sede
		}
		who := strings.TrimSpace(p.Nome + " " + p.Cognome)
		if who == "" {
			who = "(service account)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", p.Persona, what, who)
	}
	return table.Flush()
}
