package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// The service as it is shipped, in a process of its own, and connections to it that cost its clients, who share the
// machine with it, as little as can be.

// program is the service, built once beside the databases.
func (d *databases) program() (binary string, err error) {
	binary = filepath.Join(d.dir, "omnia")
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	out, err := exec.Command("go", "build", "-o", binary, "omnia/cmd/omnia").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the service: %w\n%s", err, out)
	}
	return binary, nil
}

// startService runs omnia serve with nothing turned off but the limit of requests. Its log goes nowhere.
func startService(binary, dsn, data string) (*child, error) {
	cmd := exec.Command(binary, "serve", "--addr", "127.0.0.1:0", "--database", dsn, "--data", data, "--demo", "no",
		"--rate-limit", "1000000000", "--in-flight", "1024", "--drain-delay", "0s")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	in := bufio.NewReader(stdout)
	greeting, err := in.ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("omnia serve did not start: %w", err), cmd.Wait())
	}
	go func() { _, _ = io.Copy(io.Discard, in) }() // the rest of the greeting
	return &child{
		command: cmd, stdin: terminated{cmd.Process}, client: &http.Client{},
		server: strings.TrimSpace(strings.TrimPrefix(greeting, "omnia serves ")),
	}, nil
}

// terminated ends a process as an operator does.
type terminated struct{ *os.Process }

// Close asks it to end.
func (p terminated) Close() error { return p.Signal(syscall.SIGTERM) }

// wire is one keep-alive connection.
type wire struct {
	net.Conn
	in *bufio.Reader
}

// wires are so many connections to the service.
func (s *child) wires(n int) (list []*wire, err error) {
	for range n {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.server, "http://"))
		if err != nil {
			return nil, errors.Join(err, hangUp(list))
		}
		list = append(list, &wire{c, bufio.NewReaderSize(c, 64<<10)})
	}
	return list, nil
}

func hangUp(list []*wire) (err error) {
	for _, w := range list {
		err = errors.Join(err, w.Close())
	}
	return err
}

// send sends a request that is written out already, and wants it answered as it asks.
func (w *wire) send(m *message) error {
	if _, err := w.Write(m.text); err != nil {
		return err
	}
	res, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if applied := res.Header.Get("Preference-Applied") != ""; res.StatusCode != http.StatusOK || applied == m.recorded {
		problem, _ := io.ReadAll(io.LimitReader(res.Body, 1000)) // what can be had of it
		return fmt.Errorf("status %d, record=none applied: %t: %s", res.StatusCode, applied, problem)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// message is a request as it goes over the wire.
type message struct {
	text     []byte
	recorded bool
}

func (q *question) message(server string, recorded bool) (message, error) {
	r, err := q.request(server)
	if err != nil {
		return message{}, err
	}
	if !recorded {
		r.Header.Set("Prefer", "record=none")
	}
	var text bytes.Buffer
	err = r.Write(&text)
	return message{text.Bytes(), recorded}, err
}

// each runs do on every connection at once; the first error ends all.
func each(list []*wire, do func(n int, w *wire, failed *atomic.Pointer[error]) error) error {
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	for n, w := range list {
		wait.Go(func() {
			if err := do(n, w, &failed); err != nil {
				failed.Store(&err)
			}
		})
	}
	wait.Wait()
	if e := failed.Load(); e != nil {
		return *e
	}
	return nil
}

// flood sends as much as is answered, for a while: how many requests, in what time.
func flood(list []*wire, messages []message, slice time.Duration) (n float64, took time.Duration, err error) {
	var done atomic.Int64
	start := time.Now()
	err = each(list, func(at int, w *wire, failed *atomic.Pointer[error]) error {
		for i := at; failed.Load() == nil && (i == at || time.Since(start) < slice); i += len(list) {
			if err := w.send(&messages[i%len(messages)]); err != nil {
				return err
			}
			done.Add(1)
		}
		return nil
	})
	return float64(done.Load()), time.Since(start), err
}

// pace sends so many requests a second, evenly, whatever becomes of those before, for a while: the time that each took from
// the moment at which it was due, in ns.
func pace(list []*wire, messages []message, rate float64, slice time.Duration) ([]float64, error) {
	took := make([]float64, max(len(list), int(rate*slice.Seconds())))
	var next atomic.Int64
	start := time.Now()
	err := each(list, func(_ int, w *wire, failed *atomic.Pointer[error]) error {
		for failed.Load() == nil {
			i := int(next.Add(1)) - 1
			if i >= len(took) {
				return nil
			}
			due := start.Add(time.Duration(float64(i) / rate * float64(time.Second)))
			time.Sleep(time.Until(due))
			if err := w.send(&messages[i%len(messages)]); err != nil {
				return err
			}
			took[i] = float64(time.Since(due).Nanoseconds())
		}
		return nil
	})
	return took, err
}
