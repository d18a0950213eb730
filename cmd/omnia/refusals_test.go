package main

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"
)

// started runs `serve` until it leaves, which it must.
func started(t *testing.T, env ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, complaint bytes.Buffer
	cmd := command(t, env, "serve")
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() }).Stop() // one that serves would stay
	_ = cmd.Wait()                                                                 // the code is given back
	return cmd.ProcessState.ExitCode(), out.String(), complaint.String()
}

func TestServeDoesNotStartOnWhatCanNotBeMeant(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for _, tt := range []struct {
		name string
		env  []string
		says string
	}{
		{"development sign-in on all addresses", []string{"OMNIA_ADDR=0.0.0.0:0"}, "OMNIA_ISSUER"},
		{"and on those of IPv6", []string{"OMNIA_ADDR=[::]:0"}, "OMNIA_ISSUER"},
		{"and on a port of any address", []string{"OMNIA_ADDR=:0"}, "OMNIA_ISSUER"},
		{"an issuer without an audience", []string{"OMNIA_ISSUER=https://portale.example.it"}, "OMNIA_AUDIENCE"},
		{"an audience without an issuer", []string{"OMNIA_AUDIENCE=omnia"}, "OMNIA_ISSUER"},
		{"a real issuer, and no key for the log", []string{"OMNIA_ISSUER=https://portale.example.it", "OMNIA_AUDIENCE=omnia", "OMNIA_JWKS=https://portale.example.it/jwks"}, "OMNIA_LEDGER_KEY"},
		{"half an issuer of PDND", []string{"OMNIA_PDND_ISSUER=https://pdnd.example.it"}, "OMNIA_PDND"},
		{"a kind of database that is none", []string{"OMNIA_DATABASE=mysql://omnia:segreto@h/x"}, "OMNIA_DATABASE"},
		{"a database by keywords", []string{"OMNIA_DATABASE=host=h password=segreto"}, "OMNIA_DATABASE"},
		{"a password that is no URL", []string{"OMNIA_DATABASE=postgres://omnia:segr%zzeto@h/x"}, "the archive can't be opened"},
		{"a port that is none", []string{"OMNIA_DATABASE=postgres://omnia:segreto@h:porta/x"}, "port"},
		{"a setting that is none", []string{"OMNIA_DATABASE=postgres://omnia@h/x?password=segreto&sslmode=strano"}, "sslmode"},
		{"a server that is not there", []string{"OMNIA_DATABASE=postgres://omnia:segreto@127.0.0.1:1/x?sslmode=disable"}, "connection refused"},
		{"a socket that is not there", []string{"OMNIA_DATABASE=postgres://omnia:segreto@/x?host=/nowhere"}, "/nowhere"},
		{"a server that says nothing", []string{"OMNIA_DATABASE=postgres://omnia:segreto@" + silent.Addr().String() + "/x?sslmode=disable&connect_timeout=1"}, "timeout"},
		{"SQLite without a file", []string{"OMNIA_DATABASE=sqlite::memory:"}, "in memory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := started(t, tt.env...)
			if code != exitUsage || !strings.Contains(stderr, tt.says) || stdout != "" {
				t.Errorf("exit %d: %s%s", code, stdout, stderr)
			}
			if strings.Contains(stderr, "segr") {
				t.Errorf("the password is told: %s", stderr)
			}
		})
	}
}

// What is greeted with goes to logs: it names the database and not its password, wherever that stands.
func TestTheGreetingKeepsThePassword(t *testing.T) {
	t.Parallel()
	p := onShared(t)
	for _, dsn := range []string{
		strings.Replace(p.dsn, "postgres@", "postgres:segreto@", 1),
		p.dsn + "&password=segreto",
	} {
		s := start(t, p.env("OMNIA_DATABASE="+dsn)...)
		if !strings.Contains(s.banner, "archive: postgres://") || strings.Contains(s.banner+s.log.String(), "segreto") {
			t.Errorf("%s\n%s", s.banner, s.log)
		}
	}
}

func TestASchemaFromTheFutureIsLeftAlone(t *testing.T) {
	t.Parallel()
	livelyPlaces(t, func(t *testing.T, p *place) {
		p.run(t, "migrate")
		db := p.database(t)
		defer db.Close()
		if _, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (990, true)`); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := started(t, p.env()...)
		if code != exitWrong || !strings.Contains(stderr, "990") || !strings.Contains(stderr, "newer") || stdout != "" {
			t.Errorf("exit %d: %s%s", code, stdout, stderr)
		}
		if n := p.count(t, `SELECT count(*) FROM posizioni`); n != 0 {
			t.Errorf("%d companies were put into it", n)
		}
	})
}
