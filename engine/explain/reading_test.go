package explain_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/explain"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

const madeUpCases = 150

// everySentence calls yield for every text that people read about made-up cases.
func everySentence(t *testing.T, lang string, yield func(k *kase, r *counter.Result, said string)) {
	t.Helper()
	book, random := explain.NewBook(edition(t)), rand.New(rand.NewPCG(7, 7))
	for range madeUpCases {
		k := decide(t, madeUp(random), nil)
		k.lang = lang
		w := book.Writer(lang, k.facts.Get("unita_produttiva.giorni_settimana").Num)
		for _, r := range k.results {
			for _, depth := range []string{"short", "normal", "full"} {
				for _, said := range w.Counter(r, k, depth) {
					yield(k, r, said)
				}
			}
			for _, p := range r.Periods {
				yield(k, r, w.Reason(r, p, k))
			}
		}
	}
}

func TestEverySentenceIsWhole(t *testing.T) {
	t.Parallel()
	for _, lang := range quantity.Languages {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			everySentence(t, lang, func(_ *kase, r *counter.Result, said string) {
				for _, bad := range []string{"‹", "›", "{", "}", "  ", "()", "( ", " )", " .", "..", " ,", ": .", "<nil>"} {
					if strings.Contains(said, bad) {
						t.Fatalf("%s (%s): %q is in %q", r.Counter.ID, r.Verdict, bad, said)
					}
				}
				if !strings.HasSuffix(said, ".") {
					t.Fatalf("%s (%s): %q does not end", r.Counter.ID, r.Verdict, said)
				}
			})
		})
	}
}

// mostWords is how long an Italian sentence may be. Citations count as one word.
const mostWords = 60

var (
	inBrackets  = regexp.MustCompile(`\([^()]*\)`)
	endOfPhrase = regexp.MustCompile(`\. +\p{Lu}|\.$`)
)

func TestItalianSentencesAreShort(t *testing.T) {
	t.Parallel()
	everySentence(t, "it", func(_ *kase, r *counter.Result, said string) {
		plain := inBrackets.ReplaceAllString(inBrackets.ReplaceAllString(said, ""), "")
		for _, sentence := range endOfPhrase.Split(plain, -1) {
			if n := len(strings.Fields(sentence)); n > mostWords {
				t.Fatalf("%s (%s): a sentence of %d words: %q", r.Counter.ID, r.Verdict, n, sentence)
			}
		}
	})
}

var (
	amounts = regexp.MustCompile(`\d[\d.,]* (?:settiman[ae]|mes[ei]|or[ae]|giorn[oi](?: lavorativ[oi])?)(?:(?:, | e )\d+ (?:settiman[ae]|mes[ei]|giorn[oi](?: lavorativ[oi])?))*|\d[\d.,]*%`)
	dates   = regexp.MustCompile(`\d{2}-\d{2}-\d{4}`)
)

// TestNumbersAreThoseOfTheResult takes every amount and every day that is said and looks for it
// in the result or in the facts.
func TestNumbersAreThoseOfTheResult(t *testing.T) {
	t.Parallel()
	written := writtenTexts(edition(t))
	known, of := map[string]bool{}, (*counter.Result)(nil)
	everySentence(t, "it", func(k *kase, r *counter.Result, said string) {
		if r != of {
			known, of = numbersOf(k, r), r
		}
		plain := written.Replace(said)
		for _, found := range append(amounts.FindAllString(plain, -1), dates.FindAllString(plain, -1)...) {
			if !known[found] {
				t.Fatalf("%s (%s): %q is in no part of the result: %q", r.Counter.ID, r.Verdict, found, said)
			}
		}
	})
}

// writtenTexts takes out the titles and notes of the rules, which have numbers of their own.
func writtenTexts(ed *rulebook.Edition) *strings.Replacer {
	var pairs []string
	for i := range ed.Items {
		it := &ed.Items[i]
		pairs = append(pairs, it.Title.In("it"), "")
		if note := strings.TrimRight(it.Version.Note, "."); note != "" {
			pairs = append(pairs, note, "")
		}
	}
	return strings.NewReplacer(pairs...)
}

// numbersOf is every amount and day of a result, as people read them.
func numbersOf(k *kase, r *counter.Result) map[string]bool {
	known := map[string]bool{}
	perWeek := k.facts.Get("unita_produttiva.giorni_settimana").Num
	add := func(v quantity.Rat, u quantity.Unit) { known[quantity.Of(v, u, perWeek, "it").Text] = true }
	day := func(d calendar.Day) { known[d.In("it")] = true }
	span := func(s calendar.Span) { day(s.From); day(s.To) }
	u := r.Counter.Unit
	for _, v := range []*quantity.Rat{r.Limit, r.Counted, r.Residual, r.Authorised, r.Used, r.Requested, r.Total} {
		if v != nil {
			add(*v, u)
		}
	}
	if r.Rate != nil {
		add(*r.Rate, quantity.Percent)
	}
	if g := r.Grantable; g != nil {
		add(g.Amount, u)
		add(r.Requested.Sub(g.Amount), u)
		if g.Span != nil {
			span(*g.Span)
			day(g.Span.To + 1)
		}
	}
	for _, d := range []*calendar.Day{r.EarliestStart, r.EarliestFullStart, r.PauseEnd} {
		if d != nil {
			day(*d)
		}
	}
	for i := range r.Releases { // falls told together are told with their sum
		sum := quantity.Int(0)
		for _, x := range r.Releases[i:] {
			sum = sum.Add(x.Amount)
			add(sum, u)
		}
		day(r.Releases[i].On)
	}
	for _, p := range r.Periods {
		add(p.Counted, u)
	}
	for _, b := range r.Breakdown {
		for _, v := range []*quantity.Rat{b.Limit, b.Counted, b.Residual} {
			if v != nil {
				add(*v, u)
			}
		}
	}
	judged := r.Judged
	if r.Tier != nil {
		judged = append(judged[:len(judged):len(judged)], *r.Tier)
	}
	for n, j := range judged {
		add(j.Total, u)
		add(j.Limit, u)
		add(j.Total.Sub(j.Limit), u)
		add(quantity.Int(int64(n+1)), quantity.Weeks) // how many were examined, or fit in one application
		span(j.Span)
		span(j.Window)
	}
	if r.Window != nil {
		span(*r.Window)
		add(quantity.Int(int64(r.Window.Len()/7)), quantity.Weeks)
	}
	versions := []*rulebook.Version{&r.Version.Version}
	for _, v := range r.Versions {
		versions = append(versions, &v.Version)
	}
	for _, p := range r.Params {
		add(p.Version.Value.Rat, p.Parameter.Unit)
		versions = append(versions, &p.Version.Version)
	}
	for _, v := range versions {
		span(calendar.Span{From: v.From, To: v.To})
	}
	day(k.ref)
	if s, ok := k.Request(); ok {
		span(s)
	}
	for i := range k.facts.Get("periodi").Rows() {
		_, s := k.Period(i)
		span(s)
	}
	return known
}
