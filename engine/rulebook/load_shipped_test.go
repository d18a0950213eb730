package rulebook_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"omnia/engine/rulebook"
)

func TestShippedRulesHaveNoDefects(t *testing.T) {
	t.Parallel()
	_, defects := rulebook.Load(shipped(t))
	if len(defects) > 0 {
		t.Error(printed(t, defects))
	}
}

// thousand is a set of a thousand checks, each with its own expression, beside the shipped rules.
func thousand(t testing.TB) fstest.MapFS {
	files := shipped(t)
	var b strings.Builder
	b.WriteString("schema: rules/v1\nrules:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, `  - id: prova.numero_%d
    title: {it: "Prova", en: "Trial", de: "Probe"}
    for_each: periodo
    select_by: inizio_periodo
    versions:
      - version: 1
        valid_from: "2015-09-24"
        when: 'table("settori", "cigo", azienda.settore) && periodo.prestazione in ["CIGO", "CIGS"]'
        finding: 'periodo.giorni_fruiti > %d && periodo.dal >= data("2016-01-01") && !(known(periodo.regime) && periodo.regime == "covid19")'
        severity: warning
        fields: [periodo.giorni_fruiti]
        code: prova
        unknown: skip
        message: {it: "Dal {periodo.dal}.", en: "From {periodo.dal}.", de: "Vom {periodo.dal}."}
        law: [{act: D148, article: "12"}]
        confidence: CONFIRMED
`, i, i)
	}
	files["checks/prova.yaml"] = &fstest.MapFile{Data: []byte(b.String())}
	return files
}

func BenchmarkLoadThousandRules(b *testing.B) {
	files := thousand(b)
	for b.Loop() {
		if _, defects := rulebook.Load(files); len(defects) > 0 {
			b.Fatal(defects)
		}
	}
}

// The time allowed is ten times what a slow machine takes: this guards against a loader that has
// become quadratic, not against a busy afternoon.
func TestLoadingAThousandRulesStaysFast(t *testing.T) {
	files := thousand(t)
	start := time.Now()
	mustLoad(t, files)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("loading a thousand rules took %v", took)
	}
}
