package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"omnia/rules"
)

// These tests run the real binary: signals, ports and exit codes are of a process.

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "omnia-test-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "omnia")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // a leftover in the temporary folder harms no one
	}
	os.Exit(code)
}

// server is a running process.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	banner string
	log    *lockedBuffer
	ended  chan struct{}
}

// lockedBuffer takes the log while the test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// command is the binary with a clean environment and a data folder of its own.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return commandOf(t, path, env, args...)
}

// commandOf is another program in its place.
func commandOf(t *testing.T, path string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append([]string{"OMNIA_ADDR=127.0.0.1:0", "OMNIA_DATA=" + filepath.Join(t.TempDir(), "data")}, env...)
	return cmd
}

// start serves on a free port and waits for the greeting.
func start(t *testing.T, env ...string) *server {
	t.Helper()
	return serving(t, command(t, env, "serve"))
}

// serving starts a command that serves, and waits for its greeting.
func serving(t *testing.T, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{t: t, cmd: cmd, log: &lockedBuffer{}, ended: make(chan struct{})}
	s.cmd.Stderr = s.log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	greeting := bufio.NewReader(stdout)
	for !strings.Contains(s.banner, "Ctrl-C") {
		line, err := greeting.ReadString('\n')
		if err != nil {
			t.Fatalf("no greeting: %v\n%s", err, s.log)
		}
		s.banner += line
	}
	s.url = regexp.MustCompile(`http://[0-9.:]+`).FindString(s.banner)
	go func() {
		_, _ = io.Copy(io.Discard, greeting)
		_ = s.cmd.Wait() // ProcessState says how it ended
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it may have ended
		<-s.ended
	})
	return s
}

func (s *server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// exit waits for the end and gives the code.
func (s *server) exit() int {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		s.t.Fatalf("still running:\n%s", s.log)
	}
	return s.cmd.ProcessState.ExitCode()
}

// logged waits for a text in the log.
func (s *server) logged(text string) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(s.log.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("the log never had %q:\n%s", text, s.log)
		}
	}
}

func (s *server) get(path string) (int, string) {
	s.t.Helper()
	res, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// digest is that of the edition in use.
func (s *server) digest() string {
	s.t.Helper()
	_, body := s.get("/status")
	var status struct {
		EditionDigest string `json:"edition_digest"`
	}
	if err := json.Unmarshal([]byte(body), &status); err != nil {
		s.t.Fatal(err)
	}
	return status.EditionDigest
}

func TestServeGreetsWithRequestsThatWork(t *testing.T) {
	t.Parallel()
	s := start(t)
	if !strings.Contains(s.banner, s.digest()) {
		t.Errorf("the greeting lacks the digest:\n%s", s.banner)
	}
	if n := strings.Count(s.banner, "curl "); n != 4 {
		t.Fatalf("%d requests to try:\n%s", n, s.banner)
	}
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	signIn := ""
	for _, line := range strings.Split(s.banner, "\n") {
		if strings.Contains(line, "TOKEN=$(") {
			signIn = strings.Replace(line, "omnia token", path+" token", 1) + "\n"
		}
		if !strings.Contains(line, "curl ") {
			continue
		}
		out, err := exec.Command("bash", "-c", signIn+strings.Replace(line, "curl -s", "curl -s --fail-with-body", 1)).CombinedOutput()
		if err != nil || !json.Valid(out) {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
}

func TestEvalGivesTheBytesOfTheService(t *testing.T) {
	t.Parallel()
	s := start(t)
	res, err := http.Post(s.url+"/v1/counters", "application/json", strings.NewReader(demoBody))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	served, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d %s %v", res.StatusCode, served, err)
	}
	cmd := command(t, nil, "eval", "--kind", "counters", "-")
	cmd.Stdin = strings.NewReader(demoBody)
	evaluated, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := stamped.ReplaceAllString(string(served), ""), stamped.ReplaceAllString(string(evaluated), ""); a != b {
		t.Errorf("served    %s\nevaluated %s", a, b)
	}
}

func TestServeMakesItsDataFolder(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "deep", "data")
	start(t, "OMNIA_DATA="+data)
	if info, err := os.Stat(data); err != nil || !info.IsDir() {
		t.Errorf("no data folder: %v", err)
	}
}

func TestServeRefusesInOneLine(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, env, want string }{
		{"a port in use", "OMNIA_ADDR=" + taken.Addr().String(), "address already in use"},
		{"a database of another kind", "OMNIA_DATABASE=mysql://x", "OMNIA_DATABASE: it is neither"},
		{"a data folder that is a file", "OMNIA_DATA=" + file, "OMNIA_DATA"},
		{"a folder of rules that is not there", "OMNIA_RULES=/nowhere", "OMNIA_RULES"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			cmd := command(t, []string{tt.env}, "serve")
			cmd.Stderr = &stderr
			_ = cmd.Run() // the code is looked at below
			text := stderr.String()
			if cmd.ProcessState.ExitCode() != exitUsage || strings.Count(text, "\n") != 1 || !strings.Contains(text, tt.want) {
				t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), text)
			}
		})
	}
}

func TestStopWaitsForRequestsUnderWay(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t, "OMNIA_DRAIN_DELAY=1s")
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST /v1/counters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(demoBody), demoBody[:10])
			s.get("/status") // by now the other request is being read, too
			s.signal(sig)
			s.logged(`"msg":"stopping"`)
			if code, body := s.get("/status"); code != http.StatusServiceUnavailable {
				t.Errorf("/status while draining: %d %s", code, body)
			}
			waitClosed(t, s)
			io.WriteString(conn, demoBody[10:])
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("the request under way got %v, %v\n%s", res, err, s.log)
			}
			if code := s.exit(); code != exitFine {
				t.Errorf("exit %d\n%s", code, s.log)
			}
		})
	}
}

// waitClosed waits until the door is shut.
func waitClosed(t *testing.T, s *server) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			return
		}
		conn.Close()
	}
	t.Fatal("the door never shut")
}

func TestStopGivesUpAtItsDeadline(t *testing.T) {
	t.Parallel()
	s := start(t, "OMNIA_DRAIN_DELAY=0s", "OMNIA_STOP_TIME=300ms", "OMNIA_REQUEST_TIME=1m")
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	underWay := func() string {
		_, text := s.get("/metrics")
		return regexp.MustCompile(`(?m)^omnia_http_requests_in_flight \d+$`).FindString(text)
	}
	idle := underWay()
	fmt.Fprint(conn, "POST /v1/counters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	eventually(t, "the request is under way", func() bool { return underWay() != idle })
	if idle == "" {
		t.Error("the requests under way are not told")
	}
	begun := time.Now()
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != exitWrong {
		t.Errorf("exit %d, want %d\n%s", code, exitWrong, s.log)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestASecondSignalCutsTheWaitShort(t *testing.T) {
	t.Parallel()
	s := start(t, "OMNIA_DRAIN_DELAY=1m")
	s.signal(syscall.SIGTERM)
	s.logged(`"msg":"stopping"`)
	s.signal(syscall.SIGTERM)
	s.exit()
}

// unpublish takes the editions out of a copy of the rules: what is published could not be changed.
func unpublish(t *testing.T, folder string) {
	t.Helper()
	editions, err := filepath.Glob(filepath.Join(folder, "editions", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range editions {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReloadTakesGoodRulesAndRefusesBrokenOnes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.CopyFS(folder, rules.FS); err != nil {
		t.Fatal(err)
	}
	unpublish(t, folder)
	s := start(t, "OMNIA_RULES="+folder)
	first := s.digest()

	broken := filepath.Join(folder, "parameters", "zz-broken.yaml")
	if err := os.WriteFile(broken, []byte("schema: parameters/v1\nnonsense: 1\nmore: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.signal(syscall.SIGHUP)
	s.logged("reload refused")
	if n := strings.Count(s.log.String(), `"msg":"defect in the rules"`); n < 2 || !strings.Contains(s.log.String(), "zz-broken.yaml:2") {
		t.Errorf("%d defects logged:\n%s", n, s.log)
	}
	if got := s.digest(); got != first {
		t.Errorf("a broken reload changed the edition to %s", got)
	}

	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	changeALimit(t, folder)
	s.signal(syscall.SIGHUP)
	s.logged(`"msg":"reloaded"`)
	if got := s.digest(); got == first {
		t.Error("the reload changed nothing")
	}
}

// changeALimit writes another number into a parameter, and into the case that rests on it: a folder whose cases fail is
// not taken into use.
func changeALimit(t *testing.T, folder string) {
	t.Helper()
	replaceIn(t, filepath.Join(folder, "parameters", "chat.yaml"), `value: "730"`, `value: "731"`)
	replaceIn(t, filepath.Join(folder, "tables", "chat.cases.yaml"), "conservazione_giorni: 730", "conservazione_giorni: 731")
}

func TestReloadWithoutAFolderIsHarmless(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signal(syscall.SIGHUP)
	s.logged("nothing to reload")
	if code, _ := s.get("/status"); code != http.StatusOK {
		t.Errorf("/status: %d", code)
	}
}

func TestBrokenRulesAtStartAreListed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.CopyFS(folder, rules.FS); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "parameters", "zz.yaml"), []byte("schema: parameters/v1\nnonsense: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := command(t, []string{"OMNIA_RULES=" + folder}, "serve")
	cmd.Stderr = &stderr
	_ = cmd.Run() // the code is looked at below
	if cmd.ProcessState.ExitCode() != exitWrong || !strings.Contains(stderr.String(), "parameters/zz.yaml:2") {
		t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), &stderr)
	}
}
