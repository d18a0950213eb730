package ledger

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// appliedReceipt names versions as decisions do: mostly the same in the same order, on days and with states that differ.
func appliedReceipt(t *testing.T, random *rand.Rand) []byte {
	t.Helper()
	r := &Receipt{
		ID: "1", Instant: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Kind: "counters", Edition: "2026-1", Engine: "1",
		EditionDigest: DigestOf(nil), FactsDigest: DigestOf(nil), OutcomeDigest: DigestOf(nil),
	}
	for i := range 30 {
		if random.IntN(12) == 0 {
			continue
		}
		r.Rules = append(r.Rules, Rule{
			ID: fmt.Sprintf("regola.%d", i), Version: 1 + random.IntN(12)/11, Digest: DigestOf(fmt.Append(nil, i)),
			On: []string{"", "2026-01-31", "2025-12-01"}[random.IntN(3)], State: []string{"applied", "false"}[random.IntN(2)],
		})
	}
	leaf, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

// What was read before is taken for what it was only: a leaf that is altered anywhere is judged as if nothing had been read.
func TestWhatIsKnownHidesNothing(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 2))
	experienced := leaf{known: newKnown()}
	for range 200 {
		agree(t, &experienced, appliedReceipt(t, random))
	}
	for range 5_000 {
		data := appliedReceipt(t, random)
		at := random.IntN(len(data))
		switch random.IntN(3) {
		case 0:
			data[at] = `",{}[]:\0a9`[random.IntN(11)]
		case 1:
			data = append(data[:at:at], data[min(len(data), at+1+random.IntN(200)):]...)
		default:
			data = append(data[:at:at], bytes.Repeat(data[at:], 2)...)
		}
		agree(t, &experienced, data)
	}
}

// agree reads a leaf with what is known, and with nothing: the judgement and the versions must be the same.
func agree(t *testing.T, experienced *leaf, data []byte) {
	t.Helper()
	fresh := leaf{known: newKnown()}
	want, got := readLeaf(data, &fresh), readLeaf(data, experienced)
	if (want == nil) != (got == nil) {
		t.Fatalf("with nothing known %v, else %v\n%s", want, got, data)
	}
	if want != nil {
		return
	}
	if len(fresh.rules) != len(experienced.rules) {
		t.Fatalf("%d versions, not %d\n%s", len(experienced.rules), len(fresh.rules), data)
	}
	for i, v := range fresh.rules {
		if !bytes.Equal(v.text, experienced.rules[i].text) {
			t.Fatalf("version %s, not %s", experienced.rules[i].text, v.text)
		}
	}
}
