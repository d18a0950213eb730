package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"omnia/bench/measure"
	"omnia/engine"
	"omnia/engine/rulebook"
)

// serveWord makes this program a server to be measured, so that its CPU can be told from that of
// the clients. It serves until its standard input closes.
const serveWord = "serve-to-be-measured"

func serveChild(args []string) {
	content := content("")
	ed, defects := rulebook.Load(content)
	if len(defects) > 0 {
		panic(defects)
	}
	b := &bench{Report: measure.Report{W: io.Discard}, content: content, edition: ed, engine: engine.New(ed)}
	handler, err := b.served(args)
	if err != nil {
		panic(err)
	}
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(door.Addr())
	go func() { panic(http.Serve(door, handler)) }()
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent is gone
}

// served is the handler that is asked for by name.
func (b *bench) served(args []string) (http.Handler, error) {
	if args[0] == "archive" {
		return b.serveArchive(args[1], args[2])
	}
	if args[0] == "fan-out" {
		return bareFanOut(), nil
	}
	if args[0] == "form" {
		return service(b.engine), nil
	}
	ours, plain, _, err := b.handlers(newFacts(periodsOfRequest, true).envelope())
	if args[0] == "ours" {
		return ours, err
	}
	return plain, err
}

// child is such a server, seen from here.
type child struct {
	command *exec.Cmd
	stdin   io.Closer
	server  string // its URL
	client  *http.Client
}

func startChild(which ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, append([]string{serveWord}, which...)...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the server %v did not start: %w", which, err)
	}
	return &child{
		command: cmd, stdin: stdin, server: "http://" + strings.TrimSpace(address),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}},
	}, nil
}

func (s *child) stop() {
	s.client.CloseIdleConnections()
	s.stdin.Close()
	_ = s.command.Wait() // it ends by itself, and how does not matter
}

// load sends requests for a while: how many a second, and the CPU of the server for each, in ns.
func (s *child) load(body []byte, slice time.Duration) (rate, cpu float64, err error) {
	var done atomic.Int64
	var failed atomic.Pointer[error]
	before, start := s.cpu(), time.Now()
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			for time.Since(start) < slice && failed.Load() == nil {
				if err := s.post(body); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	wait.Wait()
	if e := failed.Load(); e != nil {
		return 0, 0, *e
	}
	took := time.Since(start)
	n := float64(done.Load())
	return n / took.Seconds(), float64((s.cpu() - before).Nanoseconds()) / n, nil
}

func (s *child) post(body []byte) error {
	res, err := s.client.Post(s.server+"/v1/counters", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}

// cpu is the time that the server has run on a processor, from Linux; zero elsewhere. The clock
// ticks a hundred times a second, so slices must be long.
func (s *child) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.command.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * (time.Second / 100)
}
