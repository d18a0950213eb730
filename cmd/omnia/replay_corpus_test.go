package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"omnia/engine"
	"omnia/engine/counter"
	"omnia/engine/rulebook"
	"omnia/ledger"
	"omnia/ledger/replay"
	"omnia/rules"
)

// corpora are the stored decisions; see the README beside them.
func corpora(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob("../../fixtures/decisioni/*.ndjson.gz")
	if err != nil || len(list) == 0 {
		t.Fatalf("no stored decisions are there: %v", err)
	}
	return list
}

func keysOf(export string) string { return strings.TrimSuffix(export, ".ndjson.gz") + ".keys.json" }

// TestOldDecisionsAreDecidedAsTheyWere is a release gate: what was answered once is answered for ever, to the byte.
func TestOldDecisionsAreDecidedAsTheyWere(t *testing.T) {
	t.Parallel()
	for _, export := range corpora(t) {
		code, stdout, stderr := call(t, "", "replay", "--export", export, "--keys", keysOf(export))
		if code != 0 || !strings.Contains(stdout, " 0 different, 0 not replayable") || !strings.Contains(stdout, "complete: true") {
			t.Errorf("%s: exit %d\n%s%s\nThe engine does not give old answers any more. If that was not meant, put the engine right. "+
				"If it was, say why in docs/adr, and follow fixtures/decisioni/README.md: the old file stays as it is.", export, code, stdout, stderr)
		}
	}
}

// TestTheStoredDecisionsShowEverything keeps the gate from growing thin: an edition, a counter or a verdict that no stored decision has is not guarded.
func TestTheStoredDecisionsShowEverything(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	total := 0
	for _, export := range corpora(t) {
		keys, _, err := readTrust(keysOf(export), nil)
		if err != nil {
			t.Fatal(err)
		}
		in, done, err := openExport(export, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		for chunk, err := range (&replay.Export{Keys: keys}).Chunks(in) {
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range chunk {
				total++
				noteShown(t, seen, d)
			}
		}
	}
	var missing []string
	for _, want := range everythingToShow(t) {
		if !seen[want] {
			missing = append(missing, want)
		}
	}
	if len(missing) > 0 || total < 300 {
		t.Errorf("%d stored decisions; none shows:\n  %s\nTake new ones beside the old: make corpus NAME=…; see fixtures/decisioni/README.md", total, strings.Join(missing, "\n  "))
	}
}

func noteShown(t *testing.T, seen map[string]bool, d *ledger.Decision) {
	t.Helper()
	shows, err := shownBy(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shows {
		seen[s] = true
	}
	var o shown
	if err := json.Unmarshal(d.Outcome, &o); err != nil {
		t.Fatal(err)
	}
	for _, it := range o.Items {
		seen["verdict "+it.Verdict], seen["counter "+it.ID] = true, true
	}
	seen["edition "+d.Receipt.Edition], seen["form "+optionOf(d, "form")] = true, true
}

func optionOf(d *ledger.Decision, name string) string {
	for _, o := range d.Receipt.Options {
		if o.Name == name {
			return o.Value
		}
	}
	return ""
}

// everythingToShow is what the rules in the binary have. A counter that fails is no part of it: no rule that is published does.
func everythingToShow(t *testing.T) (list []string) {
	t.Helper()
	ed, defects := rulebook.Load(rules.FS)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	for _, p := range ed.Published {
		list = append(list, "edition "+p.Name)
	}
	for _, k := range ed.Counters {
		list = append(list, "counter "+k.ID)
	}
	for _, f := range ed.Forms {
		list = append(list, "form "+f.ID)
	}
	for _, v := range []counter.Verdict{counter.Admissible, counter.PartlyAdmissible, counter.Inadmissible, counter.Exempt, counter.NotApplicable, counter.MissingData} {
		list = append(list, "verdict "+string(v))
	}
	for _, o := range []string{engine.OutcomeValid, engine.OutcomeInvalid, engine.OutcomeIncomplete} {
		list = append(list, "validate"+"outcome "+o)
	}
	for _, kind := range []string{replay.KindCounters, replay.KindValidate} {
		for _, lang := range []string{"it", "en", "de"} {
			list = append(list, kind+"option language "+lang)
		}
	}
	for _, depth := range []engine.Depth{engine.Short, engine.Normal, engine.Full} {
		list = append(list, fmt.Sprintf("countersoption explain %s", depth))
	}
	return append(list, "countersoption kept true", "countersoption kept false", "validateoption complete true", "validateoption complete false")
}

func TestStoredDecisionsAreNeverWrittenOver(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	name := filepath.Join(folder, "x.ndjson.gz")
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := call(t, "", "corpus", "--out", folder, "x")
	if kept, err := os.ReadFile(name); code != exitUsage || !strings.Contains(stderr, "is there already") || err != nil || string(kept) != "old" {
		t.Errorf("exit %d, %s, %q, %v", code, stderr, kept, err)
	}
}

// An engine that answers otherwise is caught by what is stored: here the rules stand in for it.
func TestAChangedAnswerIsCaught(t *testing.T) {
	t.Parallel()
	export, keys := someExport(t)
	altered := forge(t, export, keys, func(d *ledger.Decision) bool {
		before := string(d.Outcome)
		d.Outcome = []byte(strings.Replace(before, `"limit":"52","counted":"`, `"limit":"53","counted":"`, 1))
		return string(d.Outcome) != before
	})
	code, stdout, stderr := call(t, "", "replay", "--export", altered.export, "--keys", altered.keys)
	if code != exitWrong || !strings.Contains(stdout, `/items/0/limit: "53" → "52"`) || !strings.Contains(stderr, "decisions are not identical") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, _ = call(t, "", "replay", "--export", altered.export, "--keys", altered.keys, "--json", "--parallel", "1")
	var printed struct {
		Decisions, Different int
		Examples             []replay.Result
	}
	if err := json.Unmarshal([]byte(stdout), &printed); err != nil || code != exitWrong || printed.Different != 1 || printed.Examples[0].Differences[0].Pointer != "/items/0/limit" {
		t.Errorf("exit %d, %v\n%s", code, err, stdout)
	}
}
