package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"omnia/engine/calendar"
	"omnia/fixtures"
	"omnia/internal/rome"
)

// pair is two instances on one PostgreSQL.
type pair struct {
	*place
	both   [2]*server
	tokens map[string]string
}

// as is the person, at one of the two.
func (d *pair) as(i int, persona string) caller { return caller{d.both[i%2].url, d.tokens[persona]} }

// atBoth sends a request to both at the same time, several times over, and counts the outcomes.
func (d *pair) atBoth(persona, method, path string, body func(i int) string, header ...string) map[string]int {
	var mu sync.Mutex
	var wait sync.WaitGroup
	out := map[string]int{}
	for i := range 6 {
		wait.Go(func() {
			a := d.as(i, persona).ask(method, path, body(i), header...)
			mu.Lock()
			defer mu.Unlock()
			out[strings.TrimSpace(fmt.Sprint(a.status, " ", a.code()))]++
		})
	}
	wait.Wait()
	return out
}

func wantOutcomes(t *testing.T, what string, got map[string]int, want string) {
	t.Helper()
	if text := fmt.Sprint(got); text != "map["+want+"]" {
		t.Errorf("%s: %s, want %s", what, text, want)
	}
}

func TestTwoInstancesDoEachThingOnce(t *testing.T) {
	t.Parallel()
	d := &pair{place: onShared(t), tokens: map[string]string{}}
	for _, persona := range []string{"titolare", "consulente-scaduto", "archivio", "auditor"} {
		d.tokens[persona] = d.token(t, persona)
	}
	var wait sync.WaitGroup
	for i := range d.both { // at once, on an empty database
		wait.Go(func() { d.both[i] = d.start(t) })
	}
	wait.Wait()

	t.Run("the schema and the demo data are made once", d.madeOnce)
	t.Run("of two edits of the same thing one wins", d.edits)
	t.Run("a delegation is granted once, and revoked everywhere", d.revokes)
	t.Run("a key used at both has one effect", d.keyed)
	t.Run("an export is made once, by either", d.exports)
	t.Run("one goes on when the other is killed", d.killed)
}

func (d *pair) madeOnce(t *testing.T) {
	logs := d.both[0].log.String() + d.both[1].log.String()
	if n := strings.Count(logs, `"msg":"demo data stored"`); n != 1 {
		t.Errorf("the demo data were stored by %d of the two:\n%s", n, logs)
	}
	y, m, day := rome.Day(time.Now()).Date()
	demo := fixtures.Italia(time.Date(y, time.Month(m), day, 0, 0, 0, 0, time.UTC))
	for query, want := range map[string]int{
		`SELECT count(*) FROM posizioni`:                             len(demo.Posizioni),
		`SELECT count(*) FROM provvedimenti`:                         len(demo.Provvedimenti),
		`SELECT count(*) FROM deleghe`:                               len(demo.Deleghe),
		`SELECT count(*) FROM goose_db_version WHERE version_id = 1`: 1,
	} {
		if n := d.count(t, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
}

// revised is a measure in another version, unlike that of anybody else.
func revised(numero string, versione, workers int) string {
	return strings.TrimSuffix(measure(numero), "}") + fmt.Sprintf(`,"versione":%d,"correzione":"lavoratori","lavoratori":%d}`, versione, 10+workers)
}

func (d *pair) edits(t *testing.T) {
	for k := range 3 {
		numero := fmt.Sprint("E-", k)
		wantOutcomes(t, "the same measure", d.atBoth("archivio", http.MethodPost, "/v1/provvedimenti", func(int) string { return measure(numero) }), "200:5 201:1")
		wantOutcomes(t, "different corrections", d.atBoth("archivio", http.MethodPost, "/v1/provvedimenti", func(i int) string { return revised(numero, 2, i) }),
			"201:1 409 provvedimento_conflict:5")
		tag := d.as(k, "titolare").ask(http.MethodGet, "/v1/provvedimenti/"+numero, "").header.Get("ETag")
		wantOutcomes(t, "corrections of what was seen", d.atBoth("archivio", http.MethodPut, "/v1/provvedimenti/"+numero, func(i int) string { return revised(numero, 3, i) }, "If-Match", tag),
			"200:1 412 precondition_failed:5")
		if n := d.count(t, `SELECT count(*) FROM provvedimenti WHERE numero = '`+numero+`'`); n != 3 {
			t.Errorf("%s has %d versions", numero, n)
		}
	}
	a := d.as(0, "archivio").ask(http.MethodGet, "/v1/matricole/"+matricola, "")
	shown := decoded[struct{ Posizione map[string]any }](t, a).Posizione
	got := d.atBoth("archivio", http.MethodPut, "/v1/matricole/"+matricola, func(i int) string {
		other := fmt.Sprintf(`{"denominazione":"Meccanica Ferri %d S.r.l."}`, i)
		return merged(t, shown, other)
	}, "If-Match", a.header.Get("ETag"))
	wantOutcomes(t, "edits of a company", got, "200:1 412 precondition_failed:5")
}

// merged is an object with some members changed.
func merged(t *testing.T, object map[string]any, change string) string {
	t.Helper()
	out := map[string]any{}
	for name, value := range object {
		out[name] = value
	}
	if err := json.Unmarshal([]byte(change), &out); err != nil {
		t.Error(err)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func (d *pair) revokes(t *testing.T) {
	const scaduto = "SRTPLA75M08L736L"
	today := rome.Day(time.Now())
	for k := range 4 {
		body := func(int) string {
			return fmt.Sprintf(`{"tipo":"intermediario","matricola":%q,"delegato":%q,"servizi":["contatori"],"valida_dal":%q}`, matricola, scaduto, today)
		}
		if k == 0 {
			wantOutcomes(t, "the same grant", d.atBoth("titolare", http.MethodPost, "/v1/deleghe", body), "201:1 409 delega_overlap:5")
		} else if a := d.as(k, "titolare").ask(http.MethodPost, "/v1/deleghe", body(0)); a.status != http.StatusCreated {
			t.Fatal(a)
		}
		seen := d.as(k+1, "consulente-scaduto").ask(http.MethodGet, "/v1/matricole/"+matricola, "")
		if seen.status != http.StatusOK {
			t.Fatalf("granted at one, at the other: %s", seen)
		}
		for _, g := range decoded[struct{ Deleghe []struct{ ID string } }](t, seen).Deleghe {
			if a := d.as(k, "titolare").ask(http.MethodDelete, "/v1/deleghe/"+g.ID, ""); a.status != http.StatusOK {
				t.Fatal(a)
			}
		}
		for _, path := range []string{"/v1/matricole/%s", "/v1/matricole/%s/unita-produttive/0/counters"} {
			there := d.as(k+1, "consulente-scaduto").ask(http.MethodGet, fmt.Sprintf(path, matricola), "", "X-Correlation-ID", "same")
			none := d.as(k+1, "consulente-scaduto").ask(http.MethodGet, fmt.Sprintf(path, "9999999999"), "", "X-Correlation-ID", "same")
			if there.status != http.StatusNotFound || there.body != none.body {
				t.Errorf("revoked at one, at the other: %s, and an unknown one %s", there, none)
			}
		}
	}
}

// keyed grants one delegation by the same request at both, at once.
func (d *pair) keyed(t *testing.T) {
	const mine = `SELECT count(*) FROM deleghe WHERE studio = 'gemelli'`
	day := rome.Day(time.Now())
	body := fmt.Sprintf(`{"tipo":"intermediario","matricola":%q,"delegato":"SRTPLA75M08L736L","studio":"gemelli","servizi":["contatori"],"valida_dal":%q}`, matricola, day)
	answers := make([]answer, 8)
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() {
			for range 20 { // a twin under way may ask to come back
				answers[i] = d.as(i, "titolare").ask(http.MethodPost, "/v1/deleghe", body, "Idempotency-Key", "twins")
				if answers[i].status != http.StatusConflict && answers[i].status != http.StatusServiceUnavailable {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	wait.Wait()
	for _, a := range answers {
		if a.status != http.StatusCreated || a.body != answers[0].body {
			t.Errorf("%s\nand %s", answers[0], a)
		}
	}
	if n := d.count(t, mine); n != 1 {
		t.Errorf("%d delegations", n)
	}
}

// many is so many measures as NDJSON, one a day.
func many(prefix string, n int) string {
	var b strings.Builder
	issued := calendar.Of(2020, 1, 1)
	for i := range n {
		b.WriteString(strings.Replace(measure(fmt.Sprint(prefix, i)), `"data_emissione":"2025-03-20"`, fmt.Sprintf(`"data_emissione":%q`, issued+calendar.Day(i%1000)), 1) + "\n")
	}
	return b.String()
}

func (d *pair) exports(t *testing.T) {
	const rows, jobs = 5_200, 6 // a file of more than 5,000 rows is a job
	a := d.as(0, "archivio").ask(http.MethodPost, "/v1/provvedimenti?blocco=1000", many("X-", rows), "Content-Type", "application/x-ndjson")
	if a.status != http.StatusOK {
		t.Fatal(a)
	}
	places := make([]string, jobs)
	for i := range places {
		a := d.as(i, "titolare").ask(http.MethodGet, "/v1/matricole/"+matricola+"/provvedimenti/export?dal=2020-01-01&al=2022-12-31&prestazione=CIGO", "", "X-Correlation-ID", fmt.Sprint("job-", i))
		if a.status != http.StatusAccepted {
			t.Fatal(a)
		}
		_, places[i], _ = strings.Cut(a.header.Get("Location"), "/v1/")
	}
	for i, at := range places {
		eventually(t, "the export is ready at the other", func() bool {
			return d.as(i+1, "titolare").ask(http.MethodGet, "/v1/"+at, "").status == http.StatusSeeOther
		})
		file := d.as(i, "titolare").ask(http.MethodGet, "/v1/"+at+"/file", "")
		if n := strings.Count(file.body, "\r\n"); file.status != http.StatusOK || n < rows+1 || strings.Count(file.body, "X-") != rows {
			t.Errorf("%s: %d, %d lines, %d of ours", at, file.status, n, strings.Count(file.body, "X-"))
		}
	}
	// Who made a file left a line, under the request that asked for it.
	made := d.counts(t, `SELECT correlazione, count(*) FROM accessi WHERE oggetto LIKE 'esportazione %' AND correlazione LIKE 'job-%' GROUP BY correlazione`)
	for i := range places {
		if n := made[fmt.Sprint("job-", i)]; n != 1 {
			t.Errorf("export %d was made %d times", i, n)
		}
	}
}

func (d *pair) killed(t *testing.T) {
	flows := [2]*traffic{newTraffic(t, d.place), newTraffic(t, d.place)}
	flows[0].mayVanish = true
	flows[1].days.Store(5_000) // the days of the other's delegations are not its own
	for i, f := range flows {
		f.run(d.both[i], fmt.Sprint("i", i), 3)
	}
	flows[0].flows(t, 10)
	d.both[0].signal(syscall.SIGKILL)
	<-d.both[0].ended
	flows[1].flows(t, 10)
	for _, f := range flows {
		f.end()
	}
	all := flows[1]
	all.settle(t, d.both[1])
	flows[0].settle(t, d.both[1])
	all.letters, all.shown = append(all.letters, flows[0].letters...), append(all.shown, flows[0].shown...)
	all.accounted(t, d.place)
}
