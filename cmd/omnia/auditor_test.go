package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The auditor's walk: what somebody does who asks, years later, why a company was told that, and whether the record of
// it is what it was.

// february is a question of 2024 by a company that has used 40 weeks, about six more.
var february = func() string {
	var periods []string
	for i, p := range [][2]string{{"2022-11-07", "2023-01-29"}, {"2023-02-20", "2023-05-14"}, {"2023-06-05", "2023-09-10"}} { // 12, 12 and 14 weeks
		periods = append(periods, fmt.Sprintf(`{"numero":"P-%d","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento","dal":%q,"al":%q,"ore_autorizzate":400}`, i, p[0], p[1]))
	}
	return `{"facts":{"data_riferimento":"2024-02-25","azienda":{"matricola":"` + matricola + `","settore":"a","dipendenti_semestre":60},` +
		`"unita_produttiva":{"progressivo":"0","giorni_settimana":5,"organico_medio":[{"ore_settimanali":40,"lavoratori":60}]},` +
		`"periodi":[` + strings.Join(periods, ",") + `],` +
		`"richiesta":{"prestazione":"CIGO","causale":"mancanza_lavoro","dal":"2024-02-05","al":"2024-02-25","ore":100}}}`
}()

// forFebruary gives a limit another value in February 2024, as an expert would: by further versions in the YAML.
func forFebruary(t *testing.T, folder, file, id, value string) {
	t.Helper()
	name := filepath.Join(folder, "parameters", file)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	first := regexp.MustCompile(`(?s)(\n  - id: ` + regexp.QuoteMeta(id) + `\n.*?\n    versions:\n)      - version: 1\n(        valid_from: "[0-9-]+"\n)        value: ("[0-9]+")\n(.*?\n)\n`)
	m := first.FindStringSubmatchIndex(string(text))
	if m == nil {
		t.Fatalf("%s: no single version of %s", name, id)
	}
	part := func(i int) string { return string(text[m[2*i]:m[2*i+1]]) }
	old, law := part(3), part(4)
	next := part(1) +
		"      - version: 3\n        valid_from: \"2024-03-01\"\n        value: " + old + "\n" + law +
		"      - version: 2\n        valid_from: \"2024-02-01\"\n        valid_to: \"2024-02-29\"\n        value: " + value + "\n" + law +
		"      - version: 1\n" + part(2) + "        valid_to: \"2024-01-31\"\n        value: " + old + "\n" + law + "\n"
	if err := os.WriteFile(name, []byte(string(text[:m[0]])+next+string(text[m[1]:])), 0o600); err != nil {
		t.Fatal(err)
	}
}

// audit is the walk under way.
type audit struct {
	*walk
	folder         string // of the rules that are served
	kept           string // folder of what the auditor keeps: keys, checkpoints, documents
	then, now      string // ids of the decisions under the two editions
	answered       string // the first answer
	early, late    string // files of checkpoints
	keys, exported string // files
}

func TestAnAuditorsWalk(t *testing.T) {
	t.Parallel()
	livelyPlaces(t, func(t *testing.T, p *place) {
		a := &audit{walk: &walk{t: t, place: p, tokens: map[string]string{}, called: map[string]bool{}}, folder: lawFolder(t, "Prime"), kept: t.TempDir()}
		p.rulesCommand(t, exitFine, "publish", "2030-1", "--dir", a.folder)
		a.server = start(t, p.env("OMNIA_RULES="+a.folder)...)
		for _, persona := range []string{"archivio", "auditor", "portale", "titolare"} {
			a.tokens[persona] = p.token(t, persona)
		}
		a.step("a decision of 2024 under edition A", a.decides)
		a.step("the limit changes in edition B, while it serves", a.changes)
		a.step("the decision is found by the version that it used", a.finds)
		a.step("what changed, what of it mattered, and why that version", a.explains)
		a.step("the old decision comes out again under A", a.replays)
		a.step("a measure is corrected: old decisions stay, and those that it touches are told", a.corrects)
		a.step("the proof is verified offline", a.proves)
		a.step("the record is verified offline, and where it is stored", a.verifies)
		a.step("whatever is altered in an export is named", a.altersTheExport)
		a.step("whatever is altered in the database is named", a.altersTheDatabase)
	})
}

// headed are the decision of an answer, and what it says of the two years of CIGO.
func (a *audit) decide() (id, edition, body string) {
	a.t.Helper()
	got := a.post("portale", "/v1/counters", february, http.StatusOK)
	head := a.object(got)["decision"].(map[string]any)
	return fmt.Sprint(head["id"]), fmt.Sprint(head["edition"]), got.body
}

func (a *audit) decides() {
	var edition string
	a.then, edition, a.answered = a.decide()
	a.want("edition", edition, "2030-1")
	a.early = a.keep("early", a.get("", "/v1/ledger/checkpoint").body)
	a.keys = a.keep("keys", a.get("", "/v1/ledger/keys").body)
}

func (a *audit) keep(name, text string) string {
	a.t.Helper()
	file := filepath.Join(a.kept, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return file
}

// changes publishes B. On PostgreSQL it is published into the archive by the command line; SQLite's file is the service's own, which reads
// its folder again.
func (a *audit) changes() {
	load := &asked{pause: 50 * time.Millisecond}
	load.run(a.tokens["portale"], a.server)
	forFebruary(a.t, a.folder, "cigo.yaml", "cigo.biennio.max_weeks", `"40"`)
	forFebruary(a.t, a.folder, "cigo.yaml", "cigo.request.max_weeks", `"12"`) // three are asked: it decides nothing here
	if a.place.dsn == "" {
		a.place.rulesCommand(a.t, exitFine, "publish", "2030-2", "--dir", a.folder)
		a.server.signal(syscall.SIGHUP)
	} else {
		a.place.rulesCommand(a.t, exitFine, "publish", "2030-2", "--dir", a.folder, "--database", a.place.dsn, "--activate")
	}
	eventually(a.t, "B is in use", func() bool { return a.object(a.get("", "/status"))["edition"] == "2030-2" })
	load.goesOn(a.t, 1)
	load.end(a.t)
	var edition, body string
	a.now, edition, body = a.decide()
	a.want("edition", edition, "2030-2")
	for i, want := range []string{"52 admissible", "40 partly_admissible"} {
		got := answer{body: []string{a.answered, body}[i]}
		a.want("the limit, and the verdict", a.counter(got, "limit")+" "+a.counter(got, "verdict"), want)
	}
	a.late = a.keep("late", a.get("", "/v1/ledger/checkpoint").body)
}

func (a *audit) finds() {
	for version, want := range map[int]string{1: a.then, 2: a.now} {
		var ids []string
		for _, d := range a.items(a.get("auditor", fmt.Sprintf("/v1/decisions?rule=cigo.biennio.max_weeks&version=%d&matricola=%s&dal=2020-01-01", version, matricola))) {
			ids = append(ids, fmt.Sprint(d["id"]))
		}
		a.want(fmt.Sprint("by version ", version), ids, fmt.Sprint([]string{want}))
	}
}

func (a *audit) explains() {
	why := map[string]string{}
	for _, id := range []string{a.then, a.now} {
		for _, r := range decoded[struct{ Rules []map[string]any }](a.t, a.get("auditor", "/v1/decisions/"+id)).Rules {
			if r["id"] == "cigo.biennio.max_weeks" {
				why[fmt.Sprint(id, r["version"])] = fmt.Sprint(r["why"])
			}
		}
	}
	for version, want := range map[string]string{
		a.then + "1": "perché il 05-02-2024 (primo giorno richiesto) non viene prima del 24-09-2015, da quando è in vigore",
		a.now + "2":  "perché il 05-02-2024 (primo giorno richiesto) cade fra il 01-02-2024 e il 29-02-2024, i giorni in cui è in vigore",
	} {
		if !strings.Contains(why[version], want) {
			a.t.Errorf("why that version: %q, want %q", why[version], want)
		}
	}
	c := decoded[struct {
		RulesMattered bool `json:"rules_mattered"`
		FactsMattered bool `json:"facts_mattered"`
		Rules         []struct{ ID, Mattered string }
		Changes       []struct{ ID, Before, After string }
	}](a.t, a.get("auditor", "/v1/decisions/"+a.then+"/comparison?with="+a.now))
	a.want("rules, facts", fmt.Sprint(c.RulesMattered, c.FactsMattered), "true false")
	a.want("what changed", c.Rules, "[{cigo.biennio.max_weeks yes} {cigo.request.max_weeks no}]")
	a.want("what became of it", c.Changes, "[{cigo.settimane_biennio admissible partly_admissible}]")
}

func (a *audit) replays() {
	replayed := decoded[struct {
		Identical   bool
		Differences []any
	}](a.t, a.post("auditor", "/v1/decisions/"+a.then+"/replay", "", http.StatusOK))
	if !replayed.Identical || len(replayed.Differences) != 0 {
		a.t.Errorf("%+v", replayed)
	}
	// What is shown of it is what was answered then, its words included.
	shown := decoded[struct{ Answer json.RawMessage }](a.t, a.get("auditor", "/v1/decisions/"+a.then))
	if got, want := canonical(a.t, string(shown.Answer)), canonical(a.t, a.answered); got != want {
		a.t.Errorf("shown %s\nanswered %s", got, want)
	}
}

// canonical is JSON with its members in order.
func canonical(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// corrects stores a measure, has it read into a decision, and corrects it for the time before.
func (a *audit) corrects() {
	const counters = "/v1/matricole/" + matricola + "/unita-produttive/0/counters?data_fine=2025-11-30"
	decision := func(got answer) string { return fmt.Sprint(a.object(got)["decision"].(map[string]any)["id"]) }
	touched := func() (ids []string) {
		for _, d := range a.items(a.get("auditor", "/v1/decisions?matricola="+matricola+"&provvedimento=R-1")) {
			ids = append(ids, fmt.Sprint(d["id"]))
		}
		return ids
	}
	without := decision(a.get("titolare", counters))
	stored := a.post("archivio", "/v1/provvedimenti", measure("R-1"), http.StatusCreated)
	before := a.get("titolare", counters)
	shown := a.get("auditor", "/v1/decisions/"+decision(before)).body
	corrected := strings.Replace(revised("R-1", 2, 0), `"al":"2025-03-09"`, `"al":"2025-03-16"`, 1) // a second week
	a.ask("archivio", http.MethodPut, "/v1/provvedimenti/R-1", corrected, http.StatusOK, "If-Match", stored.header.Get("ETag"))

	a.want("those that it touches", touched(), fmt.Sprint([]string{decision(before)}))
	a.want("one that did not know of it", slices.Contains(touched(), without), "false")
	a.want("the decision of then", a.get("auditor", "/v1/decisions/"+decision(before)).body == shown, "true")
	a.want("it comes out again", a.object(a.post("auditor", "/v1/decisions/"+decision(before)+"/replay", "", http.StatusOK))["identical"], "true")
	after := a.get("titolare", counters)
	week := decoded[struct{ Same bool }](a.t, a.get("auditor", "/v1/decisions/"+decision(before)+"/correction?provvedimento=R-1"))
	a.want("it would have come out the same", week.Same, "false")
	c := decoded[struct {
		FactsMattered bool `json:"facts_mattered"`
		RulesMattered bool `json:"rules_mattered"`
		Facts         []struct{ Pointer string }
	}](a.t, a.get("auditor", "/v1/decisions/"+decision(before)+"/comparison?with="+decision(after)))
	a.want("why the next one differs", fmt.Sprint(c.FactsMattered, c.RulesMattered, len(c.Facts) > 0), "true false true")
	a.want("those that it touches now", len(touched()), "2")
}

// offline is a command of the binary on another machine: with the files that the auditor keeps, and nothing else.
func (a *audit) offline(want int, args ...string) string {
	a.t.Helper()
	cmd := command(a.t, nil, args...)
	out, _ := cmd.CombinedOutput() // the code is looked at
	if got := cmd.ProcessState.ExitCode(); got != want {
		a.t.Errorf("omnia %v: exit %d, want %d: %.600s", args, got, want, out)
	}
	return string(out)
}

func (a *audit) proves() {
	for _, id := range []string{a.then, a.now} {
		proof := a.keep("proof", a.get("auditor", "/v1/decisions/"+id+"/proof").body)
		if out := a.offline(exitFine, "verify", proof, "--keys", a.keys, "--checkpoint", a.early); !strings.Contains(out, "is sound: leaf ") || !strings.Contains(out, id) {
			a.t.Error(out)
		}
		evidence := a.keep("evidence", a.get("auditor", "/v1/decisions/"+id+"/evidence").body)
		if out := a.offline(exitFine, "verify", evidence, "--keys", a.keys); !strings.Contains(out, "1 decisions") {
			a.t.Error(out)
		}
		a.offline(exitFine, "replay", "--export", evidence, "--keys", a.keys)
	}
}

// verifies stops the service, exports the record and verifies that, and the database; then it decides all of it again, in both places.
func (a *audit) verifies() {
	a.server.signal(syscall.SIGTERM)
	a.want("exit", a.server.exit(), "0")
	a.exported = filepath.Join(a.kept, "export")
	a.place.run(a.t, "ledger", "export", a.exported)
	for _, out := range []string{
		a.offline(exitFine, "verify", a.exported, "--keys", a.keys, "--checkpoint", a.early, "--checkpoint", a.late),
		a.offline(exitFine, "verify", "--database", a.place.archiveConfig().dsn(), "--keys", a.keys, "--checkpoint", a.early, "--checkpoint", a.late),
	} {
		if !strings.Contains(out, "the log is whole from its first leaf") || !strings.Contains(out, "2 editions, taken into use 2 times") {
			a.t.Error(out)
		}
	}
	for _, out := range []string{a.offline(exitFine, "replay", "--export", a.exported, "--keys", a.keys), a.place.run(a.t, "replay", "--all")} {
		if !strings.Contains(out, " 0 different, 0 not replayable") {
			a.t.Error(out)
		}
	}
}

// inExports are what may be done to an export, which n is the place of a decision in that another one follows; and how that is named.
var inExports = []struct {
	name   string
	change func(x *altering) []string
	want   string // a pattern
}{
	{"a byte of the facts", func(x *altering) []string { return x.flip(`{"facts"`, `accoglimento`) }, `line \d+, decision [0-9a-f-]+, facts: it is not what was recorded \[altered\]`},
	{"a byte of the outcome", func(x *altering) []string { return x.flip(`{"outcome"`, `admissible`) }, `line \d+, decision [0-9a-f-]+, outcome: it is not what was recorded \[altered\]`},
	{"a byte of a personal value", func(x *altering) []string { return x.flip(`{"personal":[{`, `value":"`) }, `line \d+, decision [0-9a-f-]+, `},
	{"a byte of the receipt", func(x *altering) []string { return x.flip(`{"leaf"`, `counters`) }, `line \d+, decision [0-9a-f-]+, entry: .*\[altered\]`},
	{"a byte of a version in the receipt", func(x *altering) []string { return x.flip(`{"leaf"`, `"version":1`) }, `line \d+, decision [0-9a-f-]+, entry: .*\[altered\]`},
	{"a byte of the text of a rule", func(x *altering) []string { return x.flip(`{"file"`, `schema: parameters/v1`) }, `line \d+, edition [^,]+, .*\.yaml: the text is not the one that was published \[altered\]`},
	{"a byte of a hash of the log", func(x *altering) []string { return x.flip(`{"leaf"`, `hash":"`) }, `line \d+, `},
	{"a byte of the head", func(x *altering) []string { return x.flip(`{"export"`, `instant 2`) }, `line 1, head: .*\[forged\]`},
	{"a decision taken out", func(x *altering) []string { return slices.Delete(x.lines, x.at, x.at+4) }, `leaf \d+: leaf \d+ stands here, and it nowhere \[removed\]`},
	{"an outcome taken out", func(x *altering) []string { return slices.Delete(x.lines, x.at+3, x.at+4) }, `outcome: the line with it belongs here \[removed\]`},
	{"two decisions exchanged", func(x *altering) []string {
		for i := range 4 {
			x.lines[x.at+i], x.lines[x.at+4+i] = x.lines[x.at+4+i], x.lines[x.at+i]
		}
		return x.lines
	}, `leaf \d+: leaf \d+ stands here, and it on line \d+ \[moved\]`},
	{"a decision put in again", func(x *altering) []string {
		return slices.Insert(x.lines, x.at+4, slices.Clone(x.lines[x.at:x.at+4])...)
	}, `leaf \d+: leaf \d+ belongs here \[repeated\]`},
	{"the end cut off", func(x *altering) []string { return x.lines[:len(x.lines)-9] }, `the export ends .*\[truncated\]`},
}

// altering is an export in which something is altered.
type altering struct {
	t     *testing.T
	lines []string
	at    int // where the first of two decisions stands, one right behind the other
}

func newAltering(t *testing.T, export string) *altering {
	t.Helper()
	x := &altering{t: t, lines: strings.SplitAfter(strings.TrimSuffix(export, "\n"), "\n")}
	decision := func(i int) bool {
		return strings.HasPrefix(x.lines[i], `{"leaf":`) && strings.Contains(x.lines[i], `"schema":"receipt/v1"`)
	}
	for i := range len(x.lines) - 4 {
		if decision(i) && decision(i+4) {
			x.at = i
			return x
		}
	}
	t.Fatal("no decision follows another one")
	return nil
}

// flip flips a bit of the last byte of has, in the first line from the decisions on, or else of all, that begins so and has it.
func (x *altering) flip(begin, has string) []string {
	x.t.Helper()
	for i := range x.lines {
		i = (i + x.at) % len(x.lines)
		if at := strings.Index(x.lines[i], has); at >= 0 && strings.HasPrefix(x.lines[i], begin) {
			at += len(has)
			x.lines[i] = x.lines[i][:at-1] + string(x.lines[i][at-1]^1) + x.lines[i][at:]
			return x.lines
		}
	}
	x.t.Fatalf("no line %s has %s", begin, has)
	return nil
}

func (a *audit) altersTheExport() {
	export, err := os.ReadFile(a.exported)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, tt := range inExports {
		altered := a.keep("altered", strings.Join(tt.change(newAltering(a.t, string(export))), ""))
		code, stdout, stderr := call(a.t, "", "verify", altered, "--keys", a.keys)
		if code != exitWrong || !regexp.MustCompile(tt.want).MatchString(stderr) || strings.Contains(stdout, "sound") {
			a.t.Errorf("%s: exit %d, %s\nwant %s", tt.name, code, stderr, tt.want)
		}
	}
	// What is not sound is not replayed either.
	altered := a.keep("altered", strings.Join(inExports[0].change(newAltering(a.t, string(export))), ""))
	if code, _, stderr := call(a.t, "", "replay", "--export", altered, "--keys", a.keys); code != exitWrong || !regexp.MustCompile(inExports[0].want).MatchString(stderr) {
		a.t.Errorf("replay: exit %d, %s", code, stderr)
	}
}

// inDatabases are what may be done to a database by somebody who owns it; x stands for the place of the first of two decisions that follow
// one another. How it is named is the same as in an export, but for the line.
var inDatabases = []struct {
	name string
	sql  []string
	want string // a pattern
}{
	{"a byte of the facts", []string{`UPDATE decisioni SET fatti = replace(fatti, 'accoglimento', 'accoglimentp') WHERE posizione = x`}, `decision [0-9a-f-]+, facts: it is not what was recorded \[altered\]`},
	{"a byte of the outcome", []string{`UPDATE decisioni SET risultato = replace(risultato, 'admissible', 'admissiblf') WHERE posizione = x`}, `decision [0-9a-f-]+, outcome: it is not what was recorded \[altered\]`},
	{"a byte of a personal value", []string{`UPDATE personali SET valori = replace(valori, '"value":', '"value" :') WHERE foglia = x`, `UPDATE personali SET valori = replace(valori, 'salt', 'sale') WHERE foglia = x`}, `decision [0-9a-f-]+, `},
	{"a byte of the receipt", []string{`UPDATE foglie SET dati = replace(dati, 'counters', 'countert') WHERE posizione = x`}, `decision [0-9a-f-]+, leaf \d+: it is not the one that the tree was made of \[altered\]`},
	{"a byte of the text of a rule", []string{`UPDATE edizioni_testi SET testo = replace(testo, 'schema: parameters/v1', 'schema: parameters/v0')`}, `edition [^,]+, .*\.yaml: the text is not the one that was published \[altered\]`},
	{"a byte of the row of an access", []string{`UPDATE foglie SET dati = replace(dati, '"auditor"', '"auditos"')`}, `access [0-9a-f-]+, leaf \d+: it is not the one that the tree was made of \[altered\]`},
	{"a byte of the head", []string{`UPDATE testa SET checkpoint = replace(checkpoint, 'instant 2', 'instant 3')`}, `head of \d+ leaves: .*\[forged\]`},
	{"a byte of what it is found by", []string{`UPDATE decisioni SET matricola = '0907451237' WHERE posizione = x`}, `decision [0-9a-f-]+, matricola: the table has "0907451237", the log "0907451236" \[altered\]`},
	{"what its outcome is called", []string{`UPDATE classi SET esito = 'exempt'`}, `decision [0-9a-f-]+, esito: the table has "exempt", the log "[a-z_]+" \[altered\]`},
	{"a decision taken out", []string{`DELETE FROM decisioni WHERE posizione = x`, `DELETE FROM foglie WHERE posizione = x`}, `leaf \d+: it is not there \[removed\]`},
	{"an outcome taken out", []string{`DELETE FROM decisioni WHERE posizione = x`}, `decision [0-9a-f-]+: its row is not there: .* \[removed\]`},
	{"two decisions exchanged", exchanged, `leaf \d+: decision [0-9a-f-]+ stands here, and what belongs here at \d+ \[moved\]`},
	{"the end cut off", []string{`DELETE FROM decisioni WHERE posizione > x`, `DELETE FROM foglie WHERE posizione > x`}, `leaf \d+: it is not there \[removed\]`},
}

// exchanged puts each of two decisions in the place of the other, with all that belongs to it.
var exchanged = func() (list []string) {
	for _, t := range [][2]string{{"foglie", "posizione"}, {"decisioni", "posizione"}, {"personali", "foglia"}} {
		for _, move := range [][2]string{{"-1", "x"}, {"x", "x + 1"}, {"x + 1", "-1"}} {
			list = append(list, fmt.Sprintf("UPDATE %s SET %s = %s WHERE %[2]s = %[4]s", t[0], t[1], move[0], move[1]))
		}
	}
	return list
}()

func (a *audit) altersTheDatabase() {
	for _, tt := range inDatabases {
		if out := a.altered(tt.sql, exitWrong); !regexp.MustCompile(tt.want).MatchString(out) {
			a.t.Errorf("%s: %s\nwant %s", tt.name, out, tt.want)
		}
	}
	a.cutBack()
}

// cutBack takes the record back to an earlier checkpoint, as a restored backup would be: it is sound, and whoever holds a later one sees it.
func (a *audit) cutBack() {
	early, err := os.ReadFile(a.early)
	if err != nil {
		a.t.Fatal(err)
	}
	size := strings.Split(string(early), "\n")[1]
	cut := []string{
		`DELETE FROM decisioni WHERE posizione >= ` + size, `DELETE FROM foglie WHERE posizione >= ` + size, `DELETE FROM accessi WHERE id NOT IN (SELECT id FROM foglie)`,
		`DELETE FROM attivazioni WHERE posizione >= ` + size, `DELETE FROM edizioni_policy WHERE posizione >= ` + size, `DELETE FROM edizioni_voci WHERE id IN ('cigo.biennio.max_weeks', 'cigo.request.max_weeks') AND versione > 1`,
		`DELETE FROM firme WHERE dimensione >= ` + size,
		`UPDATE testa SET dimensione = ` + size + `, checkpoint = '` + string(early) + `', edizione = (SELECT digest FROM edizioni WHERE nome = '2030-1')`,
		`DELETE FROM edizioni WHERE posizione >= ` + size,
	}
	if out := a.altered(cut, exitFine); !strings.Contains(out, "an older state of the log would look just as sound") {
		a.t.Error(out)
	}
	if out := a.altered(cut, exitWrong, "--checkpoint", a.late); !regexp.MustCompile(`it has ` + size + ` leaves, a checkpoint that is held has \d+ \[truncated\]`).MatchString(out) {
		a.t.Error(out)
	}
}

// altered runs statements on a copy of the database, and verifies that.
func (a *audit) altered(statements []string, want int, args ...string) string {
	a.t.Helper()
	p := a.place.copied(a.t)
	db := p.database(a.t)
	defer db.Close()
	disarm := []string{
		"ALTER TABLE foglie DISABLE TRIGGER USER", "ALTER TABLE decisioni DISABLE TRIGGER USER",
		"ALTER TABLE accessi DISABLE TRIGGER USER", "ALTER TABLE attivazioni DISABLE TRIGGER USER",
	}
	if p.dsn == "" {
		disarm = nil
		for name := range p.counts(a.t, "SELECT name, 1 FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('foglie', 'decisioni', 'accessi', 'attivazioni')") {
			disarm = append(disarm, "DROP TRIGGER "+name)
		}
	}
	at := fmt.Sprint(p.count(a.t, `SELECT min(a.posizione) FROM decisioni AS a JOIN decisioni AS b ON b.posizione = a.posizione + 1`))
	for _, sql := range append(disarm, statements...) {
		sql = regexp.MustCompile(`\bx\b`).ReplaceAllString(sql, at)
		if done, err := db.ExecContext(a.t.Context(), sql); err != nil {
			a.t.Fatalf("%s: %v", sql, err)
		} else if n, err := done.RowsAffected(); (err != nil || n == 0) && slices.Contains(statements, sql) && !strings.Contains(sql, " firme ") { // not every head is kept there
			a.t.Fatalf("%s did nothing, %v", sql, err)
		}
	}
	if err := db.Close(); err != nil { // of SQLite the file is for one process
		a.t.Fatal(err)
	}
	return a.offline(want, append([]string{"verify", "--database", p.archiveConfig().dsn(), "--keys", a.keys}, args...)...)
}

// copied is the place with all that is in it, while no service has it.
func (p *place) copied(t *testing.T) *place {
	t.Helper()
	if p.dsn == "" {
		to := &place{t: t, data: t.TempDir(), driver: p.driver}
		if err := os.CopyFS(to.data, os.DirFS(p.data)); err != nil {
			t.Fatal(err)
		}
		return to
	}
	u, err := url.Parse(p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	from := strings.TrimPrefix(u.Path, "/")
	name := fmt.Sprint(from, "_", copies.Add(1))
	u.Path = "/postgres"
	server := &place{t: t, dsn: u.String(), driver: p.driver}
	db := server.database(t)
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		if err := errors.Join(err, db.Close()); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+from); err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return &place{t: t, data: p.data, dsn: u.String(), driver: p.driver}
}

var copies atomic.Int64
