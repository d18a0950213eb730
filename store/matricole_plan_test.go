package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/internal/pgtest"
)

// plannedAt are the databases whose plans are looked at, each with a migrated store of the test's own.
var plannedAt = []struct {
	name string
	open func(t testing.TB) *Store
}{
	{"sqlite", func(t testing.TB) *Store { return openMigrated(t, "sqlite:"+filepath.Join(t.TempDir(), "omnia.db")) }},
	{"postgres", func(t testing.TB) *Store {
		return openMigrated(t, pgtest.DSN(t, func(dsn string) error {
			ctx := context.Background()
			s, err := Open(ctx, dsn, Options{})
			if err != nil {
				return err
			}
			return errors.Join(s.Migrate(ctx), s.Close())
		}))
	}},
}

func openMigrated(t testing.TB, dsn string) *Store {
	t.Helper()
	s, err := Open(context.Background(), dsn, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// A made-up country: each company has an owner, and one of the studio's people; the first studio has as many
// companies as asked, the others ten each, and a collaborator under each of its delegations.
func country(t testing.TB, s *Store, companies, studio int) {
	t.Helper()
	series := map[dialect]string{
		sqlite:   "WITH RECURSIVE g(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM g WHERE i+1 < %d) ",
		postgres: "WITH g AS (SELECT i FROM generate_series(0, %d - 1) AS i) ",
	}[s.dialect]
	number := map[dialect]string{sqlite: "printf('%%010d', i)", postgres: "lpad(i::text, 10, '0')"}[s.dialect]
	holder := fmt.Sprintf("CASE WHEN i < %d THEN 'STUDIO' ELSE 'STUDIO' || (i / 10) END", studio)
	bond := func(id, tipo, delegante, delegato, servizi, padre string) string {
		return fmt.Sprintf("INSERT INTO deleghe (id, tipo, matricola, delegante, delegato, studio, servizi, valida_dal, valida_al, padre, creata_il, creata_da, revocata_da) "+
			series+"SELECT %s || %s, %s, %s, %s, %s, '', %s, '2020-01-01', NULL, %s, '2020-01-01T00:00:00.000000Z', '', '' FROM g",
			companies, id, number, tipo, number, delegante, delegato, servizi, padre)
	}
	cast := func(s string) string { return s }
	if s.dialect == postgres {
		cast = func(sql string) string {
			return strings.NewReplacer("'2020-01-01T00:00:00.000000Z'", "timestamptz '2020-01-01Z'", "'2020-01-01'", "date '2020-01-01'", "NULL", "NULL::date").Replace(sql)
		}
	}
	for _, sql := range []string{
		fmt.Sprintf("INSERT INTO posizioni (matricola, versione, codice_fiscale, denominazione, ricerca, sede, corpo, digest, registrato_il, registrato_da) "+
			series+"SELECT %s, 1, '01234567890', 'Azienda ' || i, ' azienda ' || i || ' ', CASE WHEN i %% 2 = 0 THEN '7000' ELSE '5000' END, '{}', '', '2020-01-01T00:00:00.000000Z', '' FROM g", companies, number),
		bond("'a'", "'titolare'", "'01234567890'", "'OWNER' || i", "',contatori,provvedimenti,domande,chat,deleghe,'", "CAST(NULL AS text)"),
		bond("'b'", "'intermediario'", "'OWNER' || i", holder, "',contatori,provvedimenti,deleghe,'", "CAST(NULL AS text)"),
		bond("'c'", "'subdelega'", holder, "'SUB' || (i % 100)", "',contatori,'", "'b' || "+number),
		"ANALYZE",
	} {
		if err := s.gorm.Exec(cast(strings.ReplaceAll(sql, "%%", "%"))).Error; err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

var planDay = calendar.MustParse("2026-03-10")

// TestListsReadNoMoreThanAPage holds the plans of the lists that a studio of 5,000 matricole looks at.
func TestListsReadNoMoreThanAPage(t *testing.T) {
	t.Parallel()
	const limit = 50
	page := archive.Page{After: "0000002500", Limit: limit}
	both := []archive.Tipo{archive.Titolare, archive.Intermediario}
	delegheAfter := archive.Page{After: "b0000002500", Limit: limit}
	asked := []struct {
		name string
		q    func(d dialect) *query
	}{
		{"by delegation", func(d dialect) *query {
			return matricoleQuery(archive.Reach{CodiceFiscale: "STUDIO", Tipi: both, Servizio: archive.ServizioContatori, Today: planDay}, nil, page)
		}},
		{"by subdelega", func(d dialect) *query {
			return matricoleQuery(archive.Reach{CodiceFiscale: "SUB7", Tipi: []archive.Tipo{archive.Subdelega}, Servizio: archive.ServizioContatori, Today: planDay}, nil, page)
		}},
		{"by office", func(d dialect) *query { return matricoleQuery(archive.Reach{Sede: "7000", Today: planDay}, nil, page) }},
		{"all", func(d dialect) *query { return matricoleQuery(archive.Reach{All: true, Today: planDay}, nil, page) }},
		{"by delegation and office", func(d dialect) *query {
			return matricoleQuery(archive.Reach{CodiceFiscale: "STUDIO", Tipi: both, Sede: "7000", Today: planDay}, nil, page)
		}},
		{"a whole matricola", func(d dialect) *query {
			return matricoleQuery(archive.Reach{Sede: "7000", Today: planDay}, []string{"0000003000"}, archive.Page{Limit: limit})
		}},
		{"a subject", func(d dialect) *query { return (&query{}).add(subjectQuery, "0000003000", "STUDIO", "0000003000") }},
		{"deleghe to someone", func(d dialect) *query {
			return delegheQuery(d, archive.DelegaCriteria{Delegato: "STUDIO"}, delegheAfter)
		}},
		{"deleghe by someone", func(d dialect) *query {
			return delegheQuery(d, archive.DelegaCriteria{Delegante: "STUDIO"}, archive.Page{Limit: limit})
		}},
		{"deleghe that someone sees", func(d dialect) *query {
			return delegheQuery(d, archive.DelegaCriteria{Visible: "STUDIO", Today: planDay}, delegheAfter)
		}},
		{"deleghe that an owner sees", func(d dialect) *query {
			return delegheQuery(d, archive.DelegaCriteria{Visible: "OWNER77", Today: planDay}, archive.Page{Limit: limit})
		}},
	}
	for _, d := range plannedAt {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := d.open(t)
			country(t, s, 20_000, 5_000)
			for _, a := range asked {
				t.Run(a.name, func(t *testing.T) { planOf(t, s, a.q(s.dialect), 30*limit) })
			}
		})
	}
}

// planOf holds that no table is read from end to end, and on PostgreSQL, which counts, that few rows are read.
func planOf(t *testing.T, s *Store, q *query, most float64) {
	t.Helper()
	if s.dialect == sqlite {
		sqlitePlan(t, s, q)
		return
	}
	var text string
	if err := s.gorm.Raw("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) "+q.String(), q.args...).Row().Scan(&text); err != nil {
		t.Fatal(err)
	}
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		t.Fatal(err)
	}
	read := 0.0
	plans[0].Plan.walk(func(n planNode) {
		if n.Type == "Seq Scan" {
			t.Errorf("reads all of %s", n.Relation)
		}
		if n.Relation != "" {
			read += (n.Rows + n.Removed) * n.Loops
		}
	})
	if read > most || t.Failed() {
		t.Errorf("%v rows read, at most %v were to be:\n%s", read, most, text)
	}
}

// planNode is a step of a plan of PostgreSQL.
type planNode struct {
	Type     string     `json:"Node Type"`
	Relation string     `json:"Relation Name"`
	Rows     float64    `json:"Actual Rows"`
	Removed  float64    `json:"Rows Removed by Filter"`
	Loops    float64    `json:"Actual Loops"`
	Plans    []planNode `json:"Plans"`
}

func (n planNode) walk(see func(planNode)) {
	see(n)
	for _, p := range n.Plans {
		p.walk(see)
	}
}

// scanned finds tables (d, p, t, z are what our statements call them) read from end to end.
var scanned = regexp.MustCompile(`^SCAN ([dptz])\b`)

func sqlitePlan(t *testing.T, s *Store, q *query) {
	t.Helper()
	var steps []struct{ Detail string }
	if err := s.gorm.Raw("EXPLAIN QUERY PLAN "+q.String(), q.args...).Scan(&steps).Error; err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	for _, step := range steps {
		plan.WriteString(step.Detail + "\n")
		if scanned.MatchString(step.Detail) {
			t.Errorf("reads a whole table: %s", step.Detail)
		}
	}
	t.Log(plan.String())
}
