package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/internal/pgtest"
)

// planned is an archive with many companies, each with few measures.
func planned(t *testing.T, dsn string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	fill(t, s)
	return s
}

const (
	companies   = 600
	eachCompany = 40
)

func fill(t *testing.T, s *Store) {
	t.Helper()
	esiti := []string{"accoglimento", "accoglimento", "reiezione", "accoglimento_parziale", "in_istruttoria"}
	var list []archive.Provvedimento
	for c := range companies {
		m := matricolaOf(c)
		if _, _, err := s.WritePosizione(t.Context(), &archive.Posizione{Matricola: m, CodiceFiscale: "cf" + m, Denominazione: "Impresa " + m, Sede: fmt.Sprint(c % 20), Corpo: []byte("{}"), Digest: "d"}, 0); err != nil {
			t.Fatal(err)
		}
		for n := range eachCompany {
			dal := calendar.MustParse("2020-01-01") + calendar.Day(n*31)
			list = append(list, archive.Provvedimento{
				Numero: fmt.Sprintf("P%03d-%04d", n, c), Versione: 1, Matricola: m, UnitaProduttiva: fmt.Sprint(n % 2), Prestazione: "CIGO",
				Causale: "mancanza_commesse", Esito: esiti[n%len(esiti)], Dal: dal, Al: dal + 6, DataEmissione: dal + 20,
				Motivazione: "mancanza di commesse", Corpo: []byte("{}"), Digest: "d",
			})
		}
	}
	if _, err := s.WriteProvvedimenti(t.Context(), list, true); err != nil {
		t.Fatal(err)
	}
}

func matricolaOf(c int) string { return fmt.Sprintf("70%08d", c) }

// plan is what the database would do for a query, as text.
func plan(t *testing.T, s *Store, q *gorm.DB) string {
	t.Helper()
	if q.Error != nil {
		t.Fatal(q.Error)
	}
	explain := "EXPLAIN "
	if s.dialect == sqlite {
		explain = "EXPLAIN QUERY PLAN "
	}
	rows, err := s.pool.QueryContext(t.Context(), explain+q.Statement.SQL.String(), q.Statement.Vars...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	cells := make([]any, len(columns))
	for i := range cells {
		cells[i] = new(any)
	}
	var lines []string
	for rows.Next() {
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprint(*cells[len(cells)-1].(*any))) // the last column is the step
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// Steps that read more than the rows of one matricola: a whole table, or a whole index.
var (
	fullScan = regexp.MustCompile(`(?m)Seq Scan|^SCAN (provvedimenti|posizioni)`)
	// narrowed is an index that is entered by the matricola.
	narrowed = regexp.MustCompile(`Index Cond: \(+(provvedimenti\.)?\(?\(?matricola|INDEX provvedimenti_\w+ \(matricola=\?`)
)

func TestEachQueryGoesByAnIndexOfTheMatricola(t *testing.T) {
	t.Parallel()
	for _, d := range []struct {
		name string
		dsn  func(t *testing.T) string
	}{
		{"sqlite", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "omnia.db") }},
		{"postgres", func(t *testing.T) string { return pgtest.DSN(t, migrateForPlans) }},
	} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := planned(t, d.dsn(t))
			wantPlans(t, s) // of an archive that was just filled, before anyone counted its rows
			if err := s.db(t.Context()).Exec("ANALYZE").Error; err != nil {
				t.Fatal(err)
			}
			wantPlans(t, s)
		})
	}
}

func migrateForPlans(dsn string) error {
	ctx := context.Background()
	s, err := Open(ctx, dsn, Options{})
	if err != nil {
		return err
	}
	return errors.Join(s.Migrate(ctx), s.Close())
}

func wantPlans(t *testing.T, s *Store) {
	t.Helper()
	for name, q := range searches(t, s) {
		wantNarrowed(t, name, plan(t, s, q))
	}
	for name, q := range lookups(s) {
		if p := plan(t, s, q); fullScan.MatchString(p) || !strings.Contains(p, "provvedimenti") && !strings.Contains(p, "posizioni") {
			t.Errorf("%s reads a whole table:\n%s", name, p)
		}
	}
}

func wantNarrowed(t *testing.T, name, plan string) {
	t.Helper()
	if fullScan.MatchString(plan) || !narrowed.MatchString(plan) {
		t.Errorf("%s does not go by an index of the matricola:\n%s", name, plan)
	}
}

// searches are the queries of pages, in every order, from the beginning and from the middle, with each
// criterion and with all, now and in the past; and the other questions about one matricola.
func searches(t *testing.T, s *Store) map[string]*gorm.DB {
	t.Helper()
	dry := s.gorm.Session(&gorm.Session{DryRun: true, Context: t.Context()})
	past := time.Now()
	to := calendar.MustParse("2024-06-30")
	all := archive.Criteria{Sezione: archive.Autorizzazioni, Prestazione: "CIGO", Causale: "mancanza_commesse", UnitaProduttiva: "0", Parole: []string{"commess"}}
	all.Emissione = archive.Validity{From: calendar.MustParse("2020-01-01"), To: &to}
	queries := map[string]*gorm.DB{}
	for _, sort := range archive.Sorts {
		for what, c := range map[string]archive.Criteria{
			"no criterion": {}, "by section": {Sezione: archive.Reiezioni}, "by unit": {UnitaProduttiva: "1"}, "by words": {Parole: []string{"commess"}},
			"by issue": {Emissione: all.Emissione}, "by all": all,
		} {
			for when, at := range map[string]time.Time{"now": {}, "in the past": past} {
				c.Matricola, c.Sort, c.KnownAt = matricolaOf(7), sort, at
				key := c.Key(&archive.Provvedimento{Numero: "P010-0007", Dal: to, DataEmissione: to})
				for from, after := range map[string]string{"first page": "", "further page": key} {
					q, err := search(dry, c, archive.Page{After: after, Limit: 50})
					if err != nil {
						t.Fatal(err)
					}
					queries[strings.Join([]string{sort, what, when, from}, ", ")] = q.Select(shown).Find(&[]provvedimento{})
				}
			}
		}
	}
	for when, at := range map[string]time.Time{"now": {}, "in the past": past} {
		queries["history "+when] = known(history(dry, matricolaOf(7), "0"), at).Select(shown).Find(&[]provvedimento{})
		queries["last treatment "+when] = lastTreatment(dry, "cf"+matricolaOf(7), to, at).Find(&[]map[string]any{})
	}
	return queries
}

// lookups are the questions about one numero or one company, and those of a batch that is written.
func lookups(s *Store) map[string]*gorm.DB {
	dry := s.gorm.Session(&gorm.Session{DryRun: true})
	in, arg := s.among("numero", []string{"P010-0007", "P011-0007"})
	return map[string]*gorm.DB{
		"the last version": known(dry.Where("numero = ?", "P010-0007"), time.Time{}).Take(&provvedimento{}),
		"a version then":   known(dry.Where("numero = ?", "P010-0007"), time.Now()).Take(&provvedimento{}),
		"a company":        known(dry.Where("matricola = ?", matricolaOf(7)), time.Time{}).Take(&posizione{}),
		"a company then":   known(dry.Where("matricola = ?", matricolaOf(7)), time.Now()).Take(&posizione{}),
		"those of a batch": dry.Raw("SELECT numero, versione, digest, registrato_il FROM provvedimenti WHERE "+in, arg).Find(&[]provvedimento{}),
		"those that end":   dry.Exec("UPDATE provvedimenti SET superato_il = ? WHERE superato_il IS NULL AND "+in, instant(time.Now()), arg),
		"all versions":     dry.Where("numero = ?", "P010-0007").Order("versione DESC").Find(&[]provvedimento{}),
	}
}
