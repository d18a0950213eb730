package main

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"omnia/fixtures"
	"omnia/internal/rome"
)

// This walk is what somebody does who has just built the binary: start it in an empty folder, take a token
// for each demo person, and use every route of the contract.

// walk is one run through the contract; its steps build on one another.
type walk struct {
	t      *testing.T
	place  *place
	server *server
	tokens map[string]string
	called map[string]bool // "GET /v1/matricole" and so on: what was answered well
	demo   *fixtures.Demo
}

// alone starts `omnia serve` in a folder, with nothing else said than a free port.
func (w *walk) alone(dir string) *server {
	w.t.Helper()
	path, err := built()
	if err != nil {
		w.t.Fatal(err)
	}
	s := &server{t: w.t, cmd: exec.CommandContext(w.t.Context(), path, "serve"), log: &lockedBuffer{}, ended: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = dir, []string{"OMNIA_ADDR=127.0.0.1:0"}, s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it may have ended
		<-s.ended
	})
	greeting := bufio.NewReader(out)
	for !strings.Contains(s.banner, "Ctrl-C") && err == nil {
		var line string
		line, err = greeting.ReadString('\n')
		s.banner += line
	}
	go func() {
		_, _ = io.Copy(io.Discard, greeting)
		_ = s.cmd.Wait() // ProcessState says how it ended
		close(s.ended)
	}()
	if err != nil {
		w.t.Fatalf("no greeting: %v\n%s", err, s.log)
	}
	s.url = regexp.MustCompile(`http://[0-9.:]+`).FindString(s.banner)
	return s
}

// serve starts the service as the place wants it: on SQLite with no configuration at all.
func (w *walk) serve() {
	w.t.Helper()
	if w.place.dsn == "" {
		w.server = w.alone(filepath.Dir(w.place.data))
	} else {
		w.server = w.place.start(w.t)
	}
}

// ask sends a request as the person ("" is nobody) and wants that status.
func (w *walk) ask(persona, method, path, body string, want int, header ...string) answer {
	w.t.Helper()
	a := caller{w.server.url, w.tokens[persona]}.ask(method, path, body, header...)
	if a.status != want {
		w.t.Fatalf("%s: %s %s: %s, want %d", persona, method, path, a, want)
	}
	if want < 400 {
		path, _, _ = strings.Cut(path, "?")
		w.called[method+" "+path] = true
		if persona != "" && a.header.Get("Cache-Control") != "no-store" {
			w.t.Errorf("%s %s may be cached", method, path)
		}
	}
	return a
}

func (w *walk) get(persona, path string) answer {
	w.t.Helper()
	return w.ask(persona, http.MethodGet, path, "", http.StatusOK)
}

func (w *walk) post(persona, path, body string, want int, header ...string) answer {
	w.t.Helper()
	return w.ask(persona, http.MethodPost, path, body, want, header...)
}

// object and items read answers that are looked at here and there.
func (w *walk) object(a answer) map[string]any { w.t.Helper(); return decoded[map[string]any](w.t, a) }

func (w *walk) items(a answer) []map[string]any {
	w.t.Helper()
	return decoded[struct{ Items []map[string]any }](w.t, a).Items
}

// want compares what fmt.Sprint makes of a value.
func (w *walk) want(what string, got any, want string) {
	w.t.Helper()
	if fmt.Sprint(got) != want {
		w.t.Errorf("%s: %v, want %s", what, got, want)
	}
}

func (w *walk) step(name string, do func()) {
	outer := w.t
	outer.Run(name, func(t *testing.T) {
		w.t = t
		defer func() { w.t = outer }()
		do()
	})
	if outer.Failed() {
		outer.FailNow() // the steps after it rest on it
	}
}

func TestTheWholeContractWithNoConfiguration(t *testing.T) {
	t.Parallel()
	livelyPlaces(t, func(t *testing.T, p *place) {
		p.data = filepath.Join(p.data, "data")
		y, m, d := rome.Day(time.Now()).Date()
		w := &walk{
			t: t, place: p, tokens: map[string]string{}, called: map[string]bool{},
			demo: fixtures.Italia(time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)),
		}
		w.serve()
		w.step("a token for each demo person", w.signIn)
		w.step("each sees its own", w.seesItsOwn)
		w.step("nobody else does", w.turnedAway)
		w.step("a company is registered and gets an owner", w.company)
		w.step("measures are stored, corrected and looked up", w.measures)
		w.step("a search finds both sections", w.search)
		w.step("counters and what-ifs", w.counters)
		w.step("delegations come and go", w.delegations)
		w.step("alerts, as a list and as a calendar", w.alerts)
		w.step("exports, at once and later", w.exports)
		w.step("the record of accesses", w.accesses)
		w.step("an application is filled in", w.forms)
		w.step("a conversation with an adviser", w.chat)
		w.step("what was decided, and the proof", w.decisions)
		w.step("rules, editions and the service itself", w.open)
		w.step("every route has been used", w.everyRoute)
		w.step("all of it is there after a restart", w.restart)
	})
}

func (w *walk) signIn() {
	for _, person := range fixtures.People() {
		w.tokens[person.Persona] = w.place.token(w.t, person.Persona)
	}
	if w.place.dsn == "" {
		for _, name := range []string{"omnia.db", "sviluppo.key"} {
			if info, err := os.Stat(filepath.Join(w.place.data, name)); err != nil || info.Mode().Perm()&0o077 != 0 {
				w.t.Errorf("%s: %v, %v", name, info, err)
			}
		}
	}
}

// inReach is what the delegations of the demo give a person today, worked out from the demo itself.
func (w *walk) inReach(codiceFiscale string) (matricole []string) {
	today := rome.Day(time.Now()).String()
	good := map[string]bool{}
	for _, d := range w.demo.Deleghe { // a sub-delegation after the one it hangs on
		good[d.ID] = d.RevocataIl == nil && d.ValidaDal <= today && (d.ValidaAl == "" || today <= d.ValidaAl) && (d.Padre == "" || good[d.Padre])
		if good[d.ID] && d.Delegato == codiceFiscale {
			matricole = append(matricole, d.Matricola)
		}
	}
	slices.Sort(matricole)
	return slices.Compact(matricole)
}

func (w *walk) seesItsOwn() {
	all := len(w.demo.Aziende)
	for _, person := range fixtures.People() {
		a := caller{w.server.url, w.tokens[person.Persona]}.ask(http.MethodGet, "/v1/matricole?limit=200", "")
		var want []string
		switch person.Persona {
		case "advisor", "esperto", "approvatore", "portale":
			w.want(person.Persona, fmt.Sprint(a.status, " ", a.code()), "403 role_not_allowed")
			continue
		case "archivio", "auditor":
			w.want(person.Persona, len(w.items(a)), fmt.Sprint(all))
			continue
		case "operatore":
			for _, c := range w.demo.Aziende {
				if c.Sede == person.Sede {
					want = append(want, c.Matricola)
				}
			}
			slices.Sort(want)
		default:
			want = w.inReach(person.CodiceFiscale)
		}
		var got []string
		for _, m := range w.items(a) {
			got = append(got, fmt.Sprint(m["matricola"]))
			basis := map[string]string{"titolare": "own", "consulente": "delega", "subdelegato": "subdelega", "operatore": "ufficio"}[person.Persona]
			w.want(person.Persona+" on the basis", m["basis"], basis)
		}
		w.want(person.Persona+" sees", got, fmt.Sprint(want))
	}
	w.called["GET /v1/matricole"] = true
	w.want("of the consulente", len(w.items(w.get("consulente", "/v1/matricole?q=cartiera"))), "1")
}

func (w *walk) turnedAway() {
	good := w.tokens["titolare"]
	head, rest, _ := strings.Cut(good, ".")
	body, _, _ := strings.Cut(rest, ".")
	for name, token := range map[string]string{
		"":          "",
		"garbage":   "garbage",
		"cut":       good[:len(good)-2],
		"unsigned":  "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + body + ".",
		"of others": head + "." + body + "." + strings.Repeat("A", 86),
	} {
		for _, path := range []string{"/v1/matricole", "/v1/matricole/" + matricola, "/v1/accessi", "/v1/deleghe"} {
			a := caller{w.server.url, token}.ask(http.MethodGet, path, "")
			if a.status != http.StatusUnauthorized || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
				w.t.Errorf("with the token %q: %s %s", name, path, a)
			}
		}
	}
	w.ask("consulente", http.MethodGet, "/v1/matricole/0712345601/provvedimenti", "", http.StatusForbidden) // delegated for counters only
	w.ask("titolare", http.MethodPost, "/v1/provvedimenti", measure("Z-1"), http.StatusForbidden)
	w.ask("titolare", http.MethodGet, "/v1/accessi", "", http.StatusForbidden)
	// What is another's answers as what is not there.
	for _, path := range []string{"/v1/matricole/%s", "/v1/matricole/%s/unita-produttive", "/v1/matricole/%s/provvedimenti", "/v1/matricole/%s/provvedimenti/export", "/v1/matricole/%s/unita-produttive/0/counters"} {
		var seen [2]answer
		for i, m := range []string{"7003316024", "9999999999"} {
			seen[i] = w.ask("titolare", http.MethodGet, fmt.Sprintf(path, m), "", http.StatusNotFound, "X-Correlation-ID", "same")
			for _, name := range []string{"Date", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
				seen[i].header.Del(name)
			}
		}
		if seen[0].body != seen[1].body || !maps.EqualFunc(seen[0].header, seen[1].header, slices.Equal) {
			w.t.Errorf("%s tells what is there: %v\nand %v", path, seen[0], seen[1])
		}
	}
}

// prova is a company that the walk registers, with one unit of 60 workers on five days.
const (
	prova     = "5550000019"
	provaUnit = `{"progressivo":"0","attiva_dal":"2001-02-01","giorni_settimana":[{"dal":"2001-02-01","giorni":5}],"organico":[{"dal":"2001-02-01","fasce":[{"ore_settimanali":40,"lavoratori":60}]}]}`
	provaBody = `{"matricola":"5550000019","codice_fiscale":"80078750587","denominazione":"Prova S.r.l.","sede":"7000","attiva_dal":"2001-02-01",` +
		`"inquadramenti":[{"dal":"2001-02-01","settore":"a"}],"dipendenti":[{"dal":"2001-02-01","media":60}],"unita_produttive":[` + provaUnit + `]}`
)

func (w *walk) company() {
	const at = "/v1/matricole/" + prova
	w.ask("archivio", http.MethodPut, at, provaBody, http.StatusPreconditionRequired)
	first := w.ask("archivio", http.MethodPut, at, provaBody, http.StatusCreated, "If-None-Match", "*").header.Get("ETag")
	two := strings.Replace(provaBody, provaUnit, provaUnit+","+strings.Replace(provaUnit, `"0"`, `"1"`, 1), 1)
	w.ask("archivio", http.MethodPut, at, two, http.StatusOK, "If-Match", first)
	w.ask("archivio", http.MethodPut, at, provaBody, http.StatusPreconditionFailed, "If-Match", first)
	w.want("units", len(w.items(w.get("operatore", at+"/unita-produttive"))), "2")

	const owners = "tipo,matricola,delegante,delegato,studio,servizi,valida_dal,valida_al\ntitolare," + prova + ",80078750587,FRRGLI71C52A662L,,,2024-01-01,\n"
	for _, want := range []string{"creati:1", "invariati:1"} {
		report := w.object(w.post("archivio", "/v1/deleghe", owners, http.StatusOK, "Content-Type", "text/csv"))
		name, n, _ := strings.Cut(want, ":")
		w.want(want, report[name], n)
	}
	w.want("matricole of the titolare now", len(w.items(w.get("titolare", "/v1/matricole"))), "2")
	w.want("its basis", w.object(w.get("titolare", at))["basis"], "own")
}

// ours is a measure about the company of the walk.
func ours(numero, esito, dal, al, reason string) string {
	return fmt.Sprintf(`{"numero":%q,"matricola":%q,"unita_produttiva":"0","prestazione":"CIGO","causale":"mancanza_lavoro","esito":%q,"dal":%q,"al":%q,`+
		`"ore_autorizzate":400,"data_emissione":"2025-06-10","motivazione":%q}`, numero, prova, esito, dal, al, reason)
}

func (w *walk) measures() {
	w.post("archivio", "/v1/provvedimenti", measure("V-1"), http.StatusCreated, "Idempotency-Key", "V-1") // for after the restart
	body := ours("P/1", "accoglimento", "2025-03-03", "2025-05-04", "Accolta per il calo degli ordinativi.")
	stored := w.post("archivio", "/v1/provvedimenti", body, http.StatusCreated)
	w.want("again", w.object(w.post("archivio", "/v1/provvedimenti", body, http.StatusOK))["registrazione"], "invariato")
	w.post("archivio", "/v1/provvedimenti", strings.Replace(body, "400", "401", 1), http.StatusConflict)

	lines := ours("P-2", "reiezione", "2025-05-05", "2025-05-11", "Respinta: le perizie non provano l'evento.") + "\n" +
		ours("P-3", "accoglimento_parziale", "2025-09-01", "2025-09-14", "Accolta in parte.") + "\n"
	bad := w.object(w.post("archivio", "/v1/provvedimenti", lines+"{\n", http.StatusUnprocessableEntity, "Content-Type", "application/x-ndjson"))
	w.want("the line at fault", bad["report"].(map[string]any)["errors"].([]any)[0].(map[string]any)["line"], "3")
	w.ask("titolare", http.MethodGet, "/v1/provvedimenti/P-2", "", http.StatusNotFound) // nothing of the text was stored
	w.want("two lines", w.object(w.post("archivio", "/v1/provvedimenti", lines, http.StatusOK, "Content-Type", "application/x-ndjson"))["creati"], "2")

	const at = "/v1/provvedimenti/P%2F1"
	w.want("its effect on the two years", w.effect(w.get("titolare", at)), "9 weeks")
	before := w.object(w.get("titolare", at))["noto_al"]
	correction := strings.TrimSuffix(strings.Replace(body, "2025-05-04", "2025-04-06", 1), "}") + `,"correzione":"Periodo ridotto"}`
	w.ask("archivio", http.MethodPut, at, correction, http.StatusPreconditionRequired)
	w.ask("archivio", http.MethodPut, at, correction, http.StatusPreconditionFailed, "If-Match", `"9-0"`)
	w.ask("archivio", http.MethodPut, at, correction, http.StatusOK, "If-Match", stored.header.Get("ETag"))
	w.want("corrected", w.effect(w.get("titolare", at)), "5 weeks")
	w.want("as it was known", w.effect(w.get("titolare", at+"?noto_al="+fmt.Sprint(before))), "9 weeks")
	w.want("the old version", w.object(w.get("titolare", at+"?versione=1"))["al"], "2025-05-04")
	w.want("versions", len(w.items(w.get("titolare", at+"/versioni"))), "2")
}

// effect is what a measure counts in the two years of CIGO.
func (w *walk) effect(a answer) string {
	w.t.Helper()
	for _, e := range w.object(a)["effetti"].([]any) {
		if e := e.(map[string]any); e["id"] == "cigo.settimane_biennio" {
			return fmt.Sprint(e["counted"].(map[string]any)["exact"], " weeks")
		}
	}
	return "none"
}

func (w *walk) search() {
	const at = "/v1/matricole/" + prova + "/provvedimenti"
	recent := w.object(w.get("titolare", at)) // the last six months: these are older, by the law of the calendar
	w.want("the last six months", len(recent["items"].([]any)), "0")
	w.want("from", recent["criteria"].(map[string]any)["dal"], rome.Day(time.Now()).AddMonths(-6).String())
	numeri := func(a answer) (out []string) {
		for _, p := range w.items(a) {
			out = append(out, fmt.Sprint(p["numero"]))
		}
		slices.Sort(out)
		return out
	}
	const then = "dal=2025-06-10&al=2025-06-10"
	w.want("granted", numeri(w.get("titolare", at+"?esito=autorizzazioni&"+then)), "[P-3 P/1]")
	w.want("refused", numeri(w.get("titolare", at+"?esito=reiezioni&"+then)), "[P-2]")
	w.want("sections", w.object(w.get("titolare", at+"?"+then))["sezioni"], "map[autorizzazioni:2 reiezioni:1]")
	w.want("by another form of a word", numeri(w.get("titolare", at+"?q=perizia&"+then)), "[P-2]")
	var paged []string
	for cursor := ""; ; {
		a := w.get("titolare", at+"?limit=1&"+then+cursor)
		paged = append(paged, numeri(a)...)
		next, more := w.object(a)["next_cursor"]
		if !more {
			break
		}
		cursor = fmt.Sprint("&cursor=", next)
	}
	slices.Sort(paged)
	w.want("page by page", paged, "[P-2 P-3 P/1]")
	demo := w.object(w.get("titolare", "/v1/matricole/"+matricola+"/provvedimenti"))["sezioni"].(map[string]any)
	if demo["autorizzazioni"].(float64) == 0 || demo["reiezioni"].(float64) == 0 {
		w.t.Errorf("the demo shows nothing recent in one of the sections: %v", demo)
	}
}

// sameFacts is the question to the archive, put without it.
const sameFacts = `{"facts":{"data_riferimento":"2025-11-30","azienda":{"matricola":"` + prova + `","codice_fiscale":"80078750587","settore":"a","dipendenti_semestre":60},` +
	`"unita_produttiva":{"progressivo":"0","giorni_settimana":5,"organico_medio":[{"ore_settimanali":40,"lavoratori":60}]},"periodi":[` +
	`{"numero":"P/1","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento","dal":"2025-03-03","al":"2025-04-06","ore_autorizzate":400},` +
	`{"numero":"P-2","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"reiezione","dal":"2025-05-05","al":"2025-05-11","ore_autorizzate":400},` +
	`{"numero":"P-3","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento_parziale","dal":"2025-09-01","al":"2025-09-14","ore_autorizzate":400}]}}`

// counter is one member of the item of the two years of CIGO.
func (w *walk) counter(a answer, member string) string {
	w.t.Helper()
	for _, it := range w.items(a) {
		if it["id"] == "cigo.settimane_biennio" {
			if q, ok := it[member].(map[string]any); ok {
				return fmt.Sprint(q["exact"])
			}
			return fmt.Sprint(it[member])
		}
	}
	return "no such counter"
}

func (w *walk) counters() {
	const at = "/v1/matricole/" + prova + "/unita-produttive/0/counters"
	kept := w.get("titolare", at+"?data_fine=2025-11-30")
	w.want("counted", w.counter(kept, "counted"), "7")
	w.want("residual", w.counter(kept, "residual"), "45")
	own := w.post("titolare", "/v1/counters", sameFacts, http.StatusOK)
	w.want("out of the archive and on the same facts", fmt.Sprint(w.items(kept)), fmt.Sprint(w.items(own)))
	w.post("", "/v1/counters", sameFacts, http.StatusOK) // in development without a token, too

	what := w.post("titolare", at, `{"richiesta":{"prestazione":"CIGO","causale":"mancanza_lavoro","dal":"2025-12-01","al":"2026-01-04","ore":100}}`, http.StatusOK)
	w.want("requested", w.counter(what, "requested"), "5")
	w.want("in all", w.counter(what, "total"), "12")
	w.want("the what-if is one", w.object(what)["decision"].(map[string]any)["simulation"], "true")
	w.want("and stored nothing", w.counter(w.get("titolare", at+"?data_fine=2025-11-30"), "counted"), "7")
	w.want("units of the titolare", len(w.items(w.get("titolare", "/v1/counters?data_fine=2025-11-30"))), "4")
}

func (w *walk) delegations() {
	const at = "/v1/matricole/" + prova
	granted := w.object(w.post("titolare", "/v1/deleghe", fmt.Sprintf(
		`{"tipo":"intermediario","matricola":%q,"delegato":"CLNMRC68H14H501Y","studio":"Studio Colonna","servizi":["contatori","deleghe"]}`, prova), http.StatusCreated))
	w.want("state", granted["stato"], "attiva")
	w.get("consulente", at+"/unita-produttive/0/counters")
	w.ask("consulente", http.MethodGet, at+"/provvedimenti", "", http.StatusForbidden)
	under := w.object(w.post("consulente", "/v1/deleghe", fmt.Sprintf(
		`{"tipo":"subdelega","matricola":%q,"delegato":"CSTLNE90D65D969O","servizi":["contatori"],"padre":%q}`, prova, granted["id"]), http.StatusCreated))
	w.get("subdelegato", at+"/unita-produttive/0/counters")
	w.want("list", len(w.items(w.get("titolare", "/v1/deleghe?matricola="+prova))), "3")

	w.ask("subdelegato", http.MethodDelete, fmt.Sprint("/v1/deleghe/", granted["id"]), "", http.StatusNotFound)
	w.ask("titolare", http.MethodDelete, fmt.Sprint("/v1/deleghe/", granted["id"]), "", http.StatusOK)
	w.ask("consulente", http.MethodGet, at, "", http.StatusNotFound)
	w.ask("subdelegato", http.MethodGet, at, "", http.StatusNotFound)
	for _, d := range []any{granted["id"], under["id"]} {
		w.want("state", w.object(w.get("titolare", fmt.Sprint("/v1/deleghe/", d)))["stato"], "revocata")
	}
}

func (w *walk) alerts() {
	all := w.items(w.get("titolare", "/v1/alerts?matricola="+matricola))
	if len(all) == 0 {
		w.t.Fatal("the demo gives the titolare no alert")
	}
	dated := 0
	for _, a := range all {
		w.want("matricola of an alert", a["matricola"], matricola)
		if a["dated"] == true {
			dated++
		}
	}
	for _, a := range []answer{
		w.get("titolare", "/v1/alerts.ics?matricola="+matricola),
		w.ask("titolare", http.MethodGet, "/v1/alerts?matricola="+matricola, "", http.StatusOK, "Accept", "text/calendar"),
	} {
		if n := strings.Count(a.body, "BEGIN:VEVENT\r\n"); n != dated || !strings.HasPrefix(a.body, "BEGIN:VCALENDAR\r\n") || !strings.HasSuffix(a.body, "END:VCALENDAR\r\n") {
			w.t.Errorf("%d events of %d dated alerts: %s", n, dated, a)
		}
	}
	kinds := map[any]bool{}
	for _, a := range w.items(w.get("consulente", "/v1/alerts?limit=200")) {
		kinds[a["kind"]] = true
	}
	if !kinds["delega"] { // one of the demo ends in twenty days
		w.t.Errorf("nobody tells the consulente of a delegation about to end: %v", kinds)
	}
}

func (w *walk) exports() {
	const at = "/v1/matricole/" + prova + "/provvedimenti/export?dal=2025-01-01"
	plain := w.get("titolare", at)
	w.want("lines", strings.Count(plain.body, "\r\n"), "4")
	if !strings.HasPrefix(plain.body, "matricola,") || !strings.Contains(plain.body, "P/1") || !strings.Contains(plain.header.Get("Content-Disposition"), prova) {
		w.t.Errorf("CSV: %v %s", plain.header, plain)
	}
	if excel := w.get("titolare", at+"&formato=csv-excel"); !strings.HasPrefix(excel.body, "\ufeff") || !strings.Contains(excel.body, "10/06/2025") {
		w.t.Errorf("CSV for Excel: %s", excel)
	}
	sheet := w.get("titolare", at+"&formato=xlsx")
	book, err := zip.NewReader(strings.NewReader(sheet.body), int64(len(sheet.body)))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"} { // the rows, and the criteria
		if _, err := book.Open(name); err != nil {
			w.t.Errorf("XLSX: %v", err)
		}
	}

	const rows = 5_001 // one more than is made while the caller waits
	text := strings.ReplaceAll(many("J-", rows), matricola, prova)
	w.post("archivio", "/v1/provvedimenti?blocco=1000", text, http.StatusOK, "Content-Type", "application/x-ndjson")
	later := w.ask("titolare", http.MethodGet, "/v1/matricole/"+prova+"/provvedimenti/export?al=2022-12-31", "", http.StatusAccepted)
	_, id, _ := strings.Cut(later.header.Get("Location"), "/v1/esportazioni/")
	w.ask("consulente", http.MethodGet, "/v1/esportazioni/"+id, "", http.StatusNotFound)
	eventually(w.t, "the export is ready", func() bool {
		return caller{w.server.url, w.tokens["titolare"]}.ask(http.MethodGet, "/v1/esportazioni/"+id, "").status == http.StatusSeeOther
	})
	w.ask("titolare", http.MethodGet, "/v1/esportazioni/"+id, "", http.StatusSeeOther)
	w.want("lines of the file", strings.Count(w.get("titolare", "/v1/esportazioni/"+id+"/file").body, "\r\n"), fmt.Sprint(rows+1))
}

func (w *walk) accesses() {
	a := w.ask("consulente", http.MethodGet, "/v1/matricole/7003316024/provvedimenti", "", http.StatusOK, "X-Correlation-ID", "looked-at", "Motivo-Accesso", "verifica")
	w.want("its correlation", a.header.Get("X-Correlation-ID"), "looked-at")
	bond := w.object(w.get("consulente", "/v1/matricole/7003316024"))["deleghe"].([]any)[0].(map[string]any)["id"]
	lines := w.items(w.get("auditor", "/v1/accessi?matricola=7003316024&persona=CLNMRC68H14H501Y&azione=provvedimenti.cerca"))
	if len(lines) != 1 {
		w.t.Fatalf("%d lines", len(lines))
	}
	for name, want := range map[string]any{
		"correlation_id": "looked-at", "motivo": "verifica", "delega": bond, "esito": "allow", "codice_fiscale": "CLNMRC68H14H501Y",
	} {
		w.want(name, lines[0][name], fmt.Sprint(want))
	}
	if len(w.items(w.get("auditor", "/v1/accessi?esito=deny&limit=200"))) == 0 {
		w.t.Error("no refusal is on record")
	}
}

func (w *walk) open() {
	rule := w.items(w.get("", "/v1/rules?q=biennio"))[0]["id"]
	w.get("", fmt.Sprint("/v1/rules/", rule))
	w.get("", fmt.Sprint("/v1/rules/", rule, "/versions"))
	edition := w.items(w.get("", "/v1/editions"))[0]
	name := edition["edition"]
	if name == nil {
		name = edition["name"]
	}
	w.get("", fmt.Sprint("/v1/editions/", name))
	if len(w.items(w.get("", fmt.Sprint("/v1/editions/", name, "/files?path=rules/acts.yaml")))) != 1 {
		w.t.Error("the text of the edition in use is not there")
	}
	w.post("approvatore", fmt.Sprint("/v1/editions/", name, "/activation"), `{"reason":"prova"}`, http.StatusOK)
	w.get("", "/problems/matricola_not_found")
	for _, path := range []string{"/", "/status", "/metrics", "/problems", "/openapi.json", "/openapi.yaml"} {
		w.get("", path)
	}
}

// everyRoute holds what was called against the document that is served.
func (w *walk) everyRoute() {
	document := decoded[struct {
		Paths map[string]map[string]any
	}](w.t, w.get("", "/openapi.json"))
	parameter := regexp.MustCompile(`\\\{[a-z_]+\\\}`)
	n := 0
	for template, operations := range document.Paths {
		path := regexp.MustCompile("^" + parameter.ReplaceAllString(regexp.QuoteMeta(template), "[^/]+") + "$")
		for method := range operations {
			method = strings.ToUpper(method)
			if !slices.Contains([]string{"GET", "POST", "PUT", "DELETE", "PATCH"}, method) {
				continue
			}
			n++
			used := false
			for call := range w.called {
				m, p, _ := strings.Cut(call, " ")
				used = used || m == method && path.MatchString(p)
			}
			if !used {
				w.t.Errorf("%s %s is in the document, and not in this walk: add it", method, template)
			}
		}
	}
	if n < 30 {
		w.t.Errorf("only %d operations were found in the document", n)
	}
}

func (w *walk) restart() {
	const at = "/v1/provvedimenti/P%2F1"
	before := w.get("titolare", at)
	deleghe := w.get("titolare", "/v1/deleghe").body
	w.server.signal(syscall.SIGTERM)
	w.want("exit", w.server.exit(), "0")
	w.serve()
	after := w.get("titolare", at) // with the token of before
	w.want("the tag", after.header.Get("ETag"), before.header.Get("ETag"))
	w.want("what is stored", w.object(after)["al"], fmt.Sprint(w.object(before)["al"]))
	w.want("delegations", w.get("titolare", "/v1/deleghe").body, deleghe)
	w.want("companies", len(w.items(w.get("archivio", "/v1/matricole?limit=200"))), fmt.Sprint(len(w.demo.Aziende)+1))
	again := w.post("archivio", "/v1/provvedimenti", measure("V-1"), http.StatusCreated, "Idempotency-Key", "V-1")
	w.want("a key of before", again.header.Get("Idempotent-Replayed"), "true")
	w.want("what was looked at", len(w.items(w.get("auditor", "/v1/accessi?matricola=7003316024&persona=CLNMRC68H14H501Y&azione=provvedimenti.cerca"))), "1")
	w.ask("consulente", http.MethodGet, "/v1/matricole/"+prova, "", http.StatusNotFound) // revoked stays so
}
