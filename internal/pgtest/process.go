//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// find is the folder of the server programs: where PATH says, else the newest of Debian's folders.
func find() (string, error) {
	folders := filepath.SplitList(os.Getenv("PATH"))
	installed, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.SortFunc(installed, func(a, b string) int { return release(b) - release(a) })
	for _, folder := range append(folders, installed...) {
		if executable(filepath.Join(folder, "initdb")) && executable(filepath.Join(folder, "postgres")) {
			return folder, nil
		}
	}
	return "", errors.New("PostgreSQL is not installed, and half of the store can't be tested without it: apt-get install postgresql (the server programs initdb and postgres are needed, in PATH or in /usr/lib/postgresql/*/bin)")
}

// release is the number in /usr/lib/postgresql/15/bin.
func release(folder string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
	if err != nil {
		return 0
	}
	return n
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// unprivileged is the user that root runs the server as; nil when we are not root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL doesn't run as root, and there is neither a user postgres nor nobody: %w", err)
	}
	uid, errU := strconv.ParseUint(u.Uid, 10, 32)
	gid, errG := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(errU, errG)
}

// process is a child that is waited for without a goroutine of its own: a server lasts as long as the test
// binary, where tests look for goroutines that were left behind.
type process struct{ pid int }

func start(c *exec.Cmd) (*process, error) {
	if err := c.Start(); err != nil {
		return nil, err
	}
	p := &process{c.Process.Pid}
	return p, c.Process.Release()
}

// ended tells whether the process is over, and then takes note of it.
func (p *process) ended() bool {
	for {
		pid, err := syscall.Wait4(p.pid, nil, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		return err != nil || pid == p.pid
	}
}

// end sends the signal and waits; what does not go is killed.
func (p *process) end(how syscall.Signal) error {
	if err := syscall.Kill(p.pid, how); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	for deadline := time.Now().Add(patience); !p.ended(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("process %d did not end within %s of %s", p.pid, patience, how), syscall.Kill(p.pid, syscall.SIGKILL))
		}
	}
	return nil
}

// watchdog is a shell that outlives us, to end the server and remove its folder when we are gone without
// having done so. It waits at the end of a pipe that the system closes with our process, even when that
// is killed.
type watchdog struct {
	*process
	hold io.Closer
}

// It asks the folder who the server is: there may have been several, or none.
const onGuard = `
read -r _
for try in 1 2 3; do
  pid=$(head -n 1 "$0/d/postmaster.pid" 2>/dev/null)
  if [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null; then
    n=0
    while [ $n -lt 100 ] && kill -0 "$pid" 2>/dev/null; do sleep 0.05; n=$((n + 1)); done
  fi
  rm -rf "$0" 2>/dev/null && exit
  sleep 1
done`

func watch(dir string) (*watchdog, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // the shell has its own
	c := exec.Command("/bin/sh", "-c", onGuard, dir)
	c.Stdin, c.Dir, c.SysProcAttr = r, "/", &syscall.SysProcAttr{Setpgid: true}
	p, err := start(c)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	d := &watchdog{p, w}
	held.Store(d, true)
	return d, nil
}

// held keeps the pipes of all watchdogs: one that is collected as garbage is closed, and its server ended.
var held sync.Map

// release lets the watchdog go: what is left of the folder, it removes.
func (d *watchdog) release() error {
	held.Delete(d)
	return errors.Join(d.hold.Close(), d.end(syscall.Signal(0)))
}
