package rulebook

import (
	"strings"
	"testing"

	"github.com/expr-lang/expr/parser"

	"omnia/engine/fact"
)

// TestTheSecondReadingFindsWhatTheFirstMissed hands expr's type checker trees that our own check
// would have refused: it must see the same names and types, or it guards nothing.
func TestTheSecondReadingFindsWhatTheFirstMissed(t *testing.T) {
	t.Parallel()
	root := fact.NewGroup("", []*fact.Field{
		{Name: "azienda.nome", Type: fact.Text}, {Name: "azienda.mesi", Type: fact.Integer}, {Name: "dal", Type: fact.Date},
		{Name: "azienda.quota", Type: fact.Decimal}, {Name: "azienda.unica", Type: fact.Bool}, {Name: "periodi", Type: fact.List},
	})
	row := fact.NewGroup("periodo", []*fact.Field{{Name: "causale", Type: fact.Code}})
	scope := &Scope{Vocabulary: &fact.Vocabulary{Root: root}, Row: row}
	for src, want := range map[string]string{
		`azienda.mesi * azienda.quota > 3 && azienda.unica && periodo.causale == "x" && dal < data("2020-01-01")`: "",
		`azienda.nome > 3`:          "(invalid operation: > (mismatched types string and int))",
		`azienda.nom == "x"`:        "(unknown field nom)",
		`dal == 3`:                  "(invalid operation: == (mismatched types time.Time and int))",
		`azienda.unica + 1 > 2`:     "(invalid operation: + (mismatched types bool and int))",
		`periodo.causale && true`:   "(invalid operation: && (mismatched types string and bool))",
		`count(periodi) == "x"`:     "(invalid operation: == (mismatched types int and string))",
		`add_months(dal) > dal`:     "(wrong number of arguments for add_months)",
		`periodi == 3`:              "(invalid operation: == (mismatched types []rulebook.rowOfList and int))",
		`sconosciuto(azienda.mesi)`: "(unknown name sconosciuto)",
	} {
		tree, err := parser.ParseWithConfig(src, frontEnd())
		if err != nil {
			t.Fatal(err)
		}
		c := &checker{src: src, at: Place{Line: 1, Col: 1}, scope: scope}
		c.verify(tree)
		got := ""
		for _, d := range c.defects {
			got += strings.TrimPrefix(d.Message, "il controllo dei tipi non accetta l'espressione ")
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", src, got, want)
		}
	}
}
