package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"omnia/archive"
	"omnia/internal/pgtest"
)

func TestEachFailureIsSaidInTheWordsOfTheArchive(t *testing.T) {
	t.Parallel()
	s := &Store{}
	pg := func(code, routine string) error { return &pgconn.PgError{Code: code, Routine: routine} }
	for _, tt := range []struct {
		err  error
		want error // nil: it stays what it is
	}{
		{gorm.ErrRecordNotFound, archive.ErrNotFound},
		{archive.ErrStale, archive.ErrStale},
		{pg("53100", ""), archive.ErrUnavailable},         // disk full
		{pg("53300", ""), archive.ErrUnavailable},         // too many connections
		{pg("57P01", ""), archive.ErrUnavailable},         // shut down by the administrator
		{pg("57014", ""), archive.ErrUnavailable},         // statement time-out
		{pg("55P03", ""), archive.ErrUnavailable},         // lock time-out
		{pg("40P01", ""), archive.ErrUnavailable},         // deadlock
		{pg("25006", ""), archive.ErrUnavailable},         // a standby
		{pg("XX000", "mdextend"), archive.ErrUnavailable}, // a quota
		{pg("XX000", "elsewhere"), nil},                   // a defect of the server
		{pg("42703", ""), nil},                            // a column that is not there: a defect of ours
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), archive.ErrUnavailable},
		{context.DeadlineExceeded, archive.ErrUnavailable}, // of the connection: the caller still has time
		{errors.New("oops"), nil},
	} {
		got := s.failure(t.Context(), "test", tt.err)
		if tt.want != nil && !errors.Is(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.err, got, tt.want)
		}
		if tt.want == nil && (errors.Is(got, archive.ErrUnavailable) || errors.Is(got, archive.ErrNotFound)) {
			t.Errorf("%v: %v", tt.err, got)
		}
		if !errors.Is(got, tt.err) {
			t.Errorf("%v: its cause is lost: %v", tt.err, got)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if got := s.failure(gone, "test", pg("57014", "")); !errors.Is(got, context.Canceled) || errors.Is(got, archive.ErrUnavailable) {
		t.Errorf("a caller who is gone: %v", got)
	}
	if got := s.failure(gone, "test", nil); got != nil {
		t.Errorf("nothing went wrong: %v", got)
	}
}

func TestNoStatementHoldsAConnectionForEver(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), pgtest.DSN(t, migrateForPlans), Options{StatementTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	err = s.db(t.Context()).Exec("SELECT pg_sleep(600)").Error
	if err = s.failure(t.Context(), "sleep", err); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
	release, held := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- s.Within(t.Context(), func(ctx context.Context) error {
			err := s.db(ctx).Exec("LOCK TABLE provvedimenti").Error
			close(held)
			<-release
			return err
		})
	}()
	<-held
	if _, err := s.WriteProvvedimenti(t.Context(), []archive.Provvedimento{{Numero: "A", Versione: 1}}, true); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("waiting for a lock: %v, want ErrUnavailable", err)
	}
	close(release)
	<-ended // it may have been cut for lying idle
}
