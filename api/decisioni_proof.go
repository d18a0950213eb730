package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"omnia/archive"
	"omnia/ledger"
)

// proveDecision gives the proof that a decision is in the log: the leaf, its way to the root, and a signed checkpoint. With the keys
// of /v1/ledger/keys that is all it takes.
func (s *server) proveDecision(c *call) error {
	if err := c.noQuery(); err != nil {
		return err
	}
	d, err := s.heldDecision(c, azioneDecisioni, c.Param("id"))
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	head, err := s.Ledger.HeadOf(ctx, d.Position+1)
	if err != nil {
		return err
	}
	p, err := ledger.Prove(ctx, d.Position, d.Leaf, head, s.Ledger)
	if err != nil {
		return fmt.Errorf("prove %s: %w", d.Receipt.ID, err)
	}
	send(c.Context, http.StatusOK, c.media, append(p.Encode(), '\n'))
	return nil
}

const azioneFascicolo = "decisioni.fascicolo"

// gatherEvidence gives all that the log has of one case, as an export that is not complete: the edition with its texts, the decision with its
// facts, the accesses to it, the erasures, each with its proof under one checkpoint. It is verified with the keys alone.
func (s *server) gatherEvidence(c *call) error {
	if err := c.noQuery(); err != nil {
		return err
	}
	d, err := s.heldDecision(c, azioneFascicolo, c.Param("id"))
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	entries, err := s.evidence(ctx, d.Decision)
	if err != nil {
		return err
	}
	head, err := s.Ledger.HeadOf(ctx, needed(d.Decision, entries))
	if err != nil {
		return err
	}
	c.Header("Content-Type", c.media)
	c.Header("Content-Disposition", `attachment; filename="fascicolo-`+d.Receipt.ID+`.ndjson"`)
	c.Status(http.StatusOK)
	out := ledger.NewExportWriter(c.Writer, head, false)
	for _, e := range entries {
		if e.Position >= head.Tree.N {
			continue // it came after the checkpoint
		}
		p, err := ledger.Prove(ctx, e.Position, e.Leaf, head, s.Ledger)
		if err != nil {
			return fmt.Errorf("prove leaf %d: %w", e.Position, err)
		}
		e.Proof = p.Proof
		if err := out.Entry(e); err != nil {
			return err
		}
	}
	return out.Close()
}

// needed is how many leaves a checkpoint must have at least: the decision, and the erasures that say why something is not there.
func needed(d *ledger.Decision, entries []*ledger.Entry) int64 {
	return max(d.Position, slices.Max(append(erasuresOf(entries), 0))) + 1
}

// evidence are the leaves of one case, ascending: among them that which took its edition into use.
func (s *server) evidence(ctx context.Context, d *ledger.Decision) ([]*ledger.Entry, error) {
	r := &d.Receipt
	ids := []string{r.ID, editionLeaf + r.Edition, editionLeaf + r.Edition + " " + string(r.PolicyDigest)}
	activation, err := s.activationOf(ctx, d)
	if err != nil {
		return nil, err
	}
	accesses, err := s.accessesTo(ctx, d)
	if err != nil {
		return nil, err
	}
	entries, err := s.leaves(ctx, slices.Concat(ids, activation, accesses))
	if err != nil {
		return nil, err
	}
	for _, at := range erasuresOf(entries) {
		list, err := s.Ledger.Entries(ctx, at, 1)
		if err != nil {
			return nil, err
		}
		for i := range list {
			entries = append(entries, &list[i])
		}
	}
	slices.SortFunc(entries, func(a, b *ledger.Entry) int { return int(a.Position - b.Position) })
	return slices.CompactFunc(entries, func(a, b *ledger.Entry) bool { return a.Position == b.Position }), nil
}

// activationOf is the id of the leaf that took the edition of a decision into use, the last time before it: why it was under this one.
func (s *server) activationOf(ctx context.Context, d *ledger.Decision) ([]string, error) {
	list, err := s.Archive.Activations(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range list { // the last one first
		if a.Position < d.Position && a.Edition == string(d.Receipt.EditionDigest) {
			return []string{a.ID}, nil
		}
	}
	return nil, nil
}

// editionLeaf begins the ids of the leaves of editions. Behind the name may stand the policies that it was published with later.
const editionLeaf = "edizione "

// leavesAtOnce bounds one question to the store.
const leavesAtOnce = 500

func (s *server) leaves(ctx context.Context, ids []string) (all []*ledger.Entry, err error) {
	for some := range slices.Chunk(ids, leavesAtOnce) {
		list, err := s.Ledger.EntriesOf(ctx, some)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// erasuresOf are the places of the erasures that took something out of these entries.
func erasuresOf(entries []*ledger.Entry) (places []int64) {
	for _, e := range entries {
		for _, at := range e.Erased {
			places = append(places, at)
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// accessesTo are the ids of the accesses to a decision, and of those of the request that it was taken in.
func (s *server) accessesTo(ctx context.Context, d *ledger.Decision) (ids []string, err error) {
	at := archive.AccessCriteria{Matricola: d.Index.Matricola}
	if d.Index.Matricola != "" && d.Receipt.Correlation != "" {
		at.Correlation = d.Receipt.Correlation
		if ids, err = s.accessIDs(ctx, at, ids); err != nil {
			return nil, err
		}
		at.Correlation = ""
	}
	at.Oggetto = decisionObject(d.Receipt.ID)
	return s.accessIDs(ctx, at, ids)
}

func (s *server) accessIDs(ctx context.Context, at archive.AccessCriteria, ids []string) ([]string, error) {
	page := archive.Page{Limit: maxLimit}
	for {
		list, more, err := s.Archive.Accesses(ctx, at, page)
		if err != nil {
			return nil, err
		}
		for i := range list {
			ids = append(ids, list[i].ID)
		}
		if !more {
			return ids, nil
		}
		page.After = list[len(list)-1].ID
	}
}
