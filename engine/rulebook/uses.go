package rulebook

import "omnia/engine/calendar"

// Uses notes which versions a decision rests on while it is taken: of each the earliest day of the case whose
// law it was, by what that day was chosen, and what came of it. Noting costs a few instructions; two
// notes of one version are one. It is used by one goroutine.
type Uses struct {
	// Sort is how the day in hand was chosen, for what says nothing else of it: see the By constants.
	Sort     DaySort
	list     []Use    // by the place of the version in Edition.Items, plus one; the first is of versions in no edition
	holidays *Version // the list of public holidays; nil: there is none
}

// Use is one version that was used; of no meaning while State is NotUsed.
type Use struct {
	Day   calendar.Day
	Sort  DaySort
	State UseState
}

// DaySort is by what the day was chosen whose law holds.
type DaySort uint8

// The sorts of days.
const (
	ByAnyDay    DaySort = iota // the day under whose law something was read; what it is to the case follows from it
	ByCase                     // no day: it holds for the case as a whole
	ByRefDay                   // data_riferimento
	ByFirstDay                 // the first day requested
	ByEachDay                  // one of the days requested
	ByFilingDay                // the day of filing
	ByPeriodDay                // a day of a period of the history, or the first day of another row
	ByTriedDay                 // a day on which the request was tried for a start that fits
	ByNearest                  // none was in force on the day; this is the one closest to it
)

// UseState is what came of a version, the stronger ones last: of several uses the strongest is kept.
type UseState uint8

// The states.
const (
	NotUsed    UseState = iota
	UseIdle             // none was in force: it is named, and decided nothing
	UseFalse            // its condition did not hold
	UseUnknown          // its condition could not be decided
	UseApplied          // it was read, consulted or reckoned with
	UseTrue             // its condition held
	UseFailed           // it could not be evaluated
	useStateEnd
)

var useStates = [useStateEnd]string{
	NotUsed: "", UseIdle: "not_in_force", UseFalse: "false", UseUnknown: "unknown", UseApplied: "applied", UseTrue: "true", UseFailed: "failed",
}

// String is the stable word for it, as receipts keep it.
func (s UseState) String() string { return useStates[s] }

// StateOf is what the truth of a condition makes of the version it belongs to.
func StateOf(t Tri) UseState {
	return [...]UseState{False: UseFalse, True: UseTrue, Unknown: UseUnknown, Failed: UseFailed}[t]
}

// NewUses is an empty list for decisions under the edition.
func NewUses(ed *Edition) *Uses {
	u := &Uses{list: make([]Use, len(ed.Items)+1)}
	for i := range ed.Items {
		if it := &ed.Items[i]; it.Kind == "table" && ed.Tables[it.ID] == nil {
			u.holidays = it.Version
		}
	}
	return u
}

// Reset forgets what was noted.
func (u *Uses) Reset() {
	clear(u.list)
}

// Note notes a version under the law of a day; a nil u notes nothing.
func (u *Uses) Note(v *Version, day calendar.Day, sort DaySort, s UseState) {
	if u == nil {
		return
	}
	if x := &u.list[v.filed]; x.State < s || day < x.Day || day == x.Day && sort != x.Sort { // nearly all were noted before
		x.put(Use{day, sort, s})
	}
}

// put joins a use to those before. Of the sorts of one day, one that is told wins over one that would have to be found.
func (x *Use) put(y Use) {
	switch {
	case x.State == NotUsed:
		*x = y
		return
	case y.Day < x.Day:
		x.Day, x.Sort = y.Day, y.Sort
	case y.Day == x.Day && y.Sort != ByAnyDay && (x.Sort == ByAnyDay || y.Sort < x.Sort):
		x.Sort = y.Sort
	}
	x.State = max(x.State, y.State)
}

// All are the uses in the order of Edition.Items; those of versions that were not used are NotUsed. The list
// is good until Reset.
func (u *Uses) All() []Use { return u.list[1:] }

// read notes a version that is read under the law of the day in hand.
func (e *Env) read(v *Version) {
	if e.Uses != nil {
		e.Uses.Note(v, e.Day, ByAnyDay, UseApplied)
	}
}
