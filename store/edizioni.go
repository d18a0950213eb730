package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/ledger"
)

// edizioneRow is a row of edizioni.
type edizioneRow struct {
	Digest       string
	Nome         string
	PubblicataIl instant
	Voci         int
	Posizione    int64
}

const edizioneColumns = "SELECT digest, nome, pubblicata_il, voci, posizione FROM edizioni"

func (r *edizioneRow) edition() archive.Edition {
	return archive.Edition{Name: r.Nome, Digest: r.Digest, PublishedAt: time.Time(r.PubblicataIl), Size: r.Voci, Position: r.Posizione}
}

// Publish stores an edition with its text and takes it into use, by leaves of the log, in one transaction.
//
// It is archive.ErrEditionName when other content has the name, and archive.ErrVersionChanged, with the versions, when
// one of its versions was published with another meaning. With activate false it is stored only. by is who did it; ""
// is the service. reason must say something, without naming anyone: it is for ever.
//
// Content is stored once and keeps its name, but for a draft, which may get one: a further leaf says so. Another says it
// when the policies that come with it are others than before.
func (s *Store) Publish(ctx context.Context, e *archive.Edition, activate bool, by, reason string) error {
	if !storable(e.Name, e.Digest, by, reason) || activate && reason == "" {
		return fmt.Errorf("publish edition %q: who and why must be texts, and there must be a reason", e.Name)
	}
	return s.write(ctx, func(ctx context.Context) error {
		head, err := s.readHead(ctx, true)
		if err != nil {
			return err
		}
		p, err := s.publicationOf(ctx, e)
		if err != nil {
			return err
		}
		return s.publish(ctx, head, p, activate, by, reason)
	})
}

// Activate takes an edition that is stored into use: the way back is to take an older one. One that is in use already
// is left so. One that is not stored is archive.ErrNotFound.
func (s *Store) Activate(ctx context.Context, digest, by, reason string) error {
	if !storable(digest) {
		return archive.ErrNotFound
	}
	if !storable(by, reason) || reason == "" {
		return fmt.Errorf("activate edition %q: who and why must be texts, and there must be a reason", digest)
	}
	return s.write(ctx, func(ctx context.Context) error {
		head, err := s.readHead(ctx, true)
		if err != nil {
			return err
		}
		known, err := s.editionBy(ctx, "digest = ?", digest)
		if err != nil {
			return err
		}
		if known == nil {
			return archive.ErrNotFound
		}
		e := known.edition()
		return s.publish(ctx, head, &publication{edition: &e}, true, by, reason)
	})
}

// publication is what is to be written of an edition.
type publication struct {
	edition *archive.Edition
	leaf    *entry // nil: the log says it all
	fresh   bool   // there is no row of it
	named   bool   // it was a draft
	policy  bool   // the policies are new with it
}

// publicationOf compares an edition with what is stored, and refuses one that may not be published.
func (s *Store) publicationOf(ctx context.Context, e *archive.Edition) (*publication, error) {
	known, err := s.editionBy(ctx, "digest = ?", e.Digest)
	if err != nil {
		return nil, err
	}
	p := &publication{edition: e, fresh: known == nil, policy: true}
	if known != nil {
		if p.policy, err = s.newPolicy(ctx, e); err != nil {
			return nil, err
		}
		before := known.edition()
		p.named = before.Draft() && !e.Draft()
		if !p.named {
			kept := *e
			kept.Name = known.Nome
			p.edition = &kept
		}
	}
	if p.fresh || p.named {
		if err := s.publishable(ctx, e); err != nil {
			return nil, err
		}
	}
	if p.fresh || p.named || p.policy {
		p.leaf, err = p.entry()
	}
	return p, err
}

func (s *Store) newPolicy(ctx context.Context, e *archive.Edition) (bool, error) {
	var n int64
	err := s.db(ctx).Raw("SELECT count(*) FROM edizioni_policy WHERE edizione = ? AND policy = ?", e.Digest, e.PolicyDigest).Scan(&n).Error
	return n == 0, s.failure(ctx, "read an edition", err)
}

// publishable refuses a name that is taken, and versions that were published with another meaning.
func (s *Store) publishable(ctx context.Context, e *archive.Edition) error {
	named, err := s.editionBy(ctx, "nome = ?", e.Name)
	if err != nil {
		return err
	}
	if named != nil {
		return archive.ErrEditionName
	}
	return s.unchanged(ctx, e)
}

// entry is the leaf of an edition. Its place among the others is by name, and by policies where the name has one.
func (p *publication) entry() (*entry, error) {
	e, id := p.edition, "edizione "+p.edition.Name
	if !p.fresh && !p.named {
		id += " " + e.PolicyDigest
	}
	l := ledger.Edition{Name: e.Name, Instant: e.PublishedAt, Digest: ledger.Digest(e.Digest), PolicyDigest: ledger.Digest(e.PolicyDigest)}
	for _, i := range e.Items {
		l.Items = append(l.Items, ledger.EditionItem{Kind: i.Kind, ID: i.ID, Version: i.Version, Digest: ledger.Digest(i.Digest)})
	}
	for _, f := range e.Files {
		l.Files = append(l.Files, ledger.EditionFile{Path: f.Path, Digest: ledger.DigestOf([]byte(f.Text))})
	}
	leaf, err := l.Encode()
	if err != nil {
		return nil, fmt.Errorf("record an edition: %w", err)
	}
	return &entry{id: id, schema: ledger.SchemaEdition, leaf: leaf}, nil
}

// publish appends what is to be appended and writes the rows.
func (s *Store) publish(ctx context.Context, head *headRow, p *publication, activate bool, by, reason string) error {
	var entries []*entry
	if p.leaf != nil {
		entries = append(entries, p.leaf)
	}
	var on *archive.Activation
	if activate && head.Edizione != p.edition.Digest {
		a, leaf, err := s.activation(p.edition, by, reason)
		if err != nil {
			return err
		}
		on, entries = a, append(entries, leaf)
	}
	if len(entries) == 0 {
		return nil
	}
	x, err := s.extend(ctx, head, entries)
	if err != nil {
		return err
	}
	if p.leaf != nil {
		if err := s.storeEdition(ctx, p, x.log.Leaves[0].Position); err != nil {
			return s.failure(ctx, "store an edition", err)
		}
	}
	if on == nil {
		return nil
	}
	on.Position = x.log.Leaves[len(x.log.Leaves)-1].Position
	return s.failure(ctx, "activate an edition", s.storeActivation(ctx, on))
}

// unchanged refuses versions that were published with another meaning. Those of drafts bind nobody.
func (s *Store) unchanged(ctx context.Context, e *archive.Edition) error {
	if e.Draft() {
		return nil
	}
	var rows []struct {
		Genere, ID, Digest string
		Versione           int
	}
	if err := s.db(ctx).Raw("SELECT genere, id, versione, digest FROM edizioni_voci").Scan(&rows).Error; err != nil {
		return s.failure(ctx, "read what was published", err)
	}
	published := make(map[archive.EditionItem]string, len(rows))
	for _, r := range rows {
		published[archive.EditionItem{Kind: r.Genere, ID: r.ID, Version: r.Versione}] = r.Digest
	}
	var changed []string
	for _, i := range e.Items {
		if !i.Frozen() {
			continue
		}
		if d, ok := published[archive.EditionItem{Kind: i.Kind, ID: i.ID, Version: i.Version}]; ok && d != i.Digest {
			changed = append(changed, fmt.Sprintf("%s %s versione %d", i.Kind, i.ID, i.Version))
		}
	}
	if len(changed) > 0 {
		return archive.ErrVersionChanged.Wrap(fmt.Errorf("changed: %s", strings.Join(changed, ", ")))
	}
	return nil
}

// activation is the leaf that says that an edition is in use from here on.
func (s *Store) activation(e *archive.Edition, by, reason string) (*archive.Activation, *entry, error) {
	a := &archive.Activation{ID: uuid.Must(uuid.NewV7()).String(), Edition: e.Digest, Name: e.Name, Instant: s.now(), By: by, Reason: reason}
	l := ledger.Activation{ID: a.ID, Instant: a.Instant, Edition: e.Name, EditionDigest: ledger.Digest(e.Digest), Reason: reason}
	personal, commitments, err := ledger.SealTexts(map[string]string{ledger.PathActor: by}, rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if len(commitments) > 0 {
		l.Actor = commitments[0].Hash
	}
	leaf, err := l.Encode()
	if err != nil {
		return nil, nil, fmt.Errorf("record an activation: %w", err)
	}
	return a, &entry{id: a.ID, schema: ledger.SchemaActivation, leaf: leaf, personal: personal}, nil
}

// storeEdition writes the rows of an edition, whose leaf has that place. What only comes with other policies stays as it
// was first stored: the text of those is found by the leaf.
func (s *Store) storeEdition(ctx context.Context, p *publication, at int64) error {
	e := p.edition
	if err := s.storeName(ctx, p, at); err != nil {
		return err
	}
	if p.policy {
		if err := s.db(ctx).Exec("INSERT INTO edizioni_policy (edizione, policy, posizione) VALUES (?, ?, ?)", e.Digest, e.PolicyDigest, at).Error; err != nil {
			return err
		}
	}
	var texts, items [][]any
	for _, f := range e.Files {
		texts = append(texts, []any{string(ledger.DigestOf([]byte(f.Text))), f.Text})
	}
	for _, i := range e.Items {
		if i.Frozen() && !e.Draft() {
			items = append(items, []any{i.Kind, i.ID, i.Version, i.Digest})
		}
	}
	if err := s.insertMany(ctx, "edizioni_testi (digest, testo)", texts, "ON CONFLICT (digest) DO NOTHING"); err != nil {
		return err
	}
	return s.insertMany(ctx, "edizioni_voci (genere, id, versione, digest)", items, "ON CONFLICT (genere, id, versione) DO NOTHING")
}

// storeName writes the row of an edition, or gives its name to a draft.
func (s *Store) storeName(ctx context.Context, p *publication, at int64) error {
	e := p.edition
	published := instant(archive.Instant(e.PublishedAt))
	switch {
	case p.fresh:
		return s.db(ctx).Exec("INSERT INTO edizioni (digest, nome, pubblicata_il, voci, posizione) VALUES (?, ?, ?, ?, ?)",
			e.Digest, e.Name, published, len(e.Items), at).Error
	case p.named:
		return s.db(ctx).Exec("UPDATE edizioni SET nome = ?, pubblicata_il = ?, posizione = ? WHERE digest = ?", e.Name, published, at, e.Digest).Error
	}
	return nil
}

// rowsAtOnce bounds one statement: the head of the log is held meanwhile, so that there should be few of them.
const rowsAtOnce = 50

// insertMany writes rows, which have a value for each column of into.
func (s *Store) insertMany(ctx context.Context, into string, rows [][]any, more string) error {
	for chunk := range slices.Chunk(rows, rowsAtOnce) {
		one := "(?" + strings.Repeat(", ?", len(chunk[0])-1) + ")"
		sql := "INSERT INTO " + into + " VALUES " + one + strings.Repeat(", "+one, len(chunk)-1) + " " + more
		if err := s.db(ctx).Exec(sql, slices.Concat(chunk...)...).Error; err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) storeActivation(ctx context.Context, a *archive.Activation) error {
	err := s.db(ctx).Exec("INSERT INTO attivazioni (id, edizione, istante, da, motivo, posizione) VALUES (?, ?, ?, ?, ?, ?)",
		a.ID, a.Edition, instant(archive.Instant(a.Instant)), a.By, a.Reason, a.Position).Error
	if err != nil {
		return err
	}
	return s.db(ctx).Exec("UPDATE testa SET edizione = ? WHERE id = 'testa'", a.Edition).Error
}

func (s *Store) editionBy(ctx context.Context, condition string, values ...any) (*edizioneRow, error) {
	var rows []edizioneRow
	if err := s.db(ctx).Raw(edizioneColumns+" WHERE "+condition, values...).Scan(&rows).Error; err != nil {
		return nil, s.failure(ctx, "read an edition", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// Edition is an edition that is stored, by its root digest or its name, with what it is made of and without its text;
// archive.ErrNotFound when there is none.
func (s *Store) Edition(ctx context.Context, name string) (*archive.Edition, error) {
	if !storable(name) {
		return nil, archive.ErrNotFound
	}
	row, err := s.editionBy(ctx, "digest = ? OR nome = ?", name, name)
	if err == nil && row == nil {
		row, err = s.onceDraft(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, archive.ErrNotFound
	}
	e := row.edition()
	return &e, s.describe(ctx, &e)
}

// onceDraft finds an edition by the name that it had as a draft: decisions of that time say it.
func (s *Store) onceDraft(ctx context.Context, name string) (*edizioneRow, error) {
	_, digits, ok := strings.Cut(name, "-")
	if !ok {
		return nil, nil
	}
	row, err := s.editionBy(ctx, "digest LIKE ? ESCAPE '!'", "sha256:"+likeEscape.Replace(digits)+"%")
	if err != nil || row == nil {
		return nil, err
	}
	if draft := (archive.Edition{Name: name, Digest: row.Digest}); !draft.Draft() {
		return nil, nil
	}
	return row, nil
}

// describe adds what the leaf says.
func (s *Store) describe(ctx context.Context, e *archive.Edition) error {
	var leaves []string
	if err := s.db(ctx).Raw("SELECT dati FROM foglie WHERE posizione = ?", e.Position).Scan(&leaves).Error; err != nil {
		return s.failure(ctx, "read an edition", err)
	}
	if len(leaves) == 0 {
		return fmt.Errorf("edition %s: its leaf, %d, is not in the log", e.Name, e.Position)
	}
	l, err := ledger.DecodeEdition([]byte(leaves[0]))
	if err != nil {
		return fmt.Errorf("edition %s as it is stored: %w", e.Name, err)
	}
	e.PolicyDigest = string(l.PolicyDigest)
	for _, i := range l.Items {
		e.Items = append(e.Items, archive.EditionItem{Kind: i.Kind, ID: i.ID, Version: i.Version, Digest: string(i.Digest)})
	}
	for _, f := range l.Files {
		e.Files = append(e.Files, archive.EditionFile{Path: f.Path, Digest: string(f.Digest)})
	}
	return nil
}

// PublishedEdition is [Store.Edition] with the text of every file.
func (s *Store) PublishedEdition(ctx context.Context, name string) (*archive.Edition, error) {
	e, err := s.Edition(ctx, name)
	if err != nil {
		return nil, err
	}
	digests := make([]string, len(e.Files))
	for i, f := range e.Files {
		digests[i] = f.Digest
	}
	texts, err := s.texts(ctx, e.Name, digests)
	for i := range texts {
		e.Files[i].Text = texts[i]
	}
	return e, err
}

// PublishedEditions lists the editions that are stored, in the order of their leaves, without what they are made of.
func (s *Store) PublishedEditions(ctx context.Context) (list []archive.Edition, err error) {
	var rows []edizioneRow
	if err := s.db(ctx).Raw(edizioneColumns + " ORDER BY posizione").Scan(&rows).Error; err != nil {
		return nil, s.failure(ctx, "list editions", err)
	}
	for i := range rows {
		list = append(list, rows[i].edition())
	}
	return list, nil
}

// Activations lists which edition was taken into use when, the last one first.
func (s *Store) Activations(ctx context.Context) (list []archive.Activation, err error) {
	var rows []struct {
		ID, Edizione, Nome, Da, Motivo string
		Istante                        instant
		Posizione                      int64
	}
	err = s.db(ctx).Raw(`SELECT a.id, a.edizione, e.nome, a.istante, a.da, a.motivo, a.posizione FROM attivazioni AS a
JOIN edizioni AS e ON e.digest = a.edizione ORDER BY a.posizione DESC`).Scan(&rows).Error
	if err != nil {
		return nil, s.failure(ctx, "list activations", err)
	}
	for _, r := range rows {
		list = append(list, archive.Activation{ID: r.ID, Edition: r.Edizione, Name: r.Nome, Instant: time.Time(r.Istante), By: r.Da, Reason: r.Motivo, Position: r.Posizione})
	}
	return list, nil
}

// editionFiles are the texts of an edition in the order of its leaf.
func (s *Store) editionFiles(ctx context.Context, leaf string) ([][]byte, error) {
	l, err := ledger.DecodeEdition([]byte(leaf))
	if err != nil {
		return nil, fmt.Errorf("edition as it is stored: %w", err)
	}
	digests := make([]string, len(l.Files))
	for i, f := range l.Files {
		digests[i] = string(f.Digest)
	}
	texts, err := s.texts(ctx, l.Name, digests)
	files := make([][]byte, len(texts))
	for i, t := range texts {
		files[i] = []byte(t)
	}
	return files, err
}

// texts are texts by their digests, in that order.
func (s *Store) texts(ctx context.Context, edition string, digests []string) ([]string, error) {
	var rows []struct{ Digest, Testo string }
	condition, arg := s.among("digest", digests)
	if err := s.db(ctx).Raw("SELECT digest, testo FROM edizioni_testi WHERE "+condition, arg).Scan(&rows).Error; err != nil {
		return nil, s.failure(ctx, "read the text of an edition", err)
	}
	found := make(map[string]string, len(rows))
	for _, r := range rows {
		found[r.Digest] = r.Testo
	}
	list := make([]string, len(digests))
	for i, d := range digests {
		text, ok := found[d]
		if !ok {
			return nil, fmt.Errorf("edition %s: the text %s is not there", edition, d)
		}
		list[i] = text
	}
	return list, nil
}
