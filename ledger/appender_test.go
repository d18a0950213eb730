package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"omnia/ledger"
)

// database is the head of a log and what hangs on it, in memory. It promises what [ledger.Appender] asks: who appends holds
// the lock from reading the head to the commit, and a transaction that does not commit leaves nothing.
type database struct {
	checkpoint string
	keys       *ledger.Keyring
	shelf      *shelf
	leaves     []ledger.Placed
	notes      []string
}

func (d *database) clone() *database {
	c := *d
	c.shelf = &shelf{tiles: maps.Clone(d.shelf.tiles)}
	c.leaves, c.notes = slices.Clone(d.leaves), slices.Clone(d.notes)
	return &c
}

// step is one step within a transaction on d.
func (d *database) step(a *ledger.Appender, ids ...string) (*ledger.Extension, error) {
	var leaves []ledger.Waiting
	for _, id := range ids {
		leaves = append(leaves, ledger.Waiting{ID: id, Data: []byte("leaf " + id)})
	}
	x, err := a.Step(context.Background(), d.checkpoint, d.keys, d.shelf, leaves, time.Time{})
	if err != nil {
		return nil, err
	}
	return x, d.take(x)
}

// take writes a step.
func (d *database) take(x *ledger.Extension) error {
	if x.Before != int64(len(d.leaves)) {
		return fmt.Errorf("a step from %d on a log of %d", x.Before, len(d.leaves))
	}
	d.checkpoint = x.Checkpoint.Note
	d.notes = append(d.notes, x.Checkpoint.Note)
	d.leaves = append(d.leaves, x.Leaves...)
	d.shelf.keep(x.Tiles)
	return nil
}

// whole compares the log with its leaves one by one.
func (d *database) whole(t rapid.TB) {
	var hashes []tlog.Hash
	read := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		list := make([]tlog.Hash, len(at))
		for i, n := range at {
			list[i] = hashes[n]
		}
		return list, nil
	})
	roots := map[int64]tlog.Hash{}
	for i, l := range d.leaves {
		if l.Position != int64(i) {
			t.Fatalf("leaf %d stands at %d", l.Position, i)
		}
		more, err := tlog.StoredHashesForRecordHash(int64(i), ledger.LeafHash(l.Data), read)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, more...)
		if roots[int64(i)+1], err = tlog.TreeHash(int64(i)+1, read); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range d.notes {
		s, err := d.keys.Open(n)
		if err != nil || s.Tree.Hash != roots[s.Tree.N] {
			t.Fatalf("checkpoint %d is not of these leaves: %v", s.Tree.N, err)
		}
	}
}

func newSecret(t testing.TB, seed byte) (secret, public string) {
	t.Helper()
	secret, public, err := ledger.GenerateKey(seeded(seed), origin)
	if err != nil {
		t.Fatal(err)
	}
	return secret, public
}

// TestAppendersMakeOneLog lets processes append in any order, some transactions being rolled back, some after several steps,
// some processes dying, some never learning that their commit took place.
func TestAppendersMakeOneLog(t *testing.T) {
	t.Parallel()
	secret, _ := newSecret(t, 1)
	ring := must[*ledger.Keyring](t)(ledger.Found([]string{secret}))
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		clock := func() time.Time { return now }
		d := &database{keys: ring, shelf: newShelf()}
		processes := []*ledger.Appender{ledger.NewAppender([]string{secret}, clock), ledger.NewAppender([]string{secret}, clock)}
		n := 0
		left := map[*ledger.Appender]string{} // the head as each left it
		t.Repeat(map[string]func(*rapid.T){
			"append at once": func(t *rapid.T) { // without holding the head: it is moved where it is still the one that was left
				p := processes[rapid.IntRange(0, 1).Draw(t, "process")]
				n++
				x, err := p.StepOn(left[p], d.keys, []ledger.Waiting{{ID: fmt.Sprint(n), Data: fmt.Append(nil, "leaf ", n)}})
				if errors.Is(err, ledger.ErrFenced) {
					return // it knows that it does not know
				}
				if err != nil {
					t.Fatal(err)
				}
				if left[p] != d.checkpoint {
					return // the database has another head, and takes nothing
				}
				if err := d.take(x); err != nil {
					t.Fatal(err)
				}
				if rapid.Bool().Draw(t, "told") {
					p.Kept(x)
					left[p] = d.checkpoint
				}
			},
			"append": func(t *rapid.T) {
				p := processes[rapid.IntRange(0, 1).Draw(t, "process")]
				tx, steps := d.clone(), rapid.IntRange(1, 3).Draw(t, "steps")
				var last *ledger.Extension
				for range steps {
					var ids []string
					for range rapid.SampledFrom([]int{1, 2, 5, 63, 64, 130}).Draw(t, "leaves") {
						n++
						ids = append(ids, fmt.Sprint(n))
					}
					x, err := tx.step(p, ids...)
					if err != nil {
						t.Fatal(err)
					}
					last = x
				}
				fate := rapid.SampledFrom([]string{"commit", "commit", "commit", "roll back", "not told"}).Draw(t, "fate")
				if fate != "roll back" {
					d = tx
				}
				if fate == "commit" {
					p.Kept(last)
					left[p] = d.checkpoint
				}
			},
			"restart": func(t *rapid.T) {
				processes[rapid.IntRange(0, 1).Draw(t, "process")] = ledger.NewAppender([]string{secret}, clock)
			},
			"clock": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(-5, 10).Draw(t, "seconds")) * time.Second)
			},
			"": func(t *rapid.T) {
				if len(d.leaves) < 400 {
					d.whole(t)
				}
			},
		})
		d.whole(t)
	})
}

func TestAnAppenderRefusesAnotherPast(t *testing.T) {
	t.Parallel()
	secret, _ := newSecret(t, 1)
	ring := must[*ledger.Keyring](t)(ledger.Found([]string{secret}))
	fresh := func() *ledger.Appender { return ledger.NewAppender([]string{secret}, func() time.Time { return noon }) }
	d := &database{keys: ring, shelf: newShelf()}
	a := fresh()
	add := func(d *database, a *ledger.Appender, id string) {
		t.Helper()
		a.Kept(must[*ledger.Extension](t)(d.step(a, id)))
	}
	empty := d.clone()
	for i := range 70 {
		add(d, a, fmt.Sprint(i))
	}
	backup := d.clone()
	for i := range 5 {
		add(d, a, fmt.Sprint("later ", i))
	}
	another := backup.clone() // restored, and gone on with by somebody else
	b := fresh()
	for i := range 9 {
		add(another, b, fmt.Sprint("other ", i))
	}
	for _, tt := range []struct {
		name string
		d    *database
		want error
	}{
		{"empty", empty, ledger.ErrRollback}, {"an older one", backup, ledger.ErrRollback}, {"a longer one with another past", another, ledger.ErrSplitView},
	} {
		for range 2 { // it does not get used to it
			if _, err := tt.d.clone().step(a, "x"); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
	}
	add(d, a, "the right one") // and goes on with its own
	add(another, b, "and so does the other")
	d.whole(t)
}

func TestAnAppenderRefusesATreeThatWasAltered(t *testing.T) {
	t.Parallel()
	secret, _ := newSecret(t, 1)
	d := &database{keys: must[*ledger.Keyring](t)(ledger.Found([]string{secret})), shelf: newShelf()}
	for i := range 70 {
		if _, err := d.step(ledger.NewAppender([]string{secret}, time.Now), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	for at := range d.shelf.tiles {
		altered := d.clone()
		data := slices.Clone(altered.shelf.tiles[at])
		data[3] ^= 1
		altered.shelf.tiles[at] = data
		_, err := altered.step(ledger.NewAppender([]string{secret}, time.Now), "x")
		full := at == [2]int64{0, 0} // nobody who appends reads it again; who proves does
		if (err == nil) != full {
			t.Errorf("tile %v altered: %v", at, err)
		}
	}
	forged := d.clone()
	forged.checkpoint = strings.Replace(forged.checkpoint, "\n70\n", "\n71\n", 1)
	if _, err := forged.step(ledger.NewAppender([]string{secret}, time.Now), "x"); !errors.Is(err, ledger.ErrForged) {
		t.Errorf("an altered head: %v, want ErrForged", err)
	}
}

func TestTheKeyringSaysWhoSigns(t *testing.T) {
	t.Parallel()
	first, _ := newSecret(t, 1)
	second, public := newSecret(t, 2)
	stranger, _, err := ledger.GenerateKey(seeded(3), "another.example/log")
	if err != nil {
		t.Fatal(err)
	}
	d := &database{keys: must[*ledger.Keyring](t)(ledger.Found([]string{first})), shelf: newShelf()}
	clock := func() time.Time { return noon }
	old, both := ledger.NewAppender([]string{first}, clock), ledger.NewAppender([]string{stranger, second, first}, clock)
	none := ledger.NewAppender([]string{second, stranger}, clock)
	if _, err := d.step(none, "0"); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("without a fitting key: %v, want ErrReadOnly", err)
	}
	old.Kept(must[*ledger.Extension](t)(d.step(old, "0")))
	both.Kept(must[*ledger.Extension](t)(d.step(both, "1")))
	// Rotated by somebody whose clock is ahead.
	d.keys = must[*ledger.Keyring](t)(d.keys.Rotate(public, 3, noon.Add(time.Minute)))
	if _, err := d.step(old, "2"); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("with a key whose time is over: %v, want ErrReadOnly", err)
	}
	x, err := d.step(both, "2")
	if err != nil {
		t.Fatal(err)
	}
	both.Kept(x)
	if !x.Checkpoint.Instant.Equal(noon.Add(time.Minute)) {
		t.Errorf("signed at %s, want the first moment of the key", x.Checkpoint.Instant)
	}
	d.whole(t)
	if _, err := ledger.Found(nil); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("a log founded without a key: %v", err)
	}
	if _, err := ledger.Found([]string{"PRIVATE+KEY+x"}); err == nil || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("a key that is none: %v", err)
	}
}
