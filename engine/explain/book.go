package explain

import (
	"strings"
	"sync"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// Book is the words of one edition, made ready: sentences cut at their slots, the one that
// applies to each variant of each counter already chosen, every citation written out. It is
// immutable and safe to share; make it once per edition.
type Book struct {
	languages  map[string]*language
	presumed   map[*rulebook.Counter][]*rulebook.Presumption // those a counter may rest on
	exceptions map[string]*rulebook.Exception
	excess     map[*rulebook.Parameter]bool // those that only say what happens to an excess
	writers    sync.Pool                    // of *Writer
}

// NewBook prepares the words of an edition.
func NewBook(ed *rulebook.Edition) *Book {
	b := &Book{
		languages: map[string]*language{}, presumed: map[*rulebook.Counter][]*rulebook.Presumption{},
		exceptions: map[string]*rulebook.Exception{}, excess: map[*rulebook.Parameter]bool{},
	}
	for _, x := range ed.Exceptions {
		b.exceptions[x.ID] = x
	}
	for _, lang := range quantity.Languages {
		b.languages[lang] = newLanguage(ed, lang)
	}
	for _, k := range ed.Counters {
		b.presumed[k] = presumptionsOf(ed, k)
		b.noteExcess(k)
	}
	return b
}

// noteExcess keeps the parameters that say what happens to a request that does not fit: nothing
// rests on them when it fits.
func (b *Book) noteExcess(k *rulebook.Counter) {
	for i := range k.Versions {
		for j := range k.Versions[i].Variants {
			for _, how := range k.Versions[i].Variants[j].Judge {
				if how.Excess == nil {
					continue
				}
				for _, p := range how.Excess.Params() {
					b.excess[p] = true
				}
			}
		}
	}
}

// language is a book in one language.
type language struct {
	lang       string
	common     *set // the sentences as they are for every counter
	sets       map[*rulebook.Variant]*set
	bare       map[*rulebook.Counter]*set // of a counter none of whose variants was chosen
	cites      map[*rulebook.Citation]string
	exceptions map[string][]cited
	variants   map[*rulebook.Variant]string // names for the breakdown
}

// cited is a version of an exception as people read it: its label, title and law.
type cited struct {
	days calendar.Span
	text string
}

// set is the sentences that hold for one variant of one counter.
type set [msgCount]*text

// text is a sentence cut at its slots.
type text struct {
	pieces []piece
	needs  slots
}

// piece is plain text, or the slot when plain is empty.
type piece struct {
	plain string
	slot  slot
}

func newLanguage(ed *rulebook.Edition, lang string) *language {
	l := &language{
		lang: lang, sets: map[*rulebook.Variant]*set{}, bare: map[*rulebook.Counter]*set{},
		cites: map[*rulebook.Citation]string{}, exceptions: map[string][]cited{}, variants: map[*rulebook.Variant]string{},
	}
	cut := map[*rulebook.Template]*text{}
	common := newSet(ed, lang, nil, cut)
	for _, k := range ed.Counters {
		l.bare[k] = newSet(ed, lang, targets(k, &k.Versions[0], nil), cut)
		for i := range k.Versions {
			l.addVersion(ed, k, &k.Versions[i], cut)
		}
	}
	l.common = common
	l.addCitations(ed, common)
	return l
}

func (l *language) addVersion(ed *rulebook.Edition, k *rulebook.Counter, v *rulebook.CounterVersion, cut map[*rulebook.Template]*text) {
	for i := range v.Variants {
		x := &v.Variants[i]
		l.sets[x] = newSet(ed, l.lang, targets(k, v, x), cut)
		l.variants[x] = variantName(ed, x, l.lang)
	}
}

// targets are what a sentence may be written for beside the general one, most special first:
// the variant, the counter, the form of its window.
func targets(k *rulebook.Counter, v *rulebook.CounterVersion, x *rulebook.Variant) []string {
	if x == nil && len(v.Variants) > 0 {
		return []string{k.ID, formOf(k, v, &v.Variants[0])}
	}
	if x == nil {
		return []string{k.ID}
	}
	return []string{k.ID + "." + x.ID, k.ID, formOf(k, v, x)}
}

// The forms of counters that a sentence may be written for, beside the kinds of window.
const (
	formRate  = "aliquota"
	formHours = "ore"
)

func formOf(k *rulebook.Counter, v *rulebook.CounterVersion, x *rulebook.Variant) string {
	switch {
	case v.Rate != nil:
		return formRate
	case k.Unit == quantity.Hours && x.Window.Kind == rulebook.WindowWeeks:
		return formHours
	}
	return string(x.Window.Kind)
}

// newSet chooses the sentence for each msg.
func newSet(ed *rulebook.Edition, lang string, targets []string, cut map[*rulebook.Template]*text) *set {
	out := &set{}
	for i := range messages {
		id := messages[i].id
		t := ed.Messages.Get(id)
		for j := len(targets) - 1; j >= 0; j-- {
			if special := ed.Messages.Get(id + "@" + targets[j]); special != nil {
				t = special
			}
		}
		out[i] = cutText(t, id, lang, cut)
	}
	return out
}

func cutText(t *rulebook.Template, id, lang string, cut map[*rulebook.Template]*text) *text {
	if t == nil {
		return &text{pieces: []piece{{plain: "‹messaggio mancante: " + id + "›"}}}
	}
	if done := cut[t]; done != nil {
		return done
	}
	out := &text{}
	t.Each(lang,
		func(plain string) { out.pieces = append(out.pieces, piece{plain: plain}) },
		func(name string) {
			s, ok := slotByName[name]
			if !ok {
				out.pieces = append(out.pieces, piece{plain: missingValue(name)})
				return
			}
			out.pieces = append(out.pieces, piece{slot: s})
			out.needs = out.needs.with(of(s))
		})
	cut[t] = out
	return out
}

// missingValue is what is read where the trace holds no value: never nothing.
func missingValue(name string) string { return "‹valore mancante: " + name + "›" }

// write adds the sentence to dst.
func (t *text) write(dst []byte, v *values) []byte {
	for i := range t.pieces {
		p := &t.pieces[i]
		switch {
		case p.plain != "":
			dst = append(dst, p.plain...)
		case v[p.slot] == "":
			dst = append(dst, missingValue(slotNames[p.slot])...)
		default:
			dst = append(dst, v[p.slot]...)
		}
	}
	return dst
}

// variantName is the title of a variant; without one, the label of the causale of that name.
func variantName(ed *rulebook.Edition, x *rulebook.Variant, lang string) string {
	if title := x.Title.In(lang); title != "" {
		return title
	}
	if row := ed.Vocabulary.Groups["periodo"]; row != nil {
		if f := row.Field("causale"); f != nil {
			for _, o := range f.Options {
				if o.Code == x.ID {
					return o.Label.In(lang)
				}
			}
		}
	}
	return x.ID
}

// presumptionsOf lists the presumptions of facts that a counter, or an exception to it, reads.
func presumptionsOf(ed *rulebook.Edition, k *rulebook.Counter) (out []*rulebook.Presumption) {
	reads := readsOf(ed, k)
	for _, p := range ed.Presumed {
		name := p.Target.Name
		if reads[name] || reads[strings.TrimPrefix(name, "richiesta.")] {
			out = append(out, p)
		}
	}
	return out
}

// readsOf is the names of the facts on which a counter may rest. A condition over a row reads the
// request by the same names, since the request is seen as a row.
func readsOf(ed *rulebook.Edition, k *rulebook.Counter) map[string]bool {
	reads := map[string]bool{}
	note := func(c *rulebook.Condition) {
		for _, f := range c.Reads() {
			reads[f.Name] = true
		}
	}
	norms := map[string]bool{}
	for i := range k.Versions {
		v := &k.Versions[i]
		noteVersion(v, note)
		for _, n := range v.Norms {
			norms[n] = true
		}
		for j := range v.Variants {
			if p := v.Variants[j].Pause; p != nil {
				for _, n := range p.Norms {
					norms[n] = true
				}
			}
		}
	}
	for _, x := range ed.Exceptions {
		for i := range x.Versions {
			noteException(&x.Versions[i], norms, note)
		}
	}
	return reads
}

func noteVersion(v *rulebook.CounterVersion, note func(*rulebook.Condition)) {
	note(v.AppliesWhen)
	note(v.AsksWhen)
	note(v.Requests)
	for i := range v.Lines {
		note(v.Lines[i].When)
		note(v.Lines[i].WholeWeeksWhen)
	}
	for i := range v.Variants {
		x := &v.Variants[i]
		note(x.When)
		for j := range x.Limit {
			note(x.Limit[j].When)
		}
		for j := range x.Judge {
			note(x.Judge[j].When)
		}
		if x.Pause != nil {
			note(x.Pause.IdleWhen)
		}
	}
	if v.Rate != nil {
		for i := range v.Rate.Schedules {
			note(v.Rate.Schedules[i].When)
		}
	}
}

func noteException(v *rulebook.ExceptionVersion, norms map[string]bool, note func(*rulebook.Condition)) {
	for i := range v.Derogates {
		for n := range norms {
			if v.Derogates[i].Waives(n) {
				note(v.When)
				note(v.Derogates[i].When)
				break
			}
		}
	}
}
