package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/internal/rome"
)

// delegaRow is a row of deleghe.
type delegaRow struct {
	ID         string `gorm:"primaryKey"`
	Tipo       string
	Matricola  string
	Delegante  string
	Delegato   string
	Studio     string
	Servizi    string
	ValidaDal  day
	ValidaAl   *day
	Padre      *string
	CreataIl   instant
	CreataDa   string
	RevocataIl *instant
	RevocataDa string
}

// TableName is for gorm.
func (delegaRow) TableName() string { return "deleghe" }

// bond is a delegation read with the one it hangs on; P is empty when there is none.
type bond struct {
	D delegaRow `gorm:"embedded"`
	P delegaRow `gorm:"embedded;embeddedPrefix:p_"`
}

// bondColumns reads a bond out of deleghe AS d LEFT JOIN deleghe AS p.
var bondColumns = delegaColumns("d", "") + ", " + delegaColumns("p", "p_")

func delegaColumns(table, prefix string) string {
	names := strings.Fields("id tipo matricola delegante delegato studio servizi valida_dal valida_al padre creata_il creata_da revocata_il revocata_da")
	for i, name := range names {
		names[i] = table + "." + name + " AS " + prefix + name
	}
	return strings.Join(names, ", ")
}

func delegaRowOf(d *archive.Delega) delegaRow {
	return delegaRow{
		ID: d.ID, Tipo: string(d.Tipo), Matricola: d.Matricola, Delegante: d.Delegante, Delegato: d.Delegato,
		Studio: d.Studio, Servizi: servizi(d.Servizi), ValidaDal: day(d.From), ValidaAl: dayOf(d.To), Padre: textOrNone(d.Padre),
		CreataIl: instant(archive.Instant(d.CreataIl)), CreataDa: d.CreataDa, RevocataIl: instantOf(d.RevocataIl), RevocataDa: d.RevocataDa,
	}
}

func (r *delegaRow) delega() archive.Delega {
	d := archive.Delega{
		ID: r.ID, Tipo: archive.Tipo(r.Tipo), Matricola: r.Matricola, Delegante: r.Delegante, Delegato: r.Delegato,
		Studio: r.Studio, Servizi: serviziFrom(r.Servizi),
		Validity: archive.Validity{From: calendar.Day(r.ValidaDal), To: dayFrom(r.ValidaAl)},
		CreataIl: time.Time(r.CreataIl), CreataDa: r.CreataDa, RevocataIl: instantFrom(r.RevocataIl), RevocataDa: r.RevocataDa,
	}
	if r.Padre != nil {
		d.Padre = *r.Padre
	}
	return d
}

func (b *bond) delega() archive.Delega {
	d := b.D.delega()
	if b.P.ID != "" {
		p := b.P.delega()
		d.Parent = &p
	}
	return d
}

func textOrNone(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// servizi writes services between commas, each one once and in their order, so that LIKE '%,chat,%' finds one.
func servizi(list []archive.Servizio) string {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b archive.Servizio) int {
		return cmp.Compare(slices.Index(archive.Servizi, a), slices.Index(archive.Servizi, b))
	})
	var b strings.Builder
	for i, s := range slices.Compact(list) {
		if i == 0 {
			b.WriteByte(',')
		}
		b.WriteString(string(s))
		b.WriteByte(',')
	}
	return b.String()
}

func serviziFrom(s string) []archive.Servizio {
	var list []archive.Servizio
	for name := range strings.SplitSeq(strings.Trim(s, ","), ",") {
		if name != "" {
			list = append(list, archive.Servizio(name))
		}
	}
	return list
}

// Delega is one delegation, its parent read along.
func (s *Store) Delega(ctx context.Context, id string) (*archive.Delega, error) {
	if !storable(id) {
		return nil, archive.ErrNotFound
	}
	var rows []bond
	err := s.db(ctx).Raw("SELECT "+bondColumns+" FROM deleghe AS d LEFT JOIN deleghe AS p ON p.id = d.padre WHERE d.id = ?", id).Scan(&rows).Error
	if err != nil {
		return nil, s.failure(ctx, "read a delega", err)
	}
	if len(rows) == 0 {
		return nil, archive.ErrNotFound
	}
	d := rows[0].delega()
	return &d, nil
}

// Grant stores delegations, all or none. A subdelega is held against its parent within the transaction,
// the parent's row locked: it must be good on the day of CreataIl (zero: now), an intermediario of the
// same matricola that may delegate on, whose delegato is the delegante here, and go as far; otherwise
// archive.ErrParent. A parent may stand in the same list.
func (s *Store) Grant(ctx context.Context, list []archive.Delega) error {
	bonds, subs := s.byTipo(list)
	err := s.write(ctx, func(ctx context.Context) error {
		if err := s.insertDeleghe(ctx, bonds); err != nil {
			return err
		}
		if err := s.checkParents(ctx, subs); err != nil {
			return err
		}
		return s.insertDeleghe(ctx, subs)
	})
	return s.failure(ctx, "grant deleghe", err)
}

// GrantApart is [Store.Grant] of one delegation, refused with archive.ErrOverlap when the same person has one of
// its kind for the matricola already (of a subdelega: under its parent) that is good on one of its days.
// Of several who grant the same at once, one does, and the others see that it did.
func (s *Store) GrantApart(ctx context.Context, d archive.Delega) error {
	err := s.write(ctx, func(ctx context.Context) error {
		// Who grants many in one transaction takes turns with itself first, so that a file sent twice waits for its twin.
		for _, turn := range []string{"deleghe di " + d.Delegante, "delega " + d.Matricola + " " + d.Delegato} {
			if err := s.takeTurn(ctx, turn); err != nil {
				return err
			}
		}
		if there, err := s.overlaps(ctx, &d); err != nil {
			return err
		} else if there {
			return archive.ErrOverlap
		}
		return s.Grant(ctx, []archive.Delega{d})
	})
	return s.failure(ctx, "grant a delega", err)
}

// takeTurn keeps others who take the same turn waiting until the transaction ends. SQLite needs nothing: who writes
// there is alone.
func (s *Store) takeTurn(ctx context.Context, turn string) error {
	if s.dialect != postgres {
		return nil
	}
	return s.db(ctx).Exec("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", turn).Error
}

// overlaps tells whether a delegation like d is good on one of its days.
func (s *Store) overlaps(ctx context.Context, d *archive.Delega) (bool, error) {
	q := &query{}
	q.add(`SELECT d.id FROM deleghe AS d LEFT JOIN deleghe AS p ON p.id = d.padre
WHERE d.delegato = ? AND d.matricola = ? AND d.tipo = ? AND d.revocata_il IS NULL AND p.revocata_il IS NULL
AND (d.valida_al IS NULL OR d.valida_al >= ?)`, d.Delegato, d.Matricola, d.Tipo, day(d.From))
	if d.To != nil {
		q.add(" AND d.valida_dal <= ?", day(*d.To))
	}
	if d.Padre != "" {
		q.add(" AND d.padre = ?", d.Padre)
	}
	var ids []string
	err := s.db(ctx).Raw(q.add(" LIMIT 1").String(), q.args...).Scan(&ids).Error
	return len(ids) > 0, err
}

// byTipo parts subdeleghe from the rest, for parents go first.
func (s *Store) byTipo(list []archive.Delega) (bonds, subs []archive.Delega) {
	for _, d := range list {
		if d.CreataIl.IsZero() {
			d.CreataIl = s.now()
		}
		if d.Tipo == archive.Subdelega {
			subs = append(subs, d)
		} else {
			bonds = append(bonds, d)
		}
	}
	return bonds, subs
}

// delegheAtOnce bounds one statement: SQLite takes 32,766 values, a row has 14.
const delegheAtOnce = 500

func (s *Store) insertDeleghe(ctx context.Context, list []archive.Delega) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([]delegaRow, len(list))
	for i := range list {
		rows[i] = delegaRowOf(&list[i])
	}
	return s.db(ctx).CreateInBatches(rows, delegheAtOnce).Error
}

func (s *Store) checkParents(ctx context.Context, subs []archive.Delega) error {
	parents := map[string]*archive.Delega{}
	ids := make([]string, 0, len(subs))
	for _, d := range subs {
		ids = append(ids, d.Padre)
	}
	slices.Sort(ids) // whoever locks several takes them in one order, so that no two wait for each other
	for part := range slices.Chunk(slices.Compact(ids), delegheAtOnce) {
		if err := s.lockParents(ctx, part, parents); err != nil {
			return err
		}
	}
	for i := range subs {
		if !carries(parents[subs[i].Padre], &subs[i]) {
			return archive.ErrParent
		}
	}
	return nil
}

// lockParents reads delegations and keeps anyone from revoking them before the transaction ends.
func (s *Store) lockParents(ctx context.Context, ids []string, into map[string]*archive.Delega) error {
	db := s.db(ctx).Where("id IN ?", ids).Order("id")
	if s.dialect == postgres { // SQLite has one writer at a time, and this is it
		db = db.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
	}
	var rows []delegaRow
	if err := db.Find(&rows).Error; err != nil {
		return err
	}
	for i := range rows {
		d := rows[i].delega()
		into[d.ID] = &d
	}
	return nil
}

// carries tells whether a subdelega may hang on that parent.
func carries(parent, d *archive.Delega) bool {
	return parent != nil && parent.Tipo == archive.Intermediario &&
		parent.Matricola == d.Matricola && parent.Delegato == d.Delegante &&
		parent.In(rome.Day(d.CreataIl)) && parent.Allows(archive.ServizioDeleghe) &&
		d.Within(parent.Validity) && !slices.ContainsFunc(d.Servizi, func(v archive.Servizio) bool { return !parent.Allows(v) })
}

// Revoke ends a delegation at that instant, and those that hang on it. What was revoked before keeps
// its instant, so that a repetition changes nothing.
func (s *Store) Revoke(ctx context.Context, id, by string, at time.Time) (d *archive.Delega, err error) {
	if !storable(id) {
		return nil, archive.ErrNotFound
	}
	err = s.write(ctx, func(ctx context.Context) error {
		// Two statements: the first waits for a Grant under way that holds the parent's row, and only a
		// statement that begins afterwards sees the subdelega which that Grant put in.
		for _, column := range []string{"id", "padre"} {
			err := s.db(ctx).Model(&delegaRow{}).Where(column+" = ? AND revocata_il IS NULL", id).
				Updates(map[string]any{"revocata_il": instant(archive.Instant(at)), "revocata_da": by}).Error
			if err != nil {
				return err
			}
		}
		d, err = s.Delega(ctx, id)
		return err
	})
	if err != nil {
		return nil, s.failure(ctx, "revoke a delega", err)
	}
	return d, nil
}

// Deleghe lists delegations, the newest last, by id, parents read along.
//
// What Visible lets a person see comes from three indexes, each asked for one page of its own: a
// condition with OR would have the database read the whole table.
func (s *Store) Deleghe(ctx context.Context, c archive.DelegaCriteria, page archive.Page) (items []archive.Delega, more bool, err error) {
	if !storable(c.Matricola, c.Delegante, c.Delegato, c.Padre, c.Visible, page.After) {
		return nil, false, nil
	}
	c.Today = cmp.Or(c.Today, rome.Day(s.now()))
	q := delegheQuery(s.dialect, c, page)
	var rows []bond
	if err := s.db(ctx).Raw(q.String(), q.args...).Scan(&rows).Error; err != nil {
		return nil, false, s.failure(ctx, "list deleghe", err)
	}
	rows, more = upTo(rows, page.Limit)
	for i := range rows {
		items = append(items, rows[i].delega())
	}
	return items, more, nil
}

func delegheQuery(d dialect, c archive.DelegaCriteria, page archive.Page) *query {
	q := &query{}
	q.add("SELECT " + bondColumns + " FROM (")
	if c.Visible == "" {
		q.delegheIDs(c, page, "", "")
	} else {
		q.add("SELECT id FROM (").delegheIDs(c, page, "d.delegante", c.Visible)
		q.add(") AS granted UNION SELECT id FROM (").delegheIDs(c, page, "d.delegato", c.Visible)
		q.add(") AS held UNION SELECT id FROM (").delegheOwned(d, c, page)
		q.add(") AS owned ORDER BY id LIMIT ?", page.Limit+1)
	}
	// CROSS JOIN tells SQLite to go from the page to its rows; PostgreSQL finds that by itself.
	return q.add(") AS page CROSS JOIN deleghe AS d LEFT JOIN deleghe AS p ON p.id = d.padre WHERE d.id = page.id ORDER BY d.id")
}

// delegheIDs asks for the ids of one page, of those whose column has the value; without a column, of all.
//
// It is asked for in the order of the index of that column and id. With an equality and the order of id
// alone, PostgreSQL may read the table along its key instead, and throw nearly all of it away, when it
// believes that the value is frequent.
func (q *query) delegheIDs(c archive.DelegaCriteria, page archive.Page, column, value string) {
	if column == "" {
		column, value = leading(c)
	}
	if column == "" {
		q.add("SELECT d.id FROM deleghe AS d WHERE d.id > ?", page.After).delegheLike(c)
		q.add(" ORDER BY d.id LIMIT ?", page.Limit+1)
		return
	}
	q.add("SELECT d.id FROM deleghe AS d WHERE ("+column+", d.id) > (?, ?) AND "+column+" <= ?", value, page.After, value).delegheLike(c)
	q.add(" ORDER BY "+column+", d.id LIMIT ?", page.Limit+1)
}

// leading is the criterion that goes by its own index: the one that leaves least.
func leading(c archive.DelegaCriteria) (column, value string) {
	for _, criterion := range delegheColumns(c) {
		if criterion.value != "" {
			return criterion.column, criterion.value
		}
	}
	return "", ""
}

func delegheColumns(c archive.DelegaCriteria) []struct{ column, value string } {
	return []struct{ column, value string }{
		{"d.padre", c.Padre}, {"d.matricola", c.Matricola}, {"d.delegato", c.Delegato}, {"d.delegante", c.Delegante},
	}
}

// delegheLike adds the criteria.
func (q *query) delegheLike(c archive.DelegaCriteria) {
	for _, criterion := range delegheColumns(c) {
		if criterion.value != "" {
			q.add(" AND "+criterion.column+" = ?", criterion.value)
		}
	}
	if len(c.Tipi) > 0 {
		q.add(" AND d.tipo IN ?", c.Tipi)
	}
}

// delegheOwned asks for the ids of one page, of those of the matricole of which Visible is titolare. They
// are few, and put in order by an expression: by the column, the table might be read along its key.
func (q *query) delegheOwned(d dialect, c archive.DelegaCriteria, page archive.Page) {
	own := map[dialect][2]string{sqlite: {"IN (", ")"}, postgres: {"= ANY (ARRAY(", "))"}}[d] // how each takes a list without joining
	q.add("SELECT d.id FROM deleghe AS d WHERE d.matricola "+own[0]+"SELECT t.matricola FROM deleghe AS t WHERE t.delegato = ? AND t.tipo = 'titolare' AND ", c.Visible)
	q.valid("t", c.Today)
	q.add(own[1]+" AND d.id || '' > ?", page.After).delegheLike(c)
	q.add(" ORDER BY d.id || '' LIMIT ?", page.Limit+1)
}

// valid is the condition that a row of deleghe is neither revoked nor outside its days.
func (q *query) valid(alias string, today calendar.Day) {
	q.add(strings.ReplaceAll("@.revocata_il IS NULL AND @.valida_dal <= ? AND (@.valida_al IS NULL OR @.valida_al >= ?)", "@", alias), day(today), day(today))
}

// query is the text of a statement that is put together, with its values.
type query struct {
	strings.Builder
	args []any
}

func (q *query) add(text string, args ...any) *query {
	q.WriteString(text)
	q.args = append(q.args, args...)
	return q
}

// upTo cuts a list that was read with one row too many, and tells whether that row was there.
func upTo[T any](list []T, limit int) ([]T, bool) {
	if len(list) <= limit {
		return list, false
	}
	return list[:limit], true
}
