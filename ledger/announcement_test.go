package ledger_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"omnia/ledger"
)

// rotate names the keys of next in the log, under the key before, and signs by the new one from then on.
func (b *book) rotate(secret string, next *ledger.Keyring, named bool) {
	b.t.Helper()
	if named {
		a := ledger.Announcement{ID: next.Log[len(next.Log)-1].Verifier, Instant: b.now, Keys: next.Log}
		leaf, err := a.Encode()
		b.add(a.ID, leaf, err, ledger.Entry{})
		b.now = b.now.Add(-time.Second) // of sign: before the new key
		b.sign()
	}
	b.ring, b.signer, b.now = next, must[*ledger.Signer](b.t)(ledger.NewSigner(secret, next)), b.now.Add(time.Hour)
	b.decide(1000+len(b.entries), "2026-2", 2)
	b.sign()
}

// successor is the keyring with a further key, from the leaf behind the one that names it.
func (b *book) successor(seed byte, behind int64) (secret string, next *ledger.Keyring) {
	b.t.Helper()
	secret, public, err := ledger.GenerateKey(seeded(seed), origin)
	if err != nil {
		b.t.Fatal(err)
	}
	return secret, must[*ledger.Keyring](b.t)(b.ring.Rotate(public, b.head().Tree.N+behind, b.now.Add(time.Millisecond)))
}

// keyID is how findings name a key: its name and its hash.
func keyID(k ledger.Key) string { return k.Verifier[:strings.LastIndex(k.Verifier, "+")] }

func TestKeysAreNamedByTheLogBeforeTheySign(t *testing.T) {
	t.Parallel()
	b := fill(t, 20, 10)
	secret, next := b.successor(20, 2)
	b.rotate(secret, next, true)
	report, err := b.verify(b.export())
	if err != nil || report.KeyChanges != 1 || report.Unannounced != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	named := b.export()

	// A keyring that was exchanged: another key with the same life, or another life of the same key.
	_, other, err := ledger.GenerateKey(seeded(21), origin)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(k *ledger.Keyring)
	}{
		{"sooner", func(k *ledger.Keyring) { k.Log[1].FromSize--; k.Log[0].UntilSize-- }},
		{"longer", func(k *ledger.Keyring) { k.Log[0].Until = nil }},
		{"a key between", func(k *ledger.Keyring) {
			k.Log = []ledger.Key{k.Log[0], {Verifier: other, FromSize: 3, UntilSize: 5}, k.Log[1]}
			k.Log[0].UntilSize = 3
		}},
	} {
		ring := *next
		ring.Log = append([]ledger.Key(nil), next.Log...)
		tt.change(&ring)
		if _, err := (ledger.Verification{Keys: &ring}).Verify(bytes.NewReader(named)); err == nil {
			t.Errorf("%s: it verifies", tt.name)
		}
	}

	// A further key that nobody named.
	secret, next = b.successor(22, 1)
	b.rotate(secret, next, false)
	_, err = b.verify(b.export())
	expectFinding(t, err, ledger.Finding{Field: keyID(next.Log[2]), Code: "keys"})
}

// A log that was rewritten from where the key changes, by somebody who has the keyring exchanged with it.
func TestAKeyThatWasExchangedIsFound(t *testing.T) {
	t.Parallel()
	b := fill(t, 20, 10)
	_, next := b.successor(20, 2)
	mine, theirs := b.successor(23, 2)
	a := ledger.Announcement{ID: "k-1", Instant: b.now, Keys: next.Log}
	leaf, err := a.Encode()
	b.add(a.ID, leaf, err, ledger.Entry{})
	b.now = b.now.Add(-time.Second)
	b.sign()
	b.rotate(mine, theirs, false)
	_, err = b.verify(b.export())
	expectFinding(t, err, ledger.Finding{Subject: "change of keys k-1", Field: keyID(next.Log[1]), Code: "keys"})
}

// Logs from before keys were named stay good, and it is told.
func TestALogThatNamesNoKeysIsSound(t *testing.T) {
	t.Parallel()
	b := fill(t, 20, 10)
	secret, next := b.successor(20, 1)
	b.rotate(secret, next, false)
	if report, err := b.verify(b.export()); err != nil || report.Unannounced != 1 || report.KeyChanges != 0 {
		t.Errorf("%+v, %v", report, err)
	}
}
