package replay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"strings"
	"sync"
	"testing/fstest"

	"omnia/engine"
	"omnia/engine/rulebook"
	"omnia/ledger"
)

// Export is an export read for its decisions: whoever holds one, and the keys, needs no database to replay. It has the editions
// that it has read; [Export.Chunks] verifies while it reads.
type Export struct {
	Keys   *ledger.Keyring
	Held   []*ledger.Signed
	Wanted func(d *ledger.Decision) bool // nil: all

	Report *ledger.Report // of the verification, once all is read

	mu       sync.Mutex
	editions map[string]*text
}

// text is an edition that was read, made ready when it is needed.
type text struct {
	name   string
	files  map[string][]byte
	once   sync.Once
	engine *engine.Engine
	err    error
}

// chunkSize is how many decisions go from hand to hand at once.
const chunkSize = 128

// Chunks are the decisions of the export, in order. What is wrong with the export is the error, a *[ledger.Finding].
func (x *Export) Chunks(in io.Reader) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		var chunk Chunk
		v := ledger.Verification{Keys: x.Keys, Held: x.Held, Each: func(e *ledger.Entry) error {
			d, err := x.entry(e)
			if err != nil || d == nil || x.Wanted != nil && !x.Wanted(d) {
				return err
			}
			if chunk = append(chunk, d); len(chunk) < chunkSize {
				return nil
			}
			if !yield(chunk, nil) {
				return errStopped
			}
			chunk = nil
			return nil
		}}
		report, err := v.Verify(in)
		switch {
		case err == errStopped: //nolint:errorlint // our own, as it is
			return
		case err == nil:
			x.Report = report
			if !yield(chunk, nil) {
				return
			}
		default:
			if yield(chunk, nil) {
				yield(nil, err)
			}
		}
	}
}

var errStopped = fmt.Errorf("nobody reads on")

// entry keeps an edition, and gives a decision; nil for what is neither.
func (x *Export) entry(e *ledger.Entry) (*ledger.Decision, error) {
	schema, err := ledger.SchemaOf(e.Leaf)
	if err != nil {
		return nil, err
	}
	switch schema {
	case ledger.SchemaEdition:
		return nil, x.edition(e)
	case ledger.SchemaReceipt:
		return Recorded(e)
	}
	return nil, nil
}

// Recorded is the decision of an entry of an export, which must be one; those of the entry are good for a moment only, and are copied.
func Recorded(e *ledger.Entry) (*ledger.Decision, error) {
	r, err := ledger.DecodeReceipt(e.Leaf)
	if err != nil {
		return nil, err
	}
	d := &ledger.Decision{
		Receipt: *r, Facts: bytes.Clone(e.Facts), Outcome: bytes.Clone(e.Outcome), Position: e.Position, Leaf: bytes.Clone(e.Leaf),
		Erased: maps.Clone(e.Erased),
	}
	for _, p := range e.Personal {
		p.Value = bytes.Clone(p.Value)
		d.Personal = append(d.Personal, p)
	}
	return d, nil
}

func (x *Export) edition(e *ledger.Entry) error {
	ed, err := ledger.DecodeEdition(e.Leaf)
	if err != nil {
		return err
	}
	t := &text{name: ed.Name, files: map[string][]byte{}}
	for i, f := range ed.Files {
		t.files[f.Path] = bytes.Clone(e.Files[i])
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.editions == nil {
		x.editions = map[string]*text{}
	}
	x.editions[string(ed.Digest)] = t
	return nil
}

// At is the engine of an edition that was read.
func (x *Export) At(_ context.Context, digest string) (*engine.Engine, error) {
	x.mu.Lock()
	t := x.editions[digest]
	x.mu.Unlock()
	if t == nil {
		return nil, ErrNoEdition
	}
	t.once.Do(func() { t.engine, t.err = Load(t.files, digest) })
	return t.engine, t.err
}

// rulesFolder is where the files of an edition have its rules. Others, such as policies, are published with it, and decide nothing.
const rulesFolder = "rules/"

// Load makes an engine of the files of an edition, by path. Files whose rules this version refuses, or that are of another edition, are
// ErrNoEdition.
func Load(files map[string][]byte, digest string) (*engine.Engine, error) {
	fsys := fstest.MapFS{}
	for path, data := range files {
		if name, ok := strings.CutPrefix(path, rulesFolder); ok {
			fsys[name] = &fstest.MapFile{Data: data}
		}
	}
	ed, defects := rulebook.Load(fsys)
	if err := defects.Err(); err != nil {
		return nil, fmt.Errorf("%w in a form that this version can use: %w", ErrNoEdition, err)
	}
	if ed.Digest != digest {
		return nil, fmt.Errorf("%w: its files mean %s to this version", ErrNoEdition, ed.Digest)
	}
	return engine.New(ed), nil
}
