package guidatest

import (
	"bytes"
	"strings"
	"testing"

	"omnia/engine/rulebook"
)

func TestEachStepOfTheGuideDoesWhatItSays(t *testing.T) {
	t.Parallel()
	fix := newRewrite(t)
	for _, part := range readGuide(t) {
		if len(part.blocks) == 0 {
			continue
		}
		t.Run(part.title, func(t *testing.T) {
			t.Parallel()
			if edits(part) && !proves(part) {
				t.Fatalf("%s: changes the rules and shows no effect: add expect=… when=after, or what the check says", &part.blocks[0])
			}
			before := shipped(t)
			if !part.has("check") { // what a reader is told to do must be allowed once everything is published
				if err := before.publish("prova", "2026-11-23"); err != nil {
					t.Fatal(err)
				}
			}
			after := before.clone()
			var found *block
			facts := map[string]*block{}
			var expects []*block
			for i := range part.blocks {
				b := &part.blocks[i]
				switch {
				case b.has("facts"):
					facts[b.attrs["facts"]] = b
				case b.has("expect"):
					expects = append(expects, b)
				case b.has("check"):
					checkSays(t, after, b, fix)
				case b.has("run"):
					commandsSay(t, before, after, b)
				default:
					if err := after.edit(b, found); err != nil {
						t.Fatalf("%s: %v", b, err)
					}
					found = b
				}
			}
			for _, e := range expects {
				expectHolds(t, before, after, facts[e.attrs["expect"]], e)
			}
			if !part.has("check") {
				loads(t, after)
				staysInForm(t, before, after)
			}
		})
	}
}

func (b *block) has(attr string) bool { _, ok := b.attrs[attr]; return ok }

func (h heading) has(attr string) bool {
	for i := range h.blocks {
		if h.blocks[i].has(attr) {
			return true
		}
	}
	return false
}

// edits tells whether the part changes a file of the rules.
func edits(h heading) bool {
	for i := range h.blocks {
		if op := h.blocks[i].attrs["op"]; op != "" && op != "quote" {
			return true
		}
	}
	return false
}

// proves tells whether the part shows what its change does. A file of cases proves itself.
func proves(h heading) bool {
	for i := range h.blocks {
		b := &h.blocks[i]
		if b.attrs["when"] == "after" || b.has("check") || b.has("run") || strings.HasSuffix(b.attrs["file"], ".cases.yaml") {
			return true
		}
	}
	return false
}

// expectHolds checks an expectation on the folder it speaks of. What is said of before must no
// longer hold after, or the step would do nothing.
func expectHolds(t *testing.T, before, after folder, facts, e *block) {
	t.Helper()
	if facts == nil {
		t.Fatalf("%s: there are no facts of that name", e)
	}
	switch e.attrs["when"] {
	case "before":
		if err := expectation(t, before, facts, e); err != nil {
			t.Errorf("%s: before the change: %v", e, err)
		}
		if expectation(t, after, facts, e) == nil {
			t.Errorf("%s: the same holds after the change: the step does nothing", e)
		}
	case "after":
		if err := expectation(t, after, facts, e); err != nil {
			t.Errorf("%s: after the change: %v", e, err)
		}
	default:
		t.Fatalf("%s: when is neither before nor after", e)
	}
}

// loads checks that the folder has no defects, and that its cases hold.
func loads(t *testing.T, f folder) {
	t.Helper()
	ed, defects := rulebook.Load(f.fs())
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	cases, _ := rulebook.Cases(f.fs())
	for i := range cases {
		if c := &cases[i]; strings.HasPrefix(c.Place.File, "counters/guida") {
			if err := holds(ed, c); err != nil {
				t.Errorf("%s: %v", c.Label(), err)
			}
		}
	}
}

// staysInForm checks that what the guide has people write is what fmt would write.
func staysInForm(t *testing.T, before, after folder) {
	t.Helper()
	canonical := func(name, text string) bool {
		out, defects := rulebook.Format(name, []byte(text))
		return len(defects) == 0 && string(out) == text
	}
	for name, text := range after {
		was, existed := before[name]
		if text != was && (!existed || canonical(name, was)) && !canonical(name, text) {
			t.Errorf("fmt would change %s", name)
		}
	}
}

func checkSays(t *testing.T, f folder, b *block, fix *rewrite) {
	t.Helper()
	_, defects := rulebook.Load(f.fs())
	var got bytes.Buffer
	if err := defects.Print(&got); err != nil {
		t.Fatal(err)
	}
	switch {
	case len(defects) == 0:
		t.Errorf("%s: the check finds nothing wrong", b)
	case got.String() == b.body:
	case *update:
		fix.add(b, got.String())
	default:
		t.Errorf("%s: the check says today (go test ./docs/guidatest -update writes it):\n%s", b, got.String())
	}
}
