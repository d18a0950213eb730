// Command omnia is the decision service and the tools around it, in one binary.
//
// Exit codes: 0 fine; 1 the thing checked is wrong; 2 the call was wrong. Errors go to stderr.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

func main() {
	os.Exit(run(os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// cli is the whole command line. A command is one field here and one file beside this one.
type cli struct {
	Serve   serveCmd         `cmd:"" help:"Run the HTTP service."`
	Eval    evalCmd          `cmd:"" help:"Decide on a file of facts, without a server."`
	Rules   RulesCmd         `cmd:"" help:"Check, test, show, compare, format and publish the rules."`
	Import  importCmd        `cmd:"" help:"Bring provvedimenti, posizioni or deleghe from a file into the archive."`
	Token   tokenCmd         `cmd:"" help:"Print a token of a demo person, for the sign-in of development."`
	Replay  replayCmd        `cmd:"" help:"Decide again what the record says was decided, or try what a draft edition would change."`
	Verify  verifyCmd        `cmd:"" help:"Verify the record with its public keys: an export of it, far from the service, or where it is stored."`
	Migrate migrateCmd       `cmd:"" help:"Bring the schema of the archive up to date."`
	Ledger  ledgerCmd        `cmd:"" help:"Run, watch and export the log of decisions."`
	Corpus  corpusCmd        `cmd:"" hidden:"" help:"Take the decisions that later versions of the engine must give again."`
	Demo    DemoCmd          `cmd:"" hidden:"" help:"Write invented data to try the service with."`
	Version kong.VersionFlag `help:"Print the version and leave."`
}

// The exit codes.
const (
	exitFine  = 0
	exitWrong = 1 // the thing checked is wrong
	exitUsage = 2 // the call was wrong
)

// exitError is an error with the exit code it asks for.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }
func (e exitError) Unwrap() error { return e.err }

// wrong says that the thing checked is wrong, usage that the call was.
func wrong(err error) error { return exitError{exitWrong, err} }
func usage(err error) error { return exitError{exitUsage, err} }

// leave is how kong asks to stop after --help and --version; it is a panic that run catches, so
// that no command line can end a test.
type leave int

func run(args []string, std streams) (code int) {
	defer func() {
		if v := recover(); v != nil {
			asked, ok := v.(leave)
			if !ok {
				panic(v)
			}
			code = int(asked)
		}
	}()
	var c cli
	parser, err := kong.New(&c,
		kong.Name("omnia"),
		kong.Description("Decisions on Italian wage-integration schemes, each with its reason and the rule version that applied."),
		kong.Vars{"version": version()},
		kong.Writers(std.out, std.err),
		kong.Exit(func(code int) { panic(leave(code)) }),
		kong.BindTo(context.Background(), (*context.Context)(nil)),
		kong.Bind(std),
	)
	if err != nil {
		panic(err) // the declaration of cli is broken
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(std.err, "omnia: %v\nomnia: try `omnia --help`\n", err)
		return exitUsage
	}
	return exitCode(ctx.Run(), std.err)
}

// exitCode prints what went wrong and gives its code; an error without one is a wrong call.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return exitFine
	}
	if text := strings.TrimSpace(err.Error()); text != "" {
		fmt.Fprintln(stderr, "omnia: "+text)
	}
	var e exitError
	if errors.As(err, &e) {
		return e.code
	}
	return exitUsage
}
