// Command form serves a hundred rules, the nearest to ours that can be said in the languages of others, from OPA and
// from zen-engine, and our whole rule set of CIGO beside them: each a server of its own, asked with the same body over
// loopback by the same clients, by turns. What the rules are, and which of ours each is like, stands in rules.tsv.
//
//	cd bench/peers && go run ./form             needs node and npm for zen-engine
//
// OPA runs as its own server does: a prepared query behind net/http, the body read with encoding/json. Our server does
// more than the others in every round: counters over the history, sentences in three languages, digests.
package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"

	"omnia/bench/measure"
)

//go:embed rules.tsv
var rulesText string

//go:embed body.json
var body []byte

//go:embed zen.mjs
var zenServer []byte

const zenVersion = "0.54.0"

// rule is one line of rules.tsv.
type rule struct{ name, like, rego, zen string }

func rules() (out []rule) {
	for line := range strings.Lines(rulesText) {
		if cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(cells) == 4 && !strings.HasPrefix(line, "#") {
			out = append(out, rule{cells[0], cells[1], cells[2], cells[3]})
		}
	}
	return out
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve-opa" {
		serveOPA()
		return
	}
	rounds := flag.Int("rounds", 7, "rounds, at least 7")
	slice := flag.Duration("slice", time.Second, "how long each server is asked in a round")
	flag.Parse()
	if err := run(max(*rounds, 7), *slice); err != nil {
		fmt.Fprintln(os.Stderr, "form:", err)
		os.Exit(1)
	}
}

// server is one that is asked.
type server struct {
	name, url string
	command   *exec.Cmd
	stdin     io.Closer
	rates     []float64
}

func run(rounds int, slice time.Duration) error {
	dir, err := os.MkdirTemp("", "form")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	servers, err := start(dir)
	for _, s := range servers {
		defer s.stop()
	}
	if err != nil {
		return err
	}
	if err := agree(servers[1], servers[2]); err != nil {
		return err
	}
	for round := range rounds + 1 { // the first warms up
		for _, s := range servers {
			rate, err := s.load(slice)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if round > 0 {
				s.rates = append(s.rates, rate)
			}
		}
	}
	report(servers, rounds, slice)
	return nil
}

func report(servers []*server, rounds int, slice time.Duration) {
	r := measure.Report{W: os.Stdout}
	r.Line("# The check of an application, beside other engines\n\n%s, %d CPUs, %d rounds of %v by turns, %d clients over loopback; the same body of %d bytes.\n",
		runtime.Version(), runtime.NumCPU(), rounds, slice, clients, len(body))
	var rows [][]string
	for _, s := range servers {
		ratios := make([]float64, len(s.rates))
		for i := range ratios {
			ratios[i] = servers[0].rates[i] / s.rates[i]
		}
		rows = append(rows, []string{s.name, fmt.Sprintf("%.0f", measure.Median(s.rates)), fmt.Sprintf("%.2f", measure.Median(ratios)), fmt.Sprintf("%.2f – %.2f", slices.Min(ratios), slices.Max(ratios))})
	}
	r.Table([]string{"", "requests/s", "ours ÷ this", "least – most"}, rows)
}

// start builds and starts the three.
func start(dir string) (out []*server, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ours := filepath.Join(dir, "bench")
	build := exec.Command("go", "build", "-o", ours, "./bench")
	build.Dir, build.Stderr = filepath.Join("..", ".."), os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("run it in bench/peers: %w", err)
	}
	zen, err := installZen(dir)
	if err != nil {
		return nil, err
	}
	for _, s := range []struct {
		name string
		args []string
	}{
		{"ours, the whole rule set of CIGO", []string{ours, "serve-to-be-measured", "form"}},
		{"OPA 1.22.2, 100 rules", []string{self, "serve-opa"}},
		{"zen-engine " + zenVersion + " in node, 100 rules", []string{"node", zen}},
	} {
		one, err := started(s.name, s.args)
		if err != nil {
			return out, fmt.Errorf("%s: %w", s.name, err)
		}
		out = append(out, one)
	}
	return out, nil
}

// installZen puts zen-engine and its model into a folder, and gives the program to run.
func installZen(dir string) (string, error) {
	npm := exec.Command("npm", "install", "--no-audit", "--no-fund", "--prefix", dir, "@gorules/zen-engine@"+zenVersion)
	npm.Stderr = os.Stderr
	if err := npm.Run(); err != nil {
		return "", fmt.Errorf("npm: %w", err)
	}
	type expression struct {
		ID    string `json:"id"`
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	var list []expression
	for i, r := range rules() {
		list = append(list, expression{fmt.Sprint(i), fmt.Sprintf("r%d", i), r.zen})
	}
	model, err := json.Marshal(map[string]any{
		"nodes": []any{
			map[string]any{"id": "in", "name": "in", "type": "inputNode"},
			map[string]any{"id": "rules", "name": "rules", "type": "expressionNode", "content": map[string]any{"expressions": list}},
			map[string]any{"id": "out", "name": "out", "type": "outputNode"},
		},
		"edges": []any{
			map[string]any{"id": "a", "sourceId": "in", "targetId": "rules", "type": "edge"},
			map[string]any{"id": "b", "sourceId": "rules", "targetId": "out", "type": "edge"},
		},
	})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "model.json"), model, 0o600); err != nil {
		return "", err
	}
	program := filepath.Join(dir, "zen.mjs")
	return program, os.WriteFile(program, zenServer, 0o600)
}

// started is a server that has said on which address it listens.
func started(name string, args []string) (*server, error) {
	cmd := exec.Command(args[0], args[1:]...)
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
	return &server{name: name, url: "http://" + strings.TrimSpace(address) + "/v1/validate", command: cmd, stdin: stdin}, err
}

// stop ends a server that this program started.
func (s *server) stop() {
	s.stdin.Close()
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
}

const clients = 4

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}}

func (s *server) ask(body []byte) ([]byte, error) {
	res, err := client.Post(s.url, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", res.StatusCode, out)
	}
	return out, err
}

// load asks for a while: how many answers a second.
func (s *server) load(slice time.Duration) (float64, error) {
	var done atomic.Int64
	var failed atomic.Pointer[error]
	begin := time.Now()
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			for time.Since(begin) < slice && failed.Load() == nil {
				if _, err := s.ask(body); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	wait.Wait()
	if e := failed.Load(); e != nil {
		return 0, *e
	}
	return float64(done.Load()) / time.Since(begin).Seconds(), nil
}

// slips are texts of the body and what stands in their place where an application is wrong.
var slips = [][2]string{
	{"", ""}, {`"2025-03-03"`, `"2025-03-04"`}, {`"2025-03-30"`, `"2025-09-26"`}, {`"qualifica":"operaio"`, `"qualifica":"dirigente"`},
	{`"anzianita_giorni":400`, `"anzianita_giorni":20`}, {`"prestazione":"CIGO","causale":"mancanza_lavoro","dal":"2025-03-03"`, `"prestazione":"AIS","causale":"crisi","dal":"2025-03-03"`},
	{`"settore":"a"`, `"settore":"fis"`}, {`"pagamento":"conguaglio"`, `"pagamento":"diretto"`}, {`"ore":480`, `"ore":0`}, {`"data_presentazione":"2025-03-10"`, `"data_presentazione":"2025-04-10"`},
	{`"causale":"mancanza_lavoro","dal":"2025-03-03"`, `"causale":"meteo","dal":"2025-03-03"`}, {`"data_conclusione":"2025-02-20"`, `"data_conclusione":"2025-03-20"`},
}

// agree wants both of the others to report the same rules of right and wrong applications: else one of them does other work.
func agree(a, b *server) error {
	said := map[int]bool{}
	for _, slip := range slips {
		wrong := []byte(strings.Replace(string(body), slip[0], slip[1], 1))
		x, err := a.reports(wrong)
		if err != nil {
			return err
		}
		y, err := b.reports(wrong)
		if err != nil {
			return err
		}
		if !slices.Equal(x, y) {
			return fmt.Errorf("with %s OPA reports the rules %v, zen-engine %v", slip[1], x, y)
		}
		for _, i := range x {
			said[i] = true
		}
	}
	fmt.Fprintf(os.Stderr, "on %d applications both report alike; %d of %d rules spoke\n", len(slips), len(said), len(rules()))
	return nil
}

// reports are the rules that report, by number.
func (s *server) reports(body []byte) ([]int, error) {
	out, err := s.ask(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	var answer struct {
		Reports []int `json:"reports"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", s.name, err, out)
	}
	slices.Sort(answer.Reports)
	return answer.Reports, nil
}

// serveOPA answers with the numbers of the rules that report.
func serveOPA() {
	var module strings.Builder
	module.WriteString("package forms\n\nreports := [i | some i in holds]\n\n")
	for i, r := range rules() {
		fmt.Fprintf(&module, "holds contains %d if { %s }\n", i, r.rego)
	}
	ctx := context.Background()
	query, err := rego.New(rego.Query("data.forms.reports"), rego.Module("forms.rego", module.String())).PrepareForEval(ctx)
	if err != nil {
		panic(err)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		var input any
		if err == nil {
			err = json.Unmarshal(text, &input)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		results, err := query.Eval(r.Context(), rego.EvalInput(input))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		out, err := json.Marshal(map[string]any{"reports": results[0].Expressions[0].Value})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(out)
	})
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(door.Addr())
	go func() { panic(http.Serve(door, handler)) }()
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent is gone
}
