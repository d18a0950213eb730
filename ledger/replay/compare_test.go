package replay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"omnia/engine"
	"omnia/engine/quantity"
	"omnia/ledger"
	"omnia/ledger/replay"
	"omnia/rules"
)

// fortyWeeks is a company with 40 weeks of CIGO in the last two years that asks for some more.
func fortyWeeks(al string) []byte {
	return fmt.Appendf(nil, `{"azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":5},
		"periodi":[{"numero":"1","prestazione":"CIGO","causale":"mancanza_lavoro","evento_non_evitabile":false,"regime":"ordinario","esito":"accoglimento","dal":"2024-03-04","al":"2024-09-01"},
		           {"numero":"2","prestazione":"CIGO","causale":"mancanza_lavoro","evento_non_evitabile":false,"regime":"ordinario","esito":"accoglimento","dal":"2025-01-06","al":"2025-04-13"}],
		"richiesta":{"prestazione":"CIGO","causale":"mancanza_lavoro","evento_non_evitabile":false,"regime":"ordinario","dal":"2025-09-01","al":%q}}`, al)
}

// biennio48 says that the limit of the two years is 48 weeks from the middle of 2025 on.
func biennio48(t testing.TB) *engine.Engine {
	t.Helper()
	const head = "    title: {it: \"Settimane massime di CIGO nel biennio mobile\""
	text := string(must[[]byte](t)(rules.FS.ReadFile("parameters/cigo.yaml")))
	_, rest, ok := strings.Cut(text, head)
	if !ok {
		t.Fatal("the parameter is written otherwise")
	}
	upTo, _, _ := strings.Cut(rest, "      - version: 1\n")
	was := head + upTo + "      - version: 1\n"
	return newEngine(t, draft(t, map[string]string{was: head + upTo + "      - version: 2\n        valid_from: \"2025-07-01\"\n        value: \"48\"\n        law: [{act: D148, article: \"12\", paragraph: \"3\"}]\n        confidence: CONFIRMED\n      - version: 1\n"}))
}

var italian = engine.Options{Today: today, Language: "it", Explain: engine.Normal}

func contrast(t testing.TB, s shelf, a, b *ledger.Decision) *replay.Contrast {
	t.Helper()
	c := must[*replay.Contrast](t)(replay.Compare(context.Background(), s, a, b, "it"))
	if !c.Comparable {
		t.Fatalf("%s: %s", c.Reason, c.Detail)
	}
	return c
}

func partOf(c *replay.Contrast, id string) *replay.PartChange {
	i := slices.IndexFunc(c.Changes, func(p replay.PartChange) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return &c.Changes[i]
}

func ruleOf(c *replay.Contrast, id string) *replay.RuleChange {
	i := slices.IndexFunc(c.Rules, func(r replay.RuleChange) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &c.Rules[i]
}

const biennio, limit = "cigo.settimane_biennio", "cigo.biennio.max_weeks"

func TestAContrastOfRules(t *testing.T) {
	t.Parallel()
	before, after := newEngine(t, rules.FS), biennio48(t)
	s := newShelf(before, after)
	a := newRecorder(t, before).counters(fortyWeeks("2025-11-23"), italian)
	b := newRecorder(t, after).counters(fortyWeeks("2025-11-23"), italian)
	c := contrast(t, s, a, b)
	if c.Same || c.FactsMattered || !c.RulesMattered || len(c.Facts) > 0 || len(c.Asked) > 0 {
		t.Fatalf("%+v", c)
	}
	p := partOf(c, biennio)
	if p == nil || p.Before != "admissible" || p.After != "partly_admissible" || p.Cause != replay.ByRules || !slices.Equal(p.Rules, []string{limit}) {
		t.Errorf("%+v", p)
	}
	r := ruleOf(c, limit)
	if r == nil || r.Mattered != replay.Yes || r.Before[0].Version != 1 || r.After[len(r.After)-1].Version != 2 || !slices.Contains(r.Parts, biennio) {
		t.Errorf("%+v", r)
	}
	if len(c.Rules) != 1 {
		t.Errorf("%+v", c.Rules)
	}
	said := strings.Join(c.Text, "\n")
	for _, want := range []string{"perché sono cambiate le regole", "da ammissibile a ammissibile in parte", limit} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
}

func TestAContrastOfFacts(t *testing.T) {
	t.Parallel()
	before, after := newEngine(t, rules.FS), biennio48(t)
	s := newShelf(before, after)
	a := newRecorder(t, before).counters(fortyWeeks("2025-09-14"), italian)
	more := strings.Replace(string(fortyWeeks("2025-11-30")), `"esito":"accoglimento","dal":"2025-01-06"`, `"esito":"accoglimento","giorni_fruiti":70,"dal":"2025-01-06"`, 1)
	b := newRecorder(t, before).counters([]byte(more), italian)
	c := contrast(t, s, a, b)
	if c.Same || !c.FactsMattered || c.RulesMattered || len(c.Rules) > 0 {
		t.Fatalf("%+v", c)
	}
	weights := map[string]replay.Weight{}
	for _, f := range c.Facts {
		weights[f.Pointer] = f.Mattered
	}
	if len(weights) != 2 || weights["/facts/richiesta/al"] != replay.Yes || weights["/facts/periodi/1/giorni_fruiti"] != replay.Yes {
		t.Errorf("%v", weights)
	}
	if said := strings.Join(c.Text, "\n"); !strings.Contains(said, "perché sono cambiati i fatti") || !strings.Contains(said, "2025-09-14") {
		t.Error(said)
	}
}

func TestAContrastOfBoth(t *testing.T) {
	t.Parallel()
	before, after := newEngine(t, rules.FS), biennio48(t)
	s := newShelf(before, after)
	a := newRecorder(t, before).counters(fortyWeeks("2025-09-14"), italian)
	b := newRecorder(t, after).counters(fortyWeeks("2025-11-23"), italian)
	c := contrast(t, s, a, b)
	if p := partOf(c, biennio); p == nil || p.Cause != replay.ByBoth || !c.FactsMattered || !c.RulesMattered {
		t.Errorf("%+v in %+v", p, c)
	}
}

func TestTheSameDecisionIsNoContrast(t *testing.T) {
	t.Parallel()
	before, after := newEngine(t, rules.FS), biennio48(t)
	s := newShelf(before, after)
	old := strings.ReplaceAll(string(fortyWeeks("2025-09-14")), "2025-09", "2025-06")
	a := newRecorder(t, before).counters([]byte(old), italian)
	b := newRecorder(t, after).counters([]byte(old), engine.Options{Today: today, Language: "de", Explain: engine.Full})
	c := contrast(t, s, a, b)
	for _, p := range c.Changes {
		if !p.Figures() || p.ID != biennio { // the first start that fits lies under the new law
			t.Errorf("%+v", p)
		}
	}
}

// TestEveryContrastHolds compares the decisions of all cases with those under another law, and with one another.
func TestEveryContrastHolds(t *testing.T) {
	t.Parallel()
	before, after := newEngine(t, rules.FS), biennio48(t)
	s := newShelf(before, after)
	first, second := newRecorder(t, before).everything(), newRecorder(t, after).everything()
	moved := 0
	for i := 0; i < len(first); i += 6 {
		c := contrast(t, s, first[i], second[i])
		if c.FactsMattered || len(c.Facts) > 0 || c.Same == c.RulesMattered {
			t.Fatalf("%s: %+v", first[i].Facts, c)
		}
		for _, p := range c.Changes {
			moved++
			if p.Cause != replay.ByRules || len(p.Rules) == 0 {
				t.Errorf("%s: nothing is said to be the reason of %+v", first[i].Facts, p)
			}
		}
		if j := (i + 6) % len(first); first[j].Receipt.Kind == first[i].Receipt.Kind {
			c := must[*replay.Contrast](t)(replay.Compare(context.Background(), s, first[i], first[j], "en"))
			if c.Comparable && (c.RulesMattered || len(c.Rules) > 0) {
				t.Errorf("one edition, and rules that mattered: %+v", c)
			}
		}
	}
	if moved == 0 {
		t.Error("the new limit moved nothing")
	}
}

func TestAnEarlierCheckOfAForm(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	opt := engine.ValidateOptions{Form: "cigo", Today: today, Language: "it"}
	const worker = `"lavoratori":[{"codice_fiscale":"RSSMRA80A01H501U","qualifica":"operaio","anzianita_giorni":%d}]`
	form := func(days int) []byte {
		return fmt.Appendf(nil, `{"azienda":{"settore":"a"},"richiesta":{"prestazione":"CIGO","causale":"mancanza_lavoro","dal":"2025-03-03","al":"2025-03-30",`+worker+`}}`, days)
	}
	r := newRecorder(t, g)
	c := contrast(t, newShelf(g), r.validate(form(400), opt), r.validate(form(5), opt))
	if c.Same || !c.FactsMattered || len(c.Facts) != 1 || c.Facts[0].Pointer != "/facts/richiesta/lavoratori/0/anzianita_giorni" || c.Facts[0].Mattered != replay.Yes {
		t.Errorf("%+v", c)
	}
	if i := slices.IndexFunc(c.Changes, func(p replay.PartChange) bool { return p.Kind == "finding" && p.Before == "" && p.After == "error" }); i < 0 {
		t.Errorf("%+v", c.Changes)
	}
	for _, f := range c.Masked().Facts {
		if f.Personal && (f.Before != nil || f.After != nil) {
			t.Errorf("%+v", f)
		}
	}
}

func TestPersonalFactsAreNotSaid(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	opt := engine.ValidateOptions{Form: "cigo", Today: today, Language: "it"}
	form := func(code string) []byte {
		return fmt.Appendf(nil, `{"richiesta":{"dal":"2025-03-03","al":"2025-03-30","lavoratori":[{"codice_fiscale":%q,"qualifica":"operaio","anzianita_giorni":400}]}}`, code)
	}
	r := newRecorder(t, g)
	c := contrast(t, newShelf(g), r.validate(form("RSSMRA80A01H501U"), opt), r.validate(form("VRDLGI75C03F205X"), opt))
	text := string(must[[]byte](t)(json.Marshal(c.Masked())))
	for _, code := range []string{"RSSMRA80A01H501U", "VRDLGI75C03F205X"} {
		if strings.Contains(text, code) {
			t.Errorf("%s is told: %s", code, text)
		}
	}
	if len(c.Facts) != 2 || !c.Facts[0].Personal {
		t.Errorf("%+v", c.Facts)
	}
}

func TestWhatCannotBeComparedSaysWhy(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	r := newRecorder(t, g)
	a, form := r.counters(fortyWeeks("2025-09-14"), italian), r.validate([]byte(`{}`), engine.ValidateOptions{Form: "cigo", Today: today, Language: "it"})
	for _, lang := range quantity.Languages {
		c := must[*replay.Contrast](t)(replay.Compare(context.Background(), newShelf(g), a, form, lang))
		if c.Comparable || c.Reason != "kind" || len(c.Text) != 1 {
			t.Errorf("%+v", c)
		}
	}
	altered := *a
	altered.Outcome = []byte(strings.Replace(string(a.Outcome), "admissible", "inadmissible", 1))
	if c := must[*replay.Contrast](t)(replay.Compare(context.Background(), newShelf(g), &altered, a, "it")); c.Comparable || c.Reason != "different" {
		t.Errorf("%+v", c)
	}
	if c := must[*replay.Contrast](t)(replay.Compare(context.Background(), shelf{}, a, a, "it")); c.Comparable || c.Reason != replay.ReasonEdition {
		t.Errorf("%+v", c)
	}
}

func TestACorrectionTouchesWhatKnewTheMeasure(t *testing.T) {
	t.Parallel()
	facts := fortyWeeks("2025-11-30")
	for numero, want := range map[string]bool{"1": true, "2": true, "3": false, "": false} {
		if got := replay.Touches(facts, numero); got != want {
			t.Errorf("%q: %v", numero, got)
		}
	}
	for _, none := range []string{"", "{}", `{"periodi":[]}`, "broken", `{"periodi":7}`} {
		if replay.Touches([]byte(none), "1") {
			t.Errorf("%q is touched", none)
		}
	}
}

func TestWhatACorrectionWouldHaveChanged(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	d := newRecorder(t, g).counters(fortyWeeks("2025-11-30"), italian)
	ask := func(period string) *replay.Contrast {
		return must[*replay.Contrast](t)(replay.WouldChange(context.Background(), newShelf(g), d, "2", []byte(period), "it"))
	}
	const row = `{"numero":"2","prestazione":"CIGO","causale":"mancanza_lavoro","evento_non_evitabile":false,"regime":"ordinario","esito":%q,"dal":"2025-01-06","al":"2025-04-13"}`
	if c := ask(fmt.Sprintf(row, "accoglimento")); !c.Same || len(c.Facts) != 0 {
		t.Errorf("the same again: %+v", c)
	}
	if c := ask(fmt.Sprintf(row, "reiezione")); c.Same || !c.FactsMattered || c.RulesMattered || partOf(c, biennio) == nil || c.Facts[0].Pointer != "/facts/periodi/1/esito" {
		t.Errorf("refused: %+v", c)
	}
	if c := ask(""); c.Same || len(c.Facts) != 1 || c.Facts[0].After != nil {
		t.Errorf("taken out: %+v", c)
	}
	if _, err := replay.WouldChange(context.Background(), newShelf(g), d, "9", nil, "it"); !errors.Is(err, replay.ErrNoPeriod) {
		t.Errorf("%v", err)
	}
	if _, err := replay.WouldChange(context.Background(), newShelf(g), d, "2", []byte("7"), "it"); err == nil {
		t.Error("7 is no period")
	}
	if r := must[*replay.Result](t)(replay.Rerun(context.Background(), newShelf(g), d)); r.State != replay.Identical {
		t.Errorf("the decision itself: %+v", r)
	}
}
