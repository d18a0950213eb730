package quantity

import (
	"strconv"
	"strings"
)

// Unit is what a quantity counts.
type Unit string

// The units of the contract. None is a plain number.
const (
	None    Unit = ""
	Days    Unit = "day"
	Weeks   Unit = "week"
	Months  Unit = "month"
	Hours   Unit = "hour"
	Euro    Unit = "euro"
	Percent Unit = "percent"
)

// Units lists every unit an author may write.
var Units = []Unit{Days, Weeks, Months, Hours, Euro, Percent}

// MonthInWeeks is 13/3: weeks of one month (law.md section 9, default 4). It is here only
// to word a fraction of a month; counters take their own factor from the rules.
var MonthInWeeks = Frac(13, 3)

// Quantity is an exact number with its unit, and the words for it.
type Quantity struct {
	Value Rat
	Unit  Unit
	Text  string
}

// AppendJSON adds the shape of the contract to dst: exact text first, the number for display, unit, text.
func (q *Quantity) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"exact":"`...)
	dst = q.Value.appendExact(dst)
	dst = append(dst, `","value":`...)
	dst = q.Value.appendDisplay(dst)
	dst = append(dst, `,"unit":"`...)
	dst = append(dst, q.Unit...)
	dst = append(dst, `","text":"`...)
	dst = append(dst, q.Text...) // words of this package: nothing in them needs escaping
	return append(dst, `"}`...)
}

// MarshalJSON writes the shape of the contract; see [Quantity.AppendJSON].
func (q Quantity) MarshalJSON() ([]byte, error) {
	return q.AppendJSON(make([]byte, 0, 80+len(q.Text))), nil
}

// Languages are those people are answered in; the first is the default.
var Languages = []string{"it", "en", "de"}

type words struct {
	one, many map[Unit]string
	and       string
	comma     string // decimal mark
	dot       string // thousands mark
}

var vocabulary = map[string]words{
	"it": {
		one:  map[Unit]string{workday: "giorno lavorativo", Days: "giorno", Weeks: "settimana", Months: "mese", Hours: "ora", Euro: "euro"},
		many: map[Unit]string{workday: "giorni lavorativi", Days: "giorni", Weeks: "settimane", Months: "mesi", Hours: "ore", Euro: "euro"},
		and:  "e", comma: ",", dot: ".",
	},
	"en": {
		one:  map[Unit]string{workday: "working day", Days: "day", Weeks: "week", Months: "month", Hours: "hour", Euro: "euro"},
		many: map[Unit]string{workday: "working days", Days: "days", Weeks: "weeks", Months: "months", Hours: "hours", Euro: "euros"},
		and:  "and", comma: ".", dot: ",",
	},
	"de": {
		one:  map[Unit]string{workday: "Arbeitstag", Days: "Tag", Weeks: "Woche", Months: "Monat", Hours: "Stunde", Euro: "Euro"},
		many: map[Unit]string{workday: "Arbeitstage", Days: "Tage", Weeks: "Wochen", Months: "Monate", Hours: "Stunden", Euro: "Euro"},
		and:  "und", comma: ",", dot: ".",
	},
}

// Of is a quantity with its words in lang ("it", "en" or "de"; anything else is Italian).
//
// Weeks are worded in weeks and days of a unit that works daysPerWeek days (0 when not known);
// months in months and weeks (13/3 to a month) or thirtieths. What can't be said exactly is
// rounded half up to two decimals, in the words only: Value stays exact.
func Of(v Rat, u Unit, daysPerWeek int64, lang string) Quantity {
	return Quantity{Value: v, Unit: u, Text: word(v, u, daysPerWeek, lang)}
}

func word(v Rat, u Unit, perWeek int64, lang string) string {
	w, ok := vocabulary[lang]
	if !ok {
		w = vocabulary[Languages[0]]
	}
	if u == Percent {
		return w.number(v) + "%"
	}
	if _, whole := v.Int64(); !whole && v.Sign() > 0 {
		switch u {
		case Weeks:
			if perWeek > 0 {
				if s, ok := w.parts(v, Weeks, Int(perWeek), Days); ok {
					return s
				}
			}
		case Months:
			if s, ok := w.parts(v, Months, MonthInWeeks, Weeks); ok {
				return s
			}
			if s, ok := w.parts(v, Months, Int(30), Days); ok {
				return s
			}
			if s, ok := w.workdays(v, perWeek); ok {
				return s
			}
		}
	}
	return w.count(v, u)
}

// parts says v as whole units and a rest in a smaller unit, when the rest is whole there.
func (w words) parts(v Rat, u Unit, per Rat, small Unit) (string, bool) {
	n, ok := v.Floor()
	if !ok {
		return "", false
	}
	rest, ok := v.Sub(Int(n)).Mul(per).Int64()
	if !ok {
		return "", false
	}
	if n == 0 {
		return w.count(Int(rest), small), true
	}
	return w.count(Int(n), u) + " " + w.and + " " + w.count(Int(rest), small), true
}

// workdays says months as months, weeks and working days, when the rest is whole days.
func (w words) workdays(v Rat, perWeek int64) (string, bool) {
	if perWeek <= 0 {
		return "", false
	}
	n, _ := v.Floor()
	rest, ok := v.Sub(Int(n)).Mul(MonthInWeeks).Mul(Int(perWeek)).Int64()
	if !ok {
		return "", false
	}
	said := make([]string, 0, 3)
	if n > 0 {
		said = append(said, w.count(Int(n), Months))
	}
	if weeks := rest / perWeek; weeks > 0 {
		said = append(said, w.count(Int(weeks), Weeks))
	}
	said = append(said, w.count(Int(rest%perWeek), workday))
	last := len(said) - 1
	if last == 0 {
		return said[0], true
	}
	return strings.Join(said[:last], ", ") + " " + w.and + " " + said[last], true
}

// workday is the name of a day the unit works, in words only.
const workday Unit = "workday"

func (w words) count(v Rat, u Unit) string {
	name := w.many[u]
	if v.Equal(Int(1)) {
		name = w.one[u]
	}
	n := w.number(v)
	if u == Euro {
		n = w.cents(n)
	}
	return strings.TrimSpace(n + " " + name)
}

// cents completes an amount of money that has only tenths.
func (w words) cents(n string) string {
	if i := strings.LastIndex(n, w.comma); i >= 0 && len(n)-i-len(w.comma) == 1 {
		return n + "0"
	}
	return n
}

// number writes v with the marks of the language, rounded half up to two decimals.
func (w words) number(v Rat) string {
	if n, ok := v.Int64(); ok && 0 <= n && n < 1000 { // most are, and need no marks
		return strconv.FormatInt(n, 10)
	}
	whole, frac, _ := strings.Cut(v.Decimal(2), ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + w.dot + whole[i:]
	}
	if frac != "" {
		whole += w.comma + frac
	}
	return sign + whole
}
