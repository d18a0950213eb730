package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"omnia/fixtures"
	"omnia/internal/rome"
)

// DemoCmd is `omnia demo`: invented data to try the service with.
type DemoCmd struct {
	Generate demoGenerateCmd `cmd:"" help:"Write an invented load as NDJSON, for omnia import: the same seed gives the same bytes."`
	Italia   demoItaliaCmd   `cmd:"" help:"Write the demo companies as NDJSON, as they are on a day."`
}

// kinds are what both commands can write.
var kinds = []string{string(fixtures.Posizioni), string(fixtures.Deleghe), string(fixtures.Provvedimenti)}

func knownKind(kind string) error {
	if !slices.Contains(kinds, kind) {
		return usage(fmt.Errorf("no lines of kind %q: --kind is one of %s", kind, strings.Join(kinds, ", ")))
	}
	return nil
}

type demoGenerateCmd struct {
	Companies     int    `help:"How many companies." default:"1000"`
	Provvedimenti int    `help:"How many provvedimenti." default:"100000"`
	Seed          uint64 `help:"What to begin from." default:"1"`
	Kind          string `help:"Which lines: posizioni, deleghe, provvedimenti." default:"provvedimenti"`
}

// Run writes the lines of one kind.
func (c *demoGenerateCmd) Run(std streams) error {
	if err := knownKind(c.Kind); err != nil {
		return err
	}
	if c.Companies < 1 || c.Provvedimenti < 0 || c.Companies > fixtures.MostCompanies || c.Provvedimenti > fixtures.MostProvvedimenti {
		return usage(fmt.Errorf("ask for 1 to %d companies and 0 to %d provvedimenti", fixtures.MostCompanies, fixtures.MostProvvedimenti))
	}
	provvedimenti := c.Provvedimenti
	if c.Kind != string(fixtures.Provvedimenti) {
		provvedimenti = 0 // they come last, and nothing before depends on them
	}
	return writeLines(std.out, func(yield func([]byte) bool) {
		for kind, line := range fixtures.Load(c.Seed, c.Companies, provvedimenti) {
			if string(kind) == c.Kind && !yield(line) {
				return
			}
		}
	})
}

type demoItaliaCmd struct {
	Kind string `help:"Which lines: posizioni, deleghe, provvedimenti." default:"provvedimenti"`
	On   string `help:"The day it is, YYYY-MM-DD; today when not given."`
}

// Run writes the lines of one kind.
func (c *demoItaliaCmd) Run(std streams) error {
	if err := knownKind(c.Kind); err != nil {
		return err
	}
	on, err := time.Parse(time.DateOnly, cmp.Or(c.On, rome.Day(time.Now()).String()))
	if err != nil {
		return usage(errors.New("--on is a day, as 2026-11-23"))
	}
	return writeLines(std.out, slices.Values(linesOf(fixtures.Italia(on), c.Kind)))
}

// linesOf are the bodies of one kind. Of the delegations, those that were revoked and those that hang on
// another are left out: a mass upload grants, and the service gives the ids.
func linesOf(demo *fixtures.Demo, kind string) (out [][]byte) {
	switch fixtures.Kind(kind) {
	case fixtures.Posizioni:
		return demo.Posizioni
	case fixtures.Provvedimenti:
		return demo.Provvedimenti
	}
	for i := range demo.Deleghe {
		if d := &demo.Deleghe[i]; d.RevocataIl == nil && d.Padre == "" {
			out = append(out, d.Body())
		}
	}
	return out
}

// writeLines writes each line with its end. What the reader at the other end does not take is an error.
func writeLines(to io.Writer, lines func(yield func([]byte) bool)) error {
	out := bufio.NewWriterSize(to, 1<<16)
	for line := range lines {
		if _, err := out.Write(line); err != nil {
			break // Flush tells the same
		}
		if out.WriteByte('\n') != nil {
			break
		}
	}
	if err := out.Flush(); err != nil {
		return wrong(fmt.Errorf("writing the lines: %w", err))
	}
	return nil
}
