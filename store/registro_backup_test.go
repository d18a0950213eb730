package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"omnia/archive"
	"omnia/ledger"
	"omnia/store"
	"omnia/store/storetest"
)

// copies make a copy of a database that is in use, and give its DSN.
var copies = []struct {
	name   string
	driver string
	dsn    func(t testing.TB) string
	copy   func(t *testing.T, dsn string) string
}{
	{"sqlite", "sqlite", sqliteDSN, vacuumed},
	{"postgres", "pgx", postgresDSN, dumped},
}

// plainDSN is what a driver without the store is given.
func plainDSN(dsn string) string { return strings.TrimPrefix(dsn, "sqlite:") }

func vacuumed(t *testing.T, dsn string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copia.db")
	if _, err := plain(t, "sqlite", plainDSN(dsn)+"?_pragma=busy_timeout(10000)").ExecContext(t.Context(), "VACUUM INTO ?", to); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + to
}

func dumped(t *testing.T, dsn string) string {
	t.Helper()
	dump, err := exec.CommandContext(t.Context(), "pg_dump", "--no-owner", dsn).Output()
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/") + "_copia"
	if _, err := plain(t, "pgx", dsn).ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db, err := sql.Open("pgx", dsn)
		if err == nil {
			_, err = db.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
			err = errors.Join(err, db.Close())
		}
		if err != nil {
			t.Error(err)
		}
	})
	u.Path = "/" + name
	restore := exec.CommandContext(t.Context(), "psql", "--quiet", "-v", "ON_ERROR_STOP=1", u.String())
	restore.Stdin = bytes.NewReader(dump)
	if out, err := restore.CombinedOutput(); err != nil {
		t.Fatalf("restore: %v\n%s", err, out)
	}
	return u.String()
}

// TestABackupUnderLoadIsALog copies a database while decisions are taken and values erased. The copy is a beginning of the log, and
// can be gone on with elsewhere.
func TestABackupUnderLoadIsALog(t *testing.T) {
	t.Parallel()
	for _, d := range copies {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			dsn, key := d.dsn(t), newKey(t)
			s := openKeyed(t, dsn, key)
			e := storetest.Edition("2026-1", 1)
			storetest.Publish(t, s, e)
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			begun := make(chan struct{})
			for c := range 8 {
				wg.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						load(t, s, e, n)
						if c == 0 && n == 5 {
							close(begun)
						}
					}
				})
			}
			<-begun
			backup := openKeyed(t, d.copy(t, dsn), key)
			stop()
			wg.Wait()
			early, late := storetest.Export(t, backup), storetest.Export(t, s)
			head, err := backup.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if report, _ := storetest.Verified(t, backup); report.Decisions < 6 {
				t.Errorf("the copy has %+v of %d bytes", report, len(early))
			}
			keys, err := s.Keyring(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := (ledger.Verification{Keys: keys, Held: []*ledger.Signed{head}}).Verify(bytes.NewReader(late)); err != nil {
				t.Errorf("the log is no continuation of its backup: %v", err)
			}
			load(t, backup, e, 1)
			storetest.Verified(t, backup)
			// Who holds a checkpoint of the log sees that the copy is another one.
			last, err := s.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = ledger.Verification{Keys: keys, Held: []*ledger.Signed{last}}.Verify(bytes.NewReader(storetest.Export(t, backup)))
			if f, ok := errors.AsType[*ledger.Finding](err); !ok || f.Code != ledger.CodeTruncated {
				t.Errorf("the copy taken for the log: %v", err)
			}
		})
	}
}

func load(t *testing.T, s *store.Store, e *archive.Edition, n int) {
	d := storetest.Decision(e, storetest.Asked{Persona: "p"})
	if err := s.Commit(context.Background(), []*ledger.Decision{d}, nil); err != nil {
		t.Error(err)
	}
	if n%3 == 0 {
		if err := s.Erase(context.Background(), ledger.Erasure{Entry: d.Receipt.ID, Reason: "x"}); err != nil {
			t.Error(err)
		}
	}
}

// TestALogThatWasSetBackIsRefused puts an older head under a process that remembers a later one.
func TestALogThatWasSetBackIsRefused(t *testing.T) {
	t.Parallel()
	for _, d := range copies {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			dsn, key := d.dsn(t), newKey(t)
			s := openKeyed(t, dsn, key)
			e := storetest.Edition("2026-1", 1)
			storetest.Publish(t, s, e)
			db := plain(t, d.driver, plainDSN(dsn))
			exec := func(statements ...string) {
				t.Helper()
				for _, sql := range statements {
					if _, err := db.ExecContext(t.Context(), sql); err != nil {
						t.Fatalf("%s: %v", sql, err)
					}
				}
			}
			exec("CREATE TABLE vecchia AS SELECT * FROM testa", "CREATE TABLE vecchie AS SELECT * FROM tessere")
			for range 3 {
				load(t, s, e, 1)
			}
			exec("DELETE FROM testa", "INSERT INTO testa SELECT * FROM vecchia", "DELETE FROM tessere", "INSERT INTO tessere SELECT * FROM vecchie")
			for range 2 {
				err := s.Commit(t.Context(), []*ledger.Decision{storetest.Decision(e, storetest.Asked{})}, nil)
				if !errors.Is(err, ledger.ErrRollback) || !errors.Is(err, archive.ErrUnavailable) {
					t.Errorf("on a log that was set back: %v, want ErrRollback and ErrUnavailable", err)
				}
			}
		})
	}
}

// alterations are what somebody with the rights of the database's owner may do; each must be found, and named. The log they are done
// to has an edition, its activation, a decision (2), an access (3), decisions (4, 5), an access (6), a decision (7), two legal holds placed (8, 9), and the second one lifted (10).
var alterations = []struct {
	name string
	sql  []string
	want string // pattern of what a verification of the database says
	only bool   // the log itself is as it was: an export is sound, and only a verification of the database finds it
}{
	{"facts", []string{`UPDATE decisioni SET fatti = replace(fatti, '"settore":"a"', '"settore":"b"') WHERE posizione = 4`}, `^decision \S+, facts: .*\[altered\]$`, false},
	{"outcome", []string{`UPDATE decisioni SET risultato = replace(risultato, 'admissible', 'not_admissible') WHERE posizione = 4`}, `^decision \S+, outcome: .*\[altered\]$`, false},
	{"receipt", []string{`UPDATE foglie SET dati = replace(dati, '"counters"', '"validate"') WHERE posizione = 4`}, `^decision \S+, leaf 4: .*\[altered\]$`, false},
	{"what became of a rule", []string{`UPDATE foglie SET dati = replace(dati, '"applied"', '"false"') WHERE posizione = 4`}, `^decision \S+, leaf 4: .*\[altered\]$`, false},
	{"versions applied", []string{`UPDATE insiemi SET testo = replace(testo, '"version":1', '"version":2')`}, `^decision \S+, rules: .*\[rule\]$`, false},
	{"versions of another decision", []string{`UPDATE decisioni SET classe = (SELECT classe FROM decisioni WHERE posizione = 5) WHERE posizione = 4`}, `^decision \S+, rules: .*\[altered\]$`, false},
	{"a text of the rules", []string{`UPDATE edizioni_testi SET testo = replace(testo, 'version', 'versions')`}, `^edition 2026-1, counters/\S+: .*\[altered\]$`, false},
	{"a personal value", []string{`UPDATE personali SET valori = replace(valori, 'RSSMRA80A01H501U', 'RSSMRA80A01H501V') WHERE foglia = 4`}, `^decision \S+, /richiesta/lavoratori/0/codice_fiscale: .*\[altered\]$`, false},
	{"a personal value removed", []string{`DELETE FROM personali WHERE foglia = 4`}, `^decision \S+, /\S+: it is not there, .*\[removed\]$`, false},
	{"a removal that is said to be an erasure", []string{`DELETE FROM personali WHERE foglia = 3`,
		`INSERT INTO cancellazioni (foglia, percorso, da) SELECT 3, p, 5 FROM (SELECT '/codice_fiscale' AS p UNION SELECT '/persona' UNION SELECT '/oggetto' UNION SELECT '/motivo' UNION SELECT '/indirizzo') AS x`}, `^access \S+, /\S+: .*\[erasure\]$`, false},
	{"a leaf removed", []string{`DELETE FROM foglie WHERE posizione = 4`}, `^leaf 4: it is not there \[removed\]$`, false},
	{"a decision removed", []string{`DELETE FROM decisioni WHERE posizione = 4`}, `^decision \S+: its row is not there.*\[removed\]$`, false},
	{"two leaves exchanged", []string{
		`UPDATE foglie SET posizione = 99 WHERE posizione = 3`, `UPDATE foglie SET posizione = 3 WHERE posizione = 6`, `UPDATE foglie SET posizione = 6 WHERE posizione = 99`,
		`UPDATE personali SET foglia = 99 WHERE foglia = 3`, `UPDATE personali SET foglia = 3 WHERE foglia = 6`, `UPDATE personali SET foglia = 6 WHERE foglia = 99`,
	}, `^leaf 3: access \S+ stands here, and what belongs here at 6 \[moved\]$`, false},
	{"the last leaf removed", []string{`DELETE FROM foglie WHERE posizione = 10`}, `^leaf 10: it is not there \[removed\]$`, false},
	{"the head", []string{`UPDATE testa SET checkpoint = replace(checkpoint, 'instant 2', 'instant 3')`}, `^head of 11 leaves: .*\[forged\]$`, false},

	{"whose decision it is", []string{`UPDATE decisioni SET matricola = '1111111111' WHERE posizione = 4`}, `^decision \S+, matricola: the table has "1111111111", .*\[altered\]$`, true},
	{"who asked", []string{`UPDATE decisioni SET persona = 'altri' WHERE posizione = 4`}, `^decision \S+, persona: .*\[altered\]$`, true},
	{"when it was taken", []string{`UPDATE decisioni SET istante = '2020-01-01T00:00:00.000000Z' WHERE posizione = 4`}, `^decision \S+, istante: .*\[altered\]$`, true},
	{"how it ended", []string{`UPDATE classi SET esito = 'valid'`}, `^decision \S+, esito: .*\[altered\]$`, true},
	{"by which id a decision is fetched", []string{`UPDATE foglie SET id = 'x' WHERE posizione = 4`}, `^decision \S+, id: the table has "x", .*\[altered\]$`, true},
	{"by which id an access is fetched", []string{`UPDATE foglie SET id = 'x' WHERE posizione = 3`}, `^access \S+, id: the table has "x", .*\[altered\]$`, true},
	{"what kind a leaf is said to be", []string{`UPDATE foglie SET tipo = 'erasure/v1' WHERE posizione = 3`}, `^access \S+, tipo: the table has "erasure/v1", .*\[altered\]$`, true},
	{"a leaf behind the head", []string{`INSERT INTO foglie (posizione, id, tipo, dati) SELECT 11, 'x', tipo, dati FROM foglie WHERE posizione = 4`}, `^leaf 11: a row of foglie stands there, .*\[altered\]$`, true},
	{"a decision before the first", []string{`INSERT INTO decisioni SELECT -1, istante, classe, matricola, unita_produttiva, persona, delega, settore, fatti, risultato FROM decisioni WHERE posizione = 4`}, `^leaf -1: a row of decisioni stands there, .*\[altered\]$`, true},
	{"a line put into the record of accesses", []string{`INSERT INTO accessi SELECT 'x', istante, giorno, persona, codice_fiscale, ruolo, base, delega, azione, matricola, oggetto, motivo, esito, policy, correlazione, indirizzo FROM accessi LIMIT 1`}, `^access x: a line of accessi, .* has no leaf in it \[altered\]$`, true},
	{"what an edition is called", []string{`UPDATE edizioni SET nome = 'altra'`}, `^edition 2026-1, nome: the table has "altra", .*\[altered\]$`, true},
	{"when an edition was published", []string{`UPDATE edizioni SET pubblicata_il = '2020-01-01T00:00:00.000000Z'`}, `^edition 2026-1, pubblicata_il: .*\[altered\]$`, true},
	{"the policies of an edition", []string{`DELETE FROM edizioni_policy`}, `^edition \S+ \S*, edizioni_policy: .*\[removed\]$`, true},
	{"what a version means", []string{`UPDATE edizioni_voci SET digest = 'x'`}, `^\S+ \S+@1, edizioni_voci: .*\[altered\]$`, true},
	{"that a version was published", []string{`DELETE FROM edizioni_voci WHERE id = 'ais.settimane_biennio'`}, `^version \S+ ais.settimane_biennio@1, edizioni_voci: its row is not in the table \[removed\]$`, true},
	{"why an edition was taken into use", []string{`UPDATE attivazioni SET motivo = 'x'`}, `^activation \S+, motivo: .*\[altered\]$`, true},
	{"that an edition was taken into use", []string{`DELETE FROM attivazioni`}, `^activation \S+, attivazioni: its row is not in the table \[removed\]$`, true},
	{"by which versions it is found", []string{`DELETE FROM insiemi_regole WHERE regola = 'ais.settimane_biennio'`}, `^decision \S+, insiemi_regole: it applied ais.settimane_biennio@1, and is not found by it \[removed\]$`, true},
	{"by which hour it is found", []string{`UPDATE ore SET ultima = 5`}, `^decision \S+, ore: it stands at 7, .*\[altered\]$`, true},
	{"a line of the record of accesses", []string{`UPDATE accessi SET matricola = '1111111111'`}, `^access \S+, matricola: .*\[altered\]$`, true},
	{"a line of it removed", []string{`DELETE FROM accessi`}, `^access \S+: its line is not in the record of accesses \[removed\]$`, true},
	{"the tree", []string{`UPDATE tessere SET dati = (SELECT dati FROM tessere WHERE livello = 0 AND numero = 0) || dati WHERE livello = 0`, `UPDATE tessere SET dati = substr(dati, 33)`}, `^tile 0 of level 0: .*\[altered\]$`, true},
	{"a legal hold taken away", []string{`DELETE FROM vincoli WHERE id = 'h1'`}, `^legal hold h1, vincoli: its row is not in the table \[removed\]$`, true},
	{"a legal hold lifted past the log", []string{`UPDATE vincoli SET tolto_da = 'altri', tolto_il = posto_il WHERE id = 'h1'`}, `^legal hold h1, tolto_da: the table has "altri", .*\[altered\]$`, true},
	{"a legal hold that was not lifted", []string{`UPDATE vincoli SET tolto_il = NULL WHERE id = 'h2'`}, `^legal hold h2, tolto_il: .*\[altered\]$`, true},
	{"whose legal hold it is", []string{`UPDATE vincoli SET matricola = '1111111111' WHERE id = 'h1'`}, `^legal hold h1, matricola: the table has "1111111111", .*\[altered\]$`, true},
	{"a legal hold put there", []string{`INSERT INTO vincoli SELECT 'h3', matricola, motivo, posto_da, posto_il, tolto_da, tolto_il FROM vincoli WHERE id = 'h2'`}, `^legal hold h3, vincoli: the table has a row of it, .*\[altered\]$`, true},
	{"the edition in use", []string{`UPDATE testa SET edizione = ''`}, `^the head, edizione: .*\[altered\]$`, true},
}

// TestWhatIsAlteredInTheDatabaseIsFound alters one thing at a time, once the triggers that forbid it are gone.
func TestWhatIsAlteredInTheDatabaseIsFound(t *testing.T) {
	t.Parallel()
	for _, d := range copies {
		for _, a := range alterations {
			t.Run(d.name+"/"+a.name, func(t *testing.T) {
				t.Parallel()
				dsn, key := d.dsn(t), newKey(t)
				shortLog(t, dsn, key)
				db := plain(t, d.driver, plainDSN(dsn))
				refused(t, db, a.sql)
				disarm(t, d.driver, db)
				for _, sql := range a.sql {
					if done, err := db.ExecContext(t.Context(), sql); err != nil {
						t.Fatalf("%s: %v", sql, err)
					} else if n, err := done.RowsAffected(); err != nil || n == 0 {
						t.Fatalf("%s did nothing, %v", sql, err)
					}
				}
				s := openKeyed(t, dsn, key)
				keys, err := s.Keyring(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.VerifyLog(t.Context(), ledger.Verification{Keys: keys}, storetest.Esito)
				if f, ok := errors.AsType[*ledger.Finding](err); !ok || !regexp.MustCompile(a.want).MatchString(f.Error()) {
					t.Errorf("verified as %v, want %s", err, a.want)
				}
				if err := exportVerified(t, s, keys); (err == nil) != a.only {
					t.Errorf("its export is verified as %v", err)
				}
			})
		}
	}
}

// TestAnOutcomeThatIsCalledOtherwiseIsFound alters what a decision is called together with the name of its class, which is taken from it.
func TestAnOutcomeThatIsCalledOtherwiseIsFound(t *testing.T) {
	t.Parallel()
	for _, d := range copies {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			dsn, key := d.dsn(t), newKey(t)
			shortLog(t, dsn, key)
			db := plain(t, d.driver, plainDSN(dsn))
			disarm(t, d.driver, db)
			s := openKeyed(t, dsn, key)
			entries, err := s.Entries(t.Context(), 4, 1)
			if err != nil {
				t.Fatal(err)
			}
			r, err := ledger.DecodeReceipt(entries[0].Leaf)
			if err != nil {
				t.Fatal(err)
			}
			var set int64
			if err := db.QueryRowContext(t.Context(), "SELECT c.insieme FROM decisioni AS d JOIN classi AS c ON c.id = d.classe WHERE d.posizione = 4").Scan(&set); err != nil {
				t.Fatal(err)
			}
			class := store.ClassOf(set, r, "valid")
			for _, sql := range []string{
				fmt.Sprintf("INSERT INTO classi SELECT %d, c.insieme, c.edizione, c.edizione_digest, c.tipo, c.simulazione, 'valid' FROM decisioni AS d JOIN classi AS c ON c.id = d.classe WHERE d.posizione = 4", class),
				fmt.Sprintf("UPDATE decisioni SET classe = %d WHERE posizione = 4", class),
			} {
				if _, err := db.ExecContext(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			keys, err := s.Keyring(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.VerifyLog(t.Context(), ledger.Verification{Keys: keys}, storetest.Esito)
			if want := "decision " + r.ID + `, esito: the table has "valid", the log "admissible" [altered]`; err == nil || err.Error() != want {
				t.Errorf("verified as %v, want %s", err, want)
			}
		})
	}
}

// TestWhatIsFromBeforeTheLogIsTold has a line of the record of accesses and a legal hold that are older than what the log has of them.
func TestWhatIsFromBeforeTheLogIsTold(t *testing.T) {
	t.Parallel()
	for _, d := range copies {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			dsn, key := d.dsn(t), newKey(t)
			shortLog(t, dsn, key)
			db := plain(t, d.driver, plainDSN(dsn))
			for _, old := range []string{
				`INSERT INTO accessi SELECT 'x', '2001-01-01T00:00:00.000000Z', giorno, persona, codice_fiscale, ruolo, base, delega, azione, matricola, oggetto, motivo, esito, policy, correlazione, indirizzo FROM accessi LIMIT 1`,
				`INSERT INTO vincoli SELECT 'h0', matricola, motivo, posto_da, '2001-01-01T00:00:00.000000Z', '', NULL FROM vincoli WHERE id = 'h1'`,
			} {
				if _, err := db.ExecContext(t.Context(), old); err != nil {
					t.Fatal(err)
				}
			}
			s := openKeyed(t, dsn, key)
			if err := s.Unhold(t.Context(), "h0", "direttore", time.Now()); err != nil { // the log has that, and not that it was placed
				t.Fatal(err)
			}
			keys, err := s.Keyring(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if report, err := s.VerifyLog(t.Context(), ledger.Verification{Keys: keys}, storetest.Esito); err != nil || report.Unlogged != 1 || report.UnloggedHolds != 1 {
				t.Errorf("%+v, %v, want one line and one hold without a leaf", report, err)
			}
		})
	}
}

// refused tries the statements that change what triggers guard.
func refused(t *testing.T, db *sql.DB, statements []string) {
	t.Helper()
	for _, sql := range statements {
		verb, table, _ := strings.Cut(strings.NewReplacer("UPDATE ", "UPDATE|", "DELETE FROM ", "DELETE|").Replace(sql), "|")
		table, _, _ = strings.Cut(table, " ")
		if verb == "" || table != "foglie" && table != "decisioni" {
			continue
		}
		done, err := db.ExecContext(t.Context(), sql)
		if err == nil {
			if n, err := done.RowsAffected(); err != nil || n > 0 {
				t.Fatalf("%s changed %d rows, %v", sql, n, err)
			}
		} else if !strings.Contains(err.Error(), "only ever added") {
			t.Errorf("%s: %v, want to be refused", sql, err)
		}
	}
}

// shortLog makes the log that alterations are done to.
func shortLog(t *testing.T, dsn, key string) {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, store.Options{Keys: []string{key}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := storetest.Edition("2026-1", 1)
	storetest.Publish(t, s, e)
	lines := storetest.Accesses(2)
	for n := range 4 {
		var line []archive.Access
		if n%2 == 1 {
			line = append(line, <-lines)
		}
		d := storetest.Decision(e, storetest.Asked{Persona: "p", Rules: 1 + n})
		if err := s.Commit(t.Context(), []*ledger.Decision{d}, line); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"h1", "h2"} {
		if err := s.Hold(t.Context(), archive.Hold{ID: id, Matricola: "1234567890", Reason: "ricorso", PlacedBy: "ufficio", PlacedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Unhold(t.Context(), "h2", "direttore", time.Now()); err != nil {
		t.Fatal(err)
	}
	keys, err := s.Keyring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if report, err := s.VerifyLog(t.Context(), ledger.Verification{Keys: keys}, storetest.Esito); err != nil || report.Head.Tree.N != 11 || report.Holds != 3 || report.UnloggedHolds != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// disarm takes the triggers of the log away.
func disarm(t *testing.T, driver string, db *sql.DB) {
	t.Helper()
	statements := []string{"ALTER TABLE foglie DISABLE TRIGGER USER", "ALTER TABLE decisioni DISABLE TRIGGER USER", "ALTER TABLE accessi DISABLE TRIGGER USER", "ALTER TABLE attivazioni DISABLE TRIGGER USER"}
	if driver == "sqlite" {
		statements = nil
		each(t, db, "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('foglie', 'decisioni', 'accessi', 'attivazioni')", func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			statements = append(statements, "DROP TRIGGER "+name)
			return err
		})
	}
	for _, sql := range statements {
		if _, err := db.ExecContext(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// exportVerified exports the log and verifies that.
func exportVerified(t *testing.T, s *store.Store, keys *ledger.Keyring) error {
	t.Helper()
	var out bytes.Buffer
	var w *ledger.ExportWriter
	err := s.ExportLog(t.Context(), func(head *ledger.Signed) error {
		w = ledger.NewExportWriter(&out, head, true)
		return nil
	}, func(e *ledger.Entry) error { return w.Entry(e) }, func(c *ledger.Signed) error { return w.Checkpoint(c) })
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		_, err = ledger.Verification{Keys: keys}.Verify(&out)
	}
	return err
}

// TestWhatIsErasedIsNotInTheFile looks for erased values in the bytes of a SQLite file: a row that is deleted leaves them in its page,
// unless they are written over.
func TestWhatIsErasedIsNotInTheFile(t *testing.T) {
	t.Parallel()
	dsn := sqliteDSN(t)
	s := openKeyed(t, dsn, newKey(t))
	e := storetest.Edition("2026-1", 1)
	storetest.Publish(t, s, e)
	for n := range 20 {
		d := storetest.Decision(e, storetest.Asked{Matricola: fmt.Sprint("77123", n), Persona: "persona-da-dimenticare"})
		if err := s.Commit(t.Context(), []*ledger.Decision{d}, nil); err != nil {
			t.Fatal(err)
		}
		x := ledger.Erasure{Entry: d.Receipt.ID, Reason: "x"}
		if n%2 == 0 { // in two steps
			x.Paths = []string{ledger.PathActor}
			if err := s.Erase(t.Context(), x); err != nil {
				t.Fatal(err)
			}
			x.Paths = nil
		}
		if err := s.Erase(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil { // what is beside the file is folded into it
		t.Fatal(err)
	}
	file, err := os.ReadFile(plainDSN(dsn))
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"persona-da-dimenticare", "RSSMRA80A01H501U", "cf771230"} {
		if bytes.Contains(file, []byte(value)) {
			t.Errorf("%s is still in the file", value)
		}
	}
	if !bytes.Contains(file, []byte("771230")) {
		t.Error("the matricola is not there either: the test shows nothing")
	}
}
