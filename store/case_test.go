package store

import (
	"errors"
	"io"
	"testing"

	"gorm.io/gorm"
)

// broken are rows whose reading ends at once, for that reason.
type broken struct{ err error }

func (b broken) Next() bool { return false }
func (b broken) Err() error { return b.err }

func TestAReadThatBreaksOffIsNotOneThatFindsNothing(t *testing.T) {
	t.Parallel()
	if err := first(broken{io.ErrUnexpectedEOF}); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gorm.ErrRecordNotFound) {
		t.Errorf("broken off: %v", err)
	}
	if err := first(broken{}); !errors.Is(err, gorm.ErrRecordNotFound) {
		t.Errorf("nothing found: %v", err)
	}
}
