package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"omnia/ledger"
)

// activate takes an edition into use.
func (b *book) activate(name, digestOf string) {
	b.t.Helper()
	actor, commitment, err := ledger.Seal(ledger.PathActor, []byte(`"direttore"`), b.salts)
	if err != nil {
		b.t.Fatal(err)
	}
	a := ledger.Activation{
		ID: fmt.Sprint("t-", len(b.entries)), Instant: b.now, Edition: name, EditionDigest: editionDigest(digestOf), Reason: "prova", Actor: commitment.Hash,
	}
	leaf, err := a.Encode()
	b.add(a.ID, leaf, err, ledger.Entry{Personal: []ledger.Personal{actor}})
}

// TestEachDecisionIsUnderTheEditionInUse verifies logs in which editions change, rightly and wrongly.
func TestEachDecisionIsUnderTheEditionInUse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		log  func(b *book)
		want string // code; "" is sound
		at   string // subject
	}{
		{"two editions, and back to the first", func(b *book) {
			b.edition("2026-1", 1)
			b.activate("2026-1", "2026-1")
			b.decide(1, "2026-1", 1)
			b.edition("2026-2", 2)
			b.decide(2, "2026-1", 1)
			b.activate("2026-2", "2026-2")
			b.decide(3, "2026-2", 2)
			b.activate("2026-1", "2026-1")
			b.decide(4, "2026-1", 1)
		}, "", ""},
		{"a decision under an edition that was taken out of use", func(b *book) {
			b.edition("2026-1", 1)
			b.activate("2026-1", "2026-1")
			b.edition("2026-2", 2)
			b.activate("2026-2", "2026-2")
			b.decide(5, "2026-1", 1)
		}, ledger.CodeEdition, "decision 0196d2a0-0000-7000-8000-000000000005"},
		{"a decision under an edition that is not in use yet", func(b *book) {
			b.edition("2026-1", 1)
			b.activate("2026-1", "2026-1")
			b.edition("2026-2", 2)
			b.decide(6, "2026-2", 2)
		}, ledger.CodeEdition, "decision 0196d2a0-0000-7000-8000-000000000006"},
		{"an edition in use that was never published", func(b *book) {
			b.edition("2026-1", 1)
			b.activate("2026-7", "2026-7")
		}, ledger.CodeEdition, "activation t-1"},
		{"an edition in use under another name", func(b *book) {
			b.edition("2026-1", 1)
			b.activate("2026-7", "2026-1")
		}, ledger.CodeEdition, "activation t-1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t)
			tt.log(b)
			b.sign()
			_, err := b.verify(b.export())
			f, found := errors.AsType[*ledger.Finding](err)
			if tt.want == "" && err != nil || tt.want != "" && (!found || f.Code != tt.want || f.Subject != tt.at) {
				t.Errorf("%v, want %q at %q", err, tt.want, tt.at)
			}
		})
	}
}

func TestWhoActivatedIsPersonal(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.edition("2026-1", 1)
	b.activate("2026-1", "2026-1")
	b.sign()
	export := b.export()
	if _, err := b.verify(bytes.Replace(export, []byte(`"direttore"`), []byte(`"direttora"`), 1)); err == nil {
		t.Error("who activated was altered, and nobody saw it")
	}
	b.erase(1, ledger.PathActor)
	b.sign()
	if r, err := b.verify(b.export()); err != nil || r.Activations != 1 || r.Erased != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, wrong := range []ledger.Activation{
		{ID: "", Instant: noon, Edition: "e", EditionDigest: editionDigest("e"), Reason: "x"},
		{ID: "a", Instant: noon, Edition: "", EditionDigest: editionDigest("e"), Reason: "x"},
		{ID: "a", Instant: noon, Edition: "e", EditionDigest: "", Reason: "x"},
		{ID: "a", Instant: noon, Edition: "e", EditionDigest: editionDigest("e"), Reason: ""},
		{ID: "a", Instant: noon, Edition: "e", EditionDigest: editionDigest("e"), Reason: "x", Actor: "direttore"},
	} {
		if leaf, err := wrong.Encode(); err == nil {
			t.Errorf("%s was encoded", leaf)
		}
	}
}
