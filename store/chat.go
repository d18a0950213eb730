package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"omnia/archive"
	"omnia/chat"
)

// Chat is the chat over this store.
func (s *Store) Chat() chat.Storage { return chatStore{s} }

// chatStore is the store with the names that the chat has for what it asks.
type chatStore struct{ *Store }

// conversazioneRow is a row of conversazioni: the columns that are searched, and the whole.
type conversazioneRow struct {
	ID        string `gorm:"primaryKey"`
	Matricola string
	Sede      string
	Argomento string
	Bozza     string
	ApertaDa  string
	Advisor   string
	Stato     string
	Classe    string
	Priorita  int

	FuoriOrario int // 1 yes

	ApertaIl  instant
	InCodaDal instant
	PresaIl   *instant
	ChiusaIl  *instant
	Corpo     string
}

// TableName is for gorm.
func (conversazioneRow) TableName() string { return "conversazioni" }

func conversazioneRowOf(c *chat.Conversation) (*conversazioneRow, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("write a conversation: %w", err)
	}
	return &conversazioneRow{
		FuoriOrario: number(c.OutOfHours), ID: c.ID, Matricola: c.Matricola, Sede: c.Sede, Argomento: string(c.Topic), Bozza: c.Draft, ApertaDa: c.OpenedBy.ID,
		Advisor: c.Adviser, Stato: string(c.State), Classe: c.Class, Priorita: c.Priority, ApertaIl: instant(c.OpenedAt),
		InCodaDal: instant(c.QueuedAt), PresaIl: instantOf(c.FirstAssignedAt), ChiusaIl: instantOf(c.ClosedAt), Corpo: string(body),
	}, nil
}

// number is how a column keeps yes or no.
func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (r *conversazioneRow) conversation() (*chat.Conversation, error) {
	c := new(chat.Conversation)
	if err := json.Unmarshal([]byte(r.Corpo), c); err != nil {
		return nil, fmt.Errorf("conversation %s as it is stored: %w", r.ID, err)
	}
	return c, nil
}

func conversations(rows []conversazioneRow) ([]chat.Conversation, error) {
	list := make([]chat.Conversation, len(rows))
	for i := range rows {
		c, err := rows[i].conversation()
		if err != nil {
			return nil, err
		}
		list[i] = *c
	}
	return list, nil
}

// Conversation is one conversation.
func (s chatStore) Conversation(ctx context.Context, id string) (*chat.Conversation, error) {
	return s.conversation(ctx, id, "")
}

func (s chatStore) conversation(ctx context.Context, id, lock string) (*chat.Conversation, error) {
	if !storable(id) {
		return nil, archive.ErrNotFound
	}
	var rows []conversazioneRow
	err := s.db(ctx).Raw("SELECT id, corpo FROM conversazioni WHERE id = ?"+lock, id).Scan(&rows).Error
	if err == nil && len(rows) == 0 {
		err = gorm.ErrRecordNotFound
	}
	if err != nil {
		return nil, s.failure(ctx, "read a conversation", err)
	}
	return rows[0].conversation()
}

// Conversations lists, the last opened first; After is an id.
func (s chatStore) Conversations(ctx context.Context, c chat.Criteria, page archive.Page) ([]chat.Conversation, bool, error) {
	if !storable(append(c.Texts(), page.After)...) {
		return nil, false, nil
	}
	q := conversazioniWhere(s.db(ctx).Model(&conversazioneRow{}), c, "")
	if page.After != "" {
		q = q.Where("id < ?", page.After)
	}
	var rows []conversazioneRow
	if err := q.Order("id DESC").Limit(page.Limit + 1).Find(&rows).Error; err != nil {
		return nil, false, s.failure(ctx, "list conversations", err)
	}
	rows, more := upTo(rows, page.Limit)
	list, err := conversations(rows)
	return list, more, err
}

func conversazioniWhere(q *gorm.DB, c chat.Criteria, prefix string) *gorm.DB {
	if c.Of != "" {
		q = q.Where("("+prefix+"aperta_da = ? OR "+prefix+"advisor = ?)", c.Of, c.Of)
	}
	for _, f := range []struct{ column, value string }{
		{"aperta_da", c.OpenedBy}, {"advisor", c.Adviser}, {"matricola", c.Matricola}, {"sede", c.Sede},
		{"stato", string(c.State)}, {"argomento", string(c.Topic)}, {"bozza", c.Draft},
	} {
		if f.value != "" {
			q = q.Where(prefix+f.column+" = ?", f.value)
		}
	}
	return q
}

// messaggioRow is a row of messaggi.
type messaggioRow struct {
	ID            string `gorm:"primaryKey"`
	Conversazione string
	Seq           int64
	Dopo          int64
	ClientID      string
	Tipo          string
	Autore        string
	AutoreNome    string
	Testo         string
	Ricerca       string
	Allegati      string
	InviatoIl     instant
	OscuratoDa    string
	OscuratoIl    *instant
	OscuratoPer   string
}

// TableName is for gorm.
func (messaggioRow) TableName() string { return "messaggi" }

func messaggioRowOf(m *chat.Message) (*messaggioRow, error) {
	files, err := json.Marshal(m.Attachments)
	if err != nil {
		return nil, fmt.Errorf("write a message: %w", err)
	}
	return &messaggioRow{
		ID: m.ID, Conversazione: m.Conversation, Seq: m.Seq, Dopo: m.After, ClientID: m.ClientID, Tipo: string(m.Kind), Autore: m.Author.ID,
		AutoreNome: m.Author.Name, Testo: m.Text, Ricerca: stemmed(chat.Mask(m.Text)), Allegati: string(files), InviatoIl: instant(m.SentAt),
	}, nil
}

// stemmed are the stems of a text between blanks, as searches look for them.
func stemmed(text string) string { return " " + strings.Join(archive.Stems(text), " ") + " " }

func (r *messaggioRow) message() (chat.Message, error) {
	m := chat.Message{
		ID: r.ID, Conversation: r.Conversazione, Seq: r.Seq, After: r.Dopo, ClientID: r.ClientID, Kind: chat.Kind(r.Tipo),
		Author: chat.Person{ID: r.Autore, Name: r.AutoreNome}, Text: r.Testo, SentAt: time.Time(r.InviatoIl),
	}
	if r.OscuratoIl != nil {
		m.Redaction = &chat.Redaction{By: r.OscuratoDa, At: time.Time(*r.OscuratoIl), Reason: r.OscuratoPer}
	}
	if err := json.Unmarshal([]byte(r.Allegati), &m.Attachments); err != nil {
		return m, fmt.Errorf("message %s as it is stored: %w", r.ID, err)
	}
	return m, nil
}

func messages(rows []messaggioRow) ([]chat.Message, error) {
	list := make([]chat.Message, len(rows))
	for i := range rows {
		var err error
		if list[i], err = rows[i].message(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Messages are those after a place, oldest first. What has no number of its own stands behind the message that it
// came after.
func (s chatStore) Messages(ctx context.Context, conversation string, from chat.Place, notes bool, limit int) ([]chat.Message, bool, error) {
	if !storable(conversation, from.ID) {
		return nil, false, nil
	}
	const at, late = "CASE WHEN seq = 0 THEN dopo ELSE seq END", "CASE WHEN seq = 0 THEN 1 ELSE 0 END"
	q := s.db(ctx).Where("conversazione = ?", conversation)
	if from.Late {
		q = q.Where("(seq > ? OR (seq = 0 AND (dopo > ? OR (dopo = ? AND id > ?))))", from.Seq, from.Seq, from.Seq, from.ID)
	} else {
		q = q.Where("(seq > ? OR (seq = 0 AND dopo >= ?))", from.Seq, from.Seq)
	}
	if !notes {
		q = q.Where("tipo <> ?", string(chat.Note))
	}
	var rows []messaggioRow
	if err := q.Order(at + ", " + late + ", id").Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, false, s.failure(ctx, "read messages", err)
	}
	rows, more := upTo(rows, limit)
	list, err := messages(rows)
	return list, more, err
}

// Marks are how far the participants have got.
func (s chatStore) Marks(ctx context.Context, conversation string) ([]chat.Mark, error) {
	if !storable(conversation) {
		return nil, nil
	}
	var rows []struct {
		Persona           string
		Consegnato, Letto int64
	}
	err := s.db(ctx).Raw("SELECT persona, consegnato, letto FROM segni WHERE conversazione = ? ORDER BY persona", conversation).Scan(&rows).Error
	if err != nil {
		return nil, s.failure(ctx, "read marks", err)
	}
	marks := make([]chat.Mark, len(rows))
	for i, r := range rows {
		marks[i] = chat.Mark{Persona: r.Persona, Delivered: r.Consegnato, Read: r.Letto}
	}
	return marks, nil
}

// allegatoRow is a row of allegati.
type allegatoRow struct {
	ID            string `gorm:"primaryKey"`
	Conversazione string
	Messaggio     *string
	Autore        string
	Nome          string
	Tipo          string
	Byte          int64
	Digest        string
	CaricatoIl    instant
	Dati          []byte
}

// TableName is for gorm.
func (allegatoRow) TableName() string { return "allegati" }

func (r *allegatoRow) attachment() chat.Attachment {
	return chat.Attachment{ID: r.ID, Name: r.Nome, Type: r.Tipo, Bytes: r.Byte, Digest: r.Digest}
}

// Upload keeps a file for a message that its author is about to send.
func (s chatStore) Upload(ctx context.Context, conversation, author string, a chat.Attachment, data []byte) error {
	row := allegatoRow{
		ID: a.ID, Conversazione: conversation, Autore: author, Nome: a.Name, Tipo: a.Type, Byte: a.Bytes, Digest: a.Digest,
		CaricatoIl: instant(s.now()), Dati: data,
	}
	return s.failure(ctx, "store an attachment", s.db(ctx).Create(&row).Error)
}

// Attachment is one file of a conversation, with its bytes; one that was not sent yet is its author's alone, and one of a
// note is shown when notes are.
func (s chatStore) Attachment(ctx context.Context, conversation, id, reader string, notes bool) (*chat.Attachment, []byte, error) {
	if !storable(conversation, id, reader) {
		return nil, nil, archive.ErrNotFound
	}
	var rows []allegatoRow
	err := s.db(ctx).Raw(`SELECT a.id, a.nome, a.tipo, a.byte, a.digest, a.dati FROM allegati AS a LEFT JOIN messaggi AS m ON m.id = a.messaggio
WHERE a.id = ? AND a.conversazione = ? AND CASE WHEN m.id IS NULL THEN a.autore = ? ELSE m.tipo <> ? OR ? = 1 END`,
		id, conversation, reader, string(chat.Note), number(notes)).Scan(&rows).Error
	if err == nil && len(rows) == 0 {
		err = gorm.ErrRecordNotFound
	}
	if err != nil {
		return nil, nil, s.failure(ctx, "read an attachment", err)
	}
	a := rows[0].attachment()
	return &a, rows[0].Dati, nil
}

// Find searches messages by their words, in the conversations of c, the newest first; After is an id of a message.
// Notes are not found.
func (s chatStore) Find(ctx context.Context, c chat.Criteria, words string, page archive.Page) ([]chat.Message, bool, error) {
	stems := archive.Stems(chat.Mask(words))
	if len(stems) == 0 || !storable(append(c.Texts(), words, page.After)...) {
		return nil, false, nil
	}
	q := conversazioniWhere(s.db(ctx).Table("messaggi AS m").Joins("JOIN conversazioni AS c ON c.id = m.conversazione"), c, "c.").
		Select("m.*").Where("m.tipo <> ?", string(chat.Note))
	for _, stem := range stems {
		q = q.Where("m.ricerca LIKE ? ESCAPE '!'", "% "+likeEscape.Replace(stem)+" %")
	}
	if page.After != "" {
		q = q.Where("m.id < ?", page.After)
	}
	var rows []messaggioRow
	if err := q.Order("m.id DESC").Limit(page.Limit + 1).Find(&rows).Error; err != nil {
		return nil, false, s.failure(ctx, "search messages", err)
	}
	rows, more := upTo(rows, page.Limit)
	list, err := messages(rows)
	return list, more, err
}

// Waiting are the conversations in the queue, in the order in which they are served.
func (s chatStore) Waiting(ctx context.Context) ([]chat.Conversation, error) {
	var rows []conversazioneRow
	err := s.db(ctx).Raw("SELECT id, corpo FROM conversazioni WHERE stato = 'in_coda' ORDER BY priorita, in_coda_dal, id").Scan(&rows).Error
	if err != nil {
		return nil, s.failure(ctx, "read the queue", err)
	}
	return conversations(rows)
}

// consulenteRow is a row of consulenti, with how many conversations they have.
type consulenteRow struct {
	Persona     string
	Nome        string
	Sede        string
	Argomenti   string
	Capienza    int
	Disponibile int
	VistoIl     instant
	LiberoDal   instant
	Aperte      int
}

func (r *consulenteRow) adviser() chat.Adviser {
	a := chat.Adviser{
		Persona: r.Persona, Name: r.Nome, Sede: r.Sede, Capacity: r.Capienza, Available: r.Disponibile == 1,
		SeenAt: time.Time(r.VistoIl), IdleSince: time.Time(r.LiberoDal), Open: r.Aperte,
	}
	for name := range strings.SplitSeq(strings.Trim(r.Argomenti, ","), ",") {
		if name != "" {
			a.Topics = append(a.Topics, chat.Topic(name))
		}
	}
	return a
}

const consulenti = `SELECT a.*, (SELECT count(*) FROM conversazioni AS c WHERE c.advisor = a.persona AND c.stato = 'assegnata') AS aperte
FROM consulenti AS a`

// Advisers are those who answer, or ever did.
func (s chatStore) Advisers(ctx context.Context) ([]chat.Adviser, error) {
	var rows []consulenteRow
	if err := s.db(ctx).Raw(consulenti + " ORDER BY a.persona").Scan(&rows).Error; err != nil {
		return nil, s.failure(ctx, "read the advisers", err)
	}
	list := make([]chat.Adviser, len(rows))
	for i := range rows {
		list[i] = rows[i].adviser()
	}
	return list, nil
}

// Handled are the times that the last conversations of a class took, the last ended first.
func (s chatStore) Handled(ctx context.Context, class string, most int) ([]time.Duration, error) {
	var rows []struct{ PresaIl, ChiusaIl instant }
	err := s.db(ctx).Raw(`SELECT presa_il, chiusa_il FROM conversazioni
WHERE classe = ? AND presa_il IS NOT NULL AND chiusa_il IS NOT NULL ORDER BY chiusa_il DESC LIMIT ?`, class, most).Scan(&rows).Error
	if err != nil {
		return nil, s.failure(ctx, "read how long conversations took", err)
	}
	took := make([]time.Duration, len(rows))
	for i, r := range rows {
		took[i] = time.Time(r.ChiusaIl).Sub(time.Time(r.PresaIl))
	}
	return took, nil
}

// Opened calls do with every conversation opened between two instants, from inclusive, to exclusive.
func (s chatStore) Opened(ctx context.Context, from, to time.Time, do func(*chat.Conversation) error) (err error) {
	rows, err := s.db(ctx).Raw("SELECT corpo FROM conversazioni WHERE aperta_il >= ? AND aperta_il < ? ORDER BY aperta_il", instant(from), instant(to)).Rows()
	if err != nil {
		return s.failure(ctx, "read conversations", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r conversazioneRow
		if err := rows.Scan(&r.Corpo); err != nil {
			return s.failure(ctx, "read conversations", err)
		}
		c, err := r.conversation()
		if err != nil {
			return err
		}
		if err := do(c); err != nil {
			return err
		}
	}
	return s.failure(ctx, "read conversations", rows.Err())
}
