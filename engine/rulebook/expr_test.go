package rulebook_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	. "omnia/engine/rulebook"
)

func condition(t *testing.T, w *world, src string) *Condition {
	t.Helper()
	c, defects := CompileCondition(src, here, w.Scope)
	if len(defects) > 0 {
		t.Fatalf("%s\n%s", src, Defects(defects).Error())
	}
	return c
}

func expression(t *testing.T, w *world, src string, want Want) *Expr {
	t.Helper()
	x, defects := CompileExpr(src, here, w.Scope, want)
	if len(defects) > 0 {
		t.Fatalf("%s\n%s", src, Defects(defects).Error())
	}
	return x
}

// set gives root facts (or, with "periodo.", facts of the row) a value.
func (w *world) set(e *Env, name string, v fact.Value) {
	if rest, ok := strings.CutPrefix(name, "periodo."); ok {
		e.Row[w.row.Slot(rest)] = v
		return
	}
	e.Root[w.root.Slot(name)] = v
}

// blank is an Env in which nothing is known, on a day of 2024.
func (w *world) blank() *Env {
	return &Env{Root: w.root.New(), Row: w.row.New(), RowIndex: 3, Day: calendar.MustParse("2024-05-01")}
}

// example is an Env with some facts known.
func (w *world) example() *Env {
	e := w.blank()
	day := func(s string) fact.Value { return fact.OfDay(calendar.MustParse(s)) }
	w.set(e, "azienda.settore", fact.OfText("m"))
	w.set(e, "azienda.mesi", fact.OfInt(7))
	w.set(e, "azienda.dipendenti", fact.OfRat(quantity.MustParse("15.01")))
	w.set(e, "richiesta.dal", day("2024-01-31"))
	w.set(e, "richiesta.al", day("2024-02-29"))
	w.set(e, "richiesta.ore", fact.OfInt(100))
	w.set(e, "periodo.causale", fact.OfText("meteo"))
	w.set(e, "periodo.zero_ore", fact.OfBool(true))
	row := func(giorni int64, peso string) fact.Record {
		r := w.row.New()
		r[w.row.Slot("giorni")], r[w.row.Slot("lavoratori")] = fact.OfInt(giorni), fact.OfInt(2)
		r[w.row.Slot("peso")] = fact.OfRat(quantity.MustParse(peso))
		return r
	}
	w.set(e, "periodi", fact.OfRows([]fact.Record{row(3, "1/3"), row(5, "0.5")}))
	w.set(e, "giornate", fact.OfDays(make([]calendar.Day, 4)))
	return e
}

func TestFunctionsGiveTheirValue(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for src, want := range map[string]string{
		`param("limite")`:                                               "24",
		`param("terzo") * richiesta.ore`:                                "100/3",
		`param("base")`:                                                 "meteo",
		`known(azienda.nome) ? 1 : 0`:                                   "0",
		`known(periodi) ? 1 : 0`:                                        "1",
		`add_months(richiesta.dal, 1)`:                                  "2024-02-29",
		`add_months(richiesta.al, -12)`:                                 "2023-02-28",
		`add_months(richiesta.al, param("limite"))`:                     "2026-02-28",
		`add_days(richiesta.dal, 30)`:                                   "2024-03-01",
		`days(richiesta.dal, richiesta.al)`:                             "30",
		`days(richiesta.al, richiesta.dal)`:                             "0",
		`weeks(richiesta.dal, richiesta.al)`:                            "30/7",
		`workdays(richiesta.dal, richiesta.al, 5)`:                      "22",
		`workdays(richiesta.dal, richiesta.al, 6)`:                      "26",
		`add_weeks(data("2024-02-29"), 2)`:                              "2024-03-14",
		`monday(data("2024-02-29"))`:                                    "2024-02-26",
		`sunday(data("2024-02-29"))`:                                    "2024-03-03",
		`month_end(data("2024-02-01"))`:                                 "2024-02-29",
		`not_holiday(data("2024-03-03"))`:                               "2024-03-04",
		`not_holiday(data("2024-03-02"))`:                               "2024-03-02",
		`max(richiesta.dal, data("2024-02-01"))`:                        "2024-02-01",
		`min(azienda.mesi, azienda.dipendenti)`:                         "7",
		`sum(periodi, "giorni")`:                                        "8",
		`sum(periodi, "peso")`:                                          "5/6",
		`sum_product(periodi, "giorni", "peso")`:                        "7/2",
		`sum_product(periodi, "giorni", "lavoratori")`:                  "16",
		`count(periodi)`:                                                "2",
		`count(giornate)`:                                               "4",
		`round_half_up(azienda.dipendenti, 1)`:                          "15",
		`round_half_up(azienda.dipendenti * 10, 0)`:                     "150",
		`round_half_up(-param("terzo"), 2)`:                             "-33/100",
		`round_half_up(0 - azienda.dipendenti - param("terzo"), 1)`:     "-153/10",
		`floor(-param("terzo"))`:                                        "-1",
		`ceil(azienda.dipendenti)`:                                      "16",
		`table("causali", "motivo", periodo.causale, periodo.zero_ore)`: "pioggia",
		`table("causali", "peso", periodo.causale, !periodo.zero_ore)`:  "1",
		`table("causali", "fine", "meteo", false)`:                      "2024-06-30",
		`azienda.settore in ["m", "n"] ? azienda.mesi : param("terzo")`: "7",
	} {
		x := expression(t, w, src, Want{})
		e := w.example()
		v, known := x.Value(e)
		if known != True {
			t.Errorf("%s is %d, failure %v, blocked by %s", src, known, e.Failure, paths(x.Blocking(e, nil)))
			continue
		}
		if got := word(v); got != want && !(strings.Contains(want, "-") && v.Day().String() == want) {
			t.Errorf("%s = %s, want %s", src, got, want)
		}
	}
}

// word prints a value by the part that is set.
func word(v fact.Value) string {
	switch {
	case v.Text != "":
		return v.Text
	case v.Num != 0:
		return fmt.Sprint(v.Num)
	}
	return v.Rat.String()
}

func TestNumbersComeInTheFormThatIsWanted(t *testing.T) {
	t.Parallel()
	w := newWorld()
	e := w.example()
	if v, _ := expression(t, w, "azienda.mesi", Want{Kind: WantNumber}).Value(e); !v.Rat.Equal(quantity.Int(7)) || v.Num != 0 {
		t.Errorf("a whole number wanted as a decimal is %+v", v)
	}
	if v, _ := expression(t, w, "azienda.mesi", Want{Kind: WantInteger}).Value(e); v.Num != 7 {
		t.Errorf("a whole number is %+v", v)
	}
	if r, known := expression(t, w, "azienda.mesi * 2", Want{Kind: WantNumber}).Number(e); known != True || !r.Equal(quantity.Int(14)) {
		t.Errorf("Number is %v, %d", r, known)
	}
	if s, known := expression(t, w, `azienda.mesi > 3 ? "rifiuto" : "prefisso"`, Want{Kind: WantText}).Code(e); known != True || s != "rifiuto" {
		t.Errorf("Code is %q, %d", s, known)
	}
	if v, known := expression(t, w, `azienda.mesi > 30`, Want{Kind: WantBool}).Value(e); known != True || v.Bool() || v.State != fact.Known {
		t.Errorf("a condition as a value is %+v, %d", v, known)
	}
}

func TestFailuresAreLoudAndPlaced(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, tt := range []struct {
		src, code, text string
		col             int
	}{
		{`true && param("sospeso") > 1`, "param_not_in_force", "Il parametro sospeso non è in vigore il 2024-05-01.", 9},
		{`azienda.mesi * 9223372036854775807 > 1`, "overflow", "Il calcolo esce dai numeri ammessi (64 bit).", 14},
		{`azienda.mesi + 9223372036854775807 > 1`, "overflow", "Il calcolo esce dai numeri ammessi (64 bit).", 14},
		{`-9223372036854775807 - azienda.mesi > 1`, "overflow", "Il calcolo esce dai numeri ammessi (64 bit).", 22},
		{`floor(azienda.dipendenti * 9223372036854775807) > 1`, "overflow", "Il calcolo esce dai numeri ammessi (64 bit).", 1},
		{`round_half_up(azienda.dipendenti * 9223372036854775807, 2) > 1`, "overflow", "Il calcolo esce dai numeri ammessi (64 bit).", 1},
		{`add_months(richiesta.al, 120000) > richiesta.al`, "date_out_of_range", "Il giorno calcolato esce dal calendario (anni da 1 a 9999).", 1},
		{`add_months(richiesta.al, -9223372036854775807) > richiesta.al`, "date_out_of_range", "Il giorno calcolato esce dal calendario (anni da 1 a 9999).", 1},
		{`add_days(richiesta.al, 9223372036854775807) > richiesta.al`, "date_out_of_range", "Il giorno calcolato esce dal calendario (anni da 1 a 9999).", 1},
		{`add_days(richiesta.al, param("terzo")) > richiesta.al`, "invalid_argument", "Qui serve un numero intero, non 1/3.", 24},
		{`workdays(richiesta.dal, richiesta.al, azienda.mesi + 1) > 1`, "invalid_argument", "I giorni lavorati la settimana sono da 1 a 7, non 8.", 1},
		{`table("causali", "peso", "crisi", true) > 1`, "table_no_row", `La tabella causali non ha una riga per causale "crisi", eone sì.`, 1},
		{`known(azienda.nome) == (param("sospeso") > 1)`, "param_not_in_force", "Il parametro sospeso non è in vigore il 2024-05-01.", 25},
		{`azienda.nome == "x" && param("sospeso") > 1`, "param_not_in_force", "Il parametro sospeso non è in vigore il 2024-05-01.", 24},
		{`azienda.quota + param("sospeso") > 1`, "param_not_in_force", "Il parametro sospeso non è in vigore il 2024-05-01.", 17},
	} {
		e := w.example()
		if got := condition(t, w, tt.src).Eval(e); got != Failed || e.Failure == nil {
			t.Errorf("%s is %d, not a failure", tt.src, got)
			continue
		}
		want := Failure{Code: tt.code, Text: tt.text, Place: Place{here.File, 1, tt.col}}
		if *e.Failure != want {
			t.Errorf("%s\n got %+v\nwant %+v", tt.src, *e.Failure, want)
		}
	}
}

func TestADecidedSideIsNeverLookedBehind(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for src, want := range map[string]Tri{
		`false && param("sospeso") > 1`:                                      False,
		`true || param("sospeso") > 1`:                                       True,
		`azienda.mesi > 100 && param("sospeso") > 1`:                         False,
		`azienda.nome == "x" && param("sospeso") > 1 && false`:               Failed,
		`azienda.nome == "x" && false && param("sospeso") > 1`:               False,
		`azienda.nome == "x" && azienda.artigiana && azienda.unica && false`: False,
		`azienda.nome == "x" || azienda.artigiana || azienda.mesi == 7`:      True,
		`azienda.nome == "x" || azienda.artigiana || azienda.unica || true`:  True,
		`azienda.mesi == 7 ? true : param("sospeso") > 1`:                    True,
		`table("causali", "peso", richiesta.causale, true) > 1`:              Unknown,
		`table("causali", "peso", "mercato", false) > 1`:                     Unknown,
	} {
		e := w.example()
		if got := condition(t, w, src).Eval(e); got != want {
			t.Errorf("%s is %d, want %d", src, got, want)
		}
	}
}

func TestBlockingFactsAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	rowOf := func(e *Env, i int) fact.Record { return e.Root[w.root.Slot("periodi")].Rows()[i] }
	for _, tt := range []struct {
		src  string
		want []string
	}{
		{`azienda.nome == "x" && azienda.artigiana`, []string{"azienda.nome", "azienda.artigiana"}},
		{`azienda.nome == "x" && azienda.mesi == 7`, []string{"azienda.nome"}},
		{`azienda.nome == "x" && azienda.mesi == 8`, nil},
		{`azienda.nome == "x" || azienda.mesi == 7`, nil},
		{`(azienda.mesi == 8 && azienda.unica) || azienda.artigiana`, []string{"azienda.artigiana"}},
		{`azienda.sedi + azienda.sedi > azienda.mesi`, []string{"azienda.sedi"}},
		{`periodo.dal < periodo.al`, []string{"periodi[3].dal", "periodi[3].al"}},
		{`azienda.artigiana ? azienda.unica : azienda.nome == "x"`, []string{"azienda.artigiana"}},
		{`azienda.mesi == 7 ? azienda.unica : azienda.nome == "x"`, []string{"azienda.unica"}},
		{`sum(periodi, "ore") > 3`, []string{"periodi[1].ore"}},
		{`sum_product(periodi, "ore", "peso") > 3`, []string{"periodi[1].ore"}},
		{`count(periodo.giornate) > 3`, []string{"periodi[3].giornate"}},
		{`known(azienda.nome) && azienda.unica`, nil},
		{`table("causali", "peso", richiesta.causale, azienda.unica) > 1`, []string{"richiesta.causale", "azienda.unica"}},
		{`table("causali", "peso", "mercato", false) > 1`, nil},
		{`azienda.nome == "x" && param("sospeso") > 1`, nil},
		{`richiesta.consultazione.data_conclusione > richiesta.al`, []string{"richiesta.consultazione.data_conclusione"}},
		{`!(azienda.nome in ["a", "b"]) && max(azienda.quota, 3) > 2`, []string{"azienda.nome", "azienda.quota"}},
	} {
		e := w.example()
		rowOf(e, 0)[w.row.Slot("ore")] = fact.OfRat(quantity.Int(4))
		if got := paths(condition(t, w, tt.src).Blocking(e, nil)); !slices.Equal(got, tt.want) {
			t.Errorf("%s\n is blocked by %v, want %v", tt.src, got, tt.want)
		}
	}
}

func TestBlockingAddsToWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld()
	e := w.blank()
	e.RowIndex = RequestRow
	nome := fact.Ref{Field: w.root.Field("azienda.nome"), Row: -1}
	got := condition(t, w, `azienda.nome == "x" && periodo.zero_ore`).Blocking(e, []fact.Ref{nome})
	want := []fact.Ref{nome, {Field: w.row.Field("zero_ore"), Row: RequestRow}}
	if !slices.Equal(got, want) {
		t.Errorf("refs are %v, want %v", paths(got), paths(want))
	}
	x := expression(t, w, "azienda.mesi * azienda.quota", Want{Kind: WantNumber})
	if got := paths(x.Blocking(e, nil)); !slices.Equal(got, []string{"azienda.mesi", "azienda.quota"}) {
		t.Errorf("a number is blocked by %v", got)
	}
}

func TestANilConditionHoldsAndSaysNothing(t *testing.T) {
	t.Parallel()
	var c *Condition
	if c.Eval(&Env{}) != True || c.Blocking(&Env{}, nil) != nil || c.Canonical() != "" || c.Reads() != nil || c.Sentence("it") != "" {
		t.Error("a nil condition must be true, blocked by nothing, and empty")
	}
}

func TestRecordsOfAnotherVocabularyFail(t *testing.T) {
	t.Parallel()
	w := newWorld()
	e := w.example()
	e.Row = nil
	c := condition(t, w, "periodo.zero_ore")
	if c.Eval(e) != Failed || e.Failure.Code != "no_record" || c.Blocking(e, nil) != nil {
		t.Errorf("without its row the condition gives failure %+v", e.Failure)
	}
	x := expression(t, w, "azienda.nome", Want{})
	if _, known := x.Number(e); known != Failed {
		t.Error("a text must fail as a number")
	}
}

func TestTablesAreReadByEveryTypeOfInput(t *testing.T) {
	t.Parallel()
	w := newWorld()
	day := calendar.MustParse("2024-01-31")
	version := span("2015-09-24", "2024-12-31")
	row := func(n int64, r string, d calendar.Day, b bool, out string) TableRow {
		return TableRow{Inputs: []fact.Value{fact.OfInt(n), fact.OfRat(quantity.MustParse(r)), fact.OfDay(d), fact.OfBool(b)}, Outputs: []fact.Value{fact.OfText(out)}}
	}
	w.Tables["tipi"] = &Table{
		ID:      "tipi",
		Inputs:  []Column{{Name: "mesi", Type: fact.Integer}, {Name: "quota", Type: fact.Decimal}, {Name: "dal", Type: fact.Date}, {Name: "zero", Type: fact.Bool}},
		Outputs: []Column{{Name: "esito", Type: fact.Text}},
		Versions: []TableVersion{{Version: version, Rows: []TableRow{
			row(7, "0.5", day, true, "primo"), row(7, "0.5", day+1, true, "secondo"), row(7, "0.25", day, true, "terzo"), row(8, "0.5", day, true, "quarto"),
		}}},
	}
	x := expression(t, w, `table("tipi", "esito", azienda.mesi, azienda.quota, richiesta.dal, periodo.zero_ore)`, Want{Kind: WantText})
	e := w.example()
	if _, known := x.Code(e); known != Unknown || !slices.Equal(paths(x.Blocking(e, nil)), []string{"azienda.quota"}) {
		t.Errorf("without an input the cell is %d, blocked by %v", known, paths(x.Blocking(e, nil)))
	}
	for _, tt := range []struct {
		mesi  int64
		quota string
		dal   calendar.Day
		want  string
	}{{7, "1/2", day, "primo"}, {7, "1/2", day + 1, "secondo"}, {7, "1/4", day, "terzo"}, {8, "1/2", day, "quarto"}} {
		w.set(e, "azienda.mesi", fact.OfInt(tt.mesi))
		w.set(e, "azienda.quota", fact.OfRat(quantity.MustParse(tt.quota)))
		w.set(e, "richiesta.dal", fact.OfDay(tt.dal))
		if got, known := x.Code(e); known != True || got != tt.want {
			t.Errorf("%+v gives %q, %d", tt, got, known)
		}
	}
	w.set(e, "periodo.zero_ore", fact.OfBool(false))
	if _, known := x.Code(e); known != Failed || e.Failure.Text != "La tabella tipi non ha una riga per mesi 8, quota 1/2, dal 2024-01-31, zero no." {
		t.Errorf("without a row: %d, %+v", known, e.Failure)
	}
	e.Day = calendar.MustParse("2025-01-01")
	if _, known := x.Code(e); known != Failed || e.Failure.Code != "table_not_in_force" {
		t.Errorf("after its end: %d, %+v", known, e.Failure)
	}
	whole := expression(t, w, `table("tipi", "esito", 7, azienda.mesi - 6, data("2024-01-31"), azienda.mesi > 3)`, Want{})
	e = w.example()
	if _, known := whole.Code(e); known != Failed || !strings.Contains(e.Failure.Text, "quota 1,") {
		t.Errorf("a whole number for a decimal input: %d, %+v", known, e.Failure)
	}
}

func TestAFieldTellsWhatItTakes(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for name, want := range map[string]Want{
		"azienda.unica": {Kind: WantBool}, "richiesta.ore": {Kind: WantInteger, Unit: "hour"}, "richiesta.settimane": {Kind: WantNumber, Unit: "week"},
		"richiesta.dal": {Kind: WantDate}, "azienda.nome": {Kind: WantText},
		"richiesta.causale": {Kind: WantText, Options: []string{"meteo", "mercato", "crisi"}},
	} {
		if got := WantField(w.root.Field(name)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s takes %+v, want %+v", name, got, want)
		}
	}
}

func TestWhatAnExpressionNames(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := condition(t, w, `azienda.mesi > param("limite") && known(periodo.dal) && sum(periodi, "peso") > azienda.mesi * param("limite") && table("causali", "ammessa", "meteo", azienda.unica)`)
	var names, params, tables []string
	for _, f := range c.Reads() {
		names = append(names, f.Path)
	}
	for _, p := range c.Params() {
		params = append(params, p.ID)
	}
	for _, x := range c.Tables() {
		tables = append(tables, x.ID)
	}
	if got, want := fmt.Sprint(names, params, tables), "[azienda.mesi periodi[].dal periodi periodi[].peso azienda.unica] [limite] [causali]"; got != want {
		t.Errorf("names %s, want %s", got, want)
	}
	var used []string
	e := w.example()
	w.set(e, "periodo.dal", fact.OfDay(0))
	w.set(e, "azienda.mesi", fact.OfInt(30))
	e.Used = func(p *Parameter, v *ParameterVersion) { used = append(used, p.ID+" "+v.From.String()) }
	c.Eval(e)
	if got := fmt.Sprint(used); got != "[limite 2020-01-01 limite 2020-01-01]" {
		t.Errorf("used %s", got)
	}
	e.Day = calendar.MustParse("2019-12-31")
	used = nil
	c.Eval(e)
	if got := fmt.Sprint(used); got != "[limite 2015-09-24]" {
		t.Errorf("the day before the change used %s", got)
	}
}

func TestCanonicalFormForgetsLayout(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for src, want := range map[string]string{
		"azienda.settore in ['m',\n  \"n\"]   and not azienda.unica": `azienda.settore in ["m", "n"] && !azienda.unica`,
		"azienda.unica /* nota */ or (azienda.artigiana or true)":    `azienda.unica || azienda.artigiana || true`,
		"(azienda.unica and azienda.artigiana) or true // nota":      `(azienda.unica && azienda.artigiana) || true`,
		"1 <= azienda.mesi <= 5":                                     `1 <= azienda.mesi && azienda.mesi <= 5`,
		"azienda.mesi not in [-1, 2]":                                `!(azienda.mesi in [-1, 2])`,
		"azienda.mesi - (azienda.sedi - 1) > -(-2)":                  `azienda.mesi - (azienda.sedi - 1) > -(-2)`,
		"(azienda.mesi - azienda.sedi) - 1 > 2 * (3 + 4)":            `azienda.mesi - azienda.sedi - 1 > 2 * (3 + 4)`,
		"azienda.nome == `a\"b\\c`":                                  `azienda.nome == "a\"b\\c"`,
		"azienda.nome == 'a\\tb'":                                    `azienda.nome == "a\tb"`,
		"(azienda.unica ? 1 : 2) > (azienda.artigiana ? 3 : 4)":      `(azienda.unica ? 1 : 2) > (azienda.artigiana ? 3 : 4)`,
		"data( '2024-01-01' )<richiesta.dal":                         `data("2024-01-01") < richiesta.dal`,
		"not azienda.unica == azienda.artigiana":                     `!azienda.unica == azienda.artigiana`,
		"sum( periodi , 'peso' ) > max(1,2)":                         `sum(periodi, "peso") > max(1, 2)`,
		"table('causali','ammessa',periodo.causale, true)":           `table("causali", "ammessa", periodo.causale, true)`,
	} {
		if got := condition(t, w, src).Canonical(); got != want {
			t.Errorf("%s\n is %s\nwant %s", src, got, want)
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for src, want := range map[string]string{
		`azienda.settore in ["m", "n", "o"]`:                                    "settore dell'azienda è uno di m, n, o",
		`azienda.settore not in ["m"] && azienda.artigiana`:                     "settore dell'azienda non è uno di m e impresa artigiana: sì",
		`!azienda.artigiana || known(richiesta.dal)`:                            "impresa artigiana: no oppure si conosce primo giorno richiesto",
		`(azienda.artigiana || azienda.settore == "a") && !known(richiesta.al)`: "(impresa artigiana: sì oppure settore dell'azienda è a) e non si conosce ultimo giorno richiesto",
		`azienda.dipendenti > 15`:                                               "dipendenti in media è più di 15",
		`!(azienda.dipendenti >= 15)`:                                           "dipendenti in media è meno di 15",
		`richiesta.dal >= data("2024-06-01")`:                                   "primo giorno richiesto non precede il 01/06/2024",
		`richiesta.settimane * 2 <= param("cigo.settimane")`:                    "(settimane richieste per 2) è al massimo «Titolo di cigo.settimane»",
		`sum(periodi, "giorni") + 1 != -3`:                                      "(somma di giorni fruiti più 1) non è meno 3",
		`count(periodi) == 0`:                                                   "numero di periodi già concessi è 0",
		`weeks(richiesta.dal, richiesta.al) < 13`:                               "settimane da primo giorno richiesto a ultimo giorno richiesto è meno di 13",
		`add_months(richiesta.dal, 6) < richiesta.al`:                           "primo giorno richiesto più 6 mesi precede ultimo giorno richiesto",
		`table("causali", "ammessa", richiesta.causale, true)`:                  "«ammessa» secondo la tabella «Causali» per richiesta.causale, sempre",
		`(azienda.artigiana ? 1 : 2) == 2`:                                      "(se impresa artigiana: sì: 1; altrimenti: 2) è 2",
		`!(azienda.nome startsWith "A")`:                                        "(azienda.nome comincia con A): no",
	} {
		if got := condition(t, w, src).Sentence("it"); got != want {
			t.Errorf("%s\n is said %q\n     want %q", src, got, want)
		}
	}
	c := condition(t, w, `azienda.mesi >= 3 && richiesta.dal < data("2024-06-01")`)
	for lang, want := range map[string]string{
		"en": "azienda.mesi is at least 3 and primo giorno richiesto is before 2024-06-01",
		"de": "azienda.mesi ist mindestens 3 und Primo giorno richiesto liegt vor 01.06.2024",
		"fr": "azienda.mesi è almeno 3 e primo giorno richiesto precede il 01/06/2024",
	} {
		if got := c.Sentence(lang); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

func TestEveryFunctionIsDescribed(t *testing.T) {
	t.Parallel()
	list := Functions()
	if len(list) != 25 || !slices.IsSortedFunc(list, func(a, b Function) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("%d functions", len(list))
	}
	for _, f := range list {
		if !strings.HasPrefix(f.Signature, f.Name+"(") || f.Text == "" {
			t.Errorf("%+v", f)
		}
	}
}

// TestWideDecimalsStayExact compares sums and products of decimals that fill 64 bits, where the
// plain fractions of the fast path overflow, with big rationals.
func TestWideDecimalsStayExact(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := rand.New(rand.NewPCG(3, 3))
	conditions := map[string]func(d, q, p *big.Rat) int{
		`azienda.dipendenti * azienda.quota %s periodo.peso`: func(d, q, p *big.Rat) int { return new(big.Rat).Mul(d, q).Cmp(p) },
		`azienda.dipendenti + azienda.quota %s periodo.peso`: func(d, q, p *big.Rat) int { return new(big.Rat).Add(d, q).Cmp(p) },
		`periodo.peso - azienda.quota %s azienda.dipendenti`: func(d, q, p *big.Rat) int { return new(big.Rat).Sub(p, q).Cmp(d) },
		`-(azienda.dipendenti - 1) %s azienda.quota`:         func(d, q, p *big.Rat) int { d = new(big.Rat).Sub(d, big.NewRat(1, 1)); return d.Neg(d).Cmp(q) },
		`azienda.dipendenti %s azienda.quota`:                func(d, q, p *big.Rat) int { return d.Cmp(q) },
	}
	holds := map[string]func(int) bool{
		"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 }, "==": func(c int) bool { return c == 0 },
		"!=": func(c int) bool { return c != 0 }, ">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
	}
	for form, order := range conditions {
		for sign, hold := range holds {
			c := condition(t, w, fmt.Sprintf(form, sign))
			for range 300 {
				e := w.blank()
				d, q, p := wide(r), wide(r), wide(r)
				if r.IntN(4) == 0 {
					q = d
				}
				w.set(e, "azienda.dipendenti", fact.OfRat(d))
				w.set(e, "azienda.quota", fact.OfRat(q))
				w.set(e, "periodo.peso", fact.OfRat(p))
				if got, want := c.Eval(e), tri(hold(order(d.Big(), q.Big(), p.Big()))); got != want {
					t.Fatalf("%s with %s, %s, %s is %d, want %d", c.Canonical(), d, q, p, got, want)
				}
			}
		}
	}
}

// wide is a fraction of any size up to 64 bits, and beyond.
func wide(r *rand.Rand) quantity.Rat {
	f := quantity.Frac(r.Int64()>>r.IntN(63)-r.Int64()>>r.IntN(63), 1+r.Int64()>>r.IntN(63))
	if r.IntN(10) == 0 {
		f = f.Mul(quantity.Int(math.MaxInt64))
	}
	return f
}

func TestEvaluationOfEveryKindOfNodeAllocatesNothing(t *testing.T) {
	w := newWorld()
	c := condition(t, w, `azienda.settore in ["m", "n"] && azienda.dipendenti * 3 + param("terzo") < 100 && add_months(richiesta.dal, 3) > richiesta.al
		&& sum_product(periodi, "giorni", "peso") > 1 && weeks(richiesta.dal, richiesta.al) * 2 > 3 && table("causali", "peso", periodo.causale, periodo.zero_ore) < 2
		&& floor(azienda.dipendenti) >= 15 && round_half_up(azienda.dipendenti, 1) == 15 && (known(azienda.nome) || azienda.nome == "x" || max(azienda.mesi, 3) == 7)
		&& (azienda.mesi > 3 ? workdays(richiesta.dal, richiesta.al, 5) : 0) > 1`)
	e := w.example()
	if got := c.Eval(e); got != True {
		t.Fatalf("the condition is %d, failure %v", got, e.Failure)
	}
	if n := testing.AllocsPerRun(100, func() { c.Eval(e) }); n != 0 {
		t.Errorf("evaluation allocates %v times", n)
	}
}
