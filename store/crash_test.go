package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/internal/pgtest"
	"omnia/store"
)

// What is told to be stored must be there after anything: a process that is killed in the middle of
// its work, a server that goes away under a writer. A killed process is this test binary, started again as
// a writer that reports each batch on a pipe.

// childDSN makes the test binary a writer to that database, childRun names its numeri.
const (
	childDSN = "STORE_TEST_WRITE_TO"
	childRun = "STORE_TEST_RUN"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(childDSN); dsn != "" {
		if err := writeForEver(dsn, os.Getenv(childRun)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeForEver writes batches until it is killed. Before each it says "+" and its name, after it "=".
func writeForEver(dsn, run string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		return err
	}
	for b := 0; ; b++ {
		name := fmt.Sprintf("%s-%d", run, b)
		if _, err := fmt.Printf("+ %s\n", name); err != nil {
			return err
		}
		outcomes, err := s.WriteProvvedimenti(ctx, batch(name), true)
		if err != nil {
			return err
		}
		if slices.Contains(outcomes, archive.Same) || slices.Contains(outcomes, archive.Conflict) || slices.Contains(outcomes, archive.Gap) {
			return fmt.Errorf("batch %s: %v", name, outcomes)
		}
		if _, err := fmt.Printf("= %s\n", name); err != nil {
			return err
		}
	}
}

// batch is the content of a batch, which its name says: each goes another way into the database. The third
// one of each three corrects the one before.
func batch(name string) []archive.Provvedimento {
	run, number, _ := strings.Cut(name, "-")
	var b int
	if _, err := fmt.Sscan(number, &b); err != nil {
		panic(err) // the name is ours
	}
	versione := 1
	if b%3 == 2 {
		b, versione = b-1, 2
	}
	list := make([]archive.Provvedimento, []int{1, 7, 70}[b/3%3])
	for i := range list {
		corpo := fmt.Appendf(nil, `{"batch":%q,"versione":%d,"text":%q}`, name, versione, strings.Repeat("x", 300))
		list[i] = archive.Provvedimento{
			Numero: fmt.Sprintf("%s-%d-%d", run, b, i), Versione: versione, Matricola: run, Prestazione: "CIGO", Esito: "accoglimento",
			Dal: calendar.Day(20000 + b), Al: calendar.Day(20006 + b), DataEmissione: calendar.Day(20010 + b), Corpo: corpo, Digest: fmt.Sprint(name, " ", versione),
		}
	}
	return list
}

func TestNothingAcknowledgedIsLostToAKill(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			dsn := d.dsn(t)
			if err := migrate(dsn); err != nil {
				t.Fatal(err)
			}
			random := rand.New(rand.NewPCG(1, 20))
			for run := range 20 {
				begun, done := killedWriter(t, dsn, fmt.Sprintf("r%d", run), 1+random.IntN(25), time.Duration(random.IntN(3000))*time.Microsecond)
				check(t, dsn, begun, done)
			}
		})
	}
}

// killedWriter starts a writer, kills it some moment after so many batches, and gives the names of those it
// began and of those it told to be done.
func killedWriter(t *testing.T, dsn, run string, batches int, moment time.Duration) (begun, done []string) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childDSN+"="+dsn, childRun+"="+run)
	var complaint strings.Builder
	c.Stderr = &complaint
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break // a line that was cut by the kill tells nothing
		}
		if err != nil {
			t.Fatal(err)
		}
		switch name := strings.TrimSpace(line[2:]); line[0] {
		case '+':
			begun = append(begun, name)
		case '=':
			done = append(done, name)
		}
		if len(done) == batches && len(begun) == batches {
			time.Sleep(moment)
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = c.Wait() // it was killed: that is an error
	if complaint.Len() > 0 || len(done) < batches {
		t.Fatalf("the writer ended by itself after %d batches: %s", len(done), complaint.String())
	}
	return begun, done
}

// check wants every batch that was told to be done, as a whole, each row once; and the one that may have been
// under way as a whole or not at all.
func check(t *testing.T, dsn string, begun, done []string) {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatalf("after the kill: %v", err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, name := range begun {
		list := batch(name)
		there := 0
		for _, p := range list {
			if got, err := s.Provvedimento(t.Context(), p.Numero, p.Versione, time.Time{}); err == nil && got.Digest == p.Digest {
				there++
			} else if err != nil && !errors.Is(err, archive.ErrNotFound) {
				t.Fatal(err)
			}
			if all, err := s.Versions(t.Context(), p.Numero); err == nil && len(all) > 2 {
				t.Errorf("%s is stored %d times", p.Numero, len(all))
			}
		}
		if slices.Contains(done, name) && there != len(list) || there != 0 && there != len(list) {
			t.Errorf("batch %s, told to be done: %v: %d of %d rows", name, slices.Contains(done, name), there, len(list))
		}
	}
	// What is not known to be done can be done again.
	if _, err := s.WriteProvvedimenti(t.Context(), batch(begun[len(begun)-1]), true); err != nil {
		t.Error(err)
	}
}

func TestAWriterOutlivesItsServer(t *testing.T) {
	t.Parallel()
	server := pgtest.Own(t, pgtest.Config{Durable: true})
	dsn, err := server.Create("omnia", "")
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, dsn)
	w := &stubborn{store: s, told: make(chan error, 1), ended: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	go w.run(ctx)
	for _, how := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL, syscall.SIGINT, syscall.SIGKILL} {
		w.await(t, func(err error) bool { return err == nil })
		if err := server.Stop(how); err != nil {
			t.Fatal(err)
		}
		w.await(t, func(err error) bool { return errors.Is(err, archive.ErrUnavailable) })
		if err := s.Ping(t.Context()); !errors.Is(err, archive.ErrUnavailable) {
			t.Errorf("without a server: %v, want ErrUnavailable", err)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
	}
	w.await(t, func(err error) bool { return err == nil })
	stop()
	<-w.ended
	for n := range w.done {
		for _, p := range batch(fmt.Sprintf("w-%d", n)) {
			all, err := s.Versions(t.Context(), p.Numero)
			if err != nil || !slices.ContainsFunc(all, func(got archive.Provvedimento) bool { return got.Digest == p.Digest }) || len(all) > 2 {
				t.Errorf("%s version %d: %d rows, %v", p.Numero, p.Versione, len(all), err)
			}
		}
	}
	if w.wrong != nil {
		t.Error(w.wrong)
	}
}

// stubborn is a writer that does each batch again until it is done.
type stubborn struct {
	store *store.Store
	told  chan error // what became of the last attempt, for who looks
	done  int        // batches; to be read after ended
	wrong error
	ended chan struct{}
}

func (w *stubborn) run(ctx context.Context) {
	defer close(w.ended)
	for ctx.Err() == nil {
		_, err := w.store.WriteProvvedimenti(ctx, batch(fmt.Sprintf("w-%d", w.done)), true)
		switch {
		case err == nil:
			w.done++
		case ctx.Err() == nil && !errors.Is(err, archive.ErrUnavailable):
			w.wrong = err
			return
		}
		select {
		case w.told <- err:
		case <-ctx.Done():
		}
	}
}

// await lets the writer go on until an attempt ends as wanted.
func (w *stubborn) await(t *testing.T, wanted func(error) bool) {
	t.Helper()
	for {
		select {
		case err := <-w.told:
			if wanted(err) {
				return
			}
		case <-w.ended:
			t.Fatalf("the writer gave up: %v", w.wrong)
		}
	}
}

func TestOneProcessOnASQLiteFile(t *testing.T) {
	t.Parallel()
	dsn := sqliteDSN(t)
	s := open(t, dsn)
	if again, err := store.Open(t.Context(), dsn, store.Options{}); err == nil || !strings.Contains(err.Error(), "PostgreSQL") {
		t.Errorf("a second store on the file: %v, %v", again, err)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childDSN+"="+dsn, childRun+"=x")
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "use PostgreSQL") {
		t.Errorf("a second process on the file: %v\n%s", err, out)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatalf("after the first one was closed: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
