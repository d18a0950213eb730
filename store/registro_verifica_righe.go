package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"omnia/archive"
	"omnia/ledger"
)

// What stands in the database and is found by searches, and is not in the log, or is called otherwise there.

// leaves holds the names of leaves, which they are fetched by, against what they say of themselves.
func (a *audit) leaves(ctx context.Context, page []*ledger.Entry) error {
	var rows []struct {
		Posizione int64
		ID, Tipo  string
	}
	first, last := page[0].Position, page[len(page)-1].Position
	if err := a.store.db(ctx).Raw("SELECT posizione, id, tipo FROM foglie WHERE posizione >= ? AND posizione <= ?", first, last).Scan(&rows).Error; err != nil {
		return a.store.failure(ctx, "read the log", err)
	}
	for _, row := range rows {
		e := page[row.Posizione-first]
		schema, id, err := ledger.Identify(e.Leaf)
		if err != nil {
			return err
		}
		if schema == ledger.SchemaEdition { // the same edition may have several leaves: see publication.entry
			id = "edizione " + id
			if strings.HasPrefix(row.ID, id+" ") {
				id = row.ID
			}
		}
		if err := same(ledger.SubjectOf(e.Position, e.Leaf), []column{{"id", row.ID, id}, {"tipo", row.Tipo, schema}}); err != nil {
			return err
		}
	}
	return nil
}

// strays looks for rows that searches would find and the log does not have. Lines of the record of accesses from before the log are
// counted: nothing binds them.
func (a *audit) strays(ctx context.Context) (unlogged int64, err error) {
	head, err := a.store.readHead(ctx, false)
	if err != nil {
		return 0, err
	}
	for _, table := range []string{"foglie", "decisioni"} {
		var places []int64
		sql := "SELECT posizione FROM " + table + " WHERE posizione < 0 OR posizione >= ? ORDER BY posizione LIMIT 1"
		if err := a.store.db(ctx).Raw(sql, head.Dimensione).Scan(&places).Error; err != nil {
			return 0, a.store.failure(ctx, "read the log", err)
		}
		if len(places) > 0 {
			return 0, &ledger.Finding{Subject: fmt.Sprint("leaf ", places[0]), Code: ledger.CodeAltered, Text: fmt.Sprintf("a row of %s stands there, and the log has %d leaves", table, head.Dimensione)}
		}
	}
	return a.unlogged(ctx)
}

// unlogged counts the lines of the record of accesses without a leaf. One that is not older than the log was put there past it.
func (a *audit) unlogged(ctx context.Context) (n int64, err error) {
	const without = "FROM accessi AS a WHERE NOT EXISTS (SELECT 1 FROM foglie AS f WHERE f.id = a.id AND f.tipo = ?)"
	if err := a.store.db(ctx).Raw("SELECT count(*) "+without, ledger.SchemaAccess).Scan(&n).Error; err != nil || n == 0 {
		return n, a.store.failure(ctx, "read accesses", err)
	}
	began, err := a.began(ctx)
	if err != nil {
		return 0, err
	}
	var ids []string
	if err := a.store.db(ctx).Raw("SELECT a.id "+without+" AND a.istante >= ? ORDER BY a.istante, a.id LIMIT 1", ledger.SchemaAccess, instant(began)).Scan(&ids).Error; err != nil {
		return 0, a.store.failure(ctx, "read accesses", err)
	}
	if len(ids) > 0 {
		return 0, &ledger.Finding{Subject: "access " + ids[0], Code: ledger.CodeAltered, Text: "a line of accessi, of a time at which the log had begun, has no leaf in it"}
	}
	return n, nil
}

// began is the instant of the first leaf.
func (a *audit) began(ctx context.Context) (time.Time, error) {
	list, err := a.store.entriesAt(ctx, "f.posizione = 0")
	if err != nil || len(list) == 0 {
		return time.Time{}, err
	}
	return ledger.InstantOf(list[0].Leaf)
}

// editionsSaid is what the leaves read so far say of editions, as the tables of editions should have it.
type editionsSaid struct {
	rows     map[string]*edizioneRow        // by digest
	policies map[string]int64               // "digest policy": place
	items    map[archive.EditionItem]string // digests of the versions that are frozen, by all else
	in       map[string]*attivazioneRow
}

type attivazioneRow struct {
	ID, Edizione string
	Istante      instant
	Da, Motivo   string
	Posizione    int64
}

func newEditionsSaid() *editionsSaid {
	return &editionsSaid{map[string]*edizioneRow{}, map[string]int64{}, map[archive.EditionItem]string{}, map[string]*attivazioneRow{}}
}

// published remembers what leaves say of editions, and which was taken into use last.
func (a *audit) published(page []*ledger.Entry) error {
	for _, e := range page {
		schema, err := ledger.SchemaOf(e.Leaf)
		if err != nil {
			return err
		}
		switch schema {
		case ledger.SchemaEdition:
			err = a.editions.edition(e)
		case ledger.SchemaActivation:
			err = a.activation(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// edition is what storeEdition does. What comes again with other policies stays as it was.
func (s *editionsSaid) edition(e *ledger.Entry) error {
	l, err := ledger.DecodeEdition(e.Leaf)
	if err != nil {
		return err
	}
	digest := string(l.Digest)
	if known := s.rows[digest]; known == nil || known.Nome != l.Name {
		s.rows[digest] = &edizioneRow{digest, l.Name, instant(l.Instant), len(l.Items), e.Position}
	}
	if key := digest + " " + string(l.PolicyDigest); !hasKey(s.policies, key) {
		s.policies[key] = e.Position
	}
	if named := (&archive.Edition{Name: l.Name, Digest: digest}); named.Draft() {
		return nil
	}
	for _, i := range l.Items {
		version := archive.EditionItem{Kind: i.Kind, ID: i.ID, Version: i.Version}
		if version.Frozen() && !hasKey(s.items, version) {
			s.items[version] = string(i.Digest)
		}
	}
	return nil
}

func hasKey[K comparable, V any](m map[K]V, key K) bool {
	_, ok := m[key]
	return ok
}

func (a *audit) activation(e *ledger.Entry) error {
	l, err := ledger.DecodeActivation(e.Leaf)
	if err != nil {
		return err
	}
	a.active = string(l.EditionDigest)
	a.editions.in[l.ID] = &attivazioneRow{l.ID, a.active, instant(l.Instant), personalText(e, ledger.PathActor), l.Reason, e.Position}
	return nil
}

// editionTables holds the tables of editions against the leaves.
func (a *audit) editionTables(ctx context.Context) error {
	head, err := a.store.readHead(ctx, false)
	if err != nil || head.Dimensione != a.signed.Tree.N {
		return err // the log went on behind what witnesses have signed
	}
	for _, hold := range []func(context.Context) error{a.editionRows, a.policyRows, a.itemRows, a.activationRows} {
		if err := hold(ctx); err != nil {
			return err
		}
	}
	return nil
}

// stored reads rows of a table of editions.
func stored[T any](ctx context.Context, a *audit, sql string) (rows []T, err error) {
	err = a.store.db(ctx).Raw(sql).Scan(&rows).Error
	return rows, a.store.failure(ctx, "read editions", err)
}

// foreign is a row that no leaf speaks of.
func foreign(subject, table string) error {
	return &ledger.Finding{Subject: subject, Field: table, Code: ledger.CodeAltered, Text: "the table has a row of it, and the log nothing"}
}

// gone is a row that is not there; nil when there is one for each thing said.
func gone[V any](kind, table string, said map[string]V, has map[string]bool) error {
	for _, key := range slices.Sorted(maps.Keys(said)) {
		if !has[key] {
			return &ledger.Finding{Subject: kind + " " + key, Field: table, Code: ledger.CodeRemoved, Text: "its row is not in the table"}
		}
	}
	return nil
}

func (a *audit) editionRows(ctx context.Context) error {
	rows, err := stored[edizioneRow](ctx, a, edizioneColumns)
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, row := range rows {
		want := a.editions.rows[row.Digest]
		if want == nil {
			return foreign("edition "+row.Digest, "edizioni")
		}
		has[row.Digest] = true
		if err := same("edition "+want.Nome, []column{
			{"nome", row.Nome, want.Nome}, {"pubblicata_il", millis(row.PubblicataIl), millis(want.PubblicataIl)},
			{"voci", fmt.Sprint(row.Voci), fmt.Sprint(want.Voci)}, {"posizione", fmt.Sprint(row.Posizione), fmt.Sprint(want.Posizione)},
		}); err != nil {
			return err
		}
	}
	return gone("edition", "edizioni", a.editions.rows, has)
}

func (a *audit) policyRows(ctx context.Context) error {
	rows, err := stored[struct {
		Edizione, Policy string
		Posizione        int64
	}](ctx, a, "SELECT edizione, policy, posizione FROM edizioni_policy")
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, row := range rows {
		key := row.Edizione + " " + row.Policy
		at, said := a.editions.policies[key]
		if !said {
			return foreign("edition "+row.Edizione, "edizioni_policy")
		}
		has[key] = true
		if err := same("edition "+row.Edizione, []column{{"edizioni_policy.posizione", fmt.Sprint(row.Posizione), fmt.Sprint(at)}}); err != nil {
			return err
		}
	}
	return gone("edition", "edizioni_policy", a.editions.policies, has)
}

func (a *audit) itemRows(ctx context.Context) error {
	rows, err := stored[struct {
		Genere, ID, Digest string
		Versione           int
	}](ctx, a, "SELECT genere, id, versione, digest FROM edizioni_voci")
	if err != nil {
		return err
	}
	said, has := map[string]archive.EditionItem{}, map[string]bool{}
	for version := range a.editions.items {
		said[nameOf(version)] = version
	}
	for _, row := range rows {
		version := archive.EditionItem{Kind: row.Genere, ID: row.ID, Version: row.Versione}
		if a.editions.items[version] != row.Digest {
			return foreign(nameOf(version), "edizioni_voci")
		}
		has[nameOf(version)] = true
	}
	return gone("version", "edizioni_voci", said, has)
}

func nameOf(v archive.EditionItem) string { return fmt.Sprintf("%s %s@%d", v.Kind, v.ID, v.Version) }

func (a *audit) activationRows(ctx context.Context) error {
	rows, err := stored[attivazioneRow](ctx, a, "SELECT id, edizione, istante, da, motivo, posizione FROM attivazioni")
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, row := range rows {
		want := a.editions.in[row.ID]
		if want == nil {
			return foreign("activation "+row.ID, "attivazioni")
		}
		has[row.ID] = true
		if err := same("activation "+row.ID, []column{
			{"edizione", row.Edizione, want.Edizione}, {"istante", millis(row.Istante), millis(want.Istante)}, {"da", row.Da, want.Da},
			{"motivo", row.Motivo, want.Motivo}, {"posizione", fmt.Sprint(row.Posizione), fmt.Sprint(want.Posizione)},
		}); err != nil {
			return err
		}
	}
	return gone("activation", "attivazioni", a.editions.in, has)
}

// held remembers what leaves say of legal holds.
func (a *audit) held(page []*ledger.Entry) error {
	for _, e := range page {
		schema, err := ledger.SchemaOf(e.Leaf)
		if err != nil {
			return err
		}
		if schema != ledger.SchemaHold {
			continue
		}
		l, err := ledger.DecodeHold(e.Leaf)
		if err != nil {
			return err
		}
		at, who := instant(l.Instant), personalText(e, "/persona")
		if !l.Lifted {
			a.holds[l.Hold] = &vincoloRow{ID: l.Hold, Matricola: l.Matricola, Motivo: personalText(e, "/motivo"), PostoDa: who, PostoIl: at}
			continue
		}
		if a.holds[l.Hold] == nil { // it was placed before the log had holds
			a.holds[l.Hold] = &vincoloRow{ID: l.Hold, Matricola: l.Matricola}
		}
		a.holds[l.Hold].ToltoDa, a.holds[l.Hold].ToltoIl = who, &at
	}
	return nil
}

// holdRows holds the table of legal holds against the leaves, and counts those of which the log does not say that they were placed: from before
// it did. One that is younger than the first that the log has was put there past it.
func (a *audit) holdRows(ctx context.Context) (unlogged int64, err error) {
	head, err := a.store.readHead(ctx, false)
	if err != nil || head.Dimensione != a.signed.Tree.N {
		return 0, err // the log went on behind what witnesses have signed
	}
	rows, err := stored[vincoloRow](ctx, a, "SELECT id, matricola, motivo, posto_da, posto_il, tolto_da, tolto_il FROM vincoli ORDER BY id")
	if err != nil {
		return 0, err
	}
	has := map[string]bool{}
	for i := range rows {
		old, err := a.hold(&rows[i])
		if err != nil {
			return 0, err
		}
		if has[rows[i].ID] = true; old {
			unlogged++
		}
	}
	return unlogged, gone("legal hold", "vincoli", a.holds, has)
}

// hold compares one row; old is one of which the log does not say that it was placed.
func (a *audit) hold(row *vincoloRow) (old bool, err error) {
	subject, want := "legal hold "+row.ID, a.holds[row.ID]
	if want == nil || time.Time(want.PostoIl).IsZero() {
		if first := a.firstHold(); !first.IsZero() && !time.Time(row.PostoIl).Before(first) {
			return false, foreign(subject, "vincoli")
		}
		if want == nil {
			return true, nil
		}
		kept := *row
		kept.ToltoDa, kept.ToltoIl = want.ToltoDa, want.ToltoIl
		old, want = true, &kept
	}
	return old, same(subject, []column{
		{"matricola", row.Matricola, want.Matricola}, {"motivo", row.Motivo, want.Motivo}, {"posto_da", row.PostoDa, want.PostoDa}, {"posto_il", millis(row.PostoIl), millis(want.PostoIl)},
		{"tolto_da", row.ToltoDa, want.ToltoDa}, {"tolto_il", millisOrNone(row.ToltoIl), millisOrNone(want.ToltoIl)},
	})
}

// firstHold is when the first hold was placed that the log has; zero when there is none.
func (a *audit) firstHold() (first time.Time) {
	for _, h := range a.holds {
		if at := time.Time(h.PostoIl); !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

func millisOrNone(i *instant) string {
	if i == nil {
		return ""
	}
	return millis(*i)
}
