package main

import (
	"io"
	"testing"

	"omnia/bench/measure"
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	material "omnia/engine/rulebook/bench"
)

// A benchmark that compares different work is worth nothing. No time is looked at here.

func setup(t *testing.T) *bench {
	t.Helper()
	ed, defects := rulebook.Load(content(""))
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	return &bench{Report: measure.Report{W: io.Discard}, content: content(""), edition: ed, engine: engine.New(ed)}
}

func TestTheFloorOfTheRulesGivesTheSameAnswers(t *testing.T) {
	t.Parallel()
	conditions, err := compileRules()
	if err != nil {
		t.Fatal(err)
	}
	inputs := material.Forms(material.Seed, forms)
	var records []fact.Record
	for i := range inputs {
		records = append(records, inputs[i].Record())
	}
	if err := agree(conditions, inputs, records); err != nil {
		t.Error(err)
	}
}

func TestTheFloorOfTheCounterGivesTheSameAnswer(t *testing.T) {
	t.Parallel()
	m, err := setup(t).oneCounter()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.agree(m.newFloor()); err != nil {
		t.Error(err)
	}
}

func TestTheFloorOfTheDatesGivesTheSameCounts(t *testing.T) {
	t.Parallel()
	m, err := setup(t).oneCounter()
	if err != nil {
		t.Fatal(err)
	}
	first := reference - endDates + 1
	if err := m.agreeOn(newPrefixSums(first, reference), first); err != nil {
		t.Error(err)
	}
}

func TestBothHandlersAnswerTheRequest(t *testing.T) {
	t.Parallel()
	body := newFacts(periodsOfRequest, true).envelope()
	ours, plain, size, err := setup(t).handlers(body)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := call(ours, body), call(plain, body); a < size || b < size || a-b > 1 {
		t.Errorf("the service wrote %d bytes, the plain handler %d, the answer has %d", a, b, size)
	}
}

func TestTheGeneratedFolderLoads(t *testing.T) {
	t.Parallel()
	folder, _, err := setup(t).bigFolder()
	if err != nil {
		t.Fatal(err)
	}
	ed, defects := rulebook.Load(folder)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	if len(ed.Rules) < rulesLoaded {
		t.Errorf("%d rules were loaded, not %d", len(ed.Rules), rulesLoaded)
	}
}
