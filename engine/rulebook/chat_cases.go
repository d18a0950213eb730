package rulebook

import (
	"fmt"
	"io/fs"
	"strings"
)

// ChatCases reads the cases of INFO CIG, in the order of files and lines. FactsJSON of each is the situation: the whole
// case as it is written. What it means is known to package chat.
//
//	schema: chat_cases/v1
//	cases:
//	  - name: "a Natale è chiuso"
//	    at: "2025-12-25 15:30"
//	    expect: {open: false, next: "2025-12-29 15:00"}
func ChatCases(fsys fs.FS) ([]TestCase, Defects) {
	l := load(fsys)
	if len(l.defects) > 0 {
		return nil, l.defects
	}
	return l.chatCases, nil
}

func (l *loader) chatCasesFile(o object) {
	if !strings.HasSuffix(o.src.name, ".cases.yaml") {
		l.file(o.src.name, "wrong_name", "rinominalo in "+strings.TrimSuffix(o.src.name, ".yaml")+".cases.yaml", "un file di casi finisce in .cases.yaml")
	}
	for _, one := range o.list("cases") {
		c := TestCase{Name: one.text("name"), Source: one.text("source"), Today: CasesDay, Place: one.placeOf("name")}
		l.take(one, "case "+o.src.name, c.Name)
		c.FactsJSON = l.plainJSON(one, one.n, nil)
		if expect := one.node("expect"); expect != nil {
			c.Expect = l.expected(one, expect, "").Fields
			if len(c.Expect) == 0 {
				l.defect(one, "expect", "empty_list", "scrivi che cosa deve fare il servizio", "il caso non si aspetta nulla")
			}
		}
		l.chatCases = append(l.chatCases, c)
	}
}

// RunChatCases tries every case and compares. try tells, as JSON, what the service does in a situation.
func RunChatCases(cases []TestCase, try func(situation []byte) ([]byte, error)) *CaseReport {
	report := &CaseReport{Run: len(cases)}
	for i := range cases {
		c := &cases[i]
		answer, err := try(c.FactsJSON)
		if err != nil {
			report.fail(c, Defects{{Place: c.Place, Code: "case_failed", Message: "il caso non si può provare: " + err.Error()}})
			continue
		}
		if d := c.checkChat(answer); len(d) > 0 {
			report.fail(c, d)
		}
	}
	return report
}

// checkChat compares what was written. The queue is in its order; of who goes to whom there is no more than is written.
func (c *TestCase) checkChat(answerJSON []byte) Defects {
	answer, err := readAnswer(answerJSON)
	if err != nil {
		return Defects{{Place: c.Place, Code: "case_failed", Message: err.Error()}}
	}
	k := &caseChecker{}
	for _, e := range c.Expect {
		switch e.Key {
		case "queue":
			k.inThatOrder(e.Key, e, answer[e.Key])
		case "given":
			k.compare(e.Key, e, answer[e.Key])
			k.noOther(e, answer[e.Key])
		default:
			k.compare(e.Key, e, answer[e.Key])
		}
	}
	return k.defects
}

func (k *caseChecker) inThatOrder(path string, e Expected, got any) {
	list, _ := got.([]any)
	if len(list) != len(e.Items) {
		k.differs(e, "%s: attesi %d, trovati %d: %s", path, len(e.Items), len(list), brief(got))
		return
	}
	for i, item := range e.Items {
		k.compare(fmt.Sprintf("%s[%d]", path, i+1), item, list[i])
	}
}

// noOther wants no field beside those that are written.
func (k *caseChecker) noOther(e Expected, got any) {
	written := map[string]bool{}
	for _, f := range e.Fields {
		written[f.Key] = true
	}
	m, _ := got.(map[string]any)
	for _, name := range sortedKeys(m) {
		if !written[name] {
			k.differs(e, "%s: non atteso %s: %s", e.Key, name, brief(m[name]))
		}
	}
}

// What the cases of INFO CIG may reach, in the words that say that it never was.
const neverSaid = "mai detta"

// DeclareChat lists what the cases of INFO CIG may reach: rows of its tables, versions of its parameters, and texts.
func (c *Coverage) DeclareChat(tables []*Table, parameters []*Parameter, texts []string) {
	for _, t := range tables {
		c.declareRows(t)
	}
	for _, p := range parameters {
		for i := range p.Versions {
			c.declare(p.ID, neverVersion, fmt.Sprint(p.Versions[i].Number))
		}
	}
	for _, id := range texts {
		c.declare(id, neverSaid, "")
	}
}

// Parameter counts a version of a parameter that had a say.
func (c *Coverage) Parameter(id string, v *ParameterVersion) {
	c.hit(id, neverVersion, fmt.Sprint(v.Number))
}

// Text counts a sentence that was said.
func (c *Coverage) Text(id string) { c.hit(id, neverSaid, "") }
