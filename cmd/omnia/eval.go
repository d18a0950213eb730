package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"omnia/engine"
	"omnia/engine/fact"
	"omnia/internal/fault"
	"omnia/internal/rome"
)

// evalCmd is `omnia eval`: the same answer as the service, from a file.
type evalCmd struct {
	rulesConfig

	Kind    string `enum:"counters,validate" required:"" help:"What to decide: ${enum}."`
	Explain string `enum:"short,normal,full" default:"normal" help:"How much the explanation says: ${enum} (default ${default})."`
	Lang    string `enum:"it,en,de" default:"it" help:"Language of the texts: ${enum} (default ${default})."`
	Pretty  bool   `help:"Indent the answer."`
	File    string `arg:"" help:"JSON as the body of POST /v1/counters or /v1/validate; - reads standard input."`
}

// Run decides and prints the answer.
func (c *evalCmd) Run(ctx context.Context, std streams) error {
	body, err := c.read(std.in)
	if err != nil {
		return err
	}
	fsys, err := c.fsys()
	if err != nil {
		return err
	}
	ed, err := loadEdition(fsys)
	if err != nil {
		return wrong(fmt.Errorf("the rules (%s) can't be used:\n%w", c.where(), err))
	}
	if c.Kind == "validate" {
		return c.validate(ctx, std, ed, body)
	}
	envelope, err := fact.NewEnvelope(ed.Vocabulary, fact.AllFacts("facts"))
	if err != nil {
		return wrong(err)
	}
	request, err := envelope.Decode(body, fact.Options{Language: c.Lang})
	if err != nil {
		return c.refused(err)
	}
	d := newDecider(ed, time.Now)
	answer, err := d.Counters(ctx, ed, request.Facts, engine.Options{
		Today: rome.Day(d.now()), Language: c.Lang, Explain: engine.Depth(c.Explain),
	})
	if err != nil {
		return c.refused(err)
	}
	return c.print(std.out, answer.AppendJSON(nil))
}

// maxInput is the largest file read, in bytes: as over HTTP.
const maxInput = 8 << 20

func (c *evalCmd) read(stdin io.Reader) ([]byte, error) {
	in := stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, usage(err)
		}
		defer f.Close() // read only
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, usage(fmt.Errorf("read %s: %w", c.File, err))
	}
	if len(body) > maxInput {
		return nil, wrong(fmt.Errorf("%s is larger than %d bytes", c.File, maxInput))
	}
	return body, nil
}

// refused says what is wrong with the facts, each defect on its line.
func (c *evalCmd) refused(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) && f.Kind != fault.Internal {
		return wrong(fmt.Errorf("%s: %w", c.File, f))
	}
	return wrong(fmt.Errorf("%s: the decision could not be taken: %w", c.File, err))
}

func (c *evalCmd) print(w io.Writer, out []byte) error {
	if c.Pretty {
		var b bytes.Buffer
		if err := json.Indent(&b, out, "", "  "); err != nil {
			return err
		}
		out = b.Bytes()
	}
	_, err := w.Write(append(out, '\n'))
	return err
}
