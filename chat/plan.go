package chat

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"omnia/engine/calendar"
	"omnia/engine/rulebook"
	"omnia/internal/rome"
)

// Plan is what an edition says about the service on one day: opening hours, classes of the queue, bounds, texts. It
// implements [Rules].
type Plan struct {
	edition *rulebook.Edition
	now     func() time.Time
	seen    *rulebook.Coverage // of what has a say; nil but where cases are tried
}

// PlanOf is the plan of an edition. [Check] has found nothing wrong with it.
func PlanOf(ed *rulebook.Edition, now func() time.Time) *Plan { return &Plan{edition: ed, now: now} }

var _ Rules = (*Plan)(nil)

// The content that the plan rests on.
const (
	tableHours   = "chat_orario"
	tableClasses = "chat_classi"
	prefix       = "chat."
	noticePrefix = "chat.avviso."
	replyPrefix  = "chat.risposta."
	anyTopic     = "tutti"
)

// weekdays are the codes of the table of hours, from Monday.
var weekdays = [7]string{"lun", "mar", "mer", "gio", "ven", "sab", "dom"}

// partsOfDay follow the code of the day, for a service with breaks: lun, lun_2, lun_3.
var partsOfDay = [3]string{"", "_2", "_3"}

// searched bounds the look for the next opening: a service that is closed for longer is closed for good.
const searched = 60

// Open tells whether advisers answer at that instant, and else when they will next; zero is not foreseen.
func (p *Plan) Open(at time.Time) (open bool, next time.Time) {
	today := rome.Day(at)
	for d := today; d <= today+searched; d++ {
		for _, s := range p.hours(d) {
			switch {
			case !at.Before(s.to):
				continue
			case at.Before(s.from):
				return false, s.from
			}
			return true, time.Time{}
		}
	}
	return false, time.Time{}
}

// span is from when to when advisers answer without a break.
type span struct{ from, to time.Time }

// hours are those of a day, in Rome, in their order; none when it is closed.
func (p *Plan) hours(d calendar.Day) (spans []span) {
	if p.edition.Holidays.IsHoliday(d) {
		return nil
	}
	for _, part := range partsOfDay {
		if row := p.row(tableHours, weekdays[d.Weekday()]+part, d); row != nil {
			spans = append(spans, span{clock(d, row.Outputs[0].Text), clock(d, row.Outputs[1].Text)})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	return spans
}

// clock is an hour of the wall on a day in Rome.
func clock(d calendar.Day, text string) time.Time {
	h, m, _ := parseClock(text)
	return rome.At(d, h, m)
}

func parseClock(text string) (h, m int, ok bool) {
	n, err := fmt.Sscanf(text, "%02d:%02d", &h, &m)
	return h, m, err == nil && n == 2 && len(text) == 5 && h < 24 && m < 60
}

// row is the row of a table with one input, in force on that day; nil when there is none.
func (p *Plan) row(table, input string, d calendar.Day) *rulebook.TableRow {
	t := p.edition.Tables[table]
	if t == nil {
		return nil
	}
	v := t.At(d)
	if v == nil {
		return nil
	}
	for i := range v.Rows {
		if v.Rows[i].Inputs[0].Text == input {
			p.seen.Row(t, &v.Rows[i])
			return &v.Rows[i]
		}
	}
	return nil
}

// Class is the class of the queue for a topic, and its priority.
func (p *Plan) Class(topic Topic, _ string) (class string, priority int) {
	row := p.row(tableClasses, string(topic), rome.Day(p.now()))
	if row == nil {
		return string(topic), 99
	}
	return row.Outputs[0].Text, int(row.Outputs[1].Num)
}

// number is a parameter that is in force today.
func (p *Plan) number(id string, otherwise int) int {
	if v := p.edition.Parameters[prefix+id]; v != nil {
		if at := v.At(rome.Day(p.now())); at != nil {
			if n, whole := at.Value.Rat.Int64(); whole {
				p.seen.Parameter(prefix+id, at)
				return int(n)
			}
		}
	}
	return otherwise
}

// Gone is how long an adviser may be silent.
func (p *Plan) Gone() time.Duration {
	return time.Duration(p.number("assenza_secondi", 60)) * time.Second
}

// LongestWait is the wait after which alternatives are offered.
func (p *Plan) LongestWait() time.Duration {
	return time.Duration(p.number("attesa_massima_minuti", 15)) * time.Minute
}

// Samples are how many waits an estimate needs.
func (p *Plan) Samples() int { return p.number("attese_per_stima", 8) }

// Capacity is how many conversations an adviser may have at a time.
func (p *Plan) Capacity() int { return p.number("capienza", 3) }

// Kept is how long events are kept for streams that broke.
func (p *Plan) Kept() time.Duration {
	return time.Duration(p.number("eventi_giorni", 30)) * 24 * time.Hour
}

// Retained is how long a conversation is kept after its end.
func (p *Plan) Retained() time.Duration {
	return time.Duration(p.number("conservazione_giorni", 730)) * 24 * time.Hour
}

// Silent is how long nobody may say anything in an open conversation before it is closed; zero is for ever.
func (p *Plan) Silent() time.Duration {
	return time.Duration(p.number("inattiva_giorni", 0)) * 24 * time.Hour
}

// OpenEach is how many open conversations one person may have; zero is as many as they like.
func (p *Plan) OpenEach() int { return p.number("aperte_per_persona", 0) }

// RetentionRule names the rule by which an edition says how long a conversation is kept, on a day.
func RetentionRule(ed *rulebook.Edition, on calendar.Day) string {
	_, named := ed.InForce(prefix+"conservazione_giorni", on)
	return named
}

// Fits tells whether an adviser may be given a conversation: of a topic of theirs, and of their office, or of any
// after some time.
func (p *Plan) Fits(a *Adviser, c *Conversation, waited time.Duration) bool {
	topic := len(a.Topics) == 0
	for _, t := range a.Topics {
		topic = topic || t == c.Topic
	}
	wide := time.Duration(p.number("altra_sede_minuti", 3)) * time.Minute
	return topic && (a.Sede == c.Sede || a.Sede == "" || waited >= wide)
}

// notices are the codes of [Service] and their messages.
var notices = map[string]string{
	"closed_hours": "fuori_orario", "transferred": "trasferita", "adviser_gone": "consulente_assente", "access_ended": "accesso_finito", "long_wait": "attesa_lunga", "silent": "inattiva",
}

// Notice is a text of the service.
func (p *Plan) Notice(code, language string, words map[string]string) string {
	if next, err := time.Parse(time.RFC3339, words["next"]); err == nil {
		words = map[string]string{"prossima": "—"}
		if next.Year() > 1 { // else the next opening is not foreseen
			words["prossima"] = rome.Clock(next)
		}
	}
	return p.text(noticePrefix+notices[code], language, words)
}

func (p *Plan) text(id, language string, words map[string]string) string {
	t := p.edition.Messages.Get(id)
	if t == nil {
		return id
	}
	p.seen.Text(id)
	return strings.TrimSpace(t.Render(language, func(slot string) string { return words[slot] }))
}

// Replies are the canned replies. A placeholder without a word stays as it is written.
func (p *Plan) Replies(language string, words map[string]string) (list []Reply) {
	for _, id := range p.edition.Messages.IDs() {
		rest, ok := strings.CutPrefix(id, replyPrefix)
		if !ok {
			continue
		}
		topic, _, _ := strings.Cut(rest, ".")
		r := Reply{ID: id, Text: p.edition.Messages.Get(id).Render(language, func(slot string) string {
			if w := words[slot]; w != "" {
				return w
			}
			return "{" + slot + "}"
		})}
		if topic != anyTopic {
			r.Topic = Topic(topic)
		}
		list = append(list, r)
	}
	return list
}
