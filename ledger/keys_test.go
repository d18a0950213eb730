package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"omnia/ledger"
)

func TestACheckpointIsWrittenAsEver(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.edition("2026-1", 1)
	b.decide(1, "2026-1", 1)
	b.look(1)
	b.erase(1, ledger.PathActor)
	b.sign()
	witnessed(b)
	golden(t, "checkpoint.txt", []byte(b.head().Note))
	golden(t, "export.ndjson", b.export())
	ring, err := json.MarshalIndent(b.ring, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "keys.json", append(ring, '\n'))
	back, err := ledger.ParseKeyring(ring)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := back.Open(b.head().Note); err != nil {
		t.Error(err)
	}
}

func TestCheckpointsAreReadStrictly(t *testing.T) {
	t.Parallel()
	good := ledger.Checkpoint{Origin: origin, Tree: tlog.Tree{N: 7}, Instant: noon}.Text()
	if c, err := ledger.ParseCheckpoint(good); err != nil || c.Text() != good {
		t.Errorf("%+v, %v", c, err)
	}
	for _, tt := range []struct{ name, old, by string }{
		{"a size with a zero before it", "\n7\n", "\n07\n"},
		{"a size with a sign", "\n7\n", "\n+7\n"},
		{"a size below zero", "\n7\n", "\n-7\n"},
		{"a root with bits to spare", "AAA=\n", "AAB=\n"},
		{"a root too short", "AAAA=", "A="},
		{"no instant", "instant 2026-03-02T12:00:00.000Z\n", ""},
		{"an instant of another precision", "00.000Z", "00.0Z"},
		{"a further line", "Z\n", "Z\nx\n"},
		{"no line end", "Z\n", "Z"},
		{"Windows line ends", "\n7\n", "\r\n7\r\n"},
	} {
		if _, err := ledger.ParseCheckpoint(strings.Replace(good, tt.old, tt.by, 1)); !errors.Is(err, ledger.ErrCheckpoint) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestOnlyGoodSignaturesOpen(t *testing.T) {
	t.Parallel()
	b := fill(t, 5, 100)
	witnessed(b)
	note := b.head().Note
	lines := strings.SplitAfter(note, "\n")
	body, log, w1, w2 := strings.Join(lines[:5], ""), lines[5], lines[6], lines[7]
	_, other := newKeys(t, 9)
	stranger := strings.SplitAfter(must[*ledger.Signed](t)(other.Sign(nil, b.head().Tree, nil, b.head().Instant)).Note, "\n")[5]
	for _, tt := range []struct {
		name, note string
		want       error
	}{
		{"all", note, nil},
		{"the log alone", body + log, nil},
		{"witnesses before the log", body + w2 + w1 + log, nil},
		{"witnesses alone", body + w1 + w2, ledger.ErrUnsigned},
		{"nobody", body, ledger.ErrCheckpoint},
		{"nothing", "", ledger.ErrCheckpoint},
		{"a stranger", body + stranger, ledger.ErrUnknownKey},
		{"a stranger beside the log", body + log + stranger, ledger.ErrUnknownKey},
		{"the log twice", body + log + log, ledger.ErrCheckpoint},
		{"the signature of another text", strings.Replace(note, "instant 2026", "instant 2027", 1), ledger.ErrForged},
		{"another root", strings.Replace(note, b.head().Tree.Hash.String(), tlog.Hash{}.String(), 1), ledger.ErrForged},
		{"the signature of a witness as that of the log", body + strings.Replace(w1, "testimone.example", origin, 1), ledger.ErrUnknownKey},
		{"another origin", strings.Replace(note, origin+"\n", origin+"2\n", 1), ledger.ErrCheckpoint},
		{"no line end", strings.TrimSuffix(note, "\n"), ledger.ErrCheckpoint},
	} {
		s, err := b.ring.Open(tt.note)
		if !errors.Is(err, tt.want) || err == nil && s.Tree != b.head().Tree {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	for i := range note {
		altered := note[:i] + string(note[i]^1) + note[i+1:]
		if _, err := b.ring.Open(altered); err == nil {
			t.Errorf("byte %d can be changed", i)
		}
	}
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	old, oldSigner := newKeys(t, 1)
	secret, public, err := ledger.GenerateKey(seeded(20), origin)
	if err != nil {
		t.Fatal(err)
	}
	at := noon.Add(time.Hour)
	ring, err := old.Rotate(public, 100, at)
	if err != nil {
		t.Fatal(err)
	}
	oldSecret, _, _ := ledger.GenerateKey(seeded(1), origin)
	retired := must[*ledger.Signer](t)(ledger.NewSigner(oldSecret, ring))
	fresh := must[*ledger.Signer](t)(ledger.NewSigner(secret, ring))

	for _, tt := range []struct {
		name   string
		signer *ledger.Signer
		size   int64
		at     time.Time
		want   error
	}{
		{"the old key, an old size", retired, 99, noon, nil},
		{"the old key, a new size", retired, 100, noon, ledger.ErrRetiredKey},
		{"the old key, an old size, too late", retired, 99, at, ledger.ErrRetiredKey},
		{"the new key, a new size", fresh, 100, at, nil},
		{"the new key, an old size", fresh, 99, at, ledger.ErrRetiredKey},
		{"the new key, too early", fresh, 100, at.Add(-time.Millisecond), ledger.ErrRetiredKey},
	} {
		s, err := tt.signer.Sign(nil, tlog.Tree{N: tt.size}, nil, tt.at)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s signs: %v, want %v", tt.name, err, tt.want)
		}
		if err == nil {
			if _, err := ring.Open(s.Note); err != nil {
				t.Errorf("%s does not open: %v", tt.name, err)
			}
		}
	}
	// Whoever has the old secret and the old ring can sign what he likes: nobody with the new ring believes it.
	s := must[*ledger.Signed](t)(oldSigner.Sign(nil, tlog.Tree{N: 500}, nil, noon))
	if _, err := ring.Open(s.Note); !errors.Is(err, ledger.ErrRetiredKey) {
		t.Errorf("%v", err)
	}
	if _, err := old.Open(s.Note); err != nil {
		t.Errorf("the old ring was changed: %v", err)
	}
	if _, err := ledger.NewSigner(secret, old); !errors.Is(err, ledger.ErrUnknownKey) {
		t.Errorf("a key that is not in the ring signs: %v", err)
	}
	if _, err := ring.Rotate(public, 100, at); err == nil {
		t.Error("a key without a life")
	}
	if _, err := ring.Rotate(public, 200, at.Add(time.Hour)); err == nil {
		t.Error("a key takes over from itself: nothing could be signed any more")
	}
	if _, err := ring.Rotate(old.Log[0].Verifier, 200, at.Add(time.Hour)); err == nil {
		t.Error("a key that was retired comes back")
	}
}

// A log goes on under a new key, and the whole of it verifies with the new ring.
func TestALogOutlivesItsKey(t *testing.T) {
	t.Parallel()
	b := fill(t, 40, 10)
	secret, public, err := ledger.GenerateKey(seeded(20), origin)
	if err != nil {
		t.Fatal(err)
	}
	before := b.ring
	b.ring = must[*ledger.Keyring](t)(b.ring.Rotate(public, b.head().Tree.N+1, b.now.Add(time.Millisecond)))
	b.signer = must[*ledger.Signer](t)(ledger.NewSigner(secret, b.ring))
	for n := range 20 {
		b.decide(100+n, "2026-2", 2)
	}
	b.sign()
	if _, err := b.verify(b.export()); err != nil {
		t.Error(err)
	}
	_, err = ledger.Verification{Keys: before}.Verify(strings.NewReader(string(b.export())))
	expectFinding(t, err, ledger.Finding{Field: "head", Code: "unknown_key"})
}

func TestAKeyringIsChecked(t *testing.T) {
	t.Parallel()
	_, public, _ := ledger.GenerateKey(seeded(1), origin)
	_, second, _ := ledger.GenerateKey(seeded(2), origin)
	_, witness, _ := ledger.GenerateKey(seeded(3), "w")
	for _, tt := range []struct{ name, text, want string }{
		{"good", `{"origin":"%[4]s","log":[{"key":"%[1]s","until_size":9},{"key":"%[2]s","from_size":9}],"witnesses":[{"key":"%[3]s"}],"quorum":1}`, ""},
		{"no origin", `{"log":[{"key":"%[1]s"}]}`, "origin"},
		{"no key", `{"origin":"%[4]s","log":[]}`, "at least one key"},
		{"a key of another name", `{"origin":"x","log":[{"key":"%[1]s"}]}`, "key 1 of the log is none of x"},
		{"a key that is none", `{"origin":"%[4]s","log":[{"key":"x"}]}`, "key 1 of the log"},
		{"keys that overlap", `{"origin":"%[4]s","log":[{"key":"%[1]s","until_size":9},{"key":"%[2]s","from_size":8}]}`, "key 2 of the log begins at size 8"},
		{"a key behind one that never ends", `{"origin":"%[4]s","log":[{"key":"%[1]s"},{"key":"%[2]s","from_size":8}]}`, "key 2 of the log"},
		{"a quorum that can't be", `{"origin":"%[4]s","log":[{"key":"%[1]s"}],"quorum":1}`, "quorum of 1 among 0"},
		{"a witness twice", `{"origin":"%[4]s","log":[{"key":"%[1]s"}],"witnesses":[{"key":"%[3]s"},{"key":"%[3]s"}]}`, "witness 2"},
		{"the log as its own witness", `{"origin":"%[4]s","log":[{"key":"%[1]s"}],"witnesses":[{"key":"%[2]s"}],"quorum":1}`, "witness 1"},
		{"an unknown member", `{"origin":"%[4]s","log":[{"key":"%[1]s"}],"quorom":1}`, "unknown field"},
		{"something behind it", `{"origin":"%[4]s","log":[{"key":"%[1]s"}]} {}`, "behind"},
		{"nothing", ``, "EOF"},
	} {
		text := tt.text
		if strings.Contains(text, "%") {
			text = fmt.Sprintf(text+"%.0[1]s%.0[2]s%.0[3]s%.0[4]s", public, second, witness, origin)
		}
		_, err := ledger.ParseKeyring([]byte(text))
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb"} {
		if _, _, err := ledger.GenerateKey(seeded(1), name); err == nil {
			t.Errorf("a key is called %q", name)
		}
	}
	if _, err := ledger.NewSigner("PRIVATE+KEY+x", &ledger.Keyring{}); err == nil || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("a secret that is none: %v", err)
	}
}

// Neither the log nor a witness signs a tree that is no continuation of what it signed before.
func TestNobodySignsARewrittenPast(t *testing.T) {
	t.Parallel()
	b := fill(t, 60, 10)
	other := newBook(t)
	other.edition("2026-1", 1)
	for n := range 100 {
		other.decide(n, "2026-1", 1)
	}
	other.sign()
	secret, _, err := ledger.GenerateKey(seeded(60), "testimone.example")
	if err != nil {
		t.Fatal(err)
	}
	w := must[*ledger.Witness](t)(ledger.NewWitness(secret, b.ring))
	proof := func(x *book, from, to *ledger.Signed) tlog.TreeProof {
		if from.Tree.N > to.Tree.N {
			return nil
		}
		return must[*ledger.Growth](t)(ledger.Consistency(t.Context(), from.Tree.N, to, x.shelf)).Proof
	}
	for _, tt := range []struct {
		name     string
		from, to *ledger.Signed
		proof    tlog.TreeProof
		want     error
	}{
		{"the next one", b.heads[0], b.heads[1], proof(b, b.heads[0], b.heads[1]), nil},
		{"the last one", b.heads[0], b.head(), proof(b, b.heads[0], b.head()), nil},
		{"the same", b.heads[1], b.heads[1], nil, nil},
		{"an older one", b.heads[1], b.heads[0], nil, ledger.ErrRollback},
		{"another log", b.heads[0], other.head(), proof(other, b.heads[0], other.head()), ledger.ErrSplitView},
		{"no proof", b.heads[0], b.heads[1], nil, ledger.ErrSplitView},
		{"the proof of another size", b.heads[0], b.heads[1], proof(b, b.heads[0], b.heads[2]), ledger.ErrSplitView},
		{"the same size, another root", b.heads[1], must[*ledger.Signed](t)(b.signer.Sign(nil, tlog.Tree{N: b.heads[1].Tree.N}, nil, noon)), nil, ledger.ErrSplitView},
	} {
		if _, err := b.signer.Sign(tt.from, tt.to.Tree, tt.proof, noon); !errors.Is(err, tt.want) {
			t.Errorf("the log signs %s: %v, want %v", tt.name, err, tt.want)
		}
		if _, err := w.Cosign(tt.from, tt.to.Note, tt.proof); !errors.Is(err, tt.want) {
			t.Errorf("the witness signs %s: %v, want %v", tt.name, err, tt.want)
		}
	}
	s := must[*ledger.Signed](t)(b.signer.Sign(b.head(), b.head().Tree, nil, noon.Add(-time.Hour)))
	if !s.Instant.Equal(b.head().Instant) {
		t.Errorf("a clock that was set back signs at %v, after %v", s.Instant, b.head().Instant)
	}
	if _, err := w.Cosign(nil, strings.Replace(b.head().Note, "instant 2026", "instant 2027", 1), nil); !errors.Is(err, ledger.ErrForged) {
		t.Errorf("the witness signs what is forged: %v", err)
	}
}

// Each witness signs what the log gave it; what comes back is put together.
func TestSignaturesOfWitnessesAreMerged(t *testing.T) {
	t.Parallel()
	b := fill(t, 5, 100)
	var back []string
	for i, name := range []string{"b.example", "a.example", "c.example"} {
		secret, public, err := ledger.GenerateKey(seeded(byte(70+i)), name)
		if err != nil {
			t.Fatal(err)
		}
		logOnly := &ledger.Keyring{Origin: origin, Log: b.ring.Log}
		w := must[*ledger.Witness](t)(ledger.NewWitness(secret, logOnly))
		back = append(back, must[*ledger.Signed](t)(w.Cosign(nil, b.head().Note, nil)).Note)
		b.ring.Witnesses = append(b.ring.Witnesses, ledger.Key{Verifier: public})
	}
	b.ring.Quorum = 2
	s := must[*ledger.Signed](t)(b.ring.Open(b.head().Note))
	for i, note := range back {
		if err := b.ring.Witnessed(s); (err == nil) != (i >= 2) || err != nil && !errors.Is(err, ledger.ErrQuorum) {
			t.Errorf("with %d witnesses: %v", i, err)
		}
		s = must[*ledger.Signed](t)(b.ring.Merge(s.Note, note))
		s = must[*ledger.Signed](t)(b.ring.Merge(s.Note, note)) // again is no change
	}
	if got := strings.Join(s.Witnesses, " "); got != "a.example b.example c.example" {
		t.Error(got)
	}
	older := must[*ledger.Signed](t)(b.signer.Sign(nil, tlog.Tree{N: 1}, nil, noon))
	if _, err := b.ring.Merge(s.Note, older.Note); !errors.Is(err, ledger.ErrSplitView) {
		t.Errorf("another checkpoint is merged: %v", err)
	}
}
