package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"omnia/ledger"
)

func sampleReceipt() ledger.Receipt {
	d := func(s string) ledger.Digest { return ledger.DigestOf([]byte(s)) }
	return ledger.Receipt{
		ID: "0196d2a0-7b2c-7a10-9f3e-2b1c4d5e6f70", Instant: noon.Add(250 * time.Millisecond), Kind: "counters",
		Edition: "2026-1", EditionDigest: d("edizione"), PolicyDigest: d("policy"), Engine: "omnia v1.4.0",
		Options:       []ledger.Option{{"language", "it"}, {"today", "2026-03-02"}},
		FactsDigest:   d("facts"),
		Personal:      []ledger.Commitment{{"/azienda/codice_fiscale", d("a")}, {"/richiesta/lavoratori/0/codice_fiscale", d("b")}},
		OutcomeDigest: d("outcome"),
		Rules:         []ledger.Rule{{"cigo.settimane_biennio", 2, d("r"), "2025-03-03", "true"}, {"cigo.ore_un_terzo", 1, d("s"), "", "unknown"}},
		Actor:         d("actor"), Role: "intermediario", Delegation: "0195…", Correlation: "à \"la\" \\ \n\u0001",
	}
}

func sampleLeaves(t testing.TB) map[string][]byte {
	r := sampleReceipt()
	a := ledger.Access{ID: "a-1", Instant: noon, Role: "auditor", Action: "decisioni.leggi", Outcome: "allow", Policy: "2026-1", Personal: r.Personal[:1]}
	e := ledger.Erasure{ID: "e-1", Instant: noon, Entry: r.ID, Paths: []string{"actor", "/azienda/codice_fiscale"}, Reason: "art. 17"}
	d := ledger.Edition{Name: "2026-1", Instant: noon, Digest: r.EditionDigest, PolicyDigest: r.PolicyDigest,
		Items: []ledger.EditionItem{{"counter", "cigo.ore_un_terzo", 1, r.Rules[1].Digest}}, Files: []ledger.EditionFile{{"counters/cigo.yaml", r.FactsDigest}}}
	on := ledger.Activation{ID: "t-1", Instant: noon, Edition: "2026-1", EditionDigest: r.EditionDigest, Reason: "pubblicazione", Actor: r.Actor}
	to := noon.Add(time.Hour)
	keys := ledger.Announcement{ID: "k-1", Instant: noon, Keys: []ledger.Key{{Verifier: "x+1+a", UntilSize: 9, Until: &to}, {Verifier: "x+2+b", FromSize: 9, From: &to}}}
	hold := ledger.Hold{ID: "v-1", Instant: noon, Hold: "0196d2a0-7b2c-7a10-9f3e-2b1c4d5e6f71", Matricola: "1234567890", Personal: []ledger.Commitment{{"/motivo", r.Personal[0].Hash}, {"/persona", r.Actor}}}
	leaves := map[string][]byte{}
	for name, encode := range map[string]func() ([]byte, error){
		"receipt": r.Encode, "access": a.Encode, "erasure": e.Encode, "edition": d.Encode, "activation": on.Encode, "announcement": keys.Encode, "hold": hold.Encode,
	} {
		leaves[name] = must[[]byte](t)(encode())
	}
	return leaves
}

// Golden vectors, for whoever verifies in another language: the leaves, and their hashes in the tree.
func TestLeavesAreWrittenAsEver(t *testing.T) {
	t.Parallel()
	for name, leaf := range sampleLeaves(t) {
		golden(t, name+".json", leaf)
		golden(t, name+".hash", []byte(ledger.LeafHash(leaf).String()+"\n"+string(ledger.DigestOf(leaf))+"\n"))
	}
}

func TestLeavesAreReadBack(t *testing.T) {
	t.Parallel()
	r := sampleReceipt()
	got, err := ledger.DecodeReceipt(sampleLeaves(t)["receipt"])
	if diff := cmp.Diff(&r, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := ledger.DecodeReceipt(sampleLeaves(t)["access"]); err == nil || !strings.Contains(err.Error(), "receipt/v1 expected, this is access/v1") {
		t.Errorf("an access is read as a receipt: %v", err)
	}
	for name, leaf := range sampleLeaves(t) {
		if again := recoded(leaf); !bytes.Equal(again, leaf) {
			t.Errorf("%s:\n got %s\nwant %s", name, again, leaf)
		}
	}
}

// recoded is a leaf decoded and encoded again; nil when it can't be decoded.
func recoded(leaf []byte) (again []byte) {
	if r, err := ledger.DecodeReceipt(leaf); err == nil {
		again, _ = r.Encode()
	}
	if a, err := ledger.DecodeAccess(leaf); err == nil {
		again, _ = a.Encode()
	}
	if a, err := ledger.DecodeActivation(leaf); err == nil {
		again, _ = a.Encode()
	}
	if a, err := ledger.DecodeAnnouncement(leaf); err == nil {
		again, _ = a.Encode()
	}
	if h, err := ledger.DecodeHold(leaf); err == nil {
		again, _ = h.Encode()
	}
	if e, err := ledger.DecodeErasure(leaf); err == nil {
		again, _ = e.Encode()
	}
	if e, err := ledger.DecodeEdition(leaf); err == nil {
		again, _ = e.Encode()
	}
	return again
}

func TestReadingIsStrict(t *testing.T) {
	t.Parallel()
	good := string(sampleLeaves(t)["receipt"])
	r := func(old, by string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s is not in %s", old, good)
		}
		return strings.Replace(good, old, by, 1)
	}
	for _, tt := range []struct{ name, leaf, want string }{
		{"nothing", "", "leaf, field schema"},
		{"an unknown kind", r("receipt/v1", "receipt/v2"), "leaf, field schema"},
		{"an unknown member", r(`"role":`, `"x":1,"role":`), `field role, byte 1255: "role": expected`},
		{"a member missing", r(`"simulation":false,`, ""), "field simulation"},
		{"a member twice", r(`"simulation":false`, `"simulation":false,"simulation":false`), "field edition"},
		{"another order", r(`"kind":"counters","simulation":false`, `"simulation":false,"kind":"counters"`), "field kind"},
		{"another case", r(`"kind"`, `"Kind"`), "field kind"},
		{"a blank", r(`,"kind"`, `, "kind"`), "field kind"},
		{"null", r(`"engine":"omnia v1.4.0"`, `"engine":null`), "field engine"},
		{"an empty id", r(`"id":"0196d2a0-7b2c-7a10-9f3e-2b1c4d5e6f70"`, `"id":""`), "field id, byte 30: a text that is not empty"},
		{"an instant without milliseconds", r("12:00:00.250Z", "12:00:00Z"), "an instant such as"},
		{"an instant of another zone", r("12:00:00.250Z", "12:00:00.250+00:00"), "an instant such as"},
		{"an instant that is none", r("2026-03-02T12", "2026-02-30T12"), "an instant such as"},
		{"a kind in capitals", r(`"counters"`, `"Counters"`), "a word in small letters"},
		{"a digest in capitals", r("sha256:f", "sha256:F"), "a hexadecimal digit"},
		{"a digest too long", r(`","policy`, `0","policy`), "field edition_digest"},
		{"no digest of the edition", r(`"edition_digest":"`+string(sampleReceipt().EditionDigest), `"edition_digest":"`), "field edition_digest"},
		{"another algorithm", r("sha256:", "sha512:"), "field edition_digest"},
		{"options out of order", r(`"language":"it","today":"2026-03-02"`, `"today":"2026-03-02","language":"it"`), "names ascending"},
		{"an option twice", r(`"language":"it"`, `"language":"it","language":"it"`), "names ascending"},
		{"paths out of order", r("/azienda/codice", "/zienda/codice"), "paths that begin with /, ascending"},
		{"a path twice", r("/richiesta/lavoratori/0/codice_fiscale", "/azienda/codice_fiscale"), "paths that begin with /, ascending"},
		{"a path without a slash", r("/azienda/codice_fiscale", "azienda"), "paths that begin with /"},
		{"a version with a zero before it", r(`"version":2`, `"version":02`), "an integer without leading zeros"},
		{"a negative version", r(`"version":2`, `"version":-2`), "an integer without leading zeros"},
		{"a version with decimals", r(`"version":2`, `"version":2.0`), "field digest"},
		{"a version beyond int64", r(`"version":2`, `"version":9223372036854775808`), "an integer without leading zeros"},
		{"a day that is none", r("2025-03-03", "2025-02-29"), "a day such as"},
		{"an escape that is not needed", r("à ", `\u00e0 `), "a canonical escape"},
		{"an escaped slash", r("/azienda", `\/azienda`), "a canonical escape"},
		{"an escape in capitals", r(`\u0001`, `\u001F`), "a canonical escape"},
		{"a long escape that has a short one", r(`\n`, `\u000a`), "a canonical escape"},
		{"a control character", r(`\u0001`, "\x01"), "the end of the text"},
		{"a text that is not UTF-8", r("à ", "\xe0 "), "UTF-8"},
		{"something behind it", good + " ", "nothing more expected"},
		{"a line end behind it", good + "\n", "nothing more expected"},
		{"cut off", good[:len(good)-1], "} expected"},
		{"cut off in a text", good[:40], "the end of the text"},
		{"a list that does not end", r(`"state":"unknown"}]`, `"state":"unknown"},]`), "field rules"},
	} {
		_, err := ledger.DecodeReceipt([]byte(tt.leaf))
		var at *ledger.NotCanonical
		if !errors.As(err, &at) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
		}
	}
}

func TestWhatHasNoCanonicalFormIsNotWritten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(r *ledger.Receipt)
		want   string
	}{
		{"no id", func(r *ledger.Receipt) { r.ID = "" }, "field id"},
		{"a text that is not UTF-8", func(r *ledger.Receipt) { r.Role = "\xff" }, "field role"},
		{"no digest of the outcome", func(r *ledger.Receipt) { r.OutcomeDigest = "" }, "field outcome_digest"},
		{"a digest that is none", func(r *ledger.Receipt) { r.FactsDigest = "sha256:00" }, "field facts_digest"},
		{"a year of five digits", func(r *ledger.Receipt) { r.Instant = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "field instant"},
		{"paths out of order", func(r *ledger.Receipt) { r.Personal[0], r.Personal[1] = r.Personal[1], r.Personal[0] }, "field personal"},
		{"a version below zero", func(r *ledger.Receipt) { r.Rules[0].Version = -1 }, "field version"},
		{"a state of two words", func(r *ledger.Receipt) { r.Rules[0].State = "not known" }, "field state"},
	} {
		r := sampleReceipt()
		tt.change(&r)
		if leaf, err := r.Encode(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %s, %v; want %q", tt.name, leaf, err, tt.want)
		}
	}
}

// genDigest draws the digest of something.
func genDigest() *rapid.Generator[ledger.Digest] {
	return rapid.Map(rapid.Byte(), func(b byte) ledger.Digest { return ledger.DigestOf([]byte{b}) })
}

func TestAnyReceiptIsReadBackAndIsJSON(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[a-z][a-z_]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		r := ledger.Receipt{
			ID: rapid.StringN(1, 20, -1).Draw(t, "id"), Instant: time.UnixMilli(rapid.Int64Range(0, 253402300799999).Draw(t, "instant")).UTC(),
			Kind: word.Draw(t, "kind"), Simulation: rapid.Bool().Draw(t, "simulation"), Edition: rapid.StringN(1, 9, -1).Draw(t, "edition"),
			EditionDigest: genDigest().Draw(t, "digest"), Engine: "v1", FactsDigest: genDigest().Draw(t, "facts"), OutcomeDigest: genDigest().Draw(t, "outcome"),
			Role: rapid.String().Draw(t, "role"), Delegation: rapid.String().Draw(t, "delegation"), Correlation: rapid.String().Draw(t, "correlation"),
		}
		if rapid.Bool().Draw(t, "named") {
			r.Actor = genDigest().Draw(t, "actor")
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "personal") {
			r.Personal = append(r.Personal, ledger.Commitment{Path: fmt.Sprint("/", i), Hash: genDigest().Draw(t, "commitment")})
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "options") {
			r.Options = append(r.Options, ledger.Option{Name: fmt.Sprint("o", i), Value: rapid.String().Draw(t, "value")})
		}
		for range rapid.IntRange(0, 4).Draw(t, "rules") {
			r.Rules = append(r.Rules, ledger.Rule{ID: rapid.StringN(1, 9, -1).Draw(t, "rule"), Version: rapid.IntRange(0, 9).Draw(t, "version"), Digest: genDigest().Draw(t, "meaning"), State: "true"})
		}
		leaf, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(leaf) {
			t.Fatalf("not JSON: %s", leaf)
		}
		got, err := ledger.DecodeReceipt(leaf)
		if diff := cmp.Diff(&r, got); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
	})
}

// Whatever is read as a leaf is written again as the same bytes: no leaf has two forms.
func FuzzLeaf(f *testing.F) {
	for _, leaf := range sampleLeaves(f) {
		f.Add(leaf)
	}
	f.Fuzz(func(t *testing.T, leaf []byte) {
		_, err := ledger.SchemaOf(leaf)
		again := recoded(leaf)
		if (err == nil) != (again != nil) || err == nil && !bytes.Equal(again, leaf) {
			t.Errorf("read %s\nwrites %s (%v)", leaf, again, err)
		}
	})
}
