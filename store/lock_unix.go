//go:build unix

package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

var errLocked = errors.New("another process has it open; a SQLite file serves one process at a time: stop the other one, or use PostgreSQL (postgres://…) for several instances")

// lockFile keeps other processes, and other stores of this one, off the SQLite file until it is closed.
// The system gives the lock up with the process, however that ends.
//
// The lock is on a file beside it: a file of SQLite must not be opened and closed by anyone else in the
// same process, since that drops SQLite's own locks.
func lockFile(path string) (io.Closer, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // two names of one file are one file
	}
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return f, nil
}
