package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// backup copies the database while the service has it, as its own tools do, to a place elsewhere that has the key of the log too.
func (p *place) backup(t *testing.T) *place {
	t.Helper()
	to := &place{t: t, data: t.TempDir(), driver: p.driver}
	key, err := os.ReadFile(filepath.Join(p.data, devLedgerKey))
	if err == nil {
		err = os.WriteFile(filepath.Join(to.data, devLedgerKey), key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if p.dsn == "" {
		db := p.database(t)
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), "VACUUM INTO ?", filepath.Join(to.data, "omnia.db")); err != nil {
			t.Fatal(err)
		}
		return to
	}
	dump := output(t, exec.CommandContext(t.Context(), "pg_dump", "--no-owner", p.dsn))
	to.dsn = onShared(t).dsn
	restore := exec.CommandContext(t.Context(), "psql", "--quiet", "-v", "ON_ERROR_STOP=1", to.dsn)
	restore.Stdin = bytes.NewReader(dump)
	output(t, restore)
	return to
}

// erasing has counters decided about the first company of somebody's office, and erases what is personal of it.
func erasing(t *testing.T, operatore caller) {
	t.Helper()
	type list struct {
		Items []struct{ Matricola, Progressivo string }
	}
	at := "/v1/matricole/" + decoded[list](t, operatore.ask(http.MethodGet, "/v1/matricole", "")).Items[0].Matricola + "/unita-produttive"
	at += "/" + decoded[list](t, operatore.ask(http.MethodGet, at, "")).Items[0].Progressivo + "/counters"
	id := decoded[struct{ Decision struct{ ID string } }](t, operatore.ask(http.MethodGet, at, "")).Decision.ID
	if a := operatore.ask(http.MethodPost, "/v1/decisions/"+id+"/erasure", `{"reason":"richiesta dell'interessato"}`); a.status != http.StatusOK {
		t.Fatal(a)
	}
}

// A backup that is taken under load, and while personal values are erased, is a beginning of the log. Who kept a later checkpoint sees that it is
// older, and that what goes on from it is another log.
func TestABackupUnderLoadIsRestoredElsewhere(t *testing.T) {
	t.Parallel()
	livelyPlaces(t, func(t *testing.T, p *place) {
		s := p.start(t)
		portale, operatore := p.token(t, "portale"), caller{s.url, p.token(t, "operatore")}
		keep := func(name, path string) string {
			file := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(file, []byte(caller{url: s.url}.ask(http.MethodGet, path, "").body), 0o600); err != nil {
				t.Fatal(err)
			}
			return file
		}
		load := &asked{pause: 5 * time.Millisecond}
		load.run(portale, s)
		load.goesOn(t, 20)
		erasing(t, operatore)
		keys, early := keep("keys", "/v1/ledger/keys"), keep("early", "/v1/ledger/checkpoint")
		restored := p.backup(t)
		load.goesOn(t, 20)
		late := keep("late", "/v1/ledger/checkpoint")
		load.end(t)
		s.signal(syscall.SIGTERM)
		s.exit()

		verify := func(p *place, want int, says string, checkpoints ...string) {
			t.Helper()
			args := []string{"verify", "--database", p.archiveConfig().dsn(), "--keys", keys}
			for _, c := range checkpoints {
				args = append(args, "--checkpoint", c)
			}
			cmd := command(t, nil, args...)
			out, _ := cmd.CombinedOutput() // the code is looked at
			if cmd.ProcessState.ExitCode() != want || !strings.Contains(string(out), says) {
				t.Errorf("%v: exit %d: %s, want %q", args, cmd.ProcessState.ExitCode(), out, says)
			}
		}
		verify(p, exitFine, "the log is whole", early, late)
		verify(restored, exitFine, "the log is whole", early)
		verify(restored, exitWrong, "[truncated]", early, late)
		if out := restored.run(t, "replay", "--all"); !strings.Contains(out, " 0 different") {
			t.Error(out)
		}
		// Elsewhere it goes on, beyond what the first one had: by then it is another log.
		s = restored.start(t)
		load = &asked{}
		load.run(restored.token(t, "portale"), s) // signed by the key of its own folder
		load.goesOn(t, len(p.inTheLog(t))+50)
		load.end(t)
		s.signal(syscall.SIGTERM)
		s.exit()
		verify(restored, exitFine, "the log is whole", early)
		verify(restored, exitWrong, "[split_view]", early, late)
	})
}
