//go:build unix

package pgtest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func migrateForTest(dsn string) error {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	_, err = c.Exec(ctx, "CREATE TABLE of_template (n integer)")
	return err
}

func exec1(t *testing.T, dsn, sql string) error {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.Background()) }()
	_, err = c.Exec(t.Context(), sql)
	return err
}

func TestEachTestHasItsOwnMigratedDatabase(t *testing.T) {
	t.Parallel()
	a, b := DSN(t, migrateForTest), DSN(t, migrateForTest)
	if a == b {
		t.Fatalf("two databases have one URL: %s", a)
	}
	if err := exec1(t, a, "INSERT INTO of_template VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if err := exec1(t, b, "SELECT 1/(1-count(*)) FROM of_template"); err != nil {
		t.Errorf("a row of one database is in the other, or the template was not migrated: %v", err)
	}
}

func TestWhatWasCommittedOutlivesAKilledServer(t *testing.T) {
	t.Parallel()
	s := Own(t, Config{Durable: true})
	dsn, err := s.Create("d", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := exec1(t, dsn, "CREATE TABLE kept AS SELECT 1 AS n"); err != nil {
		t.Fatal(err)
	}
	for _, how := range []syscall.Signal{syscall.SIGKILL, syscall.SIGQUIT, syscall.SIGINT} {
		if err := s.Stop(how); err != nil {
			t.Fatal(err)
		}
		if err := exec1(t, dsn, "SELECT 1"); err == nil {
			t.Errorf("the server answers after %s", how)
		}
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		if err := exec1(t, dsn, "SELECT 1/n FROM kept"); err != nil {
			t.Errorf("after %s: %v", how, err)
		}
	}
}

// asChild makes this test binary, started again, hold a server until it is killed.
const asChild = "PGTEST_HOLD_A_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) == "" {
		os.Exit(m.Run())
	}
	s, err := Start(Config{})
	if err != nil {
		panic(err)
	}
	if _, err := os.Stdout.WriteString(s.dir + "\n"); err != nil {
		panic(err)
	}
	time.Sleep(time.Hour)
}

func TestAKilledProcessLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), asChild+"=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	dir, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	dir = strings.TrimSpace(dir)
	if _, err := os.Stat(dir + "/d/postmaster.pid"); err != nil {
		t.Fatalf("no server runs in the folder of the child: %v", err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // killed: that is an error
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", dir)
		}
	}
}
