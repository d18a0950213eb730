package api

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"omnia/archive"
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// archiveSaid is what a check over the archive answers beside the check itself.
type archiveSaid struct {
	Prefilled   []archive.Prefilled  `json:"prefilled"`
	Differences []archive.Difference `json:"differences"`
	KnownAt     string               `json:"noto_al"`
	Draft       *draftStanding       `json:"draft,omitempty"`         // of the check of a draft
	Changes     *changes             `json:"changes_since,omitempty"` // of a draft, since the check before
}

// validateUnit checks an application of a unit of the archive: what the archive knows and the person did not
// write is filled in, with its source; what was written is never changed.
func (s *server) validateUnit(c *call) error {
	at := unit{c.Param("matricola"), c.Param("progressivo")}
	g, err := s.authorize(c, "validazioni.calcola", at.matricola)
	if err != nil {
		return err
	}
	g.about("unita_produttiva " + at.progressivo)
	query := readQuery(c)
	knownAt := query.knownAt(c.now)
	if err := query.err(); err != nil {
		return err
	}
	body, err := s.body(c)
	if err != nil {
		return err
	}
	q, answer, err := s.checkForm(c.Request.Context(), c, func(ed *rulebook.Edition) (*formQuestion, error) {
		q, err := s.readFormQuestion(c, ed, body)
		if err != nil {
			return nil, err
		}
		return q, s.prefill(c.Request.Context(), c, q, at, knownAt)
	})
	if err != nil {
		return err
	}
	c.validation(q.said.tell(answer, q, c.lang), q.said)
	return nil
}

// prefill puts into the facts of a question what the archive knows of the unit.
func (s *server) prefill(ctx context.Context, c *call, q *formQuestion, at unit, knownAt time.Time) error {
	ask := archived{knownAt: c.orNow(knownAt), richiesta: q.facts}
	if day := q.facts.Get("data_riferimento"); day.IsKnown() {
		ask.day = day.Day()
	}
	k, err := s.written(ctx, at, ask, c)
	if err != nil {
		return err
	}
	reader, err := s.reader()
	if err != nil {
		return err
	}
	known, err := reader.Known(k.pos, at.progressivo, k.history, ask.first(c), archive.Ask{Day: ask.reference(c), LastTreatment: k.elsewhere(ask.before(c))})
	if err != nil {
		return err
	}
	filled, differ := reader.Prefill(q.facts, known, k.pos, k.history)
	q.at, q.said = at, &archiveSaid{Prefilled: filled, Differences: append([]archive.Difference{}, differ...), KnownAt: instantText(ask.knownAt)}
	return nil
}

// first is the first day requested, else the reference day.
func (a archived) first(c *call) calendar.Day {
	if day := a.richiesta.Get("richiesta.dal"); day.IsKnown() {
		return day.Day()
	}
	return a.reference(c)
}

// written reads the company, its last treatment and the history of one unit, each with its version.
func (s *server) written(ctx context.Context, at unit, ask archived, c *call) (*kase, error) {
	pos, err := s.posizione(ctx, c, at.matricola, ask.knownAt)
	if err != nil {
		return nil, err
	}
	if err := pos.Open(); err != nil {
		return nil, err
	}
	k := &kase{at: at, pos: pos}
	last, ok, err := s.Archive.LastTreatment(ctx, pos.CodiceFiscale, ask.before(c), ask.knownAt)
	if err != nil {
		return nil, err
	}
	if ok {
		k.last = &last
	}
	k.history, err = s.Archive.History(ctx, at.matricola, at.progressivo, ask.knownAt)
	return k, err
}

// tell is the answer with a finding for each difference. They are warnings: the outcome is that of the rules.
func (a *archiveSaid) tell(answer *engine.Validation, q *formQuestion, lang string) *engine.Validation {
	out := *answer
	out.Findings = append([]engine.Finding{}, answer.Findings...)
	var unwritten []archive.Difference
	for i := range a.Differences {
		if d := &a.Differences[i]; d.Written == nil {
			unwritten = append(unwritten, *d)
		} else {
			out.Findings = append(out.Findings, differs(q.edition, d, lang))
		}
	}
	if len(unwritten) > 0 {
		out.Findings = append(out.Findings, notWritten(q.edition, unwritten, lang))
	}
	return &out
}

// codeDiffers is the code of what was written otherwise than the archive has it.
const codeDiffers = "differs_from_archive"

func finding(ed *rulebook.Edition, field, message string) engine.Finding {
	return engine.Finding{
		Rule: engine.Declaration(ed, field), Severity: "warning", Fields: []string{field}, Code: codeDiffers, Message: message, Law: []rulebook.Citation{},
	}
}

// differs is the finding about one value. A list is not repeated in words, nor is a personal value: both are in
// `differences`, and words reach logs.
func differs(ed *rulebook.Edition, d *archive.Difference, lang string) engine.Finding {
	if d.Known == nil {
		return finding(ed, d.Field, filled(unknownMeasure.In(lang), []any{plainWord(d.Written)}))
	}
	label, source := d.Label(lang), sourceWords(d.Source, lang)
	if !d.Quotable() {
		return finding(ed, d.Field, filled(differentUnsaid.In(lang), []any{label, source}))
	}
	written, known := d.Words(lang)
	f := finding(ed, d.Field, filled(different.In(lang), []any{label, written, known, source}))
	f.Suggestion = &engine.Suggestion{Field: d.Field, Value: engine.Scalar(d.Known), Text: filled(takeKnown.In(lang), []any{known})}
	return f
}

// notWritten is the finding about measures of the archive that the written history does not have.
func notWritten(ed *rulebook.Edition, all []archive.Difference, lang string) engine.Finding {
	const most = 20
	var numbers []string
	for i := range all {
		if i == most {
			numbers = append(numbers, "…")
			break
		}
		numbers = append(numbers, plainWord(all[i].Known))
	}
	return finding(ed, all[0].Field, filled(unwrittenMeasures.In(lang), []any{len(all), strings.Join(numbers, ", ")}))
}

// plainWord is a JSON text as people read it.
func plainWord(text json.RawMessage) string {
	var s string
	if json.Unmarshal(text, &s) != nil {
		return string(text)
	}
	return s
}

func sourceWords(s archive.Source, lang string) string {
	switch s.Kind {
	case archive.FromPosizione:
		return filled(sourceCompany.In(lang), []any{s.Version})
	case archive.FromProvvedimento:
		return filled(sourceMeasure.In(lang), []any{s.Numero, s.Version})
	}
	return sourceOther.In(lang)
}

var (
	different         = texts("%s: è scritto «%s», in archivio risulta «%s» (%s).", "%s: “%s” is written, the archive has “%s” (%s).", "%s: Angegeben ist „%s“, im Archiv steht „%s“ (%s).")
	differentUnsaid   = texts("%s: ciò che è scritto non è ciò che risulta in archivio (%s).", "%s: what is written is not what the archive has (%s).", "%s: Die Angabe entspricht nicht dem Archiv (%s).")
	takeKnown         = texts("Scrivere %s, come in archivio.", "Write %s, as in the archive.", "%s angeben, wie im Archiv.")
	unknownMeasure    = texts("L’archivio non ha, per questa unità, un provvedimento di numero %s.", "The archive has no measure of number %s for this unit.", "Das Archiv hat für diese Einheit keinen Bescheid mit der Nummer %s.")
	unwrittenMeasures = texts("Provvedimenti che l’archivio ha e che non sono scritti: %d (%s).", "Measures that the archive has and that are not written: %d (%s).", "Bescheide, die das Archiv hat und die nicht angegeben sind: %d (%s).")
	sourceCompany     = texts("posizione aziendale, versione %d", "company record, version %d", "Unternehmensakte, Version %d")
	sourceMeasure     = texts("provvedimento %s, versione %d", "measure %s, version %d", "Bescheid %s, Version %d")
	sourceOther       = texts("trattamenti dell’azienda", "treatments of the company", "Leistungen des Unternehmens")
)

// readDraftFacts reads the facts of a draft with the vocabulary in use. A key that is no fact any more since
// the draft was written is passed over.
func readDraftFacts(ed *rulebook.Edition, facts []byte, lang string) (*fact.Facts, error) {
	return fact.Decode(ed.Vocabulary, facts, fact.Options{Language: lang, Lenient: true, Stored: true})
}
