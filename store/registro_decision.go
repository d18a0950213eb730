package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"omnia/ledger"
)

// decision is a decision on its way into the log.
type decision struct {
	*ledger.Decision
	rest  []byte // of the receipt, without its versions
	set   *versionSet
	class int64 // what it has in common with many others, by its content
}

// decisionEntry is the leaf of a decision. What could not be verified later is not written: facts, outcome and personal values
// must be those that the receipt names.
func (s *Store) decisionEntry(d *ledger.Decision) (*entry, error) {
	leaf, err := d.Receipt.Encode()
	if err != nil {
		return nil, err
	}
	if err := holds(d); err != nil {
		return nil, err
	}
	if !ledger.Compact(d.Facts) || !ledger.Compact(d.Outcome) {
		return nil, errors.New("facts and outcome must be JSON without blanks")
	}
	c := &decision{Decision: d}
	var versions []byte
	if c.rest, versions, err = ledger.Part(leaf); err != nil {
		return nil, err
	}
	if c.set, err = s.sets.of(versions); err != nil {
		return nil, err
	}
	if err := joins(c, leaf); err != nil {
		return nil, err
	}
	c.class = classOf(c.set.id, &d.Receipt, d.Index.Esito)
	d.Leaf = leaf
	return &entry{id: d.Receipt.ID, schema: ledger.SchemaReceipt, leaf: leaf, personal: d.Personal, decision: c}, nil
}

// classOf is what a decision has in common with many others, by its content.
func classOf(set int64, r *ledger.Receipt, esito string) int64 {
	return contentID(fmt.Appendf(nil, "%d\n%q\n%s\n%q\n%t\n%q", set, r.Edition, r.EditionDigest, r.Kind, r.Simulation, esito))
}

// holds tells whether facts, outcome and personal values are all that the receipt names, and nothing else.
func holds(d *ledger.Decision) error {
	r := &d.Receipt
	named := make(map[string]ledger.Digest, len(r.Personal)+1)
	for _, c := range r.Personal {
		named[c.Path] = c.Hash
	}
	if r.Actor != "" {
		named[ledger.PathActor] = r.Actor
	}
	for _, p := range d.Personal {
		if ledger.Commit(p.Path, p.Salt, p.Value) != named[p.Path] {
			return &ledger.Altered{Path: p.Path}
		}
		delete(named, p.Path)
	}
	for path := range named {
		return fmt.Errorf("the personal value %s is named and not given", path)
	}
	switch {
	case ledger.DigestOf(d.Facts) != r.FactsDigest:
		return &ledger.Altered{Path: "facts"}
	case ledger.DigestOf(d.Outcome) != r.OutcomeDigest:
		return &ledger.Altered{Path: "outcome"}
	}
	return nil
}

// joins tells whether the parts give the receipt again: nothing else of it is kept.
func joins(c *decision, leaf []byte) error {
	room := joined.Get().(*[]byte)
	defer joined.Put(room)
	again, err := c.set.versions.AppendJoin((*room)[:0], c.rest)
	if err != nil {
		return err
	}
	if *room = again; !bytes.Equal(again, leaf) {
		return errors.New("its parts do not give the receipt again")
	}
	return nil
}

// joined lends out the room in which receipts are put together only to be compared.
var joined = sync.Pool{New: func() any { return new([]byte) }}

// versionSet are versions that were applied together, by their content.
type versionSet struct {
	id       int64
	text     []byte
	versions *ledger.Versions
}

// setNames keeps the sets of versions that were named last, by their text: most decisions have those of many others.
type setNames struct {
	mu   sync.Mutex
	sets map[string]*versionSet
}

const setsNamed = 256 // of some eight thousand bytes

func (n *setNames) of(text []byte) (*versionSet, error) {
	n.mu.Lock()
	set := n.sets[string(text)]
	n.mu.Unlock()
	if set != nil {
		return set, nil
	}
	v, err := ledger.ReadVersions(text)
	if err != nil {
		return nil, err
	}
	set = &versionSet{contentID(text), text, v}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sets == nil || len(n.sets) >= setsNamed {
		n.sets = map[string]*versionSet{}
	}
	n.sets[string(text)] = set
	return set, nil
}

// contentID is a name for some content: 63 bits of its hash.
func contentID(content []byte) int64 {
	sum := sha256.Sum256(content)
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
}

// keepClasses adds what entries have in common, where it was not seen to be on disk before.
func (s *Store) keepClasses(ctx context.Context, in *insertion, entries []*entry) error {
	sets, classes := map[int64][]byte{}, map[int64]bool{}
	for _, e := range entries {
		c := e.decision
		if c == nil || classes[c.class] {
			continue
		}
		if _, known := s.classes.Load(c.class); known {
			continue
		}
		classes[c.class] = true
		in.class(c)
		if sets[c.set.id] == nil {
			sets[c.set.id] = c.set.text
			in.set(c)
		}
	}
	if len(classes) == 0 {
		return nil
	}
	w := s.joined(ctx)
	w.after = append(w.after, func() {
		for id := range classes {
			s.classes.Store(id, true)
		}
	})
	return s.sameSets(ctx, sets)
}

// seen tells whether all that entries have in common with others is known to be on disk.
func (s *Store) seen(entries []*entry) bool {
	return !slices.ContainsFunc(entries, func(e *entry) bool {
		if e.decision == nil {
			return false
		}
		_, known := s.classes.Load(e.decision.class)
		return !known
	})
}

// sameSets tells whether the sets that are stored already are the same: two contents may have one name, once in a
// great many worlds.
func (s *Store) sameSets(ctx context.Context, sets map[int64][]byte) error {
	var ids []int64
	for id := range sets {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []insiemeRow
	if err := s.db(ctx).Raw("SELECT id, testo FROM insiemi WHERE id IN ?", ids).Scan(&rows).Error; err != nil {
		return err
	}
	for _, r := range rows {
		if r.Testo != string(sets[r.ID]) {
			return fmt.Errorf("the set of versions %d is another one", r.ID)
		}
	}
	return nil
}

// insiemeRow is a row of insiemi.
type insiemeRow struct {
	ID    int64
	Testo string
}

// shelf keeps sets of versions that were read, up to some number.
type shelf struct {
	mu   sync.Mutex
	sets map[int64]*ledger.Versions
}

const shelfRoom = 2048 // sets of some eight thousand bytes

func (f *shelf) get(id int64) *ledger.Versions {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sets[id]
}

func (f *shelf) put(id int64, v *ledger.Versions) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sets == nil || len(f.sets) >= shelfRoom {
		f.sets = map[int64]*ledger.Versions{}
	}
	f.sets[id] = v
}

// versionSets are sets of versions by their ids.
func (s *Store) versionSets(ctx context.Context, ids []int64) (map[int64]*ledger.Versions, error) {
	sets := make(map[int64]*ledger.Versions, len(ids))
	var missing []int64
	for _, id := range ids {
		if _, asked := sets[id]; asked {
			continue
		}
		if sets[id] = s.shelf.get(id); sets[id] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return sets, nil
	}
	var rows []insiemeRow
	if err := s.db(ctx).Raw("SELECT id, testo FROM insiemi WHERE id IN ?", missing).Scan(&rows).Error; err != nil {
		return nil, s.failure(ctx, "read versions", err)
	}
	for _, r := range rows {
		v, err := ledger.ReadVersions([]byte(r.Testo))
		if err != nil {
			return nil, fmt.Errorf("set of versions %d as it is stored: %w", r.ID, err)
		}
		s.shelf.put(r.ID, v)
		sets[r.ID] = v
	}
	return sets, nil
}

// receipt puts a leaf together that was kept in parts.
func receipt(rest string, set int64, sets map[int64]*ledger.Versions) ([]byte, error) {
	v := sets[set]
	if v == nil {
		return nil, fmt.Errorf("the set of versions %d is not there", set)
	}
	return v.Join([]byte(rest))
}

// hourOf is the hour of an instant, as ore has it.
func hourOf(t time.Time) int64 {
	const hour = int64(time.Hour / time.Second)
	n := t.Unix()
	if n < 0 {
		n -= hour - 1
	}
	return n / hour
}

// set adds versions that were applied together.
func (in *insertion) set(c *decision) {
	in.add("insiemi", c.set.id, string(c.set.text))
	seen := map[string]bool{}
	for _, r := range c.Receipt.Rules {
		if key := r.ID + "@" + strconv.Itoa(r.Version); !seen[key] {
			seen[key] = true
			in.add("insiemi_regole", r.ID, r.Version, c.set.id)
		}
	}
}

func (in *insertion) class(c *decision) {
	r := &c.Receipt
	in.add("classi", c.class, c.set.id, r.Edition, string(r.EditionDigest), r.Kind, boolean(r.Simulation), recordable(c.Index.Esito))
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
