package rulebook_test

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	. "omnia/engine/rulebook"
)

// FuzzCompile holds that no text makes the compiler panic; that every defect has a place inside
// the text, a code and a sentence; and that what is accepted runs on any facts, is said as a
// sentence, and is printed in a form that compiles to itself and means the same.
func FuzzCompile(f *testing.F) {
	for _, src := range []string{
		`azienda.settore in ["m", 'n'] and not azienda.unica`, "1 <= azienda.mesi <= 5 || periodo.dal < data(\"2024-01-01\")",
		`sum_product(periodi, "giorni", "peso") * param("terzo") >= 3`, `table("causali", "peso", periodo.causale, true)`,
		`(azienda.unica ? add_months(richiesta.dal, 3) : richiesta.al) > data_riferimento`, `azienda.nome not contains "\u00e0\\"`,
		`-(-azienda.mesi) - (3 - azienda.quota)`, `filter(periodi, {.giorni > #})`, `$env["azienda"]?.nome ?? nil`, `let x = 1.5 / 2; x ** 3 | f()`,
		"`a``b` == azienda.nome // fine", `if true { 1 } else { 2 }`, `{"a": [1..3][0:1]}`, `::known(azienda)`, `b"\xff" matches "["`, `((((((`, `a.b.c.d()`,
		`(table("a" + "b", azienda.unica).a)`, `(1 + 2).f() > 3`,
	} {
		f.Add(src)
	}
	for seed := range uint64(40) {
		g := &grower{Rand: rand.New(rand.NewPCG(4, seed)), asked: true}
		f.Add(g.pick(g.boolean(2), g.number(3), g.day(3), g.text(2)))
	}
	w := newWorld()
	f.Fuzz(func(t *testing.T, src string) {
		x, defects := CompileExpr(src, here, w.Scope, Want{})
		if x == nil {
			checkDefects(t, src, defects)
			return
		}
		again, defects := CompileExpr(x.Canonical(), here, w.Scope, Want{})
		if len(defects) > 0 {
			t.Fatalf("the form %s is refused: %s", x.Canonical(), Defects(defects).Error())
		}
		if again.Canonical() != x.Canonical() {
			t.Fatalf("the form %s becomes %s", x.Canonical(), again.Canonical())
		}
		if x.Sentence("it") == "" && x.Canonical() != `""` {
			t.Error("no sentence")
		}
		r := rand.New(rand.NewPCG(5, uint64(len(src))))
		for _, unknown := range []int{0, 30, 100} {
			e, other := w.env(r, unknown), &Env{}
			*other = *e
			v, known := x.Value(e)
			u, alike := again.Value(other)
			if known != alike || known == True && (v.Num != u.Num || v.Text != u.Text || !v.Rat.Equal(u.Rat)) {
				t.Errorf("%s gives %+v and its form %+v", src, v, u)
			}
			if refs := x.Blocking(e, nil); known != Unknown && len(refs) > 0 {
				t.Errorf("%s is %d but blocked by %v", src, known, paths(refs))
			}
		}
	})
}

func checkDefects(t *testing.T, src string, defects []Defect) {
	if len(defects) == 0 {
		t.Fatal("refused without a defect")
	}
	for _, d := range defects {
		if d.Code == "" || d.Message == "" || !utf8.ValidString(d.Message) {
			t.Errorf("defect %+v", d)
		}
		if d.Place.Line < 1 || d.Place.Col < 1 || d.Place.Col > utf8.RuneCountInString(src)+1 {
			t.Errorf("defect outside of the text: %+v", d)
		}
	}
}
