package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/archive/importing"
	"omnia/bench/measure"
	"omnia/fixtures"
	"omnia/store"
)

// The people of the two studios.
const (
	fewOf  = "VRDGPP70A01F205X"
	manyOf = "NRELGU65C12L219T"
)

// listsOfRound is how many pages of each studio a round takes.
const listsOfRound = 60

// lists measures a page of the matricole of a small studio and of a large one, over HTTP.
func (b *bench) lists() error {
	b.Title(fmt.Sprintf("GET /v1/matricole of a studio with %s matricole and with %s", thousands(b.sizes.few), thousands(b.sizes.many)),
		fmt.Sprintf("A page of %d in the middle of the list, or one found by a word, through the whole handler (sign-in, policy, record of the access on the disk), in process, time by the clock.", listed))
	return b.with(func(d *databases) error {
		for _, kind := range kinds {
			if err := b.listsOn(d, kind); err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
		}
		return nil
	})
}

// listed is how long a page is: half of the small studio, so that it too has a middle.
const listed = 25

func (b *bench) listsOn(d *databases, kind string) error {
	s, _, err := d.fresh(kind)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := b.studios(s); err != nil {
		return err
	}
	if err := d.settle(kind); err != nil {
		return err
	}
	a, err := b.openArchive(s, d.dir)
	if err != nil {
		return err
	}
	var table [][]string
	for _, q := range listQueries {
		row, err := a.compareLists(b, q.name, q.path)
		if err != nil {
			return err
		}
		table = append(table, row)
	}
	b.Line("%s:\n", kind)
	b.Table([]string{"", "items", "p50 few", "p50 many", "p50 ×", "p99 ×"}, table)
	b.Line("")
	return nil
}

// listQueries are what is asked; path gives it, out of the first page of that person's list.
var listQueries = []struct {
	name string
	path func(first *listedPage) string
}{
	{"the second page of all", func(first *listedPage) string {
		return fmt.Sprintf("/v1/matricole?limit=%d&cursor=%s", listed, first.Next)
	}},
	{"those whose name has a word", func(first *listedPage) string {
		word, _, _ := strings.Cut(first.Items[0].Azienda.Denominazione, " ")
		return fmt.Sprintf("/v1/matricole?limit=%d&q=%s", listed, url.QueryEscape(word))
	}},
	{"one by its matricola", func(first *listedPage) string { return "/v1/matricole?q=" + first.Items[0].Matricola }},
}

// listedPage is what is read of a page.
type listedPage struct {
	Items []struct {
		Matricola string
		Azienda   struct{ Denominazione string }
	}
	Next string `json:"next_cursor"`
}

func (a *archiveHandler) page(path, who string) (*listedPage, error) {
	body, err := a.read(path, who)
	if err != nil {
		return nil, err
	}
	p := &listedPage{}
	if err := json.Unmarshal(body, p); err != nil {
		return nil, err
	}
	if len(p.Items) == 0 {
		return nil, fmt.Errorf("%s shows nothing", path)
	}
	return p, nil
}

// studios fills an archive with the matricole of both, and the delegations. The two are mixed.
func (b *bench) studios(s *store.Store) error {
	total := b.sizes.few + b.sizes.many
	l := archiveLoad{seed: 3, companies: total}
	if err := b.bring(s, fixtures.Posizioni, text(l.of(fixtures.Posizioni)), importing.MaxBatch); err != nil {
		return err
	}
	var deleghe []archive.Delega
	i, few := 0, 0
	for line := range l.of(fixtures.Posizioni) {
		who := manyOf
		if few*total < i*b.sizes.few {
			who, few = fewOf, few+1
		}
		i++
		g, err := grantOf(matricolaOf(line), who)
		if err != nil {
			return err
		}
		deleghe = append(deleghe, g)
	}
	return s.Grant(context.Background(), deleghe)
}

// grantOf is a delegation of all services to an intermediario.
func grantOf(matricola, who string) (archive.Delega, error) {
	id, err := uuid.NewV7()
	return archive.Delega{
		ID: id.String(), Tipo: archive.Intermediario, Matricola: matricola, Delegante: "RSSMRA80A01H501U", Delegato: who, Studio: "Studio",
		Servizi: archive.Servizi, Validity: archive.Validity{From: mustDay("2020-01-01")}, CreataDa: "bench", CreataIl: archive.Instant(time.Now()),
	}, err
}

// compareLists asks both studios by turns.
func (a *archiveHandler) compareLists(b *bench, name string, path func(*listedPage) string) ([]string, error) {
	people := [2]string{fewOf, manyOf}
	var paths [2]string
	var items [2]int
	for i, who := range people {
		first, err := a.page(fmt.Sprintf("/v1/matricole?limit=%d", listed), who)
		if err != nil {
			return nil, err
		}
		paths[i] = path(first)
		asked, err := a.page(paths[i], who)
		if err != nil {
			return nil, err
		}
		items[i] = len(asked.Items)
	}
	var p50, p99 [2][]float64
	for round := range max(b.plan.Rounds, 7) + 1 {
		runtime.GC()
		var times [2][]float64
		for range b.least(listsOfRound) {
			for i, who := range people {
				start := time.Now()
				if err := a.get(paths[i], who); err != nil {
					return nil, err
				}
				times[i] = append(times[i], float64(time.Since(start).Nanoseconds()))
			}
		}
		for i := range times {
			if round > 0 { // the first one warms
				p50[i], p99[i] = append(p50[i], measure.Quantile(times[i], 0.50)), append(p99[i], measure.Quantile(times[i], 0.99))
			}
		}
	}
	return []string{name, fmt.Sprintf("%d, %d", items[0], items[1]), measure.Time(measure.Median(p50[0])), measure.Time(measure.Median(p50[1])),
		fmt.Sprintf("%.2f", ratioOf(p50)), fmt.Sprintf("%.2f", ratioOf(p99))}, nil
}
