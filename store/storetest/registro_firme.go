package storetest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"omnia/archive"
	"omnia/ledger"
	"omnia/store"
)

// registroFirme is the part about the signatures on the log.
func registroFirme(t *testing.T, open Open) {
	t.Run("a witness signs any checkpoint of the log", func(t *testing.T) { cosigning(t, open) })
	t.Run("an export ends where enough witnesses have signed", func(t *testing.T) { quorum(t, open) })
	t.Run("checkpoints are kept every so often", func(t *testing.T) { checkpointsAreKept(t, open) })
}

// witness is who signs from outside.
type witness struct {
	secret, public string
	last           *ledger.Signed
}

func newWitness(t testing.TB, name string) *witness {
	t.Helper()
	secret, public, err := ledger.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	return &witness{secret: secret, public: public}
}

// trust puts a witness into the keyring.
func (w *witness) trust(t testing.TB, s *store.Store, quorum int) {
	t.Helper()
	err := s.ChangeKeyring(t.Context(), func(ring *ledger.Keyring, _ int64) (*ledger.Keyring, error) {
		next := *ring
		next.Witnesses = append(next.Witnesses, ledger.Key{Verifier: w.public})
		next.Quorum = quorum
		return &next, next.Check()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *witness) sign(t testing.TB, s *store.Store, head *ledger.Signed) string {
	t.Helper()
	keys, err := s.Keyring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by, err := ledger.NewWitness(w.secret, keys)
	if err != nil {
		t.Fatal(err)
	}
	var proof tlog.TreeProof
	if w.last != nil {
		g, err := ledger.Consistency(t.Context(), w.last.Tree.N, head, s)
		if err != nil {
			t.Fatal(err)
		}
		proof = g.Proof
	}
	signed, err := by.Cosign(w.last, head.Note, proof)
	if err != nil {
		t.Fatal(err)
	}
	w.last = signed
	return signed.Note
}

func lengthen(t testing.TB, s *store.Store, n int) *ledger.Signed {
	t.Helper()
	for range n {
		if err := s.Record(t.Context(), access()); err != nil {
			t.Fatal(err)
		}
	}
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head
}

func cosigning(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	first := lengthen(t, s, 3)
	a, b := newWitness(t, "a.example"), newWitness(t, "b.example")
	a.trust(t, s, 0)
	b.trust(t, s, 0)
	// A head that others have written over meanwhile, and that nobody kept.
	old := lengthen(t, s, 2)
	if _, err := s.SignedAt(t.Context(), old.Tree.N); err != nil {
		t.Errorf("the head itself: %v", err)
	}
	lengthen(t, s, 70)
	if _, err := s.SignedAt(t.Context(), old.Tree.N); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("a checkpoint that was written over: %v, want ErrNotFound", err)
	}
	noteOfA := a.sign(t, s, old)
	for _, step := range []struct {
		note string
		want int
	}{{noteOfA, 1}, {noteOfA, 1}, {b.sign(t, s, old), 2}, {old.Note, 2}} {
		got, err := s.Cosign(t.Context(), step.note)
		if err != nil || len(got.Witnesses) != step.want || got.Tree != old.Tree {
			t.Fatalf("countersigned: %+v, %v", got, err)
		}
	}
	if kept, err := s.SignedAt(t.Context(), old.Tree.N); err != nil || len(kept.Witnesses) != 2 {
		t.Errorf("kept: %+v, %v", kept, err)
	}
	head := lengthen(t, s, 1)
	if got, err := s.Cosign(t.Context(), a.sign(t, s, head)); err != nil || len(got.Witnesses) != 1 {
		t.Errorf("the head: %+v, %v", got, err)
	}
	if head, err := s.Head(t.Context()); err != nil || len(head.Witnesses) != 1 {
		t.Errorf("the head afterwards: %+v, %v", head, err)
	}
	lengthen(t, s, 1) // it goes on from a head with more signatures
	if _, err := s.Cosign(t.Context(), first.Note[:len(first.Note)-3]+"\n"); err == nil {
		t.Error("a checkpoint that is none was taken")
	}
	Verified(t, s)
}

func quorum(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	e := Edition("2026-1", 1)
	Publish(t, s, e)
	d := Decision(e, Asked{})
	commit(t, s, d)
	w := newWitness(t, "a.example")
	w.trust(t, s, 1)
	export := func() error {
		return s.ExportLog(t.Context(), func(*ledger.Signed) error { return nil }, func(*ledger.Entry) error { return nil }, func(*ledger.Signed) error { return nil })
	}
	if err := export(); !errors.Is(err, store.ErrUnwitnessed) {
		t.Errorf("before any witness: %v, want ErrUnwitnessed", err)
	}
	cosign := func() {
		t.Helper()
		if _, err := s.Cosign(t.Context(), w.sign(t, s, lengthen(t, s, 1))); err != nil {
			t.Fatal(err)
		}
	}
	cosign()
	lengthen(t, s, 5)
	if report, _ := Verified(t, s); report.Accesses != 1 {
		t.Errorf("up to the witness: %+v", report)
	}
	if err := s.Erase(t.Context(), ledger.Erasure{Entry: d.Receipt.ID, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if err := export(); !errors.Is(err, store.ErrUnwitnessed) {
		t.Errorf("with an erasure since: %v, want ErrUnwitnessed", err)
	}
	cosign()
	if report, _ := Verified(t, s); report.Accesses != 7 || report.Erased != 2 {
		t.Errorf("up to the witness: %+v", report)
	}
}

func checkpointsAreKept(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	for range 5 {
		var lines []archive.Access
		for range 700 {
			lines = append(lines, access())
		}
		if err := s.Record(t.Context(), lines...); err != nil {
			t.Fatal(err)
		}
	}
	report, _ := Verified(t, s)
	if report.Checkpoints < 4 || report.Head.Tree.N != 3500 {
		t.Errorf("%d checkpoints of %d leaves, want one of each thousand", report.Checkpoints, report.Head.Tree.N)
	}
	// One leaf that is altered is named between the two checkpoints around it, whatever else is rewritten with it.
	export := Export(t, s)
	if n := bytes.Count(export, []byte(`{"checkpoint":`)); int64(n) != report.Checkpoints {
		t.Error(fmt.Sprint(n, " lines with a checkpoint"))
	}
}
