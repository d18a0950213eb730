package ledger_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"omnia/ledger"
)

// anyReceipt is a receipt whose texts may look like parts of one.
func anyReceipt(t *rapid.T) *ledger.Receipt {
	text := rapid.SampledFrom([]string{"x", `,"rules":[`, `"rules":[[`, "è\n\"", "]", `{"id":"x"}`})
	r := &ledger.Receipt{
		ID: text.Draw(t, "id"), Instant: noon, Kind: "counters", Edition: text.Draw(t, "edition"), EditionDigest: ledger.DigestOf(nil), Engine: text.Draw(t, "engine"),
		Options: []ledger.Option{{Name: "rules", Value: text.Draw(t, "option")}}, FactsDigest: ledger.DigestOf(nil), OutcomeDigest: ledger.DigestOf(nil),
		Role: text.Draw(t, "role"), Correlation: text.Draw(t, "correlation"),
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "rules") {
		r.Rules = append(r.Rules, ledger.Rule{
			ID: text.Draw(t, "rule"), Version: i, Digest: ruleDigest("r", i), On: rapid.SampledFrom([]string{"", "2024-01-08"}).Draw(t, "on"),
			State: rapid.SampledFrom([]string{"true", "false"}).Draw(t, "state"),
		})
	}
	return r
}

func TestAReceiptTakenApartIsPutTogetherAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		leaf, err := anyReceipt(t).Encode()
		if err != nil {
			t.Fatal(err)
		}
		rest, versions, err := ledger.Part(leaf)
		if err != nil {
			t.Fatal(err)
		}
		v, err := ledger.ReadVersions(versions)
		if err != nil {
			t.Fatalf("%s: %v", versions, err)
		}
		if got, err := v.Join(rest); err != nil || !bytes.Equal(got, leaf) {
			t.Fatalf("%v\n got %s\nwant %s", err, got, leaf)
		}
	})
}

func TestVersionsAreTheSameWhateverBecameOfThem(t *testing.T) {
	t.Parallel()
	r := ledger.Receipt{ID: "a", Instant: noon, Kind: "counters", Edition: "e", EditionDigest: ledger.DigestOf(nil), Engine: "x", FactsDigest: ledger.DigestOf(nil), OutcomeDigest: ledger.DigestOf(nil)}
	for i := range 70 {
		r.Rules = append(r.Rules, ledger.Rule{ID: fmt.Sprint("r", i), Version: 1, Digest: ruleDigest("r", i), On: "2024-01-08", State: "true"})
	}
	one := must[[]byte](t)(r.Encode())
	for i := range r.Rules[:30] {
		r.Rules[i].On, r.Rules[i].State = "2025-01-08", "false"
	}
	other := must[[]byte](t)(r.Encode())
	rest, versions, err := ledger.Part(one)
	if err != nil {
		t.Fatal(err)
	}
	rest2, versions2, err := ledger.Part(other)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(versions, versions2) || !bytes.Contains(rest, []byte(`"rules":[["2024-01-08","true",70]]`)) ||
		!bytes.Contains(rest2, []byte(`"rules":[["2025-01-08","false",30],["2024-01-08","true",40]]`)) {
		t.Errorf("%s\n%s", rest, rest2)
	}
	// What does not belong together is not put together.
	v := must[*ledger.Versions](t)(ledger.ReadVersions(versions))
	for _, wrong := range []string{
		strings.Replace(string(rest), ",70]", ",69]", 1), strings.Replace(string(rest), ",70]", ",71]", 1), strings.Replace(string(rest), ",70]", ",99999999999999999999]", 1),
		strings.Replace(string(rest), `"rules"`, `"regole"`, 1), string(rest[:len(rest)/2]), "",
	} {
		if got, err := v.Join([]byte(wrong)); err == nil {
			t.Errorf("%s gave %s", wrong, got)
		}
	}
}
