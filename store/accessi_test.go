package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"omnia/archive"
)

func line() archive.Access {
	return archive.Access{ID: uuid.Must(uuid.NewV7()).String(), Instant: time.Now(), Azione: "matricole.leggi", Esito: "allow"}
}

// TestTheRecordOfAccessesOnlyGrows goes past the methods of the store, which have no way to change a line.
func TestTheRecordOfAccessesOnlyGrows(t *testing.T) {
	t.Parallel()
	for _, d := range plannedAt {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := d.open(t)
			want := line()
			if err := s.Record(t.Context(), want); err != nil {
				t.Fatal(err)
			}
			statements := []string{
				"UPDATE accessi SET esito = 'deny'", "DELETE FROM accessi",
				fmt.Sprintf("INSERT INTO accessi SELECT * FROM accessi WHERE id = '%s' ON CONFLICT (id) DO UPDATE SET esito = 'deny'", want.ID),
			}
			if s.dialect == postgres {
				statements = append(statements, "TRUNCATE accessi")
			} else {
				statements = append(statements, "REPLACE INTO accessi SELECT * FROM accessi")
			}
			for _, sql := range statements {
				if err := s.gorm.Exec(sql).Error; err == nil || !strings.Contains(err.Error(), "only ever added") {
					t.Errorf("%s: %v, want to be refused", sql, err)
				}
			}
			got, _, err := s.Accesses(t.Context(), archive.AccessCriteria{}, archive.Page{Limit: 10})
			if err != nil || len(got) != 1 || got[0].ID != want.ID || got[0].Esito != "allow" {
				t.Errorf("afterwards: %+v, %v", got, err)
			}
		})
	}
}

// TestWhatWasAcknowledgedIsThereAfterClosing closes the store in the middle of its callers.
func TestWhatWasAcknowledgedIsThereAfterClosing(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "omnia.db")
	s := openMigrated(t, dsn)
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			for range 10 {
				l := line()
				err := s.Record(t.Context(), l)
				if errors.Is(err, archive.ErrUnavailable) {
					return
				}
				if err != nil {
					t.Errorf("caller %d: %v", i, err)
				}
				mu.Lock()
				acknowledged[l.ID] = true
				mu.Unlock()
			}
		})
	}
	for few := 0; few < 100; {
		mu.Lock()
		few = len(acknowledged)
		mu.Unlock()
		time.Sleep(time.Millisecond)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	again := openMigrated(t, dsn)
	for id := range acknowledged {
		var n int64
		if err := again.gorm.Model(&accessoRow{}).Where("id = ?", id).Count(&n).Error; err != nil || n != 1 {
			t.Fatalf("an acknowledged line is there %d times, %v", n, err)
		}
	}
}

// TestCallersAtOnceShareACommit holds that lines of those who wait go together: the second commit begins
// when the first has ended, with all that came meanwhile.
func TestCallersAtOnceShareACommit(t *testing.T) {
	t.Parallel()
	var r recorder
	began, goOn := make(chan int), make(chan error)
	commit := func(batch []*recording) (map[*recording]bool, error) {
		rows := 0
		for _, b := range batch {
			rows += len(b.entries)
		}
		began <- rows
		return nil, <-goOn
	}
	results := make(chan error, 10)
	caller := func() { results <- r.record(t.Context(), commit, make([]*entry, 2)) }
	go caller()
	if n := <-began; n != 2 {
		t.Fatalf("%d rows in the first commit, want those of the first caller", n)
	}
	for range 9 {
		go caller()
	}
	for waiting := 0; waiting < 9; time.Sleep(time.Millisecond) {
		r.mu.Lock()
		waiting = len(r.waiting)
		r.mu.Unlock()
	}
	goOn <- nil
	if n := <-began; n != 18 {
		t.Errorf("%d rows in the second commit, want those of nine callers", n)
	}
	goOn <- archive.ErrUnavailable
	failed := 0
	for range 10 {
		if errors.Is(<-results, archive.ErrUnavailable) {
			failed++
		}
	}
	if failed != 9 {
		t.Errorf("%d callers heard that their commit failed, want 9", failed)
	}
	if err := r.Close(); err != nil || r.writing {
		t.Errorf("after closing: %v, writing %v", err, r.writing)
	}
}

// TestWhoGivesUpBeforeItsTurnLeavesNothing takes back what no one has begun to write.
func TestWhoGivesUpBeforeItsTurnLeavesNothing(t *testing.T) {
	t.Parallel()
	var r recorder
	began, goOn := make(chan int), make(chan error)
	commit := func(batch []*recording) (map[*recording]bool, error) {
		rows := 0
		for _, b := range batch {
			rows += len(b.entries)
		}
		began <- rows
		return nil, <-goOn
	}
	first := make(chan error, 1)
	go func() { first <- r.record(t.Context(), commit, make([]*entry, 1)) }()
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.record(ctx, commit, make([]*entry, 5)); !errors.Is(err, context.Canceled) {
		t.Errorf("gave up with %v", err)
	}
	goOn <- nil
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil { // would wait for a second commit
		t.Error(err)
	}
}
