package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"omnia/engine"
	"omnia/engine/quantity"
	"omnia/ledger"
)

// The forms of an outcome. The name is its first member; a change of the form is a further version, and the
// old ones stay readable.
const (
	SchemaCounters = "counters/v1"
	SchemaValidate = "validate/v1"
)

// CountersOutcome is what the record keeps of an answer about counters: all that was found, and no
// words. Quantities are exact, in the unit of their counter. personal are the personal values of the facts as they
// are kept beside the receipt. counters/v1 has these members in this order; those without a value are left out:
//
//	schema            "counters/v1"
//	answer            digest of the bytes of the whole answer; see below
//	data_riferimento
//	items[]           id, verdict, unit, window {from, to}, limit, counted, residual, authorised, used, requested,
//	                  total, rate (percent), grantable {from, to, amount}, earliest_start, earliest_full_start,
//	                  by_causale[] {causale, limit, counted, residual}, releases, periods, missing[], failure
//	warnings[]        pointer, code
//
// releases are runs [first day, amount]; behind it may stand the days between two, and how many there are; behind these the days
// between two such runs, and how many there are. periods are runs [code, counted],
// or [code, counted, times], in the order of the answer; counted is null where it is unknown. [Expand] writes both out.
//
// The digest is taken of the answer as it was sent, but with an empty header: id and instant are of this one call, and the
// edition and the digest of the facts are bound by the receipt. Personal values may be quoted in its words, and a bare hash of words that are nearly known
// gives the rest away: so the salts of the personal values are hashed along, and the digest can be checked for
// as long as they are there, and by nobody afterwards.
func CountersOutcome(a *engine.Counters, personal []ledger.Personal) []byte {
	return headlessly(a.AppendHeadless, func(headless []byte) []byte { return CountersOutcomeOf(a, headless, personal) })
}

// CountersOutcomeOf is [CountersOutcome] of an answer that is written already, by [engine.Counters.AppendHeadless].
func CountersOutcomeOf(a *engine.Counters, headless []byte, personal []ledger.Personal) []byte {
	b := writer(make([]byte, 0, 2048)).open().text("schema", SchemaCounters)
	b = b.text("answer", digestOf(personal, headless)).text("data_riferimento", a.DataRiferimento)
	b = array(b, "items", a.Items, writer.item)
	return array(b, "warnings", a.Warnings, writer.warning).close()
}

// ValidationOutcome is what the record keeps of the check of a form, in the same way as [CountersOutcome].
// validate/v1 has these members in this order; those without a value are left out:
//
//	schema       "validate/v1"
//	answer       digest of the bytes of the whole answer
//	outcome
//	findings[]   rule, version, severity, fields[], code, suggestion {field, value}
//	missing[]    fields, in the order in which they are asked for
//	derived      values by name
//	counters[]   id, verdict, unit, residual
//	allowed[]    field, min, max, options[]
func ValidationOutcome(a *engine.Validation, personal []ledger.Personal) []byte {
	return headlessly(a.AppendHeadless, func(headless []byte) []byte { return ValidationOutcomeOf(a, headless, personal) })
}

// ValidationOutcomeOf is [ValidationOutcome] of an answer that is written already, by [engine.Validation.AppendHeadless].
func ValidationOutcomeOf(a *engine.Validation, headless []byte, personal []ledger.Personal) []byte {
	b := writer(make([]byte, 0, 1024)).open().text("schema", SchemaValidate)
	b = b.text("answer", digestOf(personal, headless)).text("outcome", a.Outcome)
	b = array(b, "findings", a.Findings, writer.finding)
	b = array(b, "missing", a.Missing, func(b writer, m *engine.Missing) writer { return b.string(m.Field) })
	if len(a.Derived) > 0 {
		b = b.key("derived").open()
		for i := range a.Derived {
			b = append(b.key(a.Derived[i].Name), a.Derived[i].Value...)
		}
		b = b.close()
	}
	b = array(b, "counters", a.Counters, writer.state)
	return array(b, "allowed", a.Allowed, writer.bound).close()
}

// headlessly writes an answer for which nobody else has a use.
func headlessly(write func([]byte) []byte, do func(headless []byte) []byte) []byte {
	room := rooms.Get().(*[]byte)
	defer rooms.Put(room)
	*room = write((*room)[:0])
	return do(*room)
}

// rooms lends out the room in which answers are written only to be hashed.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// digestOf is the digest of an answer behind the salts of the personal values of its facts.
func digestOf(personal []ledger.Personal, answer []byte) string {
	sum := sha256.New()
	sum.Write(appendSalts(nil, personal))
	sum.Write(answer)
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// appendSalts writes the salts by path, each on its line. The actor is no fact.
func appendSalts(dst []byte, personal []ledger.Personal) []byte {
	if !slices.IsSortedFunc(personal, byPath) {
		personal = slices.SortedFunc(slices.Values(personal), byPath)
	}
	for i := range personal {
		if p := &personal[i]; p.Path != ledger.PathActor {
			dst = append(append(dst, p.Salt...), '\n')
		}
	}
	return dst
}

func byPath(a, b ledger.Personal) int { return strings.Compare(a.Path, b.Path) }

func (b writer) item(it *engine.Item) writer {
	b = b.open().text("id", it.ID).text("verdict", it.Verdict).text("unit", unitOf(it))
	if it.Window != nil {
		b = b.key("window").open().day("from", &it.Window.From).day("to", &it.Window.To).close()
	}
	b = b.amount("limit", it.Limit).amount("counted", it.Counted).amount("residual", it.Residual)
	b = b.amount("authorised", it.Authorised).amount("used", it.Used)
	b = b.amount("requested", it.Requested).amount("total", it.Total).amount("rate", it.Rate)
	if g := it.Grantable; g != nil {
		b = b.key("grantable").open().day("from", g.From).day("to", g.To).amount("amount", &g.Amount).close()
	}
	b = b.day("earliest_start", it.EarliestStart).day("earliest_full_start", it.EarliestFullStart)
	b = array(b, "by_causale", it.ByCausale, writer.breakdown)
	b = b.releases(it.Releases).periods(it.Periods)
	b = array(b, "missing", it.Missing, func(b writer, s *string) writer { return b.string(*s) })
	if it.Failure != nil {
		b = b.text("failure", it.Failure.Code)
	}
	return b.close()
}

// unitOf is the unit of the amounts of an item, "" when it has none; the rate is always percent.
func unitOf(it *engine.Item) string {
	if it.Counted != nil { // nearly always
		return string(it.Counted.Unit)
	}
	for _, q := range [...]*quantity.Quantity{it.Limit, it.Residual, it.Authorised, it.Used, it.Requested, it.Total} {
		if q != nil {
			return string(q.Unit)
		}
	}
	for i := range it.ByCausale {
		if q := it.ByCausale[i].Limit; q != nil {
			return string(q.Unit)
		}
	}
	return ""
}

func (b writer) breakdown(x *engine.Breakdown) writer {
	return b.open().text("causale", x.Causale).amount("limit", x.Limit).amount("counted", x.Counted).amount("residual", x.Residual).close()
}

func (b writer) warning(w *engine.Warning) writer {
	return b.open().text("pointer", w.Pointer).text("code", w.Code).close()
}

func (b writer) finding(f *engine.Finding) writer {
	b = b.open().text("rule", f.Rule.ID).number("version", f.Rule.Version).text("severity", f.Severity)
	b = array(b, "fields", f.Fields, func(b writer, s *string) writer { return b.string(*s) }).text("code", f.Code)
	if s := f.Suggestion; s != nil {
		b = b.key("suggestion").open().text("field", s.Field)
		b = writer(append(b.key("value"), s.Value...)).close()
	}
	return b.close()
}

func (b writer) state(s *engine.CounterState) writer {
	b = b.open().text("id", s.ID).text("verdict", s.Verdict)
	if s.Residual != nil {
		b = b.text("unit", string(s.Residual.Unit)).amount("residual", s.Residual)
	}
	return b.close()
}

func (b writer) bound(a *engine.Allowed) writer {
	b = b.open().text("field", a.Field)
	if len(a.Min) > 0 {
		b = append(b.key("min"), a.Min...)
	}
	if len(a.Max) > 0 {
		b = append(b.key("max"), a.Max...)
	}
	return array(b, "options", a.Options, func(b writer, s *string) writer { return b.string(*s) }).close()
}
