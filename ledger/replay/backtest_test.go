package replay_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"omnia/engine"
	"omnia/ledger"
	"omnia/ledger/replay"
	"omnia/rules"
)

// lower is a draft in which a chain may have two weeks, not 52.
func lower(t testing.TB) *engine.Engine {
	return newEngine(t, draft(t, map[string]string{`value: "52"`: `value: "2"`}))
}

func backtest(t testing.TB, editions shelf, to *engine.Engine, list ...*ledger.Decision) *replay.Backtest {
	t.Helper()
	b := replay.NewBacktest()
	for _, d := range list {
		if err := b.Add(t.Context(), editions, to, d); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestABacktestSaysWhatADraftWouldChange(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	r := newRecorder(t, g)
	weeks := func(al string) *ledger.Decision {
		return r.counters([]byte(`{"data_riferimento":"2025-11-30","azienda":{"matricola":"0100000001","codice_fiscale":"01234567897","settore":"a"},"unita_produttiva":{"giorni_settimana":5},
			"periodi":[],"richiesta":{"prestazione":"CIGO","causale":"crisi_mercato","dal":"2025-12-01","al":"`+al+`","ore":100}}`),
			engine.Options{Today: today, Language: "it", Explain: engine.Short})
	}
	gone, differs, unknown := weeks("2025-12-28"), weeks("2025-12-28"), weeks("2025-12-28")
	gone.Personal = nil
	outcome(`"verdict":"admissible"`, `"verdict":"exempt"`)(differs)
	unknown.Receipt.EditionDigest = "sha256:x"
	b := backtest(t, newShelf(g), lower(t), weeks("2025-12-14"), weeks("2025-12-28"), weeks("2026-01-11"), gone, differs, unknown)
	report := b.Report(lower(t).Edition())
	if report.Decisions != 6 || report.Changed != 3 || report.Unchanged != 0 ||
		!cmp.Equal(report.NotReplayable, map[string]int64{"erased": 1, "differs": 1, "edition": 1}) {
		t.Errorf("%+v", report)
	}
	at := slices.IndexFunc(report.ByRule, func(x replay.Group) bool { return x.Rule == "cigo.settimane_consecutive" && !x.FiguresOnly })
	if at < 0 {
		t.Fatalf("%+v", report.ByRule)
	}
	got := report.ByRule[at]
	if got.Before != "admissible" || got.After != "partly_admissible" || got.Decisions != 2 || got.Law != "D.lgs. 148/2015 art. 12" ||
		got.Sectors["a"] != 2 || len(got.Examples) != 2 || got.Examples[0].Matricola != "•••••••001" || !strings.Contains(string(got.Examples[0].After), `"limit":"2"`) {
		t.Errorf("%+v", got)
	}
	if whole := report.BySector; len(whole) != 1 || whole[0].Sector != "a" || whole[0].Decisions != 3 {
		t.Errorf("by sector: %+v", whole)
	}
	var text bytes.Buffer
	if err := report.Text(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Decisioni esaminate: 6\n  invariate: 0, di cui 0 cambiano solo nelle parole\n  cambiate: 3\n  non ripetibili: 3 (diverse già con la loro edizione 1, manca il testo dell'edizione 1, dati personali cancellati 1)",
		"  cigo.settimane_consecutive (D.lgs. 148/2015 art. 12): da «ammissibile» a «ammissibile in parte»\n    decisioni 2 (settore a: 2)\n    esempio decision-00000",
		"  settore a: cambia\n    decisioni 3 (settore a: 3)",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%s\nis not in\n%s", want, text.String())
		}
	}
	if all := text.String() + string(must[[]byte](t)(json.Marshal(report))); strings.Contains(all, "0100000001") || strings.Contains(all, "01234567897") {
		t.Errorf("somebody can be recognised in\n%s", all)
	}
}

func TestTheSameRulesChangeNothing(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	b := backtest(t, newShelf(g), g, newRecorder(t, g).each(5)...)
	if b.Changed != 0 || b.Words != 0 || b.Unchanged != b.Decisions || b.Decisions < 100 {
		t.Errorf("%+v", b)
	}
}

func TestOtherWordsAreNoChange(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	files := draft(t, nil)
	file := files["counters/cigo.settimane_biennio.yaml"]
	file.Data = bytes.Replace(file.Data, []byte(`title: {it: "`), []byte(`title: {it: "Nuovo: `), 1)
	b := backtest(t, newShelf(g), newEngine(t, files), one(t, g))
	if b.Unchanged != 1 || b.Words != 1 {
		t.Errorf("%+v", b)
	}
}

// Whoever adds up what, and in which order, the report is the same.
func TestABacktestDoesNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	g, to := newEngine(t, rules.FS), lower(t)
	list := newRecorder(t, g).each(7)
	editions := newShelf(g)
	whole := backtest(t, editions, to, list...)
	parts := []*replay.Backtest{replay.NewBacktest(), replay.NewBacktest(), replay.NewBacktest()}
	for i := range list {
		if err := parts[i*7%3].Add(t.Context(), editions, to, list[len(list)-1-i]); err != nil {
			t.Fatal(err)
		}
	}
	sum := replay.NewBacktest()
	for _, p := range parts {
		sum.Merge(p)
	}
	a, b := must[[]byte](t)(json.Marshal(whole.Report(to.Edition()))), must[[]byte](t)(json.Marshal(sum.Report(to.Edition())))
	if diff := cmp.Diff(string(a), string(b)); diff != "" || whole.Changed == 0 {
		t.Errorf("%d changed\n%s", whole.Changed, diff)
	}
}

// A draft may refuse facts that its predecessor took.
func TestADraftThatRefusesFactsIsTold(t *testing.T) {
	t.Parallel()
	g := newEngine(t, rules.FS)
	files := draft(t, nil)
	file := files["facts/50-richiesta.yaml"]
	changed := bytes.Replace(file.Data, []byte("name: relazione_tecnica"), []byte("name: altra_relazione"), 1)
	if bytes.Equal(changed, file.Data) {
		t.Fatal("the fact is not there")
	}
	file.Data = changed
	for name, f := range files {
		if strings.HasPrefix(name, "forms/") {
			f.Data = bytes.ReplaceAll(f.Data, []byte("relazione_tecnica"), []byte("altra_relazione"))
		}
	}
	d := newRecorder(t, g).counters([]byte(`{"data_riferimento":"2025-11-30","richiesta":{"relazione_tecnica":"molto"}}`), engine.Options{Today: today, Language: "it", Explain: engine.Short})
	report := backtest(t, newShelf(g), newEngine(t, files), d).Report(g.Edition())
	if report.Changed != 1 || len(report.ByOutcome) != 1 || report.ByOutcome[0].After != "refused" || len(report.ByRule) != 0 {
		t.Errorf("%+v", report)
	}
}
