//go:build linux

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"omnia/internal/pgtest"
)

// A disk is full here by a limit to the size of files, which needs no rights: of the service itself, that
// may be lifted while it runs, and of the PostgreSQL server.

// limitFiles sets the most bytes a file of the process may have.
func limitFiles(t *testing.T, process *os.Process, most uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = min(most, limit.Max)
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(process.Pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
}

const noLimit = ^uint64(0)

func TestAFullDiskUnderTheServiceOnSQLite(t *testing.T) {
	t.Parallel()
	p := &place{t: t, data: t.TempDir(), driver: "sqlite"}
	s := p.start(t)
	log, err := os.Stat(filepath.Join(p.data, "omnia.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	p.fullDisk(t, s, func() { limitFiles(t, s.cmd.Process, uint64(log.Size())+128<<10) }, func() { limitFiles(t, s.cmd.Process, noLimit) })
}

func TestAFullDiskUnderTheServiceOnPostgreSQL(t *testing.T) {
	t.Parallel()
	db := pgtest.Own(t, pgtest.Config{Durable: true, MaxFile: 17 << 20})
	p := onServer(t, db)
	s := p.start(t)
	fill := func() { // the record of accesses, in ever smaller steps, until not a line has room
		for n := 4096; n > 0; {
			if err := db.Exec("omnia", fmt.Sprintf(`INSERT INTO accessi (id, istante, giorno, persona, codice_fiscale, ruolo, base, delega, azione, matricola, oggetto, motivo, esito, policy, correlazione, indirizzo) `+
				`SELECT gen_random_uuid()::text, now(), now()::date, '', '', '', '', '', 'riempie', '', repeat('x', 1500), '', 'allow', '', '', '' FROM generate_series(1, %d)`, n)); err != nil {
				n /= 4
			}
		}
	}
	p.fullDisk(t, s, fill, func() {
		if err := db.Grow(0); err != nil {
			t.Fatal(err)
		}
	})
}

// A long text is put aside before it is stored: it may be there that there is no room.
func TestAFullTemporaryFolder(t *testing.T) {
	t.Parallel()
	p := onShared(t)
	s := p.start(t)
	archivio := caller{s.url, p.token(t, "archivio")}
	measures := many("T-", 13_000)
	var bonds strings.Builder
	bonds.WriteString("tipo,matricola,delegante,delegato,studio,servizi,valida_dal,valida_al\n")
	for range 13_000 {
		fmt.Fprintf(&bonds, "titolare,%s,06124580728,FNTCHR77E61G224H,,,2024-01-01,\n", matricola)
	}
	limitFiles(t, s.cmd.Process, 64<<10)
	for path, body := range map[string][2]string{"/v1/provvedimenti": {"application/x-ndjson", measures}, "/v1/deleghe": {"text/csv", bonds.String()}} {
		if a := archivio.ask(http.MethodPost, path, body[1], "Content-Type", body[0]); !a.tryAgain() {
			t.Errorf("%s: %s", path, a)
		}
	}
	limitFiles(t, s.cmd.Process, noLimit)
	if a := archivio.ask(http.MethodPost, "/v1/provvedimenti", measures, "Content-Type", "application/x-ndjson"); a.status != http.StatusOK {
		t.Errorf("with room: %s", a)
	}
}

// fullDisk writes while the disk fills up, and again when there is room.
func (p *place) fullDisk(t *testing.T, s *server, fill, free func()) {
	archivio, titolare := caller{s.url, p.token(t, "archivio")}, caller{s.url, p.token(t, "titolare")}
	ndjson := func() answer {
		return archivio.ask(http.MethodPost, "/v1/provvedimenti", many("N-", 13_000), "Content-Type", "application/x-ndjson", "Idempotency-Key", "N")
	}
	fill()
	var acknowledged, refused int
	for i := range 1_000 {
		a := archivio.ask(http.MethodPost, "/v1/provvedimenti", measure(fmt.Sprint("F-", i)))
		if a.status == http.StatusCreated {
			acknowledged++
			continue
		}
		if !a.tryAgain() {
			t.Fatalf("without room: %s", a)
		}
		if refused++; refused == 20 {
			break
		}
	}
	if refused < 20 {
		t.Fatalf("the disk was never full: %d acknowledged", acknowledged)
	}
	if a := ndjson(); !a.tryAgain() {
		t.Errorf("many lines without room: %s", a)
	}
	// What can't be recorded is not shown.
	for _, path := range []string{"/v1/matricole/" + matricola, "/v1/matricole/" + matricola + "/provvedimenti", "/v1/matricole/" + matricola + "/provvedimenti/export", "/v1/deleghe", "/v1/alerts.ics"} {
		if a := titolare.ask(http.MethodGet, path, ""); !a.tryAgain() || strings.Contains(a.body, "Ferri") {
			t.Errorf("%s is shown without a record: %s", path, a)
		}
	}
	p.unaffected(t, s)

	free()
	eventually(t, "with room it works again", func() bool {
		return titolare.ask(http.MethodGet, "/v1/matricole/"+matricola, "").status == http.StatusOK
	})
	const mine = `SELECT count(*) FROM provvedimenti WHERE numero LIKE 'F-%'`
	if n := p.count(t, mine); n != acknowledged {
		t.Errorf("%d are stored of %d acknowledged", n, acknowledged)
	}
	if n := p.count(t, `SELECT count(*) FROM provvedimenti WHERE numero LIKE 'N-%'`); n != 0 {
		t.Errorf("%d lines are stored of a text that was refused", n)
	}
	for i := range acknowledged + 5 {
		want := http.StatusCreated
		if a := archivio.ask(http.MethodPost, "/v1/provvedimenti", measure(fmt.Sprint("F-", i))); a.status != want && (a.status != http.StatusOK || p.count(t, mine+fmt.Sprintf(` AND numero = 'F-%d'`, i)) != 1) {
			t.Errorf("F-%d with room: %s", i, a)
		}
	}
	if a := ndjson(); a.status != http.StatusOK || !strings.Contains(a.body, `"creati":13000`) {
		t.Errorf("many lines with room: %s", a)
	}
}
