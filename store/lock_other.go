//go:build !unix

package store

import (
	"errors"
	"io"
)

// lockFile has no way here to give a lock up with a process that was killed.
func lockFile(string) (io.Closer, error) {
	return nil, errors.New("a SQLite archive needs the file locks of a Unix system: use PostgreSQL (postgres://…) here")
}
