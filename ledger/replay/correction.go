package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"omnia/ledger"
)

// Touches tells whether a period with that number is in the history of some facts: whether correcting the measure
// concerns the decision. facts may be those of the record, without the personal values.
func Touches(facts []byte, numero string) bool {
	if !bytes.Contains(facts, []byte(`"periodi"`)) {
		return false
	}
	var f struct {
		Periodi []struct{ Numero string } `json:"periodi"`
	}
	return json.Unmarshal(facts, &f) == nil && slices.ContainsFunc(f.Periodi, func(p struct{ Numero string }) bool { return p.Numero == numero })
}

// ErrNoPeriod is a correction of a measure that the decision did not know of.
var ErrNoPeriod = errors.New("no period of the decision has that number")

// WouldChange tells what a decision would have been, had the measure read otherwise: its own facts with the period
// of that number replaced, under its own edition. Without a period, the measure is taken out. The decision itself stays as it
// was taken, on the facts then known. period is a row of `periodi`, as the facts have them; only what differs of the outcome and the facts is
// in the contrast, whose second side has no id.
func WouldChange(ctx context.Context, editions Editions, d *ledger.Decision, numero string, period []byte, lang string) (*Contrast, error) {
	c := newContrast(sideOf(d), Side{Edition: d.Receipt.Edition, EditionDigest: string(d.Receipt.EditionDigest)})
	x, err := sourceOf(ctx, editions, c, d, lang)
	if err != nil || x == nil {
		return c, err
	}
	facts, err := corrected(x.facts, numero, period)
	if err != nil {
		return nil, err
	}
	y := *x
	y.facts = facts
	w := &weighing{Contrast: c, a: x, b: &y, lang: lang}
	w.aa = cornerOf(x.own, nil)
	w.ab, w.bb = w.aa, y.under(y.engine, facts)
	w.ba = w.bb
	w.weigh()
	return c, nil
}

// corrected are facts with another period in the place of that of the same number.
func corrected(facts []byte, numero string, period []byte) ([]byte, error) {
	path := []step{{name: "periodi", at: -1}, {name: "numero", key: numero, at: -1}}
	if !Touches(facts, numero) {
		return nil, fmt.Errorf("%w: %s", ErrNoPeriod, numero)
	}
	if len(period) > 0 {
		var row map[string]any
		if err := json.Unmarshal(period, &row); err != nil {
			return nil, fmt.Errorf("the corrected period can't be read: %w", err)
		}
	}
	return written(changed(tree(facts), path, period)), nil
}
