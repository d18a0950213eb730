package main

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"omnia/ledger"
	"omnia/ledger/replay"
)

// An edition that came with the policies of another program decides with those of this one only once the log says so; and
// what is taken up is the text in the archive, under the name that it has there.
func TestTakingAnEditionUpWritesUnderWhichPolicies(t *testing.T) {
	t.Parallel()
	ctx, p := t.Context(), &place{t: t, data: t.TempDir(), driver: "sqlite"}
	s, err := p.archiveConfig().open(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	folder := lawFolder(t, "Prime")
	ed, err := loadEdition(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	other, err := editionOf(ed, os.DirFS(folder), embeddedPolicies(t), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	other.Name, other.PolicyDigest = "2030-1", string(ledger.DigestOf([]byte("of another program")))
	if err := s.Publish(ctx, other, true, "", "prova"); err != nil {
		t.Fatal(err)
	}
	d := newDecider(ed, time.Now)
	d.follows(s, embeddedPolicies(t))
	for range 3 {
		if err := d.Renew(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.Edition(); got.Name != "2030-1" || got.Digest != ed.Digest || d.Ready() != nil {
		t.Errorf("%s %s, %v", got.Name, got.Digest, d.Ready())
	}
	if g, err := d.At(ctx, ed.Digest); err != nil || g.Edition() != d.Edition() {
		t.Errorf("%v", err)
	}
	for _, digest := range []string{"", "sha256:00", foreign().Digest} {
		if _, err := d.At(ctx, digest); !isNoEdition(err) {
			t.Errorf("%q: %v", digest, err)
		}
	}
	head, err := s.Head(ctx)
	if err != nil || head.Tree.N != 3 { // the edition, its activation, the edition with our policies
		t.Errorf("%+v %v", head, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if out := p.verified(t); !strings.Contains(out, "2 editions") {
		t.Error(out)
	}
}

func isNoEdition(err error) bool { return errors.Is(err, replay.ErrNoEdition) }

// What an instance can't load stays unfit until another one is in use, and is not tried each time.
func TestAnUnfitEditionIsTriedOnce(t *testing.T) {
	t.Parallel()
	ctx, p := t.Context(), &place{t: t, data: t.TempDir(), driver: "sqlite"}
	s, err := p.archiveConfig().open(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	folder := lawFolder(t, "Prime")
	ed, err := loadEdition(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	own, err := editionOf(ed, os.DirFS(folder), embeddedPolicies(t), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(ctx, own, false, "", ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(ctx, foreign(), true, "", "prova"); err != nil {
		t.Fatal(err)
	}
	d := newDecider(ed, time.Now)
	d.follows(s, embeddedPolicies(t))
	first := d.Renew(ctx)
	if again := d.Renew(ctx); first == nil || again != first || d.Ready() != first { //nolint:errorlint // the same value: nothing was tried
		t.Errorf("%v, then %v, ready %v", first, again, d.Ready())
	}
	if d.Servable(ctx, foreign().Digest) == nil || d.Servable(ctx, own.Digest) != nil {
		t.Error("what can be taken into use is mistaken")
	}
	if err := s.Activate(ctx, own.Digest, "", "ritorno"); err != nil {
		t.Fatal(err)
	}
	if err := d.Renew(ctx); err != nil || d.Ready() != nil || d.Edition().Digest != ed.Digest {
		t.Errorf("%v, %v", err, d.Ready())
	}
}
