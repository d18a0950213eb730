package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"omnia/ledger"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const origin = "omnia.example/registro"

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// seeded is the same stream of bytes in every run.
func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// must is for what can't fail in a test that means something else.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// keys of a log, with who signs by them.
func newKeys(t testing.TB, seed byte) (*ledger.Keyring, *ledger.Signer) {
	t.Helper()
	secret, public, err := ledger.GenerateKey(seeded(seed), origin)
	if err != nil {
		t.Fatal(err)
	}
	ring := &ledger.Keyring{Origin: origin, Log: []ledger.Key{{Verifier: public}}}
	return ring, must[*ledger.Signer](t)(ledger.NewSigner(secret, ring))
}

// shelf keeps tiles in memory, and counts what is read.
type shelf struct {
	tiles map[[2]int64][]byte
	reads int
}

func newShelf() *shelf { return &shelf{tiles: map[[2]int64][]byte{}} }

func (s *shelf) keep(list []ledger.KeptTile) {
	for _, t := range list {
		s.tiles[[2]int64{int64(t.Level), t.Number}] = t.Data
	}
}

func (s *shelf) ReadTiles(_ context.Context, want []tlog.Tile) (list [][]byte, err error) {
	for _, t := range want {
		data, ok := s.tiles[[2]int64{int64(t.L), t.N}]
		if !ok {
			return nil, fmt.Errorf("%s is not there", t.Path())
		}
		s.reads++
		list = append(list, data)
	}
	return list, nil
}

// book is a log in memory with all that belongs to its leaves: what a database would hold.
type book struct {
	t       testing.TB
	ring    *ledger.Keyring
	signer  *ledger.Signer
	salts   io.Reader
	shelf   *shelf
	entries []ledger.Entry
	waiting []ledger.Waiting
	heads   []*ledger.Signed
	now     time.Time
}

func newBook(t testing.TB) *book {
	ring, signer := newKeys(t, 1)
	return &book{t: t, ring: ring, signer: signer, salts: seeded(2), shelf: newShelf(), now: noon}
}

func (b *book) head() *ledger.Signed {
	if len(b.heads) == 0 {
		return nil
	}
	return b.heads[len(b.heads)-1]
}

// add puts an entry behind the others.
func (b *book) add(id string, leaf []byte, err error, e ledger.Entry) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	e.Position, e.Leaf = int64(len(b.entries)), leaf
	b.entries = append(b.entries, e)
	b.waiting = append(b.waiting, ledger.Waiting{ID: id, Data: leaf})
}

// sign gives what was added its place.
func (b *book) sign() *ledger.Signed {
	b.t.Helper()
	b.now = b.now.Add(time.Second)
	x, err := ledger.Extend(b.t.Context(), b.head(), b.shelf, b.waiting, b.signer, b.now)
	if err != nil {
		b.t.Fatal(err)
	}
	b.shelf.keep(x.Tiles)
	b.waiting, b.heads = nil, append(b.heads, x.Checkpoint)
	return x.Checkpoint
}

// The rules and files of an edition in tests.
func ruleDigest(id string, version int) ledger.Digest {
	return ledger.DigestOf(fmt.Appendf(nil, "%s %d", id, version))
}

var ruleIDs = []string{"ais.settimane_biennio", "cigo.ore_un_terzo", "cigo.settimane_biennio", "complessivo.mesi_quinquennio"}

func editionDigest(name string) ledger.Digest { return ledger.DigestOf([]byte("edizione " + name)) }

var policyDigest = ledger.DigestOf([]byte("policies"))

// edition publishes an edition in which every rule has that version.
func (b *book) edition(name string, version int) {
	e := ledger.Edition{Name: name, Instant: b.now, Digest: editionDigest(name), PolicyDigest: policyDigest}
	var texts [][]byte
	for _, id := range ruleIDs {
		e.Items = append(e.Items, ledger.EditionItem{Kind: "counter", ID: id, Version: version, Digest: ruleDigest(id, version)})
		text := fmt.Appendf(nil, "id: %s\nversions:\n  - version: %d\n    title: \"Già «%s»\"\t# è così\n", id, version, id)
		texts = append(texts, text)
		e.Files = append(e.Files, ledger.EditionFile{Path: "counters/" + id + ".yaml", Digest: ledger.DigestOf(text)})
	}
	leaf, err := e.Encode()
	b.add(name, leaf, err, ledger.Entry{Files: texts})
}

// isPersonal is what the vocabulary would say.
func isPersonal(shape string) (here, within bool) {
	return shape == "/azienda/codice_fiscale" || strings.HasSuffix(shape, "/lavoratori/*/codice_fiscale"), true
}

// decide records the decision number n under an edition.
func (b *book) decide(n int, edition string, version int) string {
	id := fmt.Sprintf("0196d2a0-0000-7000-8000-%012d", n)
	facts := fmt.Appendf(nil, `{"azienda":{"matricola":"%010d","codice_fiscale":"%011d","settore":"a"},"periodi":[{"numero":"%d","dal":"2025-01-06","al":"2025-03-02","ore_fruite":%d.50}],"richiesta":{"lavoratori":[{"codice_fiscale":"RSSMRA80A01H501U"},{"codice_fiscale":"VRDLGI85M41F205%c","anzianita_giorni":90}]}}`, n, n, n, n, 'A'+n%26)
	public, values, bound, err := ledger.Split(facts, isPersonal, b.salts)
	if err != nil {
		b.t.Fatal(err)
	}
	actor, commitment, err := ledger.Seal(ledger.PathActor, []byte(`"FRRGLI71C52A662L"`), b.salts)
	if err != nil {
		b.t.Fatal(err)
	}
	outcome := fmt.Appendf(nil, `{"items":[{"id":"cigo.settimane_biennio","verdict":"admissible","residual":{"exact":"%d","unit":"week"}}]}`, n%52)
	r := ledger.Receipt{
		ID: id, Instant: b.now, Kind: "counters", Simulation: n%7 == 0, Edition: edition, EditionDigest: editionDigest(edition), PolicyDigest: policyDigest,
		Engine: "omnia v1.4.0", Options: []ledger.Option{{Name: "language", Value: "it"}, {Name: "today", Value: "2026-03-02"}},
		FactsDigest: ledger.DigestOf(public), Personal: bound, OutcomeDigest: ledger.DigestOf(outcome),
		Actor: commitment.Hash, Role: "intermediario", Delegation: "0195aaaa", Correlation: fmt.Sprint("c-", n),
	}
	for _, rule := range ruleIDs {
		r.Rules = append(r.Rules, ledger.Rule{ID: rule, Version: version, Digest: ruleDigest(rule, version), On: "2026-03-02", State: "true"})
	}
	leaf, err := r.Encode()
	b.add(id, leaf, err, ledger.Entry{Facts: public, Outcome: outcome, Personal: append(values, actor)})
	return id
}

// look records an access.
func (b *book) look(n int) {
	values, bound, err := ledger.SealTexts(map[string]string{"/codice_fiscale": "FRRGLI71C52A662L", "/persona": "u-1", "/motivo": "", "/indirizzo": "192.0.2.7"}, b.salts)
	if err != nil {
		b.t.Fatal(err)
	}
	a := ledger.Access{
		ID: fmt.Sprint("a-", n), Instant: b.now, Role: "operatore", Basis: "ufficio", Action: "provvedimenti.leggi",
		Matricola: fmt.Sprintf("%010d", n), Outcome: "allow", Policy: "2026-1", Personal: bound, Correlation: fmt.Sprint("c-", n),
	}
	leaf, err := a.Encode()
	b.add(a.ID, leaf, err, ledger.Entry{Personal: values})
}

// erase takes values out of the entry at that position, and records it.
func (b *book) erase(position int, paths ...string) {
	e := &b.entries[position]
	at := int64(len(b.entries))
	for i := range e.Personal {
		for _, p := range paths {
			if e.Personal[i].Path == p {
				e.Personal[i] = ledger.Personal{Path: p}
			}
		}
	}
	if e.Erased == nil {
		e.Erased = map[string]int64{}
	}
	for _, p := range paths {
		e.Erased[p] = at
	}
	x := ledger.Erasure{ID: fmt.Sprint("e-", at), Instant: b.now, Entry: idOf(b.t, e.Leaf), Paths: paths, Reason: "diritto dell'interessato, art. 17", Correlation: "c"}
	leaf, err := x.Encode()
	b.add(x.ID, leaf, err, ledger.Entry{})
}

func idOf(t testing.TB, leaf []byte) string {
	var l struct{ ID string }
	if err := json.Unmarshal(leaf, &l); err != nil {
		t.Fatal(err)
	}
	return l.ID
}

// fill makes a log of that many decisions, with all that a log can have, signed every so many leaves.
func fill(t testing.TB, decisions, every int) *book {
	b := newBook(t)
	b.edition("2026-1", 1)
	edition, version := "2026-1", 1
	for n := range decisions {
		if n == decisions/2 {
			b.edition("2026-2", 2)
			edition, version = "2026-2", 2
		}
		b.decide(n, edition, version)
		if n%20 == 10 {
			b.erase(len(b.entries)-1, "/richiesta/lavoratori/0/codice_fiscale", ledger.PathActor)
		}
		if n%5 == 0 {
			b.look(n)
		}
		if len(b.waiting) >= every {
			b.sign()
		}
	}
	if len(b.waiting) > 0 {
		b.sign()
	}
	return b
}

// export writes the whole log.
func (b *book) export() []byte {
	b.t.Helper()
	var out bytes.Buffer
	w := ledger.NewExportWriter(&out, b.head(), true)
	heads := b.heads
	for i := range b.entries {
		for len(heads) > 1 && heads[0].Tree.N == int64(i) {
			_ = w.Checkpoint(heads[0]) // the first error stays
			heads = heads[1:]
		}
		_ = w.Entry(&b.entries[i])
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	return out.Bytes()
}

func (b *book) verify(export []byte) (*ledger.Report, error) {
	return ledger.Verification{Keys: b.ring}.Verify(bytes.NewReader(export))
}

// golden compares with a file in testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	for n, line := range strings.Split(string(want), "\n") {
		if !bytes.HasPrefix(got, []byte(line)) {
			t.Fatalf("%s, line %d:\n got %.200s\nwant %.200s", path, n+1, got, line)
		}
		got = got[min(len(got), len(line)+1):]
	}
	t.Errorf("%s: too long", path)
}
