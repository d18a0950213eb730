package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"omnia/ledger"
)

func TestASoundExportVerifies(t *testing.T) {
	t.Parallel()
	b := fill(t, 300, 32)
	seen := 0
	v := ledger.Verification{Keys: b.ring, Held: b.heads, Each: func(e *ledger.Entry) error {
		if want := b.entries[seen]; e.Position != want.Position || !bytes.Equal(e.Leaf, want.Leaf) || !bytes.Equal(e.Facts, want.Facts) || !bytes.Equal(e.Outcome, want.Outcome) || len(e.Files) != len(want.Files) {
			t.Errorf("entry %d is given as %+v", seen, e)
		}
		seen++
		return nil
	}}
	export := b.export()
	r, err := v.Verify(bytes.NewReader(export))
	if err != nil {
		t.Fatal(err)
	}
	if r.Decisions != 300 || r.Accesses != 60 || r.Erasures != 15 || r.Editions != 2 || r.Erased != 30 || !r.Complete ||
		r.Checkpoints != int64(len(b.heads)) || r.Bytes != int64(len(export)) || seen != len(b.entries) || r.Head.Tree != b.head().Tree {
		t.Errorf("%+v, %d seen", r, seen)
	}
	stop := errors.New("enough")
	v.Each = func(*ledger.Entry) error { return stop }
	if _, err := v.Verify(bytes.NewReader(export)); err != stop {
		t.Errorf("the error of Each comes back as %v", err)
	}
}

// tampered is an export that somebody got at.
type tampered struct {
	t     *testing.T
	lines []string
}

// line finds the nth line (from 0) that begins so.
func (x *tampered) line(prefix string, n int) int {
	for i, l := range x.lines {
		if strings.HasPrefix(l, prefix) {
			if n--; n < 0 {
				return i
			}
		}
	}
	x.t.Fatalf("no line %s", prefix)
	return 0
}

func (x *tampered) replace(i int, old, by string) {
	x.t.Helper()
	if !strings.Contains(x.lines[i], old) {
		x.t.Fatalf("%q is not in %s", old, x.lines[i])
	}
	x.lines[i] = strings.Replace(x.lines[i], old, by, 1)
}

func (x *tampered) remove(from, n int) { x.lines = append(x.lines[:from:from], x.lines[from+n:]...) }

// rehash gives the leaf on a line the hash that it has now, as a careful forger would.
func (x *tampered) rehash(i int) {
	before, entry, _ := strings.Cut(x.lines[i], `"entry":`)
	at := strings.Index(before, `"hash":"`) + len(`"hash":"`)
	x.lines[i] = before[:at] + ledger.LeafHash([]byte(strings.TrimSuffix(entry, "}\n"))).String() + `","entry":` + entry
}

const (
	decision7 = "decision 0196d2a0-0000-7000-8000-000000000007"
	line7     = `{"leaf":10,` // of decision 7: an edition, decisions 0 to 6, and two accesses come first
)

func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	b := fill(t, 200, 16)
	export := string(b.export())
	sealed := func(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }
	stranger, strangerSigner := newKeys(t, 9)
	_ = stranger
	forged, err := strangerSigner.Sign(nil, b.heads[3].Tree, nil, b.heads[3].Instant)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		alter func(x *tampered)
		want  ledger.Finding // Text is a part of it
	}{
		{"a byte of the facts", func(x *tampered) { x.replace(x.line(line7, 0)+1, "ore_fruite", "ore_fruitE") },
			ledger.Finding{Subject: decision7, Field: "facts", Code: "altered"}},
		{"a personal value", func(x *tampered) { x.replace(x.line(line7, 0)+2, "RSSMRA80A01H501U", "RSSMRA81A01H501U") },
			ledger.Finding{Subject: decision7, Field: "/richiesta/lavoratori/0/codice_fiscale", Code: "altered"}},
		{"a salt", func(x *tampered) { x.replace(x.line(line7, 0)+2, `"salt":"`, `"salt":"0`) },
			ledger.Finding{Subject: decision7, Field: "/azienda/codice_fiscale", Code: "altered"}},
		{"who asked", func(x *tampered) { x.replace(x.line(line7, 0)+2, "FRRGLI71C52A662L", "FRRGLI71C52A662M") },
			ledger.Finding{Subject: decision7, Field: "actor", Code: "altered"}},
		{"two personal values exchanged", func(x *tampered) {
			i := x.line(line7, 0) + 2
			x.replace(i, "lavoratori/0", "lavoratori/X")
			x.replace(i, "lavoratori/1", "lavoratori/0")
			x.replace(i, "lavoratori/X", "lavoratori/1")
		}, ledger.Finding{Subject: decision7, Field: "/richiesta/lavoratori/0/codice_fiscale", Code: "removed"}},
		{"a byte of the outcome", func(x *tampered) { x.replace(x.line(line7, 0)+3, `"exact":"7"`, `"exact":"9"`) },
			ledger.Finding{Subject: decision7, Field: "outcome", Code: "altered"}},
		{"a byte of the receipt", func(x *tampered) { x.replace(x.line(line7, 0), `"role":"intermediario"`, `"role":"intermediariA"`) },
			ledger.Finding{Subject: decision7, Field: "entry", Code: "altered"}},
		{"a simulation made real, with its hash", func(x *tampered) {
			i := x.line(line7, 0)
			x.replace(i, `"simulation":true`, `"simulation":false`)
			x.rehash(i)
		}, ledger.Finding{Subject: "checkpoint 16", Code: "root", Text: "the leaves 0 to 15, lines 2 to"}},
		{"a byte of the hash beside a leaf", func(x *tampered) { x.replace(x.line(line7, 0), `"hash":"`, `"hash":"A`) },
			ledger.Finding{Subject: decision7, Field: "entry", Code: "altered"}},
		{"a byte of a rule text", func(x *tampered) { x.replace(x.line(`{"file":`, 2), "Già", "Gia") },
			ledger.Finding{Subject: "edition 2026-1", Field: "counters/cigo.settimane_biennio.yaml", Code: "altered"}},
		{"a rule text removed", func(x *tampered) { x.remove(x.line(`{"file":`, 3), 1) },
			ledger.Finding{Subject: "edition 2026-1", Field: "file", Code: "removed"}},
		{"a byte of an access", func(x *tampered) { x.replace(x.line(`{"leaf":2,`, 0), `"outcome":"allow"`, `"outcome":"AlloW"`) },
			ledger.Finding{Subject: "access a-0", Field: "entry", Code: "altered"}},
		{"who looked", func(x *tampered) { x.replace(x.line(`{"leaf":2,`, 0)+1, "192.0.2.7", "192.0.2.8") },
			ledger.Finding{Subject: "access a-0", Field: "/indirizzo", Code: "altered"}},
		{"a decision removed", func(x *tampered) { x.remove(x.line(line7, 0), 4) },
			ledger.Finding{Subject: "leaf 10", Code: "removed", Text: "leaf 11 stands here, and it nowhere"}},
		{"an access removed just before a checkpoint", func(x *tampered) { x.remove(x.line(`{"checkpoint":`, 0)-2, 2) },
			ledger.Finding{Subject: "leaf 15", Code: "removed", Text: "checkpoint 16 stands here, and it nowhere"}},
		{"the facts removed", func(x *tampered) { x.remove(x.line(line7, 0)+1, 1) }, ledger.Finding{Subject: decision7, Field: "facts", Code: "removed"}},
		{"the personal line removed", func(x *tampered) { x.remove(x.line(line7, 0)+2, 1) }, ledger.Finding{Subject: decision7, Field: "personal", Code: "removed"}},
		{"the outcome removed", func(x *tampered) { x.remove(x.line(line7, 0)+3, 1) }, ledger.Finding{Subject: decision7, Field: "outcome", Code: "removed"}},
		{"two decisions exchanged", func(x *tampered) {
			i := x.line(line7, 0)
			for n := range 4 {
				x.lines[i+n], x.lines[i+n+4] = x.lines[i+n+4], x.lines[i+n]
			}
		}, ledger.Finding{Subject: "leaf 10", Code: "moved", Text: "leaf 11 stands here, and it on line"}},
		{"two decisions exchanged, with their numbers", func(x *tampered) {
			i := x.line(line7, 0)
			x.replace(i, `"leaf":10`, `"leaf":11`)
			x.replace(i+4, `"leaf":11`, `"leaf":10`)
			for n := range 4 {
				x.lines[i+n], x.lines[i+n+4] = x.lines[i+n+4], x.lines[i+n]
			}
		}, ledger.Finding{Subject: "checkpoint 16", Code: "root"}},
		{"a decision twice", func(x *tampered) {
			i := x.line(line7, 0)
			x.lines = append(x.lines[:i+4:i+4], x.lines[i:]...)
		}, ledger.Finding{Subject: "leaf 10", Code: "repeated"}},
		{"a checkpoint removed and a row with it", func(x *tampered) {
			i := x.line(`{"checkpoint":`, 0)
			x.remove(i-2, 3)
		}, ledger.Finding{Subject: "leaf 15", Code: "removed"}},
		{"the tail cut after a checkpoint", func(x *tampered) { x.lines = x.lines[:x.line(`{"checkpoint":`, 4)+1] },
			ledger.Finding{Code: "truncated", Text: "the export ends here, and its head has"}},
		{"the tail cut within a decision", func(x *tampered) { x.lines = x.lines[:x.line(line7, 0)+2] },
			ledger.Finding{Subject: decision7, Field: "personal", Code: "truncated"}},
		{"the tail cut within a line", func(x *tampered) {
			i := x.line(line7, 0)
			x.lines = append(x.lines[:i:i], x.lines[i][:100])
		}, ledger.Finding{Code: "truncated", Text: "no end"}},
		{"a decision after the last checkpoint", func(x *tampered) {
			i := x.line(`{"checkpoint":`, len(b.heads)-1)
			x.lines = append(x.lines[:i:i], x.lines[i+1:]...)
		}, ledger.Finding{Code: "truncated"}},
		{"something behind the head", func(x *tampered) { x.lines = append(x.lines, x.lines[x.line(`{"checkpoint":`, 0)]) },
			ledger.Finding{Code: "format", Text: "behind the head"}},
		{"the root in a checkpoint", func(x *tampered) {
			x.replace(x.line(`{"checkpoint":`, 3), b.heads[3].Tree.Hash.String(), b.heads[2].Tree.Hash.String())
		}, ledger.Finding{Subject: "checkpoint behind leaf 65", Code: "forged"}},
		{"a checkpoint signed by somebody else", func(x *tampered) {
			x.lines[x.line(`{"checkpoint":`, 3)] = `{"checkpoint":"` + sealed(forged.Note) + "\"}\n"
		},
			ledger.Finding{Subject: "checkpoint behind leaf 65", Code: "unknown_key"}},
		{"checkpoints exchanged", func(x *tampered) {
			i, j := x.line(`{"checkpoint":`, 3), x.line(`{"checkpoint":`, 4)
			x.lines[i], x.lines[j] = x.lines[j], x.lines[i]
		}, ledger.Finding{Subject: "leaf 66", Code: "moved", Text: "checkpoint 82 stands here"}},
		{"a checkpoint moved down", func(x *tampered) {
			i := x.line(`{"checkpoint":`, 3)
			x.lines[i], x.lines[i+1], x.lines[i+2], x.lines[i+3], x.lines[i+4] = x.lines[i+1], x.lines[i+2], x.lines[i+3], x.lines[i+4], x.lines[i]
		}, ledger.Finding{Subject: "checkpoint 66", Code: "moved"}},
		{"an edition removed", func(x *tampered) { x.remove(1, 5) }, ledger.Finding{Subject: "leaf 0", Code: "removed"}},
		{"an erasure that nobody recorded", func(x *tampered) {
			i := x.line(line7, 0) + 2
			from := strings.Index(x.lines[i], `"salt"`)
			to := strings.Index(x.lines[i], `},{`)
			x.lines[i] = x.lines[i][:from] + `"erased":12` + x.lines[i][to:]
		}, ledger.Finding{Subject: decision7, Field: "/azienda/codice_fiscale", Code: "erasure", Text: "leaf 12, which does not say so"}},
		{"an erasure by a leaf that is not there", func(x *tampered) {
			i := x.line(line7, 0) + 2
			from := strings.Index(x.lines[i], `"salt"`)
			to := strings.Index(x.lines[i], `},{`)
			x.lines[i] = x.lines[i][:from] + `"erased":99999` + x.lines[i][to:]
		}, ledger.Finding{Subject: decision7, Field: "/azienda/codice_fiscale", Code: "erasure", Text: "no later leaf"}},
		{"an older head on the first line", func(x *tampered) { x.replace(0, sealed(b.head().Note), sealed(b.heads[3].Note)) },
			ledger.Finding{Code: "format", Text: "behind the head"}},
		{"an older head on the first line, and no checkpoint of it", func(x *tampered) {
			x.replace(0, sealed(b.head().Note), sealed(b.heads[3].Note))
			x.remove(x.line(`{"checkpoint":`, 3), 1)
		}, ledger.Finding{Subject: "leaf 66", Code: "format", Text: "the head has 66 leaves only"}},
		{"another origin", func(x *tampered) { x.replace(0, origin, "omnia.example/altro") }, ledger.Finding{Field: "origin", Code: "unknown_key"}},
		{"an empty line", func(x *tampered) { x.lines[5] += "\n" }, ledger.Finding{Code: "format"}},
		{"Windows line ends", func(x *tampered) { x.lines[0] = strings.TrimSuffix(x.lines[0], "\n") + "\r\n" }, ledger.Finding{Code: "format"}},
		{"nothing", func(x *tampered) { x.lines = nil }, ledger.Finding{Code: "truncated", Text: "empty"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := &tampered{t, strings.SplitAfter(strings.TrimSuffix(export, "\n"), "\n")}
			x.lines[len(x.lines)-1] += "\n"
			tt.alter(x)
			_, err := b.verify([]byte(strings.Join(x.lines, "")))
			expectFinding(t, err, tt.want)
		})
	}
}

func expectFinding(t *testing.T, err error, want ledger.Finding) {
	t.Helper()
	var f *ledger.Finding
	if !errors.As(err, &f) {
		t.Fatalf("found: %v, want %+v", err, want)
	}
	if f.Subject != want.Subject || f.Field != want.Field || f.Code != want.Code || !strings.Contains(f.Text, want.Text) {
		t.Errorf("found: %v\nwant subject %q, field %q, code %s: %s", f, want.Subject, want.Field, want.Code, want.Text)
	}
}

// What an operator with the true key recorded wrongly is sound as a log, and is found all the same.
func TestWhatWasRecordedWronglyIsNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		record func(b *book)
		want   ledger.Finding
	}{
		{"under an edition that was never published", func(b *book) { b.decide(1, "2027-1", 1) },
			ledger.Finding{Subject: "decision 0196d2a0-0000-7000-8000-000000000001", Field: "edition_digest", Code: "edition"}},
		{"under an edition that was published later", func(b *book) { b.decide(1, "2026-2", 2); b.edition("2026-2", 2) },
			ledger.Finding{Subject: "decision 0196d2a0-0000-7000-8000-000000000001", Field: "edition_digest", Code: "edition"}},
		{"with a rule that the edition does not have", func(b *book) { b.decide(1, "2026-1", 3) },
			ledger.Finding{Subject: "decision 0196d2a0-0000-7000-8000-000000000001", Field: "rules", Code: "rule", Text: `edition 2026-1 does not have {"id":"ais.settimane_biennio","version":3,`}},
		{"the digest of one edition and the name of another", func(b *book) {
			b.decide(1, "2026-1", 1)
			b.alterLast("edition", "2026-1", "2026-2")
		}, ledger.Finding{Subject: "decision 0196d2a0-0000-7000-8000-000000000001", Field: "edition", Code: "edition"}},
		{"under other policies", func(b *book) {
			b.decide(1, "2026-1", 1)
			b.alterLast("policy_digest", string(policyDigest), string(ledger.DigestOf(nil)))
		}, ledger.Finding{Subject: "decision 0196d2a0-0000-7000-8000-000000000001", Field: "policy_digest", Code: "policy"}},
		{"an edition published again with another content", func(b *book) {
			b.edition("2026-1", 1)
			b.alterLast("digest", string(editionDigest("2026-1")), string(ledger.DigestOf(nil)))
		}, ledger.Finding{Subject: "edition 2026-1", Field: "digest", Code: "edition"}},
		{"an edition published again as it was", func(b *book) { b.edition("2026-1", 1) }, ledger.Finding{}},
		{"a value that was erased and is still there", func(b *book) {
			b.decide(1, "2026-1", 1)
			kept := append([]ledger.Personal(nil), b.entries[1].Personal...)
			b.erase(1, ledger.PathActor)
			b.entries[1].Personal, b.entries[1].Erased = kept, nil
		}, ledger.Finding{Subject: "erasure e-2", Field: "actor", Code: "erasure"}},
		{"a leaf of an unknown kind", func(b *book) {
			b.add("x", []byte(`{"schema":"receipt/v9","id":"x"}`), nil, ledger.Entry{})
		}, ledger.Finding{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t)
			b.edition("2026-1", 1)
			tt.record(b)
			b.sign()
			var out bytes.Buffer
			w := ledger.NewExportWriter(&out, b.head(), true)
			for i := range b.entries {
				if err := w.Entry(&b.entries[i]); err != nil {
					if strings.Contains(tt.name, "unknown kind") {
						return // the writer refuses it
					}
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			_, err := b.verify(out.Bytes())
			if tt.want.Code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			expectFinding(t, err, tt.want)
		})
	}
}

// alterLast changes a member of the leaf added last, before it is signed.
func (b *book) alterLast(name, old, by string) {
	b.t.Helper()
	last := &b.entries[len(b.entries)-1]
	from, to := fmt.Sprintf(`"%s":"%s"`, name, old), fmt.Sprintf(`"%s":"%s"`, name, by)
	if !bytes.Contains(last.Leaf, []byte(from)) {
		b.t.Fatalf("%s is not in %s", from, last.Leaf)
	}
	last.Leaf = bytes.Replace(last.Leaf, []byte(from), []byte(to), 1)
	b.waiting[len(b.waiting)-1].Data = last.Leaf
}

// Every byte of an export means something.
func TestEveryFlippedBitIsFound(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.edition("2026-1", 1)
	b.decide(7, "2026-1", 1)
	b.sign()
	b.look(1)
	b.erase(1, ledger.PathActor)
	b.sign()
	allFound(t, b, b.export())
}

// allFound flips one bit of each byte in turn.
func allFound(t *testing.T, b *book, export []byte) {
	t.Helper()
	if _, err := b.verify(export); err != nil {
		t.Fatal(err)
	}
	for i := range export {
		export[i] ^= 1 << (i % 8)
		if _, err := b.verify(export); err == nil {
			t.Fatalf("byte %d: …%s… is taken as good", i, around(export, i))
		}
		export[i] ^= 1 << (i % 8)
	}
}

func around(b []byte, i int) []byte { return b[max(0, i-20):min(len(b), i+20)] }

func TestEveryChangedByteIsFound(t *testing.T) {
	t.Parallel()
	b := fill(t, 60, 20)
	witnessed(b)
	export := b.export()
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(export)-1).Draw(t, "at")
		to := rapid.Byte().Filter(func(c byte) bool { return c != export[i] }).Draw(t, "byte")
		altered := bytes.Clone(export)
		altered[i] = to
		_, err := b.verify(altered)
		var f *ledger.Finding
		if !errors.As(err, &f) {
			t.Fatalf("byte %d: …%s… is taken for …%s…: %v", i, around(altered, i), around(export, i), err)
		}
		if here := int64(bytes.Count(export[:i], []byte{'\n'})) + 1; f.Line > here+1 && f.Code != ledger.CodeErasure {
			t.Fatalf("byte %d on line %d is found as %v", i, here, f)
		}
	})
}

func TestALineRemovedAnywhereIsFound(t *testing.T) {
	t.Parallel()
	b := fill(t, 40, 10)
	lines := bytes.SplitAfter(bytes.TrimSuffix(b.export(), []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
	for i := range lines {
		if bytes.HasPrefix(lines[i], []byte(`{"checkpoint":`)) && i < len(lines)-1 {
			continue // those in between may be left out: the ones behind them say the same
		}
		without := bytes.Join(append(lines[:i:i], lines[i+1:]...), nil)
		if _, err := b.verify(without); err == nil {
			t.Errorf("nobody misses line %d: %s", i+1, lines[i])
		}
	}
}

// witnessed lets two witnesses sign the head.
func witnessed(b *book) {
	for i, name := range []string{"testimone.example", "corte.example"} {
		secret, public, err := ledger.GenerateKey(seeded(byte(50+i)), name)
		if err != nil {
			b.t.Fatal(err)
		}
		b.ring.Witnesses = append(b.ring.Witnesses, ledger.Key{Verifier: public})
		w := must[*ledger.Witness](b.t)(ledger.NewWitness(secret, b.ring))
		b.heads[len(b.heads)-1] = must[*ledger.Signed](b.t)(w.Cosign(nil, b.head().Note, nil))
	}
	b.ring.Quorum = 2
	b.heads[len(b.heads)-1] = must[*ledger.Signed](b.t)(b.ring.Open(b.head().Note))
}

func TestTheHeadNeedsItsWitnesses(t *testing.T) {
	t.Parallel()
	b := fill(t, 10, 5)
	witnessed(b)
	if _, err := b.verify(b.export()); err != nil {
		t.Error(err)
	}
	b.sign()
	_, err := b.verify(b.export())
	expectFinding(t, err, ledger.Finding{Field: "head", Code: "quorum", Text: "0 of the 2"})
}

// The same operator shows one log to one and another to the other.
func TestASplitViewIsFoundByWhoHoldsACheckpoint(t *testing.T) {
	t.Parallel()
	b := fill(t, 30, 10)
	other := newBook(t)
	other.edition("2026-1", 1)
	for n := range 50 {
		other.decide(n+1, "2026-1", 1)
	}
	other.sign()
	for _, tt := range []struct {
		name string
		held *ledger.Signed
		want ledger.Finding
	}{
		{"of a size in between", b.heads[0], ledger.Finding{Subject: fmt.Sprint("leaf ", b.heads[0].Tree.N-1), Code: "split_view"}},
		{"of the size of the head", must[*ledger.Signed](t)(b.signer.Sign(nil, tlog.Tree{N: other.head().Tree.N}, nil, noon)), ledger.Finding{Field: "head", Code: "split_view"}},
		{"of a longer log", must[*ledger.Signed](t)(b.signer.Sign(nil, tlog.Tree{N: 1000}, nil, noon)), ledger.Finding{Field: "head", Code: "truncated", Text: "1000"}},
	} {
		_, err := ledger.Verification{Keys: b.ring, Held: []*ledger.Signed{tt.held}}.Verify(bytes.NewReader(other.export()))
		expectFinding(t, err, tt.want)
	}
}

// What belongs to one case can be shown alone, each leaf with its proof.
func TestAPartOfTheLogVerifies(t *testing.T) {
	t.Parallel()
	b := fill(t, 100, 16)
	part := func(positions ...int64) []byte {
		var out bytes.Buffer
		w := ledger.NewExportWriter(&out, b.head(), false)
		for _, p := range positions {
			e := b.entries[p]
			e.Proof = must[*ledger.Proof](t)(ledger.Prove(t.Context(), p, e.Leaf, b.head(), b.shelf)).Proof
			if err := w.Entry(&e); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	good := part(0, 10, 13, 14)
	r, err := b.verify(good)
	if err != nil || r.Complete || r.Decisions+r.Accesses+r.Erasures+r.Editions != 4 {
		t.Errorf("%+v, %v", r, err)
	}
	allFound(t, b, part(0, 13, 14))
	_, err = b.verify(part(10))
	expectFinding(t, err, ledger.Finding{Subject: decision7, Field: "edition_digest", Code: "edition"})
	_, err = b.verify(part(0, 13, 10))
	expectFinding(t, err, ledger.Finding{Subject: "leaf 10", Code: "repeated"})
	swapped := bytes.Replace(good, []byte(`"complete":false`), []byte(`"complete":true`), 1)
	_, err = b.verify(swapped)
	expectFinding(t, err, ledger.Finding{Subject: "edition 2026-1", Field: "file", Code: "removed"})
}
