package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"omnia/archive"
	"omnia/chat"
)

// Transact runs do in one transaction; see chat.Storage. Events are put into their boxes at the end, by person, so
// that two transactions never wait for each other's boxes.
func (s chatStore) Transact(ctx context.Context, do func(ctx context.Context, tx chat.Tx) error) error {
	return s.write(ctx, func(ctx context.Context) error {
		tx := &chatTx{chatStore: s}
		if err := do(ctx, tx); err != nil {
			return err
		}
		if err := tx.flush(ctx); err != nil {
			return err
		}
		if err := tx.unlessHeld(ctx); err != nil {
			return err
		}
		w := s.joined(ctx)
		w.after = append(w.after, func() { s.signals.told(tx.events) })
		return nil
	})
}

// chatTx is the chat within one transaction.
type chatTx struct {
	chatStore
	events []*chat.Event
	erased []string // matricole of which something said is taken out
}

// unlessHeld is archive.ErrHeld when a legal hold stands on what is taken out. It comes last: the lock of the head of the
// log is taken after all others, as it is for everything else.
func (t *chatTx) unlessHeld(ctx context.Context) error {
	if len(t.erased) == 0 {
		return nil
	}
	if _, err := t.readHead(ctx, true); err != nil {
		return err
	}
	for _, matricola := range t.erased {
		if held, err := t.onHold(ctx, matricola); err != nil || held {
			return errors.Join(err, heldIf(held))
		}
	}
	return nil
}

func (t *chatTx) forUpdate() string {
	if t.dialect == postgres {
		return " FOR UPDATE"
	}
	return "" // whoever writes there is alone
}

// LockQueue lets one instance at a time assign.
func (t *chatTx) LockQueue(ctx context.Context) error {
	var id string
	err := t.db(ctx).Raw("SELECT id FROM coda WHERE id = 'coda'" + t.forUpdate()).Scan(&id).Error
	return t.failure(ctx, "lock the queue", err)
}

// Lock reads a conversation, and keeps others from changing it.
func (t *chatTx) Lock(ctx context.Context, id string) (*chat.Conversation, error) {
	return t.conversation(ctx, id, t.forUpdate())
}

// Insert stores a new conversation.
func (t *chatTx) Insert(ctx context.Context, c *chat.Conversation) error {
	c.Version = 1
	row, err := conversazioneRowOf(c)
	if err != nil {
		return err
	}
	return t.failure(ctx, "store a conversation", t.db(ctx).Create(row).Error)
}

// Update writes a conversation that was locked.
func (t *chatTx) Update(ctx context.Context, c *chat.Conversation) error {
	c.Version++
	row, err := conversazioneRowOf(c)
	if err != nil {
		return err
	}
	done := t.db(ctx).Save(row)
	if done.Error == nil && done.RowsAffected != 1 {
		return fmt.Errorf("update a conversation: %s is not there", c.ID)
	}
	return t.failure(ctx, "update a conversation", done.Error)
}

// Sent is the message that this author sent under that id.
func (t *chatTx) Sent(ctx context.Context, conversation, author, clientID string) (*chat.Message, error) {
	return t.one(ctx, "conversazione = ? AND autore = ? AND client_id = ? AND client_id <> ''", conversation, author, clientID)
}

// Message is one message of a conversation.
func (t *chatTx) Message(ctx context.Context, conversation, id string) (*chat.Message, error) {
	return t.one(ctx, "conversazione = ? AND id = ?", conversation, id)
}

func (t *chatTx) one(ctx context.Context, condition string, args ...any) (*chat.Message, error) {
	for _, a := range args {
		if text, ok := a.(string); ok && !storable(text) {
			return nil, archive.ErrNotFound
		}
	}
	var rows []messaggioRow
	err := t.db(ctx).Where(condition, args...).Limit(1).Find(&rows).Error
	if err == nil && len(rows) == 0 {
		err = gorm.ErrRecordNotFound
	}
	if err != nil {
		return nil, t.failure(ctx, "read a message", err)
	}
	m, err := rows[0].message()
	return &m, err
}

// Add stores a message.
func (t *chatTx) Add(ctx context.Context, m *chat.Message) error {
	row, err := messaggioRowOf(m)
	if err != nil {
		return err
	}
	if err := t.db(ctx).Create(row).Error; err != nil {
		return t.failure(ctx, "store a message", err)
	}
	for _, a := range m.Attachments {
		if err := t.db(ctx).Exec("UPDATE allegati SET messaggio = ? WHERE id = ?", m.ID, a.ID).Error; err != nil {
			return t.failure(ctx, "attach a file", err)
		}
	}
	return nil
}

// Uploaded are files that this author has uploaded for that conversation and not sent yet, in the order of the ids;
// archive.ErrNotFound when one is none.
func (t *chatTx) Uploaded(ctx context.Context, conversation, author string, ids []string) ([]chat.Attachment, error) {
	list := make([]chat.Attachment, 0, len(ids))
	for _, id := range ids {
		if !storable(id) {
			return nil, archive.ErrNotFound
		}
		var rows []allegatoRow
		err := t.db(ctx).Raw(`SELECT id, nome, tipo, byte, digest FROM allegati
WHERE id = ? AND conversazione = ? AND autore = ? AND messaggio IS NULL`+t.forUpdate(), id, conversation, author).Scan(&rows).Error
		if err == nil && len(rows) == 0 {
			err = gorm.ErrRecordNotFound
		}
		if err != nil {
			return nil, t.failure(ctx, "read an attachment", err)
		}
		list = append(list, rows[0].attachment())
	}
	return list, nil
}

// Redact takes out the text, the files and what searches find, and in the boxes what was said of them; unless a legal hold
// stands on the matricola, which the end of the transaction finds out.
func (t *chatTx) Redact(ctx context.Context, c *chat.Conversation, m *chat.Message) error {
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{"UPDATE messaggi SET testo = '', ricerca = '', allegati = 'null', oscurato_da = ?, oscurato_il = ?, oscurato_per = ? WHERE id = ?",
			[]any{m.Redaction.By, instant(m.Redaction.At), m.Redaction.Reason, m.ID}},
		{"DELETE FROM allegati WHERE messaggio = ?", []any{m.ID}},
		{"UPDATE eventi SET dati = ? WHERE conversazione = ? AND dati LIKE ?", []any{string(chat.MessageData(c, m)), c.ID, `{"id":"` + m.ID + `"%`}},
	} {
		if err := t.db(ctx).Exec(step.sql, step.args...).Error; err != nil {
			return t.failure(ctx, "redact a message", err)
		}
	}
	t.erased = append(t.erased, c.Matricola)
	return nil
}

// SetMark says how far a participant has got.
func (t *chatTx) SetMark(ctx context.Context, conversation string, m chat.Mark) error {
	err := t.db(ctx).Exec(`INSERT INTO segni (conversazione, persona, consegnato, letto) VALUES (?, ?, ?, ?)
ON CONFLICT (conversazione, persona) DO UPDATE SET consegnato = excluded.consegnato, letto = excluded.letto`,
		conversation, m.Persona, m.Delivered, m.Read).Error
	return t.failure(ctx, "store a mark", err)
}

// Adviser is the row of one adviser, locked.
func (t *chatTx) Adviser(ctx context.Context, persona string) (*chat.Adviser, error) {
	var rows []consulenteRow
	err := t.db(ctx).Raw(consulenti+" WHERE a.persona = ?"+t.forUpdate(), persona).Scan(&rows).Error
	if err == nil && len(rows) == 0 {
		err = gorm.ErrRecordNotFound
	}
	if err != nil {
		return nil, t.failure(ctx, "read an adviser", err)
	}
	a := rows[0].adviser()
	return &a, nil
}

// SetAdviser writes what is known of an adviser.
func (t *chatTx) SetAdviser(ctx context.Context, a *chat.Adviser) error {
	topics := ""
	for _, topic := range a.Topics {
		topics += string(topic) + ","
	}
	err := t.db(ctx).Exec(`INSERT INTO consulenti (persona, nome, sede, argomenti, capienza, disponibile, visto_il, libero_dal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (persona) DO UPDATE SET nome = excluded.nome, sede = excluded.sede, argomenti = excluded.argomenti, capienza = excluded.capienza,
disponibile = excluded.disponibile, visto_il = excluded.visto_il`,
		a.Persona, a.Name, a.Sede, topics, a.Capacity, number(a.Available), instant(a.SeenAt), instant(a.SeenAt)).Error
	return t.failure(ctx, "store an adviser", err)
}

// Seen says that an adviser was heard of at an instant, unless they were since another one.
func (t *chatTx) Seen(ctx context.Context, persona string, at, since time.Time) error {
	err := t.db(ctx).Exec("UPDATE consulenti SET visto_il = ? WHERE persona = ? AND visto_il < ?", instant(at), persona, instant(since)).Error
	return t.failure(ctx, "store that an adviser was heard of", err)
}

// Busy says that an adviser was given something, or is rid of it.
func (t *chatTx) Busy(ctx context.Context, persona string, at time.Time) error {
	err := t.db(ctx).Exec("UPDATE consulenti SET libero_dal = ? WHERE persona = ?", instant(at), persona).Error
	return t.failure(ctx, "store an adviser", err)
}

// OfAdviser are the conversations that somebody has.
func (t *chatTx) OfAdviser(ctx context.Context, persona string) ([]chat.Conversation, error) {
	var rows []conversazioneRow
	err := t.db(ctx).Raw("SELECT id, corpo FROM conversazioni WHERE advisor = ? AND stato = 'assegnata' ORDER BY aperta_il, id", persona).Scan(&rows).Error
	if err != nil {
		return nil, t.failure(ctx, "read the conversations of an adviser", err)
	}
	return conversations(rows)
}

// LastAdviser is who answered this person last on this matricola.
func (t *chatTx) LastAdviser(ctx context.Context, persona, matricola string) (last string, err error) {
	err = t.db(ctx).Raw(`SELECT advisor FROM conversazioni WHERE aperta_da = ? AND matricola = ? AND advisor <> '' ORDER BY id DESC LIMIT 1`,
		persona, matricola).Scan(&last).Error
	return last, t.failure(ctx, "read the last adviser", err)
}

// Emit keeps events until the end of the transaction.
func (t *chatTx) Emit(_ context.Context, events ...*chat.Event) error {
	t.events = append(t.events, events...)
	return nil
}

// flush puts the events into their boxes, box by box in the order of persons.
func (t *chatTx) flush(ctx context.Context) error {
	byPerson := map[string][]*chat.Event{}
	for _, e := range t.events {
		if e.Type != chat.EventTyping {
			byPerson[e.Persona] = append(byPerson[e.Persona], e)
		}
	}
	persons := make([]string, 0, len(byPerson))
	for p := range byPerson {
		persons = append(persons, p)
	}
	slices.Sort(persons)
	for _, p := range persons {
		if err := t.put(ctx, p, byPerson[p]); err != nil {
			return err
		}
	}
	return nil
}

// put numbers the events of one box, whose row stays locked until the end, and stores them.
func (t *chatTx) put(ctx context.Context, persona string, events []*chat.Event) error {
	var last int64
	mark := newMark()
	err := t.db(ctx).Raw(`INSERT INTO caselle (persona, segno_prima, primo, ultimo, segno_ultima, aggiornata_il) VALUES (?, ?, 1, ?, ?, ?)
ON CONFLICT (persona) DO UPDATE SET ultimo = caselle.ultimo + excluded.ultimo, segno_ultima = excluded.segno_ultima,
aggiornata_il = excluded.aggiornata_il RETURNING ultimo`,
		persona, newMark(), len(events), mark, instant(t.now())).Scan(&last).Error
	if err != nil {
		return t.failure(ctx, "number events", err)
	}
	var sql strings.Builder
	sql.WriteString("INSERT INTO eventi (persona, n, segno, consulente, tipo, conversazione, matricola, dati, istante) VALUES ")
	args := make([]any, 0, 9*len(events))
	for i, e := range events {
		e.N, e.Mark = last-int64(len(events))+int64(i)+1, mark
		if i > 0 {
			sql.WriteString(", ")
		}
		sql.WriteString("(?, ?, ?, ?, ?, ?, ?, ?, ?)")
		args = append(args, persona, e.N, e.Mark, number(e.AsAdviser), e.Type, e.Conversation, e.Matricola, string(e.Data), instant(e.At))
	}
	return t.failure(ctx, "store events", t.db(ctx).Exec(sql.String(), args...).Error)
}

// newMark tells the events of one commit from all others.
func newMark() string { return strings.ReplaceAll(uuid.NewString(), "-", "")[:12] }

// casellaRow is a row of caselle.
type casellaRow struct {
	Persona      string
	SegnoPrima   string
	Primo        int64
	Ultimo       int64
	SegnoUltima  string
	AggiornataIl instant
}

// Box is the state of a box; one that never got anything is made here, so that it has its mark.
func (s chatStore) Box(ctx context.Context, persona string) (chat.Box, error) {
	var rows []casellaRow
	const read = "SELECT segno_prima, primo, ultimo, segno_ultima FROM caselle WHERE persona = ?"
	err := s.db(ctx).Raw(read, persona).Scan(&rows).Error
	if err == nil && len(rows) == 0 {
		mark := newMark()
		err = errors.Join(
			s.db(ctx).Exec("INSERT INTO caselle (persona, segno_prima, primo, ultimo, segno_ultima, aggiornata_il) VALUES (?, ?, 1, 0, ?, ?) ON CONFLICT (persona) DO NOTHING", persona, mark, mark, instant(s.now())).Error,
			s.db(ctx).Raw(read, persona).Scan(&rows).Error)
	}
	if err != nil {
		return chat.Box{}, s.failure(ctx, "read a box", err)
	}
	return chat.Box{First: rows[0].Primo, Last: rows[0].Ultimo, Before: rows[0].SegnoPrima, Mark: rows[0].SegnoUltima}, nil
}

// eventoRow is a row of eventi.
type eventoRow struct {
	Persona       string
	N             int64
	Segno         string
	Consulente    int
	Tipo          string
	Conversazione string
	Matricola     string
	Dati          string
	Istante       instant
}

// Events are those of a box after a number, in order.
func (s chatStore) Events(ctx context.Context, persona string, after int64, limit int) ([]chat.Event, error) {
	var rows []eventoRow
	err := s.db(ctx).Raw("SELECT persona, n, segno, consulente, tipo, conversazione, matricola, dati, istante FROM eventi WHERE persona = ? AND n > ? ORDER BY n LIMIT ?", persona, after, limit).Scan(&rows).Error
	if err != nil {
		return nil, s.failure(ctx, "read events", err)
	}
	list := make([]chat.Event, len(rows))
	for i := range rows {
		r := &rows[i]
		list[i] = chat.Event{
			Persona: r.Persona, N: r.N, Mark: r.Segno, AsAdviser: r.Consulente == 1, Type: r.Tipo, Conversation: r.Conversazione, Matricola: r.Matricola,
			Data: []byte(r.Dati), At: time.Time(r.Istante),
		}
	}
	return list, nil
}

// Moved are the boxes that grew since that instant.
func (s chatStore) Moved(ctx context.Context, since time.Time) (map[string]int64, error) {
	var rows []casellaRow
	err := s.db(ctx).Raw("SELECT persona, ultimo FROM caselle WHERE aggiornata_il >= ?", instant(since)).Scan(&rows).Error
	if err != nil {
		return nil, s.failure(ctx, "read the boxes that grew", err)
	}
	moved := make(map[string]int64, len(rows))
	for _, r := range rows {
		moved[r.Persona] = r.Ultimo
	}
	return moved, nil
}

// Forget deletes conversations that ended long ago, and files that nobody sent. A conversation whose events may still
// be replayed waits until they are purged: a box has no gaps.
func (s chatStore) Forget(ctx context.Context, closed, unsent time.Time, most int) (list []chat.Forgotten, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		if err := s.db(ctx).Exec("DELETE FROM allegati WHERE messaggio IS NULL AND caricato_il < ?", instant(unsent)).Error; err != nil {
			return s.failure(ctx, "delete files that were not sent", err)
		}
		old, err := s.forgettable(ctx, closed, most)
		if err != nil || len(old) == 0 {
			return err
		}
		list = make([]chat.Forgotten, len(old))
		for i := range old {
			if list[i], err = s.forget(ctx, &old[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		list = nil
	}
	return list, err
}

// forgettable are conversations that ended before that instant and on which nothing stands, locked. Who places a legal hold
// takes the head of the log: with that in hand, what is not held now is not held before the end.
func (s chatStore) forgettable(ctx context.Context, closed time.Time, most int) (old []chat.Conversation, err error) {
	const free = "NOT EXISTS (SELECT 1 FROM vincoli AS v WHERE v.matricola = c.matricola AND v.tolto_il IS NULL)"
	lock := (&chatTx{chatStore: s}).forUpdate()
	var rows []conversazioneRow
	err = s.db(ctx).Raw(`SELECT id, matricola, corpo FROM conversazioni AS c WHERE c.chiusa_il IS NOT NULL AND c.chiusa_il < ?
AND NOT EXISTS (SELECT 1 FROM eventi AS e WHERE e.conversazione = c.id) AND `+free+` ORDER BY c.chiusa_il LIMIT ?`+lock, instant(closed), most).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, s.failure(ctx, "find old conversations", err)
	}
	if _, err := s.readHead(ctx, true); err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r conversazioneRow) bool {
		held, e := s.onHold(ctx, r.Matricola)
		err = errors.Join(err, e)
		return held || e != nil
	})
	if err != nil {
		return nil, err
	}
	return conversations(rows)
}

// onHold tells whether a legal hold stands on a matricola.
func (s chatStore) onHold(ctx context.Context, matricola string) (bool, error) {
	var n int64
	err := s.db(ctx).Raw("SELECT count(*) FROM vincoli WHERE matricola = ? AND tolto_il IS NULL", matricola).Scan(&n).Error
	return n > 0, s.failure(ctx, "look for legal holds", err)
}

// forget deletes one conversation, and says what it was.
func (s chatStore) forget(ctx context.Context, c *chat.Conversation) (chat.Forgotten, error) {
	f := chat.Forgotten{ID: c.ID, Matricola: c.Matricola, OpenedAt: c.OpenedAt, ClosedAt: *c.ClosedAt}
	for _, what := range []struct {
		rows string
		n    *int64
	}{{"allegati WHERE conversazione", &f.Attachments}, {"messaggi WHERE conversazione", &f.Messages}, {"segni WHERE conversazione", nil}, {"conversazioni WHERE id", nil}} {
		done := s.db(ctx).Exec("DELETE FROM "+what.rows+" = ?", c.ID)
		if done.Error != nil {
			return f, s.failure(ctx, "delete an old conversation", done.Error)
		}
		if what.n != nil {
			*what.n = done.RowsAffected
		}
	}
	return f, nil
}

// Purge forgets events from before that instant, at most so many: a stream that asks for one of them is told to
// read the state again.
func (s chatStore) Purge(ctx context.Context, before time.Time, most int) (n int64, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		var rows []eventoRow
		err := s.db(ctx).Raw("SELECT persona, max(n) AS n FROM (SELECT persona, n FROM eventi WHERE istante < ? ORDER BY istante LIMIT ?) AS e GROUP BY persona ORDER BY persona", instant(before), most).Scan(&rows).Error
		if err != nil {
			return s.failure(ctx, "find old events", err)
		}
		n = 0
		for _, r := range rows {
			err := s.db(ctx).Exec("UPDATE caselle SET primo = ?, segno_prima = (SELECT segno FROM eventi WHERE persona = ? AND n = ?) WHERE persona = ? AND primo <= ?",
				r.N+1, r.Persona, r.N, r.Persona, r.N).Error
			if err != nil {
				return s.failure(ctx, "purge events", err)
			}
			done := s.db(ctx).Exec("DELETE FROM eventi WHERE persona = ? AND n <= ?", r.Persona, r.N)
			if done.Error != nil {
				return s.failure(ctx, "purge events", done.Error)
			}
			n += done.RowsAffected
		}
		return nil
	})
	return n, err
}
