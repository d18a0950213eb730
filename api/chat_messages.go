package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/chat"
	"omnia/engine/fact"
	"omnia/ledger"
)

// listMessages gives messages after a seq, oldest first: what a client reads when it begins, and after resync.
func (s *server) listMessages(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	from, limit := chat.Place{Seq: q.number("after")}, q.limit()
	if text := q.text("cursor", ""); text != "" {
		if from, err = readPlace(text); err != nil {
			q.wrong("cursor", codeCursor)
		}
	}
	if err := q.err(); err != nil {
		return err
	}
	cursor, err := s.eventsCursor(c)
	if err != nil {
		return err
	}
	found, more, err := s.Chat.Storage.Messages(c.Request.Context(), at.ID, from, at.side == sideAdviser, limit)
	if err != nil {
		return err
	}
	out := chatList[json.RawMessage]{list[json.RawMessage]{Items: messagesShown(at.Conversation, found), Limit: limit}, cursor}
	if more {
		out.NextCursor = writePlace(chat.PlaceOf(&found[len(found)-1]))
	}
	return c.json(out)
}

// writePlace and readPlace make a cursor of a place.
func writePlace(p chat.Place) string {
	return writeCursor(strconv.FormatInt(p.Seq, 10), strconv.FormatBool(p.Late)+" "+p.ID)
}

func readPlace(cursor string) (p chat.Place, err error) {
	seq, rest, ok := readCursor(cursor)
	late, id, cut := strings.Cut(rest, " ")
	if !ok || !cut || !isUUID(id) {
		return p, errors.New("no place")
	}
	if p.Seq, err = strconv.ParseInt(seq, 10, 64); err != nil {
		return p, err
	}
	p.Late, err = strconv.ParseBool(late)
	p.ID = id
	return p, err
}

func messagesShown(k *chat.Conversation, list []chat.Message) []json.RawMessage {
	out := make([]json.RawMessage, len(list))
	for i := range list {
		out[i] = chat.MessageData(k, &list[i])
	}
	return out
}

// number is a whole number that is not negative; 0 when it is not there.
func (q *query) number(name string) int64 {
	v := q.text(name, "")
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		q.wrong(name, codeNotANumber)
		return 0
	}
	return n
}

var messageBody = bodyOf(
	fact.Field{Name: "client_id", Type: fact.Text, MaxLen: 36, Required: true, Label: texts("Identificativo del messaggio", "Id of the message", "Kennung der Nachricht")},
	fact.Field{Name: "text", Type: fact.Text, MaxLen: chat.MaxText, Label: texts("Testo", "Text", "Text")},
	fact.Field{Name: "note", Type: fact.Bool, Label: texts("Nota interna", "Internal note", "Interne Notiz")},
	fact.Field{Name: "attachments", Type: fact.List, MaxLen: chat.MaxAttachments, Label: texts("Allegati", "Attachments", "Anhänge"),
		Element: fact.NewBare(fact.Field{Type: fact.Text, MaxLen: 36, Label: texts("Allegato", "Attachment", "Anhang")})},
)

// sent is what a sender is told.
type sent struct {
	ID  string `json:"id"`
	Seq int64  `json:"seq"`
}

// sendMessage stores a message. Whether the sender may still act for the matricola was asked just before.
func (s *server) sendMessage(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	in, note, err := s.readMessage(c, at)
	if err != nil {
		return err
	}
	if err := s.heldBack(c, "message"); err != nil {
		return err
	}
	return s.once(c, func(ctx context.Context) error {
		send := s.Chat.Send
		if note {
			send = s.Chat.Note
		}
		m, fresh, err := send(ctx, *in)
		if err != nil {
			return s.chatFailure(c, err)
		}
		status := http.StatusOK
		if fresh {
			status = http.StatusCreated
		}
		return c.reply(status, sent{m.ID, m.Seq})
	})
}

func (s *server) readMessage(c *call, at *seat) (in *chat.Sending, note bool, err error) {
	body, err := s.small(c, messageBody)
	if err != nil {
		return nil, false, err
	}
	in = &chat.Sending{
		Conversation: at.ID, By: chat.Person{ID: c.who().Subject, Name: c.who().Nome}, ClientID: strings.ToLower(body.Get("client_id").Text), Text: body.Get("text").Text,
	}
	note = body.Get("note").Bool()
	for _, row := range body.Get("attachments").Rows() {
		in.Attachments = append(in.Attachments, strings.ToLower(row[0].Text))
	}
	wrong := failure(c.lang, codeInvalidInput)
	if !isUUID(in.ClientID) {
		wrong = wrong.With(append(wrong.Details, defect(c.lang, "/client_id", codeUUID))...)
	}
	if strings.TrimSpace(in.Text) == "" && len(in.Attachments) == 0 {
		wrong = wrong.With(append(wrong.Details, defect(c.lang, "/text", codeEmptyMessage))...)
	}
	if note && at.side != sideAdviser {
		wrong = wrong.With(append(wrong.Details, defect(c.lang, "/note", codeNoteNotAllowed))...)
	}
	if len(wrong.Details) > 0 {
		return nil, false, wrong
	}
	return in, note, nil
}

var readBody = bodyOf(
	fact.Field{Name: "read", Type: fact.Integer, Label: texts("Letto fino a", "Read up to", "Gelesen bis")},
	fact.Field{Name: "delivered", Type: fact.Integer, Label: texts("Consegnato fino a", "Delivered up to", "Zugestellt bis")},
)

// markRead says how far the caller has got.
func (s *server) markRead(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	body, err := s.small(c, readBody)
	if err != nil {
		return err
	}
	return s.once(c, func(ctx context.Context) error {
		m, err := s.Chat.See(ctx, at.ID, c.who().Subject, body.Get("delivered").Num, body.Get("read").Num)
		if err != nil {
			return s.chatFailure(c, err)
		}
		return c.json(shownMark(m))
	})
}

// typing tells the others that the caller is writing.
func (s *server) typing(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	if err := s.Chat.Type(c.Request.Context(), at.ID, c.who().Subject); err != nil {
		return s.chatFailure(c, err)
	}
	c.Status(http.StatusNoContent)
	return nil
}

var redactionBody = bodyOf(
	fact.Field{Name: "reason", Type: fact.Text, MaxLen: 200, Required: true, Label: texts("Motivo", "Reason", "Grund")},
)

// redactMessage takes a text out: one's own, or, for the adviser, any.
func (s *server) redactMessage(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	body, err := s.small(c, redactionBody)
	if err != nil {
		return err
	}
	id := c.Param("message")
	if !isUUID(id) {
		return failure(c.lang, codeMessageNotFound)
	}
	only := ""
	if at.side == sideCompany {
		only = c.who().Subject
	}
	return s.once(c, func(ctx context.Context) error {
		at.grant.about("conversazione " + at.ID + " messaggio " + id + " oscurato")
		err := s.Chat.Redact(ctx, at.ID, id, c.who().Subject, only, body.Get("reason").Text)
		if errors.Is(err, archive.ErrNotFound) {
			return failure(c.lang, codeMessageNotFound)
		}
		if err != nil {
			return s.chatFailure(c, err)
		}
		return c.json(map[string]any{"id": id, "redacted": true})
	})
}

// allowedFiles are the types of attachments, by what their first bytes say. None of them is run or shown by a
// browser out of our origin: they are always downloads.
var allowedFiles = []string{"application/pdf", "image/png", "image/jpeg", "text/plain", "application/zip"}

// uploadAttachment keeps a file for a message to come. The body is the file itself; its name is the parameter name.
func (s *server) uploadAttachment(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	q := readQuery(c)
	name := q.text("name", "")
	if name == "" || !plainText(name, 200) || strings.ContainsAny(name, `/\`) {
		q.wrong("name", codeFileName)
	}
	if err := q.err(); err != nil {
		return err
	}
	if err := s.heldBack(c, "file"); err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(c.Request.Body, chat.MaxAttachmentBytes+1))
	if err != nil {
		return bodyFailure(c, err, chat.MaxAttachmentBytes)
	}
	if len(data) > chat.MaxAttachmentBytes {
		c.Header("Connection", "close")
		return failure(c.lang, codeTooLarge, chat.MaxAttachmentBytes)
	}
	kind := sniffed(data)
	if !slices.Contains(allowedFiles, kind) || len(data) == 0 {
		return failure(c.lang, codeFileType, kind)
	}
	a := chat.Attachment{ID: uuid.Must(uuid.NewV7()).String(), Name: name, Type: kind, Bytes: int64(len(data)), Digest: string(ledger.DigestOf(data))}
	return s.once(c, func(ctx context.Context) error {
		if err := s.Chat.Storage.Upload(ctx, at.ID, c.who().Subject, a, data); err != nil {
			return err
		}
		return c.created("/v1/chat/conversations/"+at.ID+"/attachments/"+a.ID, map[string]any{
			"id": a.ID, "name": a.Name, "type": a.Type, "bytes": a.Bytes, "digest": a.Digest,
		})
	})
}

// sniffed is the type that the bytes have, whatever was claimed.
func sniffed(data []byte) string {
	kind, _, err := mime.ParseMediaType(http.DetectContentType(data))
	if err != nil || kind == "text/plain" && !utf8.Valid(data) {
		return "application/octet-stream"
	}
	return kind
}

// downloadAttachment gives the file: to be saved, never to be shown in the page.
func (s *server) downloadAttachment(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	a, data, err := s.Chat.Storage.Attachment(c.Request.Context(), at.ID, c.Param("attachment"), c.who().Subject, at.side == sideAdviser)
	if errors.Is(err, archive.ErrNotFound) {
		return failure(c.lang, codeMessageNotFound)
	}
	if err != nil {
		return err
	}
	at.grant.about("conversazione " + at.ID + " allegato " + a.ID)
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
	c.Header("Content-Security-Policy", "default-src 'none'; sandbox")
	send(c.Context, http.StatusOK, a.Type, data)
	return nil
}

// findMessages searches what the caller has taken part in.
func (s *server) findMessages(c *call) error {
	if err := s.chatThere(c); err != nil {
		return err
	}
	if c.who() == nil {
		return unauthenticated(c)
	}
	q := readQuery(c)
	what := chat.Criteria{Matricola: q.matricola("matricola")}
	words := q.text("q", "")
	if words == "" {
		q.wrong("q", codeEmptyMessage)
	}
	page := q.pagingByID("-id")
	if err := q.err(); err != nil {
		return err
	}
	visible, err := s.ownConversations(c, &what)
	if err != nil {
		return err
	}
	found, more, err := s.Chat.Storage.Find(c.Request.Context(), what, words, archive.Page{After: page.after, Limit: page.limit})
	if err != nil {
		return err
	}
	out := list[json.RawMessage]{Items: []json.RawMessage{}, Limit: page.limit}
	for i := range found {
		k, err := s.Chat.Storage.Conversation(c.Request.Context(), found[i].Conversation)
		if err != nil {
			return err
		}
		if may, err := visible(k); err != nil {
			return err
		} else if may {
			out.Items = append(out.Items, chat.MessageData(k, &found[i]))
		}
	}
	if more {
		out.NextCursor = writeCursor(page.sort, found[len(found)-1].ID)
	}
	return c.json(out)
}

// transcript is the whole conversation, to be kept: a page to print, PDF, or JSON. Internal notes are in no transcript.
func (s *server) transcript(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	at.grant.about("conversazione " + at.ID + " trascrizione")
	var all []chat.Message
	for from, more := (chat.Place{}), true; more; {
		var some []chat.Message
		if some, more, err = s.Chat.Storage.Messages(c.Request.Context(), at.ID, from, false, maxLimit); err != nil {
			return err
		}
		all = append(all, some...)
		if len(some) > 0 {
			from = chat.PlaceOf(&some[len(some)-1])
		}
	}
	switch c.media {
	case typeJSON:
		return c.json(map[string]any{"conversation": conversationShown(at.Conversation, nil), "messages": messagesShown(at.Conversation, all)})
	case typePDF:
		paper, err := transcriptPDF(c.lang, at.Conversation, transcriptLines(at.Conversation, all))
		if err != nil {
			return err
		}
		c.Header("Content-Disposition", `attachment; filename="info-cig-`+at.ID+`.pdf"`)
		send(c.Context, http.StatusOK, typePDF, paper)
		return nil
	}
	return c.page("transcript", transcriptPage(c, at.Conversation, all))
}

// transcriptLine is one message on the page or the paper.
type transcriptLine struct {
	Role, Who, At, Text string
	Sent                time.Time
	Redacted            bool
	Files               []string
}

func transcriptPage(c *call, k *chat.Conversation, all []chat.Message) map[string]any {
	return map[string]any{"Lang": c.lang, "Words": transcriptWords[c.lang], "Conversation": conversationShown(k, nil), "Lines": transcriptLines(k, all)}
}

func transcriptLines(k *chat.Conversation, all []chat.Message) []transcriptLine {
	lines := make([]transcriptLine, len(all))
	for i := range all {
		m := &all[i]
		l := transcriptLine{Role: chat.RoleOf(k, m), Who: m.Author.Name, At: instantText(m.SentAt), Sent: m.SentAt, Text: m.Text, Redacted: m.Redaction != nil}
		if l.Who == "" {
			l.Who = m.Author.ID
		}
		for _, a := range m.Attachments {
			l.Files = append(l.Files, a.Name)
		}
		lines[i] = l
	}
	return lines
}

// transcriptWords are the words of the page and the paper.
var transcriptWords = map[string]map[string]string{
	"it": {"title": "INFO CIG – trascrizione", "matricola": "Matricola", "opened": "Aperta il", "closed": "Chiusa il", "redacted": "messaggio oscurato", "file": "allegato", "service": "servizio", "page": "pagina", "clock": "ore di Roma"},
	"en": {"title": "INFO CIG – transcript", "matricola": "Matricola", "opened": "Opened on", "closed": "Closed on", "redacted": "message redacted", "file": "attachment", "service": "service", "page": "page", "clock": "times of Rome"},
	"de": {"title": "INFO CIG – Protokoll", "matricola": "Matrikel", "opened": "Eröffnet am", "closed": "Geschlossen am", "redacted": "Nachricht geschwärzt", "file": "Anhang", "service": "Dienst", "page": "Seite", "clock": "Uhrzeit in Rom"},
}
