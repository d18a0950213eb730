//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Config is how a server runs; the zero value is the fastest one.
type Config struct {
	// Durable writes each commit to the system before it is acknowledged, so that nothing is lost when the
	// server is killed. (The machine itself may not die: nothing is forced to the disk.)
	Durable bool
	// MaxFile is the most bytes a file of the server may have, to make a full disk; 0 is no limit. The
	// files of the log have 16 MiB each: with less, the server doesn't start.
	MaxFile int64
	// Settings are further settings, which go before those that come with the above: {"fsync": "on"}.
	Settings map[string]string
}

func (c Config) settings() map[string]string {
	s := map[string]string{
		"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off",
		"shared_buffers": "32MB", "listen_addresses": "", "max_connections": "100",
	}
	if c.Durable {
		s["full_page_writes"], s["synchronous_commit"] = "on", "on"
	}
	maps.Copy(s, c.Settings)
	return s
}

// Server is a running cluster.
type Server struct {
	config   Config
	programs string // the folder of initdb and postgres
	dir      string
	as       *syscall.Credential // nil is as we are
	process  *process            // nil while it is stopped
	watchdog *watchdog
}

// patience bounds what starting and stopping may take on a machine that is busy with other things.
const patience = 2 * time.Minute

// Start makes a cluster and starts it.
func Start(c Config) (*Server, error) {
	programs, err := find()
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, programs: programs}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare a PostgreSQL: %w", err), s.Close())
	}
	if err := s.Start(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepare makes the folder and the cluster in it. PostgreSQL refuses to run as root, so that root
// runs it as the user that the package made for it, or as nobody.
func (s *Server) prepare() (err error) {
	if s.dir, err = os.MkdirTemp(tempFolder(), "pg"); err != nil {
		return err
	}
	if s.watchdog, err = watch(s.dir); err != nil {
		return err
	}
	if s.as, err = unprivileged(); err != nil {
		return err
	}
	if s.as != nil {
		if err := os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return err
		}
	}
	// No sync, no locale: what makes it take half a second.
	c := exec.Command(filepath.Join(s.programs, "initdb"), "-D", s.data(), "-U", "postgres", "-A", "trust", "-N", "--no-locale", "-E", "UTF8", "--no-instructions")
	c.Dir, c.SysProcAttr = s.dir, s.attributes()
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// tempFolder is short: the path of a socket has at most 107 bytes.
func tempFolder() string {
	if t := os.TempDir(); len(t) < 60 {
		return t
	}
	return "/tmp"
}

func (s *Server) data() string { return filepath.Join(s.dir, "d") }

// attributes keep an interrupt from the terminal off the server: the watchdog ends it in order.
func (s *Server) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: s.as, Setpgid: true}
}

// Start starts the server on its cluster again and waits until it answers.
func (s *Server) Start() error {
	deadline := time.Now().Add(patience)
	for {
		err := s.launch(deadline)
		// After a kill, processes of the server before may still hold its memory for a moment.
		if err == nil || time.Now().After(deadline) || !strings.Contains(s.logTail(), "is still in use") {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *Server) launch(deadline time.Time) error {
	log, err := os.Create(s.log())
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the server has its own
	p, err := start(s.command(log))
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.process = p
	for time.Now().Before(deadline) {
		if s.answers() {
			return nil
		}
		if p.ended() {
			s.process = nil
			return fmt.Errorf("PostgreSQL ended while it started:\n%s", s.logTail())
		}
		time.Sleep(5 * time.Millisecond)
	}
	return errors.Join(fmt.Errorf("PostgreSQL did not answer within %s:\n%s", patience, s.logTail()), s.Stop(syscall.SIGKILL))
}

// command is the server program with its settings, behind a shell that limits its files if asked to.
func (s *Server) command(log *os.File) *exec.Cmd {
	args := []string{filepath.Join(s.programs, "postgres"), "-D", s.data(), "-k", s.dir}
	settings := s.config.settings()
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	if s.config.MaxFile > 0 {
		const block = 512 // what the shell's limit counts in
		args = append([]string{"/bin/sh", "-c", `ulimit -f "$0" && exec "$@"`, strconv.FormatInt(s.config.MaxFile/block, 10)}, args...)
	}
	c := exec.Command(args[0], args[1:]...)
	c.Dir, c.SysProcAttr, c.Stdout, c.Stderr = s.dir, s.attributes(), log, log
	return c
}

func (s *Server) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return false
	}
	return c.Close(ctx) == nil
}

// Grow starts the server again with another limit for its files; 0 is none.
func (s *Server) Grow(maxFile int64) error {
	if err := s.Stop(syscall.SIGQUIT); err != nil {
		return err
	}
	s.config.MaxFile = maxFile
	return s.Start()
}

// Stop ends the server, whose cluster stays: SIGINT ends it in order, SIGQUIT at once, as if the power
// failed, SIGKILL leaves its processes to find out by themselves.
func (s *Server) Stop(how syscall.Signal) error {
	if s.process == nil {
		return nil
	}
	p := s.process
	s.process = nil
	return p.end(how)
}

// Close ends the server and removes its folder.
func (s *Server) Close() error {
	err := s.Stop(syscall.SIGQUIT)
	if s.watchdog != nil {
		err = errors.Join(err, s.watchdog.release())
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// DSN is the URL of a database of the server.
func (s *Server) DSN(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/" + database, RawQuery: url.Values{"host": {s.dir}}.Encode()}
	return u.String()
}

// Create makes a database, a clone of another one when a name is given, and gives its URL.
func (s *Server) Create(name, from string) (dsn string, err error) {
	sql := "CREATE DATABASE " + quoted(name)
	if from != "" {
		sql += " TEMPLATE " + quoted(from)
	}
	return s.DSN(name), s.Exec("postgres", sql)
}

// Drop removes a database, whoever is still connected to it.
func (s *Server) Drop(name string) error {
	return s.Exec("postgres", "DROP DATABASE IF EXISTS "+quoted(name)+" WITH (FORCE)")
}

// Exec runs one statement as the superuser.
func (s *Server) Exec(database, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, s.DSN(database))
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, sql)
	return errors.Join(err, c.Close(ctx))
}

func (s *Server) log() string { return filepath.Join(s.dir, "log") }

// logTail is the end of the server's log, for messages.
func (s *Server) logTail() string {
	b, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4000):])
}
