package rulebook_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"omnia/engine/calendar"
)

// grower writes random expressions that the language accepts. Its numbers stay small, so that
// nothing overflows, and it mixes units only where they may be mixed.
type grower struct {
	*rand.Rand
	vm    bool // only what expr's own machine can compute too
	asked bool // with known(…), the one function whose answer changes when a fact becomes known
}

// wholeRounding begins a rounding to no decimals: the blank tells it apart for the machine of
// expr, in which a function has one type of result.
const wholeRounding = "round_half_up( "

func (g *grower) pick(s ...string) string { return s[g.IntN(len(s))] }

func (g *grower) boolean(depth int) string {
	if depth == 0 {
		if g.asked && g.IntN(3) == 0 {
			return g.pick("known(azienda.nome)", "known(periodo.dal)", "known(periodi)")
		}
		return g.pick("azienda.artigiana", "azienda.unica", "richiesta.evento_non_evitabile", "periodo.zero_ore", "true", "false")
	}
	d := depth - 1
	switch n := g.IntN(20); {
	case n < 4:
		return g.joined(d, g.pick("&&", "and"))
	case n < 8:
		return g.joined(d, g.pick("||", "or"))
	case n == 8:
		return g.pick("!", "not ") + "(" + g.boolean(d) + ")"
	case n == 9:
		return g.boolean(d) + " == (" + g.boolean(d) + ")"
	case n == 10:
		return fmt.Sprintf("((%s) ? (%s) : (%s))", g.boolean(d), g.boolean(d), g.boolean(d))
	case n == 11 && !g.vm:
		return g.pick(`param("attivo")`, `table("causali", "ammessa", richiesta.causale, periodo.zero_ore)`, `(`+g.boolean(d)+`) != param("attivo")`)
	case n < 13:
		return g.text(d) + g.pick(" == ", " != ") + g.text(d)
	case n < 14:
		return g.text(d) + g.pick(" startsWith ", " endsWith ", " contains ", " not contains ") + g.text(d)
	case n < 16:
		return g.membership(d)
	case n < 18:
		return g.day(d) + g.relation() + g.day(d)
	case n == 18 && g.IntN(2) == 0:
		return g.pick(`weeks(periodo.dal, periodo.al) >= richiesta.settimane`, `weeks(richiesta.dal, richiesta.al) < 3`, `richiesta.ore * 2 > 10`)
	case n == 18:
		return fmt.Sprintf("%d %s azienda.mesi %s %d", g.IntN(20), g.pick("<", "<="), g.pick("<", "<="), g.IntN(40))
	}
	return g.number(d) + g.relation() + g.number(d)
}

func (g *grower) joined(depth int, sign string) string {
	var parts []string
	for range 2 + g.IntN(4) {
		parts = append(parts, "("+g.boolean(depth)+")")
	}
	return "(" + strings.Join(parts, " "+sign+" ") + ")"
}

func (g *grower) relation() string { return g.pick(" == ", " != ", " < ", " <= ", " > ", " >= ") }

func (g *grower) membership(depth int) string {
	sign := g.pick(" in ", " not in ")
	switch g.IntN(4) {
	case 0:
		return "azienda.settore" + sign + `["a", "m", "fis"]`
	case 1:
		return "azienda.settore" + sign + `["a", "m", "fis", "b", "c", "d", "e", "n", "o"]`
	case 2:
		return g.whole(depth) + sign + "[-1, 0, 5, 7, 12]"
	}
	if g.vm {
		return g.text(depth) + sign + `["alfa", "meteo"]`
	}
	return g.pick("azienda.dipendenti", "("+g.day(depth)+` == data("2024-01-01") ? 1 : azienda.quota * 0)`) + sign + "[1, 0, 20]"
}

func (g *grower) text(depth int) string {
	if depth > 0 && g.IntN(6) == 0 {
		return fmt.Sprintf("((%s) ? %s : %s)", g.boolean(depth-1), g.text(depth-1), g.text(depth-1))
	}
	if !g.vm && g.IntN(8) == 0 {
		return g.pick(`param("base")`, `table("causali", "motivo", richiesta.causale, azienda.unica)`)
	}
	return g.pick("azienda.nome", "azienda.nome", `"alfa"`, `"a"`, `""`, `"àèì"`)
}

func (g *grower) day(depth int) string {
	if depth > 0 {
		d := depth - 1
		switch g.IntN(7) {
		case 0:
			return fmt.Sprintf("add_months(%s, %d)", g.day(d), g.IntN(20))
		case 1:
			return fmt.Sprintf("add_days(%s, azienda.mesi)", g.day(d))
		case 2:
			return fmt.Sprintf("%s(%s, %s)", g.pick("max", "min"), g.day(d), g.day(d))
		case 3:
			return fmt.Sprintf("((%s) ? %s : %s)", g.boolean(d), g.day(d), g.day(d))
		}
	}
	if !g.vm && g.IntN(10) == 0 {
		return `table("causali", "fine", richiesta.causale, true)`
	}
	return g.pick("data_riferimento", "richiesta.dal", "richiesta.al", "periodo.dal", "periodo.al", "richiesta.consultazione.data_conclusione",
		`data("`+(calendar.MustParse("2023-12-25")+calendar.Day(g.IntN(80))).String()+`")`)
}

func (g *grower) number(depth int) string {
	if g.IntN(2) == 0 {
		return g.whole(depth)
	}
	return g.decimal(depth)
}

func (g *grower) whole(depth int) string {
	if depth > 0 {
		d := depth - 1
		switch g.IntN(12) {
		case 0:
			return fmt.Sprintf("(%s + %s)", g.whole(d), g.whole(d))
		case 1:
			return fmt.Sprintf("(%s - %s)", g.whole(d), g.whole(d))
		case 2:
			return fmt.Sprintf("%s * %s", g.whole(0), g.whole(0))
		case 3:
			return fmt.Sprintf("-(%s)", g.whole(d))
		case 4:
			return fmt.Sprintf("%s(%s, %s)", g.pick("max", "min"), g.whole(d), g.whole(d))
		case 5:
			return fmt.Sprintf("%s(%s)", g.pick("floor", "ceil"), g.decimal(d))
		case 6:
			return fmt.Sprintf("%s%s, 0)", wholeRounding, g.decimal(d))
		case 7:
			return fmt.Sprintf("((%s) ? %s : %s)", g.boolean(d), g.whole(d), g.whole(d))
		case 8:
			return fmt.Sprintf(`sum(periodi, "lavoratori")`)
		}
	}
	if !g.vm && g.IntN(10) == 0 {
		return g.pick(`table("causali", "conta", richiesta.causale, azienda.unica)`, `table("causali", "conta", "meteo", azienda.artigiana)`)
	}
	return g.pick("azienda.mesi", "azienda.sedi", "periodo.lavoratori", "count(periodi)", "count(giornate)", "count(periodo.giornate)",
		strconv.Itoa(g.IntN(30)), "days(richiesta.dal, richiesta.al)", "workdays(periodo.dal, richiesta.al, 5)", "workdays(periodo.dal, richiesta.al, 6)",
		"floor(azienda.quota)")
}

func (g *grower) decimal(depth int) string {
	if depth > 0 {
		d := depth - 1
		switch g.IntN(10) {
		case 0:
			return fmt.Sprintf("(%s + %s)", g.decimal(d), g.number(d))
		case 1:
			return fmt.Sprintf("(%s - %s)", g.number(d), g.decimal(d))
		case 2:
			return fmt.Sprintf("%s * %s", g.decimal(0), g.number(0))
		case 3:
			return fmt.Sprintf("%s(%s, %s)", g.pick("max", "min"), g.decimal(d), g.number(d))
		case 4:
			return fmt.Sprintf("round_half_up(%s, %d)", g.decimal(d), 1+g.IntN(3))
		case 5:
			return fmt.Sprintf("((%s) ? %s : %s)", g.boolean(d), g.decimal(d), g.decimal(d))
		case 6:
			if !g.vm {
				return g.pick("-("+g.decimal(d)+")", fmt.Sprintf("((%s) ? %s : %s)", g.boolean(d), g.whole(d), g.decimal(d)))
			}
		case 7:
			return `sum_product(periodi, "lavoratori", "peso")`
		}
	}
	if !g.vm && g.IntN(8) == 0 {
		return g.pick(`table("causali", "peso", periodo.causale, false)`, `param("sospeso")`)
	}
	return g.pick("azienda.dipendenti", "azienda.quota", "periodo.peso", `param("limite")`, `param("terzo")`, `sum(periodi, "peso")`)
}
