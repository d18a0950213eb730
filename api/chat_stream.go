package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"omnia/archive"
	"omnia/chat"
	"omnia/identity"
	"omnia/internal/fault"
)

const typeEvents = "text/event-stream"

// The rhythm of a stream.
const (
	heartbeat    = 15 * time.Second // a comment, so that no proxy takes the stream for dead
	eventGrace   = 10 * time.Second // one write may take as long; a reader who is slower is cut, and replay heals it
	rotateAfter  = 10 * time.Minute // a stream ends by itself, so that an end is nothing special
	comeBack     = 2 * time.Second  // before a client comes back, and up to as long again, so that not all come at once
	streamsEach  = 32               // open streams of one person
	streamsTotal = 20_000           // of one instance
)

// streamEvents is the one stream of a person over all their conversations.
//
// It sends the events of the person's box after Last-Event-ID, in order, each once, and goes on with those to come.
// Before an event leaves, it is asked whether the person may still see its matricola: when not, the stream ends
// with resync, and the event is never shown.
func (s *server) streamEvents(c *call) error {
	st, err := s.openStream(c)
	if err != nil {
		return err
	}
	defer st.close()
	if st.greet() == nil {
		st.follow()
	}
	return nil // however it ended: the client comes back and finds everything where it was
}

// stream is one response under way.
//
// Thousands of them wait at a time, each on the stack of its goroutine. So what goes on before the waiting, and after it, is in functions of its
// own: a stack that is less than a quarter full is halved when garbage is collected, and follow with all that has called it is a little less.
type stream struct {
	server   *server
	call     *call
	who      *identity.Principal
	asks     string // the same, as the policies know it; see glance
	sub      *chat.Subscription
	at       chat.Cursor // where it begins
	lost     bool        // that is not where the client was: it must read the state again
	out      *http.ResponseController
	recorded map[showing]bool // those that are in the record of accesses
}

// openStream is a stream from where the client was, or wants to begin.
func (s *server) openStream(c *call) (*stream, error) {
	who := c.who()
	if who == nil {
		return nil, unauthenticated(c)
	}
	if err := s.chatThere(c); err != nil {
		return nil, err
	}
	if s.Hub == nil {
		return nil, failure(c.lang, codeArchiveUnavailable)
	}
	if !who.Has("advisor") && !who.Has("impresa") {
		return nil, forbidden(c, codeForbidden)
	}
	q := readQuery(c)
	asked := q.text("last_event_id", "")
	if err := q.err(); err != nil {
		return nil, err
	}
	if header := c.GetHeader("Last-Event-ID"); header != "" {
		asked = header
	}
	asks, err := json.Marshal(personOf(who))
	if err != nil {
		return nil, err
	}
	st := &stream{server: s, call: c, who: who, asks: string(asks), out: http.NewResponseController(c.Writer), recorded: map[showing]bool{}}
	if err := s.streams.enter(who.Subject); err != nil {
		return nil, failure(c.lang, codeTooManyStreams, streamsEach)
	}
	if st.at, st.lost, err = chat.Follow(c.Request.Context(), s.Chat.Storage, who.Subject, asked); err == nil {
		if st.sub, err = s.Hub.Subscribe(who.Subject, st.at); err != nil {
			err = failure(c.lang, codeStopping)
		}
	}
	if err != nil {
		s.streams.leave(who.Subject)
		return nil, err
	}
	return st, nil
}

func (st *stream) close() {
	st.sub.Close()
	st.server.streams.leave(st.who.Subject)
}

// errCut ends a stream that has begun: nothing more can be said to who reads it.
var errCut = errors.New("the stream was cut")

// greet sends what a stream begins with.
func (st *stream) greet() error {
	st.begin()
	if st.lost {
		if err := st.resync(st.at); err != nil {
			return err
		}
	}
	return st.flush()
}

// follow sends what happens until the stream ends.
func (st *stream) follow() {
	end, beat := time.NewTimer(st.life()), time.NewTimer(rand.N(heartbeat)) // streams that were opened together do not beat together
	defer end.Stop()
	defer beat.Stop()
	gone, stopping, woken := st.call.Request.Context().Done(), st.server.Hub.Done(), st.sub.Woken()
	for st.catchUp() {
		select {
		case <-woken:
		case <-beat.C:
			if !st.beat() {
				return
			}
			beat.Reset(heartbeat)
		case <-end.C:
			return
		case <-stopping:
			return
		case <-gone:
			return
		}
	}
}

// catchUp sends all that is there; false when the stream can't go on.
func (st *stream) catchUp() bool {
	ctx := st.call.Request.Context()
	for {
		events, err := st.sub.Ready(ctx)
		if err != nil {
			return false
		}
		if len(events) == 0 {
			return true
		}
		if err := st.send(ctx, events); err != nil {
			return false
		}
	}
}

// beat keeps the stream alive; false when it is not any more.
func (st *stream) beat() bool {
	if st.write(":\n\n") != nil || st.flush() != nil {
		return false
	}
	st.listens(st.call.Request.Context())
	return true
}

// listens says of an adviser that the stream is open. Where that can't be said now, the next heartbeat says it: a database that
// is away for a moment is no reason to end all streams of advisers at once.
func (st *stream) listens(ctx context.Context) {
	if !st.who.Has("advisor") || !st.server.streams.listens(st.who.Subject, st.server.Now()) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, st.server.Limits.Time)
	defer cancel()
	if err := st.server.Chat.Listens(ctx, st.who.Subject); err != nil && ctx.Err() == nil {
		st.server.Log.Warn("an adviser's sign of life was not written", "error", err)
	}
}

// life is how long the stream may last: no longer than the token it was opened with.
func (st *stream) life() time.Duration {
	life := rotateAfter + rand.N(rotateAfter/5)
	if !st.who.Expires.IsZero() {
		life = min(life, st.who.Expires.Sub(st.server.Now()))
	}
	return max(life, 0)
}

// begin sends the headers at once, when to come back, and the place from which the stream goes on: a client that is cut off
// before its first event comes back to that place. Before a resync none is told, so that a resync that is lost comes again.
func (st *stream) begin() {
	h := st.call.Writer.Header()
	h.Set("Content-Type", typeEvents)
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	h.Del("Content-Length")
	st.call.Status(http.StatusOK)
	retry := comeBack + rand.N(comeBack)
	place := ""
	if !st.lost {
		place = "id: " + st.at.String() + "\n"
	}
	_ = st.write(fmt.Sprintf("%sretry: %d\n\n", place, retry.Milliseconds()))
}

// resync tells the client to read the state again, and from where the stream goes on.
func (st *stream) resync(at chat.Cursor) error {
	id := at.String()
	data, err := json.Marshal(map[string]string{"events_cursor": id})
	if err != nil {
		return err
	}
	return st.write("id: " + id + "\nevent: " + chat.EventResync + "\ndata: " + string(data) + "\n\n")
}

// send writes events, as far as they may still be seen.
func (st *stream) send(ctx context.Context, events []chat.Event) error {
	for i := range events {
		e := &events[i]
		if what := showingOf(e); i == 0 || what != showingOf(&events[i-1]) {
			if allowed, err := st.may(ctx, what); err != nil {
				return err
			} else if !allowed {
				return st.deny(ctx)
			}
		}
		if err := st.event(e); err != nil {
			return err
		}
	}
	return st.flush()
}

// deny ends the stream at what the person may not see any more. The client reads the state again, in which that is
// gone, and goes on from the end of the box: not from this event, whose followers may be of the same matricola.
func (st *stream) deny(ctx context.Context) error {
	box, err := st.server.Chat.Storage.Box(ctx, st.who.Subject)
	if err != nil {
		return err
	}
	if st.resync(box.End()) == nil {
		_ = st.flush()
	}
	return errCut
}

func (st *stream) event(e *chat.Event) error {
	id := ""
	if e.N > 0 {
		id = "id: " + e.Cursor().String() + "\n"
	}
	return st.write(id + "event: " + e.Type + "\ndata: " + string(e.Data) + "\n\n")
}

// showing is what is asked before an event leaves: of which matricola it is, and in what quality the person gets it.
// Somebody may be an adviser and have a company of their own.
type showing struct {
	matricola string
	asAdviser bool
}

func showingOf(e *chat.Event) showing { return showing{e.Matricola, e.AsAdviser} }

// glance is the question whether somebody may see what happens on a matricola, now: all that the answer hangs on, but for the rows.
type glance struct {
	asks string // the principal, as the policies know it
	showing
}

// seen is the answer: the verdict, as the record of accesses has it.
type seen struct {
	line    archive.Access
	refused bool
}

// may asks whether the person may see what happens on that matricola, now. The first time of each is in the record
// of accesses before anything is shown, and so is a refusal. The tabs of one person that have the same event ask together.
func (st *stream) may(ctx context.Context, what showing) (bool, error) {
	s := st.server
	answer, err := s.glances.ask(ctx, glance{st.asks, what}, func() (seen, error) { return st.look(ctx, what) })
	if err != nil || st.recorded[what] && !answer.refused {
		return err == nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Limits.Time)
	defer cancel()
	c := st.apart(ctx)
	line := s.line(c, answer.line.Azione, what.matricola)
	line.Oggetto = "flusso degli eventi"
	line.Ruolo, line.Base, line.Delega, line.Policy, line.Esito = answer.line.Ruolo, answer.line.Base, answer.line.Delega, answer.line.Policy, answer.line.Esito
	if err := s.writeRecord(ctx, c); err != nil {
		return false, err
	}
	st.recorded[what] = true
	return !answer.refused, nil
}

// look puts the question to the policies, on the rows as they are, within the time of a request.
func (st *stream) look(ctx context.Context, what showing) (seen, error) {
	ctx, cancel := context.WithTimeout(ctx, st.server.Limits.Time)
	defer cancel()
	c := st.apart(ctx)
	action, matricola := "chat.usa", what.matricola
	if what.asAdviser {
		action, matricola = "chat.rispondi", ""
	}
	_, err := st.server.authorize(c, action, matricola)
	f, failed := errors.AsType[*fault.Fault](err)
	refused := failed && (f.Kind == fault.Forbidden || f.Kind == fault.NotFound)
	if err != nil && !refused {
		return seen{}, err
	}
	return seen{*c.lines[0], refused}, nil
}

// apart is a call of this stream at this moment, with lines of its own for the record of accesses.
func (st *stream) apart(ctx context.Context) *call {
	request := *st.call.Context.Request
	c := &call{Context: st.call.Context.Copy(), lang: st.call.lang, now: st.server.Now(), purpose: st.call.purpose}
	c.Request = request.WithContext(ctx)
	return c
}

// write sends text within the time that one write may take.
func (st *stream) write(text string) error {
	_ = st.out.SetWriteDeadline(time.Now().Add(eventGrace)) // the connection's clock, not ours
	_, err := io.WriteString(st.call.Writer, text)
	return err
}

// flush sends what was written, within the time that the last of it was given.
func (st *stream) flush() error { return st.out.Flush() }
