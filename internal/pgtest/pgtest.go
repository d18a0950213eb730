//go:build unix

// Package pgtest gives a test binary, or a measurement, a PostgreSQL of its own: a fresh cluster in a
// temporary folder, reached by a socket in that folder only, gone when the process ends, however it ends.
//
// [DSN] is what most tests want: a database of their own, cloned in some hundredths of a second from one that was
// migrated once. [Own] is a server that the test may stop, kill and start again. [Start] is the same
// without a test, for the bench command.
//
// The server programs must be installed (Debian: apt-get install postgresql). Where they are missing, tests
// fail: half a suite that is skipped in silence proves nothing.
package pgtest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// shared is the one server of this test binary, with a template that is migrated once.
var shared struct {
	once   sync.Once
	server *Server
	err    error
	count  atomic.Int64
}

// DSN is the URL of an empty, migrated database of the test's own; it is dropped when the test ends.
//
// migrate is called once in a test binary, with the template that all databases are cloned from: it must
// be the same in all calls, and leave no connection open. nil leaves the databases empty.
func DSN(t testing.TB, migrate func(dsn string) error) string {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = startShared(migrate) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	name := fmt.Sprintf("t%d", shared.count.Add(1))
	dsn, err := shared.server.Create(name, template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shared.server.Drop(name); err != nil {
			t.Errorf("drop the database of the test: %v", err)
		}
	})
	return dsn
}

const template = "tpl"

// startShared starts the server that lasts as long as the process: its watchdog ends it.
func startShared(migrate func(dsn string) error) (*Server, error) {
	s, err := Start(Config{})
	if err != nil {
		return nil, err
	}
	dsn, err := s.Create(template, "")
	if err != nil {
		return nil, err
	}
	if migrate == nil {
		return s, nil
	}
	if err := migrate(dsn); err != nil {
		return nil, fmt.Errorf("migrate the template: %w", err)
	}
	return s, nil
}

// Own is a server of the test's own, that ends with it.
func Own(t testing.TB, c Config) *Server {
	t.Helper()
	s, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", s.logTail())
		}
		if err := s.Close(); err != nil {
			t.Errorf("end the server: %v", err)
		}
	})
	return s
}

// quoted is an identifier in SQL.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
