package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"omnia/archive"
	"omnia/archive/importing"
	"omnia/bench/measure"
	"omnia/fixtures"
	"omnia/store"
)

// callers ask at once.
const callers = 32

// archived measures the counters of a unit out of the archive beside the stateless POST of the same periods.
func (b *bench) archived() error {
	b.Title(fmt.Sprintf("GET of the counters of a unit with %d periods out of the archive", periodsOfRequest),
		fmt.Sprintf("One handler, one person's token, %d callers at once, time by the clock. The floor is POST /v1/counters of the very periods that the archive has; both answer the same items. The GET asks the archive who may see the matricola and what its history is, the policies once, and has the line of the access on the disk before the answer leaves.", callers))
	return b.with(func(d *databases) error {
		for _, kind := range kinds {
			if err := b.archivedOn(d, kind); err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
		}
		return nil
	})
}

func (b *bench) archivedOn(d *databases, kind string) error {
	q, dsn, err := b.archivedHere(d, kind)
	if err != nil {
		return err
	}
	server, err := startChild("archive", dsn, d.dir)
	if err != nil {
		return err
	}
	defer server.stop()
	server.many(callers)
	b.Line("\n%s, over loopback; the server is a process of its own, the clients are in this one:\n", kind)
	return b.compareThroughput(kind+", over loopback", q, server.send, server.cpu)
}

// archivedInProcess is what can be measured without a server.
func (b *bench) archivedInProcess() error {
	return b.with(func(d *databases) error {
		for _, kind := range kinds {
			if _, _, err := b.archivedHere(d, kind); err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
		}
		return nil
	})
}

// archivedHere makes the archive, checks it and measures in this process. It leaves the archive to others.
func (b *bench) archivedHere(d *databases, kind string) (q *counted, dsn string, err error) {
	s, dsn, err := d.fresh(kind)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }() // a SQLite file is of one process
	if err := b.units(s); err != nil {
		return nil, "", err
	}
	if err := d.settle(kind); err != nil {
		return nil, "", err
	}
	a, err := b.openArchive(s, d.dir)
	if err != nil {
		return nil, "", err
	}
	if q, err = a.questions(b.sizes.units); err != nil {
		return nil, "", err
	}
	if err := a.agree(q); err != nil {
		return nil, "", err
	}
	b.Line("%s, in process:\n", kind)
	return q, dsn, b.compareThroughput(kind+", in process", q, func(q *question) error { return a.ask(q, &answered{}) }, noCPU)
}

// serveArchive is the handler of a child that serves the archive of that database.
func (b *bench) serveArchive(dsn, folder string) (http.Handler, error) {
	s, err := store.Open(context.Background(), dsn, store.Options{})
	if err != nil {
		return nil, err
	}
	return b.openArchive(s, folder)
}

// many lets the client keep that many connections.
func (s *child) many(n int) {
	s.client.Transport.(*http.Transport).MaxIdleConnsPerHost = n
}

func (s *child) send(q *question) error {
	r, err := q.request(s.server)
	if err != nil {
		return err
	}
	res, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		problem, _ := io.ReadAll(io.LimitReader(res.Body, 1000)) // what can be had of it
		return fmt.Errorf("%s: status %d: %s", q.path, res.StatusCode, problem)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// noCPU is for what runs among the clients: nobody could tell whose time it is.
func noCPU() time.Duration { return 0 }

// counted are the questions of a comparison: for each unit, its facts sent, and its archive asked.
type counted struct{ post, get []question }

// compareThroughput has all callers send one kind of question for a while, then the other.
func (b *bench) compareThroughput(what string, q *counted, send func(*question) error, cpu func() time.Duration) error {
	slice := max(8*b.plan.Slice, 800*time.Millisecond)
	if b.sizes.hasty {
		slice = time.Millisecond
	}
	var rate, used, alone [2][]float64
	for round := range max(b.plan.Rounds, 7) + 1 {
		for i, list := range [][]question{q.post, q.get} {
			runtime.GC()
			before := cpu()
			n, took, err := burst(callers, slice, list, send)
			if err != nil {
				return err
			}
			spent := cpu() - before
			one, alsoTook, err := burst(1, slice/8, list, send)
			if err != nil {
				return err
			}
			if round > 0 { // the first one warms
				rate[i], used[i] = append(rate[i], n/took.Seconds()), append(used[i], float64(spent.Nanoseconds())/n)
				alone[i] = append(alone[i], float64(alsoTook.Nanoseconds())/one)
			}
		}
	}
	head, rows := []string{"", "requests/s", "× POST", "least – most", "one caller alone"}, make([][]string, 2)
	for i, name := range []string{"POST /v1/counters (floor)", "GET out of the archive"} {
		r := ratios(rate[i], rate[0])
		rows[i] = []string{name, fmt.Sprintf("%.0f", measure.Median(rate[i])), fmt.Sprintf("%.2f", measure.Median(r)), fmt.Sprintf("%.2f – %.2f", slices.Min(r), slices.Max(r)), measure.Time(measure.Median(alone[i]))}
		if measure.Median(used[i]) > 0 {
			rows[i] = append(rows[i], measure.Time(measure.Median(used[i])))
		}
	}
	if measure.Median(used[0]) > 0 {
		head = append(head, "server CPU a request")
	}
	b.Table(head, rows)
	b.AtLeast(what+": throughput, × POST", ratio(rate[1], rate[0]), 0.5)
	b.Line("")
	return nil
}

// burst sends questions from callers at once: how many were answered, in what time.
func burst(callers int, slice time.Duration, list []question, send func(*question) error) (n float64, took time.Duration, err error) {
	var done atomic.Int64
	var failed atomic.Pointer[error]
	start := time.Now()
	var wait sync.WaitGroup
	for caller := range callers {
		wait.Go(func() {
			for i := caller; failed.Load() == nil && (i == caller || time.Since(start) < slice); i += callers {
				if err := send(&list[i%len(list)]); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	wait.Wait()
	if e := failed.Load(); e != nil {
		return 0, 0, *e
	}
	return float64(done.Load()), time.Since(start), nil
}

// consultant is who asks.
const consultant = manyOf

// unitOf is the matricola of that number.
func unitOf(i int) string { return fmt.Sprintf("%010d", 4_900_000_000+i) }

// units fills an archive with matricole of one unit each, all with the same history, and delegates them.
func (b *bench) units(s *store.Store) error {
	if err := b.bring(s, fixtures.Posizioni, text(b.unitLines(unitCompany)), importing.MaxBatch); err != nil {
		return err
	}
	if err := b.bring(s, fixtures.Provvedimenti, text(b.unitLines(unitHistory)), importing.MaxBatch); err != nil {
		return err
	}
	var deleghe []archive.Delega
	for i := range b.sizes.units {
		g, err := grantOf(unitOf(i), consultant)
		if err != nil {
			return err
		}
		deleghe = append(deleghe, g)
	}
	return s.Grant(context.Background(), deleghe)
}

func (b *bench) unitLines(of func(i int) [][]byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range b.sizes.units {
			for _, line := range of(i) {
				if !yield(line) {
					return
				}
			}
		}
	}
}

// unitEntity is the codice fiscale of all these companies: of no other matricola, so that they share no treatment.
func unitEntity(i int) string {
	digits := fmt.Sprintf("%010d", i)
	sum := 0
	for at, c := range digits {
		d := int(c - '0')
		if at%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return digits + fmt.Sprint((10-sum%10)%10)
}

func unitCompany(i int) [][]byte {
	return [][]byte{fmt.Appendf(nil, `{"matricola":%q,"codice_fiscale":%q,"denominazione":"Officine %d S.r.l.","sede":"4900","attiva_dal":"2001-03-01",`+
		`"inquadramenti":[{"dal":"2001-03-01","settore":"a"}],"dipendenti":[{"dal":"2001-03-01","media":100}],`+
		`"unita_produttive":[{"progressivo":"0","attiva_dal":"2001-03-01","giorni_settimana":[{"dal":"2001-03-01","giorni":5}],`+
		`"organico":[{"dal":"2001-03-01","fasce":[{"ore_settimanali":40,"lavoratori":100}]}]}]}`, unitOf(i), unitEntity(i), i)}
}

// kept is a period of the facts as the archive keeps it.
type kept struct {
	grant
	Matricola   string `json:"matricola"`
	Unita       string `json:"unita_produttiva"`
	Emissione   string `json:"data_emissione"`
	Motivazione string `json:"motivazione"`
}

func unitHistory(i int) (lines [][]byte) {
	for _, g := range unitPeriods(i) {
		lines = append(lines, encode(kept{g, unitOf(i), "0", (mustDay(g.Al) + 20).String(), "Accolta: la relazione tecnica documenta la riduzione temporanea dell'attività."}))
	}
	return lines
}

func unitPeriods(i int) []grant {
	list := history(periodsOfRequest)
	for k := range list {
		list[k].Numero = fmt.Sprintf("%d-%s", i, list[k].Numero)
	}
	return list
}

// questions asks about each unit, in both ways.
func (a *archiveHandler) questions(units int) (q *counted, err error) {
	q = &counted{}
	bearer, err := a.bearer(consultant)
	for i := range units {
		q.post = append(q.post, question{http.MethodPost, "/v1/counters", bearer, unitFacts(i)})
		q.get = append(q.get, question{http.MethodGet, fmt.Sprintf("/v1/matricole/%s/unita-produttive/0/counters?data_fine=%s", unitOf(i), reference), bearer, nil})
	}
	return q, err
}

// unitFacts is what the archive knows of a unit, as the body of the stateless POST.
func unitFacts(i int) []byte {
	return encode(map[string]any{"facts": map[string]any{
		"data_riferimento": reference.String(),
		"azienda":          map[string]any{"matricola": unitOf(i), "codice_fiscale": unitEntity(i), "settore": "a", "dipendenti_semestre": 100},
		"unita_produttiva": map[string]any{"progressivo": "0", "giorni_settimana": 5, "organico_medio": []organic{{40, 100}}},
		"periodi":          unitPeriods(i),
	}})
}

// agree checks that both ways answer the same items for every unit.
func (a *archiveHandler) agree(q *counted) error {
	for i := range q.get {
		var items [2]json.RawMessage
		for k, one := range []*question{&q.post[i], &q.get[i]} {
			w := &answered{keep: true}
			if err := a.ask(one, w); err != nil {
				return err
			}
			var body struct{ Items json.RawMessage }
			if err := json.Unmarshal(w.body.Bytes(), &body); err != nil {
				return err
			}
			items[k] = body.Items
		}
		if len(items[0]) == 0 || !bytes.Equal(items[0], items[1]) {
			return errors.New("the archive and the facts sent give different answers: " + q.get[i].path)
		}
	}
	return nil
}
