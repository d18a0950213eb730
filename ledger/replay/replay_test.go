package replay_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/ledger"
	"omnia/ledger/replay"
	"omnia/rules"
)

func TestWhatWasDecidedComesOutAgain(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	editions := newShelf(g)
	for _, d := range newRecorder(t, g).everything() {
		r, err := replay.Rerun(t.Context(), editions, d)
		if err != nil || r.State != replay.Identical || len(r.Differences) != 0 || r.ID != d.Receipt.ID {
			t.Fatalf("%s: %+v, %v\n%s", d.Receipt.ID, r, err, d.Outcome)
		}
	}
}

// one is a decision about counters with personal facts and a history.
func one(t testing.TB, g *engine.Engine) *ledger.Decision {
	t.Helper()
	return newRecorder(t, g).counters([]byte(`{"data_riferimento":"2025-11-30",
		"azienda":{"matricola":"0100000001","codice_fiscale":"01234567897","settore":"a"},"unita_produttiva":{"progressivo":"0","giorni_settimana":5},
		"periodi":[{"numero":"1","prestazione":"CIGO","causale":"crisi_mercato","esito":"accoglimento","dal":"2025-01-06","al":"2025-03-02","ore_autorizzate":320},
			{"numero":"2","prestazione":"CIGO","causale":"crisi_mercato","esito":"reiezione","dal":"2025-04-07","al":"2025-04-13"},
			{"numero":"3","prestazione":"CIGO","causale":"crisi_mercato","esito":"reiezione","dal":"2025-05-05","al":"2025-05-11"}],
		"richiesta":{"prestazione":"CIGO","causale":"crisi_mercato","dal":"2025-12-01","al":"2025-12-28","lavoratori":[{"codice_fiscale":"RSSMRA80A01H501U","qualifica":"operaio"}]}}`),
		engine.Options{Today: today, Language: "it", Explain: engine.Normal})
}

func TestTheOutcomeIsShortAndWithoutWords(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	d := one(t, g)
	if !json.Valid(d.Outcome) {
		t.Fatalf("not JSON: %s", d.Outcome)
	}
	for _, word := range []string{" settiman", "explanation", "title", "D.lgs", "RSSMRA80A01H501U", "01234567897", " "} {
		if strings.Contains(string(d.Outcome), word) {
			t.Errorf("%q is in %s", word, d.Outcome)
		}
	}
	want := `{"id":"cigo.settimane_biennio","verdict":"admissible","unit":"week","window":{"from":"2023-12-04","to":"2025-11-30"},"limit":"52","counted":"8","residual":"44","authorised":"8","requested":"4","total":"12","grantable":{"from":"2025-12-01","to":"2025-12-28","amount":"4"},"releases":[["2027-01-04","1",7,8]],"periods":[["counted","8"],["REIEZIONE","0",2]]}`
	if !strings.Contains(string(d.Outcome), want) {
		t.Errorf("got %s\nwant %s", d.Outcome, want)
	}
}

func TestTheOutcomeIsWrittenOut(t *testing.T) {
	t.Parallel()
	out, err := replay.Expand([]byte(`{"schema":"counters/v1","items":[{"id":"x","releases":[["2026-12-28","1",7,2],["2027-02-01","3/5"],["2030-01-06","1",1,2,7,2]],"periods":[["counted","8"],["unknown",null,2]]}]}`))
	want := `{"items":[{"id":"x","periods":[{"code":"counted","counted":"8"},{"code":"unknown"},{"code":"unknown"}],"releases":[{"amount":"1","on":"2026-12-28"},{"amount":"1","on":"2027-01-04"},{"amount":"3/5","on":"2027-02-01"},{"amount":"1","on":"2030-01-06"},{"amount":"1","on":"2030-01-07"},{"amount":"1","on":"2030-01-13"},{"amount":"1","on":"2030-01-14"}]}],"schema":"counters/v1"}`
	if err != nil || string(out) != want {
		t.Errorf("got %s, %v\nwant %s", out, err, want)
	}
	for _, wrong := range []string{
		``, `{"items":[{"releases":[["2026-12-28"]]}]}`, `{"items":[{"releases":[["yesterday","1"]]}]}`, `{"items":[{"releases":[["2026-12-28","1",7,1000000000]]}]}`,
		`{"items":[{"periods":[["counted"]]}]}`, `{"items":[{"periods":[["counted","1",-1]]}]}`, `{"items":[{"releases":[7]}]}`, `{"items":[{"releases":[["2026-12-28","1",1,90000,7,90000]]}]}`,
	} {
		if out, err := replay.Expand([]byte(wrong)); err == nil {
			t.Errorf("%s became %s", wrong, out)
		}
	}
}

// Every single thing that the record keeps is held against what is decided now.
func TestWhatDiffersIsNamed(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	editions := newShelf(g)
	for _, tt := range []struct {
		name   string
		change func(d *ledger.Decision)
		want   string
	}{
		{"a verdict", outcome(`"verdict":"admissible"`, `"verdict":"inadmissible"`), `/items/0/verdict: "inadmissible" → "admissible"`},
		{"an amount", outcome(`"counted":"8"`, `"counted":"9"`), `/items/0/counted: "9" → "8"`},
		{"a release", outcome(`["2027-01-04","1",7,8]`, `["2027-01-04","1",7,7]`), `/items/0/releases/7: nothing → {"amount":"1","on":"2027-02-22"}`},
		{"a period", outcome(`["REIEZIONE","0",2]`, `["REIEZIONE","0",3]`), `/items/0/periods/3: {"code":"REIEZIONE","counted":"0"} → nothing`},
		{"a counter that is gone", outcome(`"warnings"`, `"avvisi"`), ""},
		{"the words", outcome(`"answer":"sha256:`, `"answer":"sha256:0`), `only the words of the answer differ`},
		{"the facts as they are kept", func(d *ledger.Decision) { d.Facts = slices.Concat(d.Facts, []byte(" ")) }, `/facts: nothing → nothing (what is kept is not what was recorded)`},
		{"a personal fact", func(d *ledger.Decision) { d.Personal[0].Value = []byte(`"x"`) }, `/facts/azienda/codice_fiscale: nothing → nothing (what is kept is not what was recorded)`},
		{"the outcome as it is kept", func(d *ledger.Decision) { d.Receipt.OutcomeDigest = ledger.DigestOf(nil) }, `/outcome: nothing → nothing (the outcome that is kept is not the one that was recorded)`},
		{"facts that are refused now", func(d *ledger.Decision) { d.Facts = []byte(`{"sconosciuto":1}`); seal(d) }, `the decision is refused now, unknown_field`},
		{"an option", func(d *ledger.Decision) { d.Receipt.Options[2].Value = "de" }, `only the words of the answer differ`},
		{"a rule that does not apply", func(d *ledger.Decision) { d.Receipt.Rules = append(d.Receipt.Rules, ledger.Rule{ID: "x", Version: 1}) }, `{"id":"x","version":1} → nothing`},
	} {
		d := one(t, g)
		tt.change(d)
		r, err := replay.Rerun(t.Context(), editions, d)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		said := strings.Join(strs(r.Differences), "\n")
		if (r.State == replay.Different) != (tt.want != "") || !strings.Contains(said, tt.want) {
			t.Errorf("%s: %s\n%s\nwant %s", tt.name, r.State, said, tt.want)
		}
	}
}

// outcome replaces the first occurrence, and records what came out.
func outcome(was, is string) func(d *ledger.Decision) {
	return func(d *ledger.Decision) {
		d.Outcome = []byte(strings.Replace(string(d.Outcome), was, is, 1))
		seal(d)
	}
}

func strs(list []replay.Difference) (out []string) {
	for _, d := range list {
		out = append(out, d.String())
	}
	return out
}

func TestWhatCannotBeReplayedIsNotGuessed(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	for _, tt := range []struct {
		name   string
		change func(d *ledger.Decision)
		reason string
	}{
		{"erased", func(d *ledger.Decision) { d.Personal = d.Personal[1:] }, replay.ReasonErased},
		{"no such edition", func(d *ledger.Decision) { d.Receipt.EditionDigest = "sha256:x" }, replay.ReasonEdition},
		{"a kind of the future", func(d *ledger.Decision) { d.Receipt.Kind = "oracle" }, replay.ReasonForm},
		{"an option of the future", func(d *ledger.Decision) { d.Receipt.Options[0].Name = "mood" }, replay.ReasonForm},
		{"a day that is none", func(d *ledger.Decision) { d.Receipt.Options[3].Value = "yesterday" }, replay.ReasonForm},
	} {
		d := one(t, g)
		tt.change(d)
		r, err := replay.Rerun(t.Context(), newShelf(g), d)
		if err != nil || r.State != replay.NotReplayable || r.Reason != tt.reason || r.Detail == "" || len(r.Differences) > 0 {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
	}
}

// Without the salts nobody can tell which personal values an answer quoted.
func TestTheDigestOfTheAnswerHidesPersonalValues(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	r := newRecorder(t, g)
	body := []byte(`{"data_riferimento":"2025-11-30","azienda":{"codice_fiscale":"01234567897"}}`)
	o := engine.Options{Today: today, Language: "it", Explain: engine.Short}
	a, b := r.counters(body, o), r.counters(body, o)
	if string(a.Outcome) == string(b.Outcome) {
		t.Error("two decisions on the same personal facts have the same digest: it can be guessed")
	}
	if string(a.Facts) != string(b.Facts) {
		t.Errorf("the facts differ: %s and %s", a.Facts, b.Facts)
	}
}

// The old decision stays as it is under the old text, whatever a later edition says.
func TestAnOldDecisionIsDecidedUnderItsOwnText(t *testing.T) {
	t.Parallel()
	old := newEngine(t, rules.FS)
	d := one(t, old)
	now := newEngine(t, draft(t, map[string]string{`value: "52"`: `value: "10"`}))
	if old.Edition().Digest == now.Edition().Digest {
		t.Fatal("the two editions are the same")
	}
	r, err := replay.Rerun(t.Context(), newShelf(now, old), d)
	if err != nil || r.State != replay.Identical {
		t.Errorf("%+v, %v", r, err)
	}
	// Were it decided under the later one, it would be told.
	r, err = replay.Rerun(t.Context(), shelf{old.Edition().Digest: now}, d)
	if err != nil || r.State != replay.Different || !strings.Contains(strings.Join(strs(r.Differences), "\n"), `/items/1/limit: "52" → "10"`) {
		t.Errorf("%+v, %v", r, err)
	}
}

// Whatever the releases, the runs unfold to them.
func TestRunsUnfoldToTheReleases(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day, list := calendar.Of(2026, 1, 5), []engine.Release(nil)
		for range rapid.IntRange(0, 40).Draw(t, "many") {
			day += calendar.Day(rapid.SampledFrom([]int{1, 1, 1, 3, 7}).Draw(t, "step"))
			amount := quantity.Quantity{Value: quantity.Int(int64(rapid.IntRange(1, 2).Draw(t, "amount"))), Unit: quantity.Weeks}
			list = append(list, engine.Release{On: day, Amount: amount})
		}
		out, err := replay.Expand(replay.CountersOutcome(&engine.Counters{Items: []engine.Item{{ID: "x", Releases: list}}}, nil))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Items []struct{ Releases []struct{ On, Amount string } }
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		var a, b []string
		for _, r := range list {
			a = append(a, r.On.String()+" "+r.Amount.Value.String())
		}
		for _, r := range got.Items[0].Releases {
			b = append(b, r.On+" "+r.Amount)
		}
		if !slices.Equal(a, b) {
			t.Fatalf("%v\nbecame %s\nand unfolds to %v", a, out, b)
		}
	})
}
