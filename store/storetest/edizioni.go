package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"omnia/archive"
	"omnia/engine/rulebook"
	"omnia/ledger"
	"omnia/store"
)

// edizioni: what was published stays as it was, with its text; which one is in use is said by the log too.
func edizioni(t *testing.T, open Open) {
	t.Run("an edition comes back with its text", func(t *testing.T) { editionComesBack(t, open(t)) })
	t.Run("a name is taken once", func(t *testing.T) { editionNames(t, open(t)) })
	t.Run("what was published never changes", func(t *testing.T) { publishedVersions(t, open(t)) })
	t.Run("a draft binds nobody until it has a name", func(t *testing.T) { drafts(t, open(t)) })
	t.Run("other policies are a leaf of their own", func(t *testing.T) { otherPolicies(t, open(t)) })
	t.Run("the way back is to take an older one", func(t *testing.T) { rollback(t, open(t)) })
	t.Run("a decision is under the edition in use", func(t *testing.T) { underTheEdition(t, open(t)) })
	t.Run("nothing of what fails is left", func(t *testing.T) { editionUndone(t, open(t)) })
	t.Run("many publish at once", func(t *testing.T) { publishTogether(t, open(t)) })
}

// law is an edition of three versions and two files, the second as given.
func law(name, text string) *archive.Edition {
	file := func(path, text string) archive.EditionFile {
		return archive.EditionFile{Path: path, Text: text, Digest: string(ledger.DigestOf([]byte(text)))}
	}
	return &archive.Edition{
		Name: name, Digest: string(ledger.DigestOf([]byte(text))), PolicyDigest: string(ledger.DigestOf([]byte("policies"))),
		PublishedAt: time.Date(2026, 1, 7, 9, 0, 0, 123456000, time.UTC),
		Items: []archive.EditionItem{
			{Kind: "facts", ID: "azienda", Version: 1, Digest: string(ledger.DigestOf([]byte("fatti " + text)))},
			{Kind: "parameter", ID: "limite", Version: 1, Digest: string(ledger.DigestOf([]byte("limite")))},
			{Kind: "rule", ID: "regola." + text, Version: 1, Digest: string(ledger.DigestOf([]byte(text)))},
		},
		Files: []archive.EditionFile{file("rules/comune.yaml", "schema: parameters/v1\n"), file("rules/di questa.yaml", text)},
		Size:  3,
	}
}

// comparable leaves out what the store adds.
var comparable = cmpopts.IgnoreFields(archive.Edition{}, "Position")

func publish(t *testing.T, s *store.Store, e *archive.Edition, activate bool) {
	t.Helper()
	if err := s.Publish(t.Context(), e, activate, "", "prova"); err != nil {
		t.Fatal(err)
	}
}

func editionComesBack(t *testing.T, s *store.Store) {
	a, b := law("2026-1", "prima"), law("2026-2", "seconda")
	publish(t, s, a, true)
	publish(t, s, b, false)
	publish(t, s, b, false) // again: nothing happens
	for _, want := range []*archive.Edition{a, b} {
		for _, name := range []string{want.Name, want.Digest} {
			got, err := s.PublishedEdition(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got, comparable); d != "" {
				t.Errorf("%s (-published +stored):\n%s", name, d)
			}
		}
	}
	list, err := s.PublishedEditions(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != "2026-1" || list[1].Size != 3 || list[0].Position >= list[1].Position {
		t.Errorf("%+v %v", list, err)
	}
	for _, name := range []string{"", "2026-3", "bozza-", "bozza-%", "bozza-000000000000", "a\x00b", "\xff"} {
		if _, err := s.PublishedEdition(t.Context(), name); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if digest, err := s.ActiveEdition(t.Context()); err != nil || digest != a.Digest {
		t.Errorf("in use %s %v", digest, err)
	}
}

func editionNames(t *testing.T, s *store.Store) {
	publish(t, s, law("2026-1", "prima"), true)
	if err := s.Publish(t.Context(), law("2026-1", "altra"), true, "", "prova"); !errors.Is(err, archive.ErrEditionName) {
		t.Errorf("%v", err)
	}
	publish(t, s, law("2026-2", "prima"), true) // the same content keeps its name
	if list, err := s.PublishedEditions(t.Context()); err != nil || len(list) != 1 || list[0].Name != "2026-1" {
		t.Errorf("%+v %v", list, err)
	}
	for _, e := range []*archive.Edition{law("a\x00b", "a"), law("\xff", "b")} {
		if err := s.Publish(t.Context(), e, false, "", ""); err == nil {
			t.Errorf("%q was published", e.Name)
		}
	}
	if err := s.Publish(t.Context(), law("2026-3", "terza"), true, "", ""); err == nil {
		t.Error("taken into use without a reason")
	}
}

func publishedVersions(t *testing.T, s *store.Store) {
	publish(t, s, law("2026-1", "prima"), true)
	changed := law("2026-2", "seconda")
	changed.Items[1].Digest = string(ledger.DigestOf([]byte("altro limite")))
	err := s.Publish(t.Context(), changed, true, "", "prova")
	if !errors.Is(err, archive.ErrVersionChanged) || !strings.Contains(err.Error(), "parameter limite versione 1") {
		t.Errorf("%v", err)
	}
	changed.Name = rulebook.DraftName(changed.Digest) // a draft may try
	publish(t, s, changed, true)
	changed.Name = "2026-2" // and may not get a name
	if err := s.Publish(t.Context(), changed, true, "", "prova"); !errors.Is(err, archive.ErrVersionChanged) {
		t.Errorf("%v", err)
	}
	other := law("2026-3", "terza") // facts and messages grow without versions
	other.Items[0].Digest = string(ledger.DigestOf([]byte("altri fatti")))
	publish(t, s, other, true)
}

func drafts(t *testing.T, s *store.Store) {
	draft := law("", "prima")
	draft.Name = rulebook.DraftName(draft.Digest)
	publish(t, s, draft, true)
	named := law("2026-1", "prima")
	publish(t, s, named, true)
	for _, name := range []string{"2026-1", draft.Name, draft.Digest} {
		got, err := s.Edition(t.Context(), name)
		if err != nil || got.Name != "2026-1" || got.Digest != named.Digest {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	bound := law("2026-2", "seconda")
	bound.Items = append(bound.Items, named.Items[2])
	bound.Items[3].Digest = string(ledger.DigestOf([]byte("altro")))
	if err := s.Publish(t.Context(), bound, true, "", "prova"); !errors.Is(err, archive.ErrVersionChanged) {
		t.Errorf("the versions of a named draft bind: %v", err)
	}
	log := editionLog(t, s)
	if log.Editions != 2 || log.Activations != 1 {
		t.Errorf("%+v", log)
	}
}

func otherPolicies(t *testing.T, s *store.Store) {
	e := law("2026-1", "prima")
	publish(t, s, e, true)
	e.PolicyDigest = string(ledger.DigestOf([]byte("others")))
	e.Files = append(e.Files, archive.EditionFile{Path: "z/rego", Text: "package z\n"})
	publish(t, s, e, true)
	publish(t, s, e, true)
	if log := editionLog(t, s); log.Editions != 2 || log.Activations != 1 {
		t.Errorf("%+v", log)
	}
}

func rollback(t *testing.T, s *store.Store) {
	a, b := law("2026-1", "prima"), law("2026-2", "seconda")
	publish(t, s, a, true)
	publish(t, s, b, true)
	ctx := t.Context()
	if err := s.Activate(ctx, a.Digest, "RSSMRA80A01H501U", "errore nella seconda"); err != nil {
		t.Fatal(err)
	}
	if err := s.Activate(ctx, a.Digest, "RSSMRA80A01H501U", "di nuovo"); err != nil { // it is in use already
		t.Fatal(err)
	}
	for _, unknown := range []string{"sha256:00", "", "\x00"} {
		if err := s.Activate(ctx, unknown, "", "prova"); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("%q: %v", unknown, err)
		}
	}
	if err := s.Activate(ctx, b.Digest, "", ""); err == nil {
		t.Error("taken into use without a reason")
	}
	list, err := s.Activations(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range list {
		got = append(got, fmt.Sprint(x.Name, " ", x.By, " ", x.Reason))
	}
	want := []string{"2026-1 RSSMRA80A01H501U errore nella seconda", "2026-2  prova", "2026-1  prova"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("activations (-want +got):\n%s", d)
	}
	if log := editionLog(t, s); log.Editions != 2 || log.Activations != 3 {
		t.Errorf("%+v", log)
	}
}

func underTheEdition(t *testing.T, s *store.Store) {
	a, b := law("2026-1", "prima"), law("2026-2", "seconda")
	publish(t, s, a, true)
	publish(t, s, b, false)
	ctx := t.Context()
	if err := s.Commit(ctx, []*ledger.Decision{decidedUnder(t, a)}, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(ctx, []*ledger.Decision{decidedUnder(t, b)}, nil); !errors.Is(err, ledger.ErrEdition) {
		t.Errorf("under one that is not in use: %v", err)
	}
	if err := s.Activate(ctx, b.Digest, "", "prova"); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(ctx, []*ledger.Decision{decidedUnder(t, a)}, nil); !errors.Is(err, ledger.ErrEdition) {
		t.Errorf("under one that is not in use any more: %v", err)
	}
	if err := s.Commit(ctx, []*ledger.Decision{decidedUnder(t, b)}, nil); err != nil {
		t.Fatal(err)
	}
	if log := editionLog(t, s); log.Decisions != 2 {
		t.Errorf("%+v", log)
	}
}

var errUndone = errors.New("undone")

func editionUndone(t *testing.T, s *store.Store) {
	a, b := law("2026-1", "prima"), law("2026-2", "seconda")
	publish(t, s, a, true)
	err := s.Within(t.Context(), func(ctx context.Context) error {
		if err := s.Publish(ctx, b, false, "", ""); err != nil {
			return err
		}
		if err := s.Activate(ctx, b.Digest, "", "prova"); err != nil {
			return err
		}
		return errUndone
	})
	if !errors.Is(err, errUndone) {
		t.Fatal(err)
	}
	if _, err := s.Edition(t.Context(), b.Name); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if digest, err := s.ActiveEdition(t.Context()); err != nil || digest != a.Digest {
		t.Errorf("in use %s %v", digest, err)
	}
	publish(t, s, b, true) // the log goes on from where it was
	if log := editionLog(t, s); log.Editions != 2 || log.Activations != 2 {
		t.Errorf("%+v", log)
	}
}

func publishTogether(t *testing.T, s *store.Store) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			e := law("2026-1", "prima")
			if i%2 == 1 {
				e = law("2026-2", "seconda")
			}
			if err := s.Publish(context.WithoutCancel(t.Context()), e, true, "", "prova"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	list, err := s.PublishedEditions(t.Context())
	if err != nil || len(list) != 2 {
		t.Errorf("%+v %v", list, err)
	}
	taken, err := s.Activations(t.Context())
	if err != nil || len(taken) == 0 {
		t.Fatal(taken, err)
	}
	if digest, err := s.ActiveEdition(t.Context()); err != nil || digest != taken[0].Edition {
		t.Errorf("in use %s, taken last %s, %v", digest, taken[0].Edition, err)
	}
	if log := editionLog(t, s); log.Editions != 2 || int(log.Activations) != len(taken) {
		t.Errorf("%+v", log)
	}
}

// decidedUnder is a decision under an edition.
func decidedUnder(t *testing.T, e *archive.Edition) *ledger.Decision {
	t.Helper()
	d := &ledger.Decision{Facts: []byte(`{}`), Outcome: []byte(`{"esito":"prova"}`)}
	d.Receipt = ledger.Receipt{
		ID: uuid.NewString(), Instant: time.Now().UTC().Truncate(time.Millisecond), Kind: "counters", Edition: e.Name,
		EditionDigest: ledger.Digest(e.Digest), PolicyDigest: ledger.Digest(e.PolicyDigest), Engine: "prova",
		FactsDigest: ledger.DigestOf(d.Facts), OutcomeDigest: ledger.DigestOf(d.Outcome),
	}
	return d
}

// editionLog verifies the whole log, and tells what is in it.
func editionLog(t *testing.T, s *store.Store) *ledger.Report {
	t.Helper()
	var b bytes.Buffer
	var w *ledger.ExportWriter
	err := s.ExportLog(t.Context(),
		func(head *ledger.Signed) error { w = ledger.NewExportWriter(&b, head, true); return nil },
		func(e *ledger.Entry) error { return w.Entry(e) },
		func(c *ledger.Signed) error { return w.Checkpoint(c) })
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.Keyring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report, err := ledger.Verification{Keys: keys}.Verify(&b)
	if err != nil {
		t.Fatal(err)
	}
	return report
}
