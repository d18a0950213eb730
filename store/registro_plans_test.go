package store

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"omnia/ledger"
)

// manyDecisions fills the log with rows alone: what a search reads does not depend on what they say. A hundred matricole, forty
// classes, the last of which is rare.
func manyDecisions(t testing.TB, s *Store, n int) {
	t.Helper()
	series := map[dialect]string{
		sqlite:   fmt.Sprintf("WITH RECURSIVE g(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM g WHERE i+1 < %d) ", n),
		postgres: fmt.Sprintf("WITH g AS (SELECT i FROM generate_series(0, %d) AS i) ", n-1),
	}[s.dialect]
	instants := map[dialect]string{
		sqlite:   "strftime('%Y-%m-%dT%H:%M:%f000Z', '2026-01-01', (i/1000) || ' hours')",
		postgres: "timestamptz '2026-01-01T00:00:00Z' + (i/1000) * interval '1 hour'",
	}[s.dialect]
	for _, sql := range []string{
		series + `INSERT INTO foglie (posizione, id, tipo, dati) SELECT i, 'd' || i, 'receipt/v1', '{}' FROM g`,
		series + `INSERT INTO decisioni (posizione, istante, classe, matricola, unita_produttiva, persona, delega, settore, fatti, risultato)
SELECT i, ` + instants + `, CASE WHEN i % 5000 = 7 THEN 40 ELSE i % 40 END, 'm' || (i % 100), CAST(i % 3 AS text), CASE WHEN i % 4 = 0 THEN 'p' || (i % 100) ELSE '' END, CASE WHEN i % 4 = 0 THEN 'd' || (i % 100) ELSE '' END, 'a', '{}', '{}' FROM g`,
		series + `INSERT INTO ore (ora, prima, ultima) SELECT ` + fmt.Sprint(hourOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))) + ` + i, i * 1000, i * 1000 + 999 FROM g WHERE i < ` + fmt.Sprint(n/1000),
		series + `INSERT INTO classi (id, insieme, edizione, edizione_digest, tipo, simulazione, esito) SELECT i, i, 'e', 'e', 'counters', 0, 'x' || (i % 2) FROM g WHERE i <= 40`,
		series + `INSERT INTO insiemi_regole (regola, versione, insieme) SELECT 'r', 1, i FROM g WHERE i < 40`,
		`INSERT INTO insiemi_regole (regola, versione, insieme) VALUES ('r', 2, 40)`,
	} {
		if err := s.gorm.Exec(sql).Error; err != nil {
			t.Fatal(err)
		}
	}
}

// fullRead is a step that reads a whole table of the log, or sorts what it read of one.
var fullRead = regexp.MustCompile(`(?m)Seq Scan on (foglie|decisioni|personali)|^SCAN (d|e|f|p)( |$)|^SCAN (foglie|decisioni)`)

func TestSearchesInTheLogGoByAnIndex(t *testing.T) {
	t.Parallel()
	yes := true
	at := time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)
	for _, d := range plannedAt {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := d.open(t)
			manyDecisions(t, s, 20_000)
			for _, counted := range []bool{false, true} { // as it was just filled, and once the rows were counted
				if counted {
					if err := s.gorm.Exec("ANALYZE").Error; err != nil {
						t.Fatal(err)
					}
				}
				for name, want := range map[string]struct {
					c     ledger.Criteria
					index string
				}{
					"nothing":         {ledger.Criteria{}, ""},
					"a version":       {ledger.Criteria{Rule: "r", Version: 2}, "decisioni_classe"},
					"a rule":          {ledger.Criteria{Rule: "r"}, "decisioni_classe"},
					"an edition":      {ledger.Criteria{EditionDigest: "e"}, "decisioni_classe"},
					"a kind":          {ledger.Criteria{Kind: "counters"}, "decisioni_classe"},
					"an outcome":      {ledger.Criteria{Esito: "x1", From: at}, "decisioni_classe"},
					"simulations":     {ledger.Criteria{Simulation: &yes}, "decisioni_classe"},
					"a matricola":     {ledger.Criteria{Matricola: "m7"}, "decisioni_matricola"},
					"its rule":        {ledger.Criteria{Matricola: "m7", Rule: "r", Version: 2}, "decisioni_matricola"},
					"several":         {ledger.Criteria{Matricole: []string{"m7", "m8"}}, "decisioni_matricola"},
					"a unit":          {ledger.Criteria{UnitaProduttiva: "1"}, "decisioni_unita"},
					"a person":        {ledger.Criteria{Persona: "p4"}, "decisioni_persona"},
					"a delegation":    {ledger.Criteria{Delegation: "d4"}, "decisioni_delega"},
					"a time":          {ledger.Criteria{From: at, To: at.Add(time.Hour)}, ""},
					"a number of one": {ledger.Criteria{Matricola: "m7", Numero: "x"}, "decisioni_matricola"},
				} {
					for _, ascending := range []bool{false, true} {
						q := newInquiry(s.dialect, want.c, 51)
						q.from, q.to, q.ascending = 100, 15_000, ascending
						if err := s.narrowByTime(t.Context(), q); err != nil {
							t.Fatal(err)
						}
						sql, args := q.query()
						p := plan(t, s, s.gorm.Session(&gorm.Session{DryRun: true, Context: t.Context()}).Raw(sql, args...).Find(&[]int64{}))
						if fullRead.MatchString(p) || !strings.Contains(p, want.index) {
							t.Errorf("%s, ascending %v, counted %v:\n%s\n%s", name, ascending, counted, sql, p)
						}
					}
				}
			}
		})
	}
}

// TestASearchInTheLogReadsWhatItsAnswerNeeds counts, on PostgreSQL, the rows of decisioni that a search touched: as the log gets
// four times as long, no more.
func TestASearchInTheLogReadsWhatItsAnswerNeeds(t *testing.T) {
	t.Parallel()
	s := plannedAt[1].open(t)
	manyDecisions(t, s, 40_000)
	if err := s.gorm.Exec("ANALYZE").Error; err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]ledger.Criteria{
		"a rare version": {Rule: "r", Version: 2}, "a frequent version": {Rule: "r", Version: 1}, "several matricole": {Matricole: []string{"m1", "m2", "m3"}},
		"a person": {Persona: "p4"}, "all": {}, "an hour": {From: time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC), To: time.Date(2026, 1, 1, 4, 0, 0, 0, time.UTC)},
	} {
		const page = 20
		q := newInquiry(s.dialect, c, page)
		if err := s.narrowByTime(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		sql, args := q.query()
		read := touched(t, s, sql, args)
		if most := 40 + 1 + page*page + page; read > most {
			t.Errorf("%s: %d rows were read for a page of %d", name, read, page)
		}
	}
}

var actualRows = regexp.MustCompile(`Scan .*on decisioni.*actual rows=(\d+)(?:\.\d+)? loops=(\d+)`)

// touched sums the rows that the steps on decisioni gave.
func touched(t *testing.T, s *Store, sql string, args []any) (n int) {
	t.Helper()
	var lines []string
	if err := s.gorm.Raw("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) "+sql, args...).Scan(&lines).Error; err != nil {
		t.Fatal(err)
	}
	found := actualRows.FindAllStringSubmatch(strings.Join(lines, "\n"), -1)
	if len(found) == 0 {
		t.Fatalf("no step on decisioni:\n%s", strings.Join(lines, "\n"))
	}
	for _, m := range found {
		var rows, loops int
		if _, err := fmt.Sscan(m[1]+" "+m[2], &rows, &loops); err != nil {
			t.Fatal(err)
		}
		n += rows * loops
	}
	return n
}
