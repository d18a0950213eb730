package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// formSummary is one form in the list.
type formSummary struct {
	ID      string      `json:"id"`
	Title   string      `json:"title"`
	Current *versionRef `json:"current,omitempty"` // absent when no version is in force on the day
}

// listForms lists the forms as they are in force on a day.
func (s *server) listForms(c *call) error {
	q := readQuery(c)
	at := q.day("at", c.today())
	page := q.paging("id", "-id")
	if err := q.err(); err != nil {
		return err
	}
	out := []formSummary{}
	for _, f := range s.Decider.Edition().Forms {
		x := formSummary{ID: f.ID, Title: f.Title.In(c.lang)}
		if v := f.At(at); v != nil {
			ref := reference(&v.Version)
			x.Current = &ref
		}
		out = append(out, x)
	}
	return c.json(paged(out, page, func(f formSummary) string { return f.ID }))
}

// shownForm is all that a portal needs to show a form and to send what was filled in: a JSON Schema of the facts that
// it asks for, and what to show of them, in which order and when.
type shownForm struct {
	ID            string          `json:"id"`
	Title         string          `json:"title"`
	At            calendar.Day    `json:"at"` // the day whose law and tables these are
	Version       versionRef      `json:"version"`
	Edition       string          `json:"edition"`
	EditionDigest string          `json:"edition_digest"`
	Schema        json.RawMessage `json:"schema"`
	UI            formUI          `json:"ui"`
}

// formUI is how the form is shown.
type formUI struct {
	Steps    []uiStep    `json:"steps"`
	Derived  []uiDerived `json:"derived"`
	Counters []uiNamed   `json:"counters"`
	Rules    []uiNamed   `json:"rules"`
}

// uiStep is one page.
type uiStep struct {
	ID     string    `json:"id"`
	Title  string    `json:"title"`
	Help   string    `json:"help,omitempty"`
	Fields []uiField `json:"fields"`
}

// uiField is one field. A list comes first and the fields of its rows behind it, with `list` naming it.
type uiField struct {
	Field     string       `json:"field"`          // "richiesta.lavoratori[].qualifica", as findings name it
	List      string       `json:"list,omitempty"` // the list whose rows have it
	Pointer   string       `json:"pointer"`        // of its schema, inside `schema`
	Widget    string       `json:"widget"`
	Label     string       `json:"label"`
	Help      string       `json:"help,omitempty"`
	Unit      string       `json:"unit,omitempty"`
	Format    string       `json:"format,omitempty"` // what is expected, in words
	Options   []uiOption   `json:"options,omitempty"`
	Min       json.Number  `json:"minimum,omitempty"`
	Max       json.Number  `json:"maximum,omitempty"`
	MaxLength int          `json:"max_length,omitempty"`
	MaxItems  int          `json:"max_items,omitempty"`
	Pattern   string       `json:"pattern,omitempty"`
	Asked     *uiCondition `json:"asked_when,omitempty"`     // absent: always
	Mandatory *uiCondition `json:"mandatory_when,omitempty"` // absent: never
	Prefilled bool         `json:"prefilled"`                // the archive may know it
	Personal  bool         `json:"personal"`
	Source    string       `json:"source,omitempty"`
}

// uiOption is one choice.
type uiOption struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// uiCondition is when something holds: as the experts wrote it, as a sentence, and on which fields it rests, so
// that a portal knows after which of them to ask again.
type uiCondition struct {
	Expression string   `json:"expression"`
	Text       string   `json:"text"`
	DependsOn  []string `json:"depends_on"`
}

// uiDerived is a value that the check computes.
type uiDerived struct {
	Name  string              `json:"name"`
	Label string              `json:"label"`
	Law   []rulebook.Citation `json:"law"`
}

// uiNamed is a counter or a rule.
type uiNamed struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// showForm shows one form as it is in force on a day, in the caller's language. It is the same bytes for
// everyone for as long as the edition is, so that it may be kept.
func (s *server) showForm(c *call) error {
	q := readQuery(c)
	at := q.day("at", c.today())
	if err := q.err(); err != nil {
		return err
	}
	ed, id := s.Decider.Edition(), c.Param("form")
	form := ed.Form(id)
	if form == nil {
		return failure(c.lang, codeFormNotFound, cut(id, maxFormID))
	}
	version := form.At(at)
	if version == nil {
		return failure(c.lang, codeFormNotInForceOn, id, at)
	}
	body, err := json.Marshal(&shownForm{
		ID: form.ID, Title: form.Title.In(c.lang), At: at, Version: reference(&version.Version), Edition: ed.Name, EditionDigest: ed.Digest,
		Schema: schemaOfForm(form, version, at, c.lang), UI: uiOf(version, at, c.lang),
	})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	c.Header("Cache-Control", fmt.Sprintf("public, max-age=%d", formFresh))
	if c.unmodified(`"` + hex.EncodeToString(sum[:8]) + `"`) {
		return nil
	}
	send(c.Context, http.StatusOK, c.media, append(body, '\n'))
	return nil
}

// formFresh is for how many seconds a form may be shown without asking again: so long a new edition may
// take to be seen by a portal. What is sent is checked by the edition of that moment.
const formFresh = 300

func uiOf(v *rulebook.FormVersion, at calendar.Day, lang string) formUI {
	ui := formUI{Steps: []uiStep{}, Derived: []uiDerived{}, Counters: []uiNamed{}, Rules: []uiNamed{}}
	for i := range v.Steps {
		x := &v.Steps[i]
		step := uiStep{ID: x.ID, Title: x.Title.In(lang), Help: x.Help.In(lang), Fields: []uiField{}}
		for j := range x.Fields {
			step.Fields = append(step.Fields, uiFieldOf(&x.Fields[j], at, lang))
		}
		ui.Steps = append(ui.Steps, step)
	}
	for i := range v.Derived {
		d := &v.Derived[i]
		ui.Derived = append(ui.Derived, uiDerived{d.Name, d.Label.In(lang), slices.Concat([]rulebook.Citation{}, d.Law)})
	}
	for _, k := range v.Counters {
		ui.Counters = append(ui.Counters, uiNamed{k.ID, k.Title.In(lang)})
	}
	for _, r := range v.Rules {
		ui.Rules = append(ui.Rules, uiNamed{r.ID, r.Title.In(lang)})
	}
	return ui
}

func uiFieldOf(x *rulebook.FormField, at calendar.Day, lang string) uiField {
	f := x.Field
	out := uiField{
		Field: f.Path, Pointer: schemaPointer(f.Path), Widget: widgetOf(x), Label: x.Words(lang), Help: x.Hint(lang), Unit: string(f.Unit),
		Asked: conditionOf(x.Asked, lang), Mandatory: conditionOf(x.Mandatory, lang), Prefilled: x.Prefilled, Personal: f.Personal, Source: f.Source,
	}
	if x.List != nil {
		out.List = x.List.Path
	}
	for _, o := range choicesOf(x, at) {
		out.Options = append(out.Options, uiOption{o.Code, o.Label.In(lang)})
	}
	if format := fact.FormatOf(f.Format); format != nil {
		out.Format, out.Pattern = format.Says.In(lang), format.Pattern
	}
	if f.Min != nil {
		out.Min = json.Number(numberText(f.Min))
	}
	if f.Max != nil {
		out.Max = json.Number(numberText(f.Max))
	}
	if f.Type == fact.List || f.Type == fact.Days {
		out.MaxItems = f.MaxLen
	} else {
		out.MaxLength = f.MaxLen
	}
	return out
}

// choicesOf are the choices of a field on a day: those of its table, else of its declaration.
func choicesOf(x *rulebook.FormField, at calendar.Day) []fact.Option {
	if x.Options != nil {
		return x.Options.Choices(at)
	}
	return x.Field.Options
}

// conditionOf is nil for a condition that says nothing.
func conditionOf(k *rulebook.Condition, lang string) *uiCondition {
	if k == nil {
		return nil
	}
	out := &uiCondition{Expression: k.Source, Text: k.Sentence(lang), DependsOn: []string{}}
	for _, f := range k.Reads() {
		out.DependsOn = append(out.DependsOn, f.Path)
	}
	return out
}

// widgetOf is the kind of control that fits a field.
func widgetOf(x *rulebook.FormField) string {
	f := x.Field
	switch f.Type {
	case fact.Bool:
		return "checkbox"
	case fact.Integer, fact.Decimal:
		return "number"
	case fact.Date:
		return "date"
	case fact.Days:
		return "dates"
	case fact.List:
		return "list"
	}
	switch {
	case x.Options != nil || len(f.Options) > 0:
		return "select"
	case f.MaxLen > longLine:
		return "textarea"
	}
	return "text"
}

// longLine is how many characters fit one line of a form.
const longLine = 200
