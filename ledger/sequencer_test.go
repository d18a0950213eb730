package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"omnia/ledger"
)

// database is a Storage in memory that promises what the interface asks, and nothing more: reads see
// what is committed at that moment, no row is locked, and a lease can be taken from who is alive.
type database struct {
	token   int64
	holder  string
	head    string
	shelf   *shelf
	leaves  []ledger.Placed
	notes   []string // every checkpoint committed
	waiting []ledger.Waiting
	late    []*transaction // commits whose connection broke
}

func newDatabase() *database { return &database{shelf: newShelf()} }

func (d *database) submit(id string) {
	d.waiting = append(d.waiting, ledger.Waiting{ID: id, Data: []byte("leaf " + id)})
}

// commit is the conditional update and all that hangs on it.
func (d *database) commit(token int64, x *ledger.Extension) error {
	if token != d.token || x.Before != int64(len(d.leaves)) {
		return ledger.ErrFenced
	}
	d.head = x.Checkpoint.Note
	d.notes = append(d.notes, d.head)
	d.leaves = append(d.leaves, x.Leaves...)
	d.shelf.keep(x.Tiles)
	d.waiting = slices.DeleteFunc(slices.Clone(d.waiting), func(w ledger.Waiting) bool {
		return slices.ContainsFunc(x.Leaves, func(p ledger.Placed) bool { return p.ID == w.ID })
	})
	return nil
}

// connection is the database as one instance sees it. Before and after everything that is done, the instance
// stops and waits to be told what becomes of it.
type connection struct {
	*database
	stop func(point string) fate
}

// fate is what becomes of an instance at one point.
type fate int

const (
	goOn  fate = iota
	fail       // the call gives an error, and the instance lives
	die        // the instance ends here
	steal      // of a lease: taken from who has it, though he may be alive
	late       // of a commit: the connection breaks, and the database commits when nobody waits any more
)

var errBroken = errors.New("the connection is broken")

func (c connection) Lease(_ context.Context, owner string) (int64, error) {
	f := c.stop("lease")
	switch {
	case f == fail || f == die:
		return 0, errBroken
	case c.holder == owner:
		return c.token, nil
	case c.holder != "" && f != steal:
		return 0, ledger.ErrHeld
	}
	c.token++
	c.holder = owner
	return c.token, nil
}

func (c connection) Sequence(ctx context.Context, do func(context.Context, ledger.Tx) error) error {
	if f := c.stop("begin"); f == fail || f == die {
		return errBroken
	}
	tx := &transaction{connection: c}
	if err := do(ctx, tx); err != nil {
		return err
	}
	switch c.stop("commit") {
	case fail, die:
		return errBroken
	case late:
		if tx.x != nil {
			c.late = append(c.late, tx)
		}
		return errBroken
	}
	if tx.x != nil {
		if err := c.commit(tx.token, tx.x); err != nil {
			return err
		}
	}
	if f := c.stop("committed"); f == fail || f == die {
		return errBroken
	}
	return nil
}

type transaction struct {
	connection
	token int64
	x     *ledger.Extension
}

func (t *transaction) Head(context.Context) (int64, string, error) {
	if f := t.stop("head"); f == fail || f == die {
		return 0, "", errBroken
	}
	return t.database.token, t.head, nil
}

func (t *transaction) ReadTiles(ctx context.Context, want []tlog.Tile) ([][]byte, error) {
	if f := t.stop("tiles"); f == fail || f == die {
		return nil, errBroken
	}
	return t.shelf.ReadTiles(ctx, want)
}

func (t *transaction) Waiting(_ context.Context, most int) ([]ledger.Waiting, error) {
	if f := t.stop("waiting"); f == fail || f == die {
		return nil, errBroken
	}
	return slices.Clone(t.waiting[:min(most, len(t.waiting))]), nil
}

func (t *transaction) Append(_ context.Context, token int64, x *ledger.Extension) error {
	if f := t.stop("append"); f == fail || f == die {
		return errBroken
	}
	t.token, t.x = token, x
	return nil
}

// instance is a sequencer whose steps can be held up anywhere.
type instance struct {
	*ledger.Sequencer
	next     func() (string, bool) // goes on to the next point; false when the step has ended
	drop     func()
	fate     fate
	result   *ledger.Extension
	err      error
	underway bool
	point    string // where it stands
}

func (i *instance) begin(d *database) {
	body := func(yield func(string) bool) {
		i.Storage = connection{d, func(point string) fate {
			if !yield(point) {
				return die
			}
			return i.fate
		}}
		i.result, i.err = i.Step(context.Background())
	}
	i.fate = goOn
	i.next, i.drop = iter.Pull(iter.Seq[string](body))
	i.point, i.underway = i.next()
}

// goOn lets the instance go on from where it stands.
func (i *instance) goOn(f fate) {
	i.fate = f
	i.point, i.underway = i.next()
}

// world is the model: what was asked, what was answered, and the rules that always hold.
type world struct {
	*database
	t         *rapid.T
	ring      *ledger.Keyring
	signer    *ledger.Signer
	instances []*instance
	born      int
	submitted []string
	answered  map[string]bool
	checked   int // of notes
	now       time.Time
}

func (w *world) newInstance() *instance {
	w.born++
	return &instance{Sequencer: &ledger.Sequencer{
		Signer: w.signer, Keys: w.ring, Owner: fmt.Sprint("instance ", w.born), Batch: 3, Now: func() time.Time { return w.now },
	}}
}

// ended takes the result of a step.
func (w *world) ended(i *instance) {
	if i.err == nil && i.result != nil {
		for _, p := range i.result.Leaves {
			w.answered[p.ID] = true
		}
	}
	known := i.err == nil
	for _, e := range []error{errBroken, ledger.ErrHeld, ledger.ErrFenced} {
		known = known || errors.Is(i.err, e)
	}
	if !known {
		w.t.Fatalf("a step ends with %v", i.err)
	}
}

// check holds the database to the rules: one order, no gap, no leaf twice, checkpoints that continue one
// another.
func (w *world) check() {
	seen := map[string]bool{}
	var hashes []tlog.Hash
	for n, p := range w.leaves {
		if p.Position != int64(n) || seen[p.ID] {
			w.t.Fatalf("leaf %d is %+v", n, p)
		}
		seen[p.ID] = true
		hashes = append(hashes, ledger.LeafHash(p.Data))
	}
	for id := range w.answered {
		if !seen[id] {
			w.t.Fatalf("%s was answered, and is not in the log", id)
		}
	}
	for ; w.checked < len(w.notes); w.checked++ {
		s, err := w.ring.Open(w.notes[w.checked])
		if err != nil || s.Tree.Hash != naive(hashes[:s.Tree.N]) {
			w.t.Fatalf("checkpoint %s: %v", w.notes[w.checked], err)
		}
		if w.checked > 0 {
			before, _ := w.ring.Open(w.notes[w.checked-1])
			if before.Tree.N >= s.Tree.N || s.Instant.Before(before.Instant) {
				w.t.Fatalf("%s follows on %s", s.Note, before.Note)
			}
		}
	}
}

func TestInstancesNeverForkTheLog(t *testing.T) {
	t.Parallel()
	ring, signer := newKeys(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		w := &world{database: newDatabase(), t: t, ring: ring, signer: signer, answered: map[string]bool{}, now: noon}
		for range 2 {
			w.instances = append(w.instances, w.newInstance())
		}
		defer func() {
			for _, i := range w.instances {
				if i.underway {
					i.drop()
				}
			}
		}()
		t.Repeat(map[string]func(*rapid.T){
			"": func(*rapid.T) { w.check() },
			"submit": func(t *rapid.T) {
				for range rapid.IntRange(1, 4).Draw(t, "leaves") {
					id := fmt.Sprint("d", len(w.submitted))
					w.submitted = append(w.submitted, id)
					w.submit(id)
				}
			},
			"clock": func(t *rapid.T) {
				w.now = w.now.Add(time.Duration(rapid.IntRange(-2000, 3000).Draw(t, "ms")) * time.Millisecond)
			},
			"storm": w.storm,
			"late commits": func(*rapid.T) {
				for _, tx := range w.late {
					_ = w.commit(tx.token, tx.x) // nobody hears whether it was fenced
				}
				w.late = nil
			},
		})
		w.settle()
	})
}

// What may befall an instance, by where it stands. Mostly it goes on, or no step would ever end.
var (
	atLease   = []fate{goOn, steal, steal, fail, die}
	atCommit  = []fate{goOn, goOn, goOn, goOn, late, late, fail, die}
	elsewhere = []fate{goOn, goOn, goOn, goOn, goOn, goOn, goOn, goOn, goOn, goOn, goOn, goOn, goOn, goOn, fail, die}
)

// storm lets the instances go on in any order, and cuts in anywhere.
func (w *world) storm(t *rapid.T) {
	for range rapid.IntRange(1, 30).Draw(t, "points") {
		n := rapid.IntRange(0, len(w.instances)-1).Draw(t, "instance")
		i := w.instances[n]
		if !i.underway {
			i.begin(w.database)
			continue
		}
		fates := elsewhere
		switch i.point {
		case "lease":
			fates = atLease
		case "commit":
			fates = atCommit
		}
		f := rapid.SampledFrom(fates).Draw(t, i.point)
		if f == die {
			i.drop()
			w.instances[n] = w.newInstance()
			continue
		}
		if i.goOn(f); !i.underway {
			w.ended(i)
		}
	}
}

// settle ends the storm: one instance alone appends all that waits.
func (w *world) settle() {
	for _, i := range w.instances {
		if i.underway {
			i.drop()
			i.underway = false
		}
	}
	w.holder = ""
	last := w.newInstance()
	w.instances = []*instance{last}
	for len(w.waiting) > 0 {
		for last.begin(w.database); last.underway; {
			last.goOn(goOn)
		}
		w.ended(last)
		w.check()
	}
	if len(w.leaves) != len(w.submitted) {
		w.t.Fatalf("%d leaves of %d are in the log", len(w.leaves), len(w.submitted))
	}
}

// calm is a connection on which nothing happens.
func calm(d *database) connection { return connection{d, func(string) fate { return goOn }} }

func TestASequencerAppendsInOrder(t *testing.T) {
	t.Parallel()
	ring, signer := newKeys(t, 1)
	d := newDatabase()
	s := &ledger.Sequencer{Storage: calm(d), Signer: signer, Keys: ring, Owner: "a", Batch: 100}
	if x, err := s.Step(t.Context()); x != nil || err != nil {
		t.Errorf("with nothing to do: %+v, %v", x, err)
	}
	for n := range 250 {
		d.submit(fmt.Sprint(n))
	}
	for _, want := range []int64{100, 200, 250} {
		x, err := s.Step(t.Context())
		if err != nil || x.Checkpoint.Tree.N != want {
			t.Fatalf("%+v, %v", x, err)
		}
	}
	for n, p := range d.leaves {
		if p.ID != fmt.Sprint(n) {
			t.Errorf("leaf %d is %s", n, p.ID)
		}
	}
	// While nobody else appends, the tiles are not read again.
	d.shelf.reads = 0
	d.submit("x")
	if _, err := s.Step(t.Context()); err != nil || d.shelf.reads > 0 {
		t.Errorf("%d tiles read, %v", d.shelf.reads, err)
	}
	// A witness that has signed in between is no reason either.
	secret, public, _ := ledger.GenerateKey(seeded(70), "w.example")
	ring.Witnesses = []ledger.Key{{Verifier: public}}
	wit := must[*ledger.Witness](t)(ledger.NewWitness(secret, ring))
	d.head = must[*ledger.Signed](t)(wit.Cosign(nil, d.head, nil)).Note
	d.submit("y")
	if _, err := s.Step(t.Context()); err != nil || d.shelf.reads > 0 {
		t.Errorf("%d tiles read, %v", d.shelf.reads, err)
	}
	other := &ledger.Sequencer{Storage: calm(d), Signer: signer, Keys: ring, Owner: "b"}
	if _, err := other.Step(t.Context()); !errors.Is(err, ledger.ErrHeld) {
		t.Errorf("a second sequencer: %v", err)
	}
}

// A database that was put back, or altered, under a running service is not written on.
func TestARunningSequencerKnowsItsLog(t *testing.T) {
	t.Parallel()
	ring, signer := newKeys(t, 1)
	grown := func(ids ...string) *database {
		d := newDatabase()
		s := &ledger.Sequencer{Storage: calm(d), Signer: signer, Keys: ring, Owner: "grower", Batch: 1}
		for _, id := range ids {
			d.submit(id)
			if _, err := s.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		d.holder = ""
		return d
	}
	for _, tt := range []struct {
		name string
		then *database
		want error
	}{
		{"grown by another instance", grown("a", "b", "c", "d"), nil},
		{"as it was", grown("a", "b"), nil},
		{"an older backup", grown("a"), ledger.ErrRollback},
		{"empty", grown(), ledger.ErrRollback},
		{"another past of the same length", grown("a", "x"), ledger.ErrSplitView},
		{"another past, longer", grown("x", "b", "c"), ledger.ErrSplitView},
		{"a head without its tiles", func() *database { d := grown("a", "b", "c"); d.shelf = grown("a", "b", "x").shelf; return d }(), ledger.ErrSplitView},
		{"a head that nobody signed", func() *database {
			d := grown("a", "b", "c")
			d.head = d.head[:len(d.head)-10] + "AAAAAAAA=\n"
			return d
		}(), ledger.ErrForged},
	} {
		d := grown("a")
		s := &ledger.Sequencer{Storage: calm(d), Signer: signer, Keys: ring, Owner: "s"}
		d.submit("b")
		if _, err := s.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		token := d.token
		*d = *tt.then
		d.token, d.holder = token, "s"
		d.submit("z")
		before := maps.Clone(d.shelf.tiles)
		_, err := s.Step(t.Context())
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if err != nil && (len(d.waiting) != 1 || len(before) != len(d.shelf.tiles)) {
			t.Errorf("%s: something was appended", tt.name)
		}
	}
}
