package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"omnia/internal/rome"
	"omnia/ledger"
)

// VerifyLog verifies the log where it is stored: first as an export of it would be verified, then the tree and the tables that
// searches go by against the leaves. Who alters the database so that a search finds less is found out as well as who alters
// what was decided.
//
// What is wrong is a *ledger.Finding, the first there is. It reads the state of one moment and writes nothing; what is in memory does
// not grow with the log. v.Keys must have come another way than from the database: who rewrites the log may rewrite its keyring.
//
// esito calls an outcome what decisions are searched by, which no receipt has; nil leaves that column unread.
func (s *Store) VerifyLog(ctx context.Context, v ledger.Verification, esito func(outcome []byte) (string, error)) (report *ledger.Report, err error) {
	err = s.Snapshot(ctx, func(ctx context.Context) error {
		signed, keys, err := s.exportable(ctx)
		if err != nil {
			return err
		}
		a := &audit{store: s, keys: keys, signed: signed, esito: esito, sets: map[int64]bool{}, hours: map[int64][2]int64{}, editions: newEditionsSaid(), holds: map[string]*vincoloRow{}}
		if report, err = a.export(ctx, v); err != nil {
			return a.named(ctx, err)
		}
		if err := a.tables(ctx); err != nil {
			return err
		}
		if report.Unlogged, err = a.strays(ctx); err != nil {
			return err
		}
		report.UnloggedHolds, err = a.holdRows(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

// audit is a verification of the stored log under way.
type audit struct {
	store  *Store
	keys   *ledger.Keyring
	signed *ledger.Signed
	esito  func(outcome []byte) (string, error)
	active string             // digest of the edition taken into use last
	sets   map[int64]bool     // of versions: found to be searchable
	hours  map[int64][2]int64 // the places that an hour is said to have

	editions *editionsSaid
	holds    map[string]*vincoloRow // as the log has them
}

// export verifies the log as its export.
func (a *audit) export(ctx context.Context, v ledger.Verification) (*ledger.Report, error) {
	in, out := io.Pipe()
	var writing sync.WaitGroup                                   // it has the connection
	writing.Go(func() { out.CloseWithError(a.write(ctx, out)) }) // nil is the end of the export
	report, err := v.Verify(in)
	_ = in.CloseWithError(errStopped) // who still writes has nobody to write for
	writing.Wait()
	var f *ledger.Finding
	if errors.As(err, &f) {
		f.Line = 0 // of a text that nobody has
	}
	return report, err
}

var errStopped = errors.New("the verification has ended")

func (a *audit) write(ctx context.Context, out io.Writer) error {
	w := ledger.NewExportWriter(out, a.signed, true)
	for from := int64(0); from < a.signed.Tree.N; from += entryPage {
		if err := a.store.exportPage(ctx, from, a.signed.Tree.N, a.keys, w.Entry, w.Checkpoint); err != nil {
			return err
		}
	}
	return w.Close()
}

// pages runs do over all leaves.
func (a *audit) pages(ctx context.Context, do func(list []*ledger.Entry) error) error {
	for from := int64(0); from < a.signed.Tree.N; from += entryPage {
		list, err := a.store.entriesAt(ctx, "f.posizione >= ? AND f.posizione < ?", from, min(from+entryPage, a.signed.Tree.N))
		if err != nil {
			return err
		}
		if err := do(list); err != nil {
			return err
		}
	}
	return nil
}

// stranger is a leaf that is not the one that the tree was made of.
type stranger struct {
	at       int64
	subject  string
	is, want tlog.Hash
}

// mostStrangers bounds how many are remembered to tell what was exchanged.
const mostStrangers = 1000

// named finds the leaf behind a finding that could only say between which checkpoints it stands: the tree keeps the hash of each.
func (a *audit) named(ctx context.Context, found error) error {
	var f *ledger.Finding
	if !errors.As(found, &f) || f.Code != ledger.CodeRoot {
		return found
	}
	var list []stranger
	err := a.pages(ctx, func(page []*ledger.Entry) error {
		hashes, err := a.kept(ctx, page)
		if err != nil {
			return err
		}
		for i, e := range page {
			if is := ledger.LeafHash(e.Leaf); is != hashes[i] && len(list) < mostStrangers {
				list = append(list, stranger{e.Position, ledger.SubjectOf(e.Position, e.Leaf), is, hashes[i]})
			}
		}
		return nil
	})
	if err != nil || len(list) == 0 {
		return found // the tree was altered with it: what was found first is all that can be said
	}
	first := list[0]
	for _, other := range list[1:] {
		if other.is == first.want {
			return &ledger.Finding{Subject: fmt.Sprint("leaf ", first.at), Code: ledger.CodeMoved, Text: fmt.Sprintf("%s stands here, and what belongs here at %d", first.subject, other.at)}
		}
	}
	return &ledger.Finding{Subject: first.subject, Field: fmt.Sprint("leaf ", first.at), Code: ledger.CodeAltered, Text: "it is not the one that the tree was made of"}
}

// kept are the hashes that the tree has of leaves.
func (a *audit) kept(ctx context.Context, page []*ledger.Entry) ([]tlog.Hash, error) {
	var want []tlog.Tile
	for _, e := range page {
		if n := e.Position >> ledger.TileHeight; len(want) == 0 || want[len(want)-1].N != n {
			want = append(want, tlog.Tile{H: ledger.TileHeight, N: n})
		}
	}
	data, err := a.store.ReadTiles(ctx, want)
	if err != nil {
		return nil, err
	}
	list := make([]tlog.Hash, len(page))
	for i, e := range page {
		tile := data[e.Position>>ledger.TileHeight-want[0].N]
		if at := e.Position % (1 << ledger.TileHeight) * tlog.HashSize; int64(len(tile)) >= at+tlog.HashSize {
			list[i] = tlog.Hash(tile[at : at+tlog.HashSize])
		}
	}
	return list, nil
}

// tables holds the tree, and what is searched by, against the leaves, which were found good.
func (a *audit) tables(ctx context.Context) error {
	edge, err := ledger.ReadEdge(ctx, tlog.Tree{}, a.store)
	if err != nil {
		return err
	}
	size := int64(0)
	err = a.pages(ctx, func(page []*ledger.Entry) error {
		for _, e := range page {
			edge.Append(ledger.LeafHash(e.Leaf))
		}
		tiles := edge.Flush(size)
		size += int64(len(page))
		return errors.Join(a.tree(ctx, tiles, size), a.leaves(ctx, page), a.decisions(ctx, page), a.accesses(ctx, page), a.published(page), a.held(page))
	})
	if err != nil {
		return err
	}
	return errors.Join(a.head(ctx), a.editionTables(ctx))
}

// tree holds tiles against those that are kept, as far as they are final.
func (a *audit) tree(ctx context.Context, tiles []ledger.KeptTile, size int64) error {
	want := make([]tlog.Tile, len(tiles))
	for i, t := range tiles {
		want[i] = tlog.Tile{H: ledger.TileHeight, L: t.Level, N: t.Number}
	}
	data, err := a.store.ReadTiles(ctx, want)
	if err != nil {
		return &ledger.Finding{Subject: "the tree", Code: ledger.CodeRemoved, Text: err.Error()}
	}
	for i, t := range tiles {
		if !bytes.HasPrefix(data[i], t.Data) {
			return &ledger.Finding{Subject: fmt.Sprintf("tile %d of level %d", t.Number, t.Level), Code: ledger.CodeAltered, Text: fmt.Sprintf("its hashes are not those of the leaves before %d", size)}
		}
	}
	return nil
}

// head tells whether the edition in use is the one that the log says.
func (a *audit) head(ctx context.Context) error {
	row, err := a.store.readHead(ctx, false)
	if err != nil || row.Dimensione != a.signed.Tree.N {
		return err // the log went on behind what witnesses have signed
	}
	return same("the head", []column{{"edizione", row.Edizione, a.active}})
}

// column is what a table has, and what the log says.
type column struct{ name, has, want string }

// same is the finding that a column has another value than the log; nil when none has.
func same(subject string, columns []column) error {
	for _, c := range columns {
		if c.has != c.want {
			return &ledger.Finding{Subject: subject, Field: c.name, Code: ledger.CodeAltered, Text: fmt.Sprintf("the table has %q, the log %q", c.has, c.want)}
		}
	}
	return nil
}

// foundBy is what a decision is searched by.
type foundBy struct {
	Posizione       int64
	Istante         instant
	Classe          int64
	Matricola       string
	UnitaProduttiva string
	Persona         string
	Delega          string
	Settore         string
	Insieme         int64
	Edizione        string
	EdizioneDigest  string
	Tipo            string
	Simulazione     int
	Esito           string
	Testo           string // of the set of versions
}

// decisions holds the columns of decisions against their receipts, facts and outcomes.
func (a *audit) decisions(ctx context.Context, page []*ledger.Entry) error {
	var list []foundBy
	err := a.store.db(ctx).Raw(`SELECT d.posizione, d.istante, d.classe, d.matricola, d.unita_produttiva, d.persona, d.delega, d.settore, c.insieme, c.edizione,
c.edizione_digest, c.tipo, c.simulazione, c.esito, i.testo FROM decisioni AS d JOIN classi AS c ON c.id = d.classe JOIN insiemi AS i ON i.id = c.insieme
WHERE d.posizione >= ? AND d.posizione <= ?`, page[0].Position, page[len(page)-1].Position).Scan(&list).Error
	if err != nil {
		return a.store.failure(ctx, "read decisions", err)
	}
	for i := range list { // each has its leaf, and each receipt its row: the export had them
		if err := a.decision(ctx, page[list[i].Posizione-page[0].Position], &list[i]); err != nil {
			return err
		}
	}
	return nil
}

func (a *audit) decision(ctx context.Context, e *ledger.Entry, has *foundBy) error {
	r, err := ledger.DecodeReceipt(e.Leaf)
	if err != nil {
		return &ledger.Finding{Subject: ledger.SubjectOf(e.Position, e.Leaf), Code: ledger.CodeAltered, Text: fmt.Sprintf("a row of decisioni stands at %d, where the log has none", e.Position)}
	}
	var facts struct {
		Azienda         struct{ Matricola, Settore string }
		UnitaProduttiva struct{ Progressivo string } `json:"unita_produttiva"`
	}
	if err := json.Unmarshal(e.Facts, &facts); err != nil {
		return err
	}
	subject := "decision " + r.ID
	esito := has.Esito
	if a.esito != nil {
		if esito, err = a.esito(e.Outcome); err != nil {
			return &ledger.Finding{Subject: subject, Field: "esito", Code: ledger.CodeFormat, Text: err.Error()}
		}
	}
	err = same(subject, []column{
		{"istante", millis(has.Istante), written(r.Instant)},
		{"matricola", has.Matricola, recordable(facts.Azienda.Matricola)},
		{"unita_produttiva", has.UnitaProduttiva, recordable(facts.UnitaProduttiva.Progressivo)},
		{"settore", has.Settore, recordable(facts.Azienda.Settore)},
		{"persona", has.Persona, recordable(personalText(e, ledger.PathActor))},
		{"delega", has.Delega, recordable(r.Delegation)},
		{"edizione", has.Edizione, r.Edition},
		{"edizione_digest", has.EdizioneDigest, string(r.EditionDigest)},
		{"tipo", has.Tipo, r.Kind},
		{"simulazione", fmt.Sprint(has.Simulazione), fmt.Sprint(boolean(r.Simulation))},
		{"esito", has.Esito, recordable(esito)},
		{"insieme", fmt.Sprint(has.Insieme), fmt.Sprint(contentID([]byte(has.Testo)))},
		{"classe", fmt.Sprint(has.Classe), fmt.Sprint(classOf(has.Insieme, r, has.Esito))},
	})
	if err != nil {
		return err
	}
	return errors.Join(a.foundByVersion(ctx, subject, has.Insieme, r), a.foundByHour(ctx, subject, e.Position, r))
}

// foundByVersion tells whether a decision is found by each version that it applied.
func (a *audit) foundByVersion(ctx context.Context, subject string, set int64, r *ledger.Receipt) error {
	if a.sets[set] {
		return nil
	}
	var rows []struct {
		Regola   string
		Versione int
	}
	if err := a.store.db(ctx).Raw("SELECT regola, versione FROM insiemi_regole WHERE insieme = ?", set).Scan(&rows).Error; err != nil {
		return a.store.failure(ctx, "read versions", err)
	}
	has := map[string]bool{}
	for _, row := range rows {
		has[fmt.Sprint(row.Regola, "@", row.Versione)] = true
	}
	applied := map[string]bool{}
	for _, rule := range r.Rules {
		version := fmt.Sprint(rule.ID, "@", rule.Version)
		if applied[version] = true; !has[version] {
			return &ledger.Finding{Subject: subject, Field: "insiemi_regole", Code: ledger.CodeRemoved, Text: "it applied " + version + ", and is not found by it"}
		}
	}
	if len(has) != len(applied) {
		return &ledger.Finding{Subject: subject, Field: "insiemi_regole", Code: ledger.CodeAltered, Text: "it is found by versions that it did not apply"}
	}
	a.sets[set] = true
	return nil
}

// foundByHour tells whether a decision stands between the places that searches know of its hour.
func (a *audit) foundByHour(ctx context.Context, subject string, at int64, r *ledger.Receipt) error {
	hour := hourOf(r.Instant)
	span, known := a.hours[hour]
	if !known {
		var rows []struct{ Prima, Ultima int64 }
		if err := a.store.db(ctx).Raw("SELECT prima, ultima FROM ore WHERE ora = ?", hour).Scan(&rows).Error; err != nil {
			return a.store.failure(ctx, "read hours", err)
		}
		span = [2]int64{0, -1}
		if len(rows) > 0 {
			span = [2]int64{rows[0].Prima, rows[0].Ultima}
		}
		a.hours[hour] = span
	}
	if at < span[0] || at > span[1] {
		return &ledger.Finding{Subject: subject, Field: "ore", Code: ledger.CodeAltered, Text: fmt.Sprintf("it stands at %d, and its hour from %d to %d: a search by time passes it over", at, span[0], span[1])}
	}
	return nil
}

// accesses holds the lines of the record of accesses against their leaves.
func (a *audit) accesses(ctx context.Context, page []*ledger.Entry) error {
	want := map[string]*accessoRow{}
	var ids []string
	for _, e := range page {
		if schema, err := ledger.SchemaOf(e.Leaf); err != nil || schema != ledger.SchemaAccess {
			continue
		}
		l, err := ledger.DecodeAccess(e.Leaf)
		if err != nil {
			return err
		}
		want[l.ID] = &accessoRow{
			ID: l.ID, Istante: instant(l.Instant), Giorno: day(rome.Day(l.Instant)), Ruolo: l.Role, Base: l.Basis, Delega: l.Delegation, Azione: l.Action,
			Matricola: l.Matricola, Esito: l.Outcome, Policy: l.Policy, Correlazione: l.Correlation, Persona: personalText(e, "/persona"),
			CodiceFiscale: personalText(e, "/codice_fiscale"), Oggetto: personalText(e, "/oggetto"), Motivo: personalText(e, "/motivo"), Indirizzo: personalText(e, "/indirizzo"),
		}
		ids = append(ids, l.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []accessoRow
	if err := a.store.db(ctx).Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return a.store.failure(ctx, "read accesses", err)
	}
	has := map[string]*accessoRow{}
	for i := range rows {
		has[rows[i].ID] = &rows[i]
	}
	for _, id := range ids {
		if err := a.access(id, has[id], want[id]); err != nil {
			return err
		}
	}
	return nil
}

func (a *audit) access(id string, has, want *accessoRow) error {
	subject := "access " + id
	if has == nil {
		return &ledger.Finding{Subject: subject, Code: ledger.CodeRemoved, Text: "its line is not in the record of accesses"}
	}
	return same(subject, []column{
		{"istante", millis(has.Istante), millis(want.Istante)}, {"giorno", text(has.Giorno), text(want.Giorno)}, {"persona", has.Persona, want.Persona},
		{"codice_fiscale", has.CodiceFiscale, want.CodiceFiscale}, {"ruolo", has.Ruolo, want.Ruolo}, {"base", has.Base, want.Base}, {"delega", has.Delega, want.Delega},
		{"azione", has.Azione, want.Azione}, {"matricola", has.Matricola, want.Matricola}, {"oggetto", has.Oggetto, want.Oggetto}, {"motivo", has.Motivo, want.Motivo},
		{"esito", has.Esito, want.Esito}, {"policy", has.Policy, want.Policy}, {"correlazione", has.Correlazione, want.Correlazione}, {"indirizzo", has.Indirizzo, want.Indirizzo},
	})
}

// millis is an instant as leaves have it.
func millis(i instant) string { return written(time.Time(i).Truncate(time.Millisecond)) }

// personalText is a personal value that is a text; "" when it is not there.
func personalText(e *ledger.Entry, path string) (text string) {
	for _, p := range e.Personal {
		if p.Path == path {
			_ = json.Unmarshal(p.Value, &text) // what is no text is none
		}
	}
	return text
}
