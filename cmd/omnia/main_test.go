package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// call runs a command line in this process.
func call(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, streams{strings.NewReader(stdin), &out, &errs})
	return code, out.String(), errs.String()
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"facts": {"data_riferimento": "2025-02-30"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		code   int
		stderr string // a part of it; "" wants none at all
	}{
		{"help", []string{"--help"}, 0, ""},
		{"version", []string{"--version"}, 0, ""},
		{"no command", nil, 2, "serve"},
		{"an unknown command", []string{"server"}, 2, "server"},
		{"an unknown flag", []string{"serve", "--port", "1"}, 2, "--port"},
		{"an unknown kind", []string{"eval", "--kind", "validation", "-"}, 2, "validation"},
		{"no kind", []string{"eval", "-"}, 2, "--kind"},
		{"a file that is not there", []string{"eval", "--kind", "counters", "nowhere.json"}, 2, "nowhere.json"},
		{"a folder of rules that is not there", []string{"eval", "--kind", "counters", "--rules", "nowhere", bad}, 2, "nowhere"},
		{"a folder of rules that is a file", []string{"eval", "--kind", "counters", "--rules", bad, bad}, 2, "not a folder"},
		{"wrong facts", []string{"eval", "--kind", "counters", bad}, 1, "/facts/data_riferimento: invalid_date"},
		{"a database of another kind", []string{"serve", "--database", "mysql://root:secret@x/y"}, 2, "OMNIA_DATABASE: it is neither"},
		{"an address that is none", []string{"serve", "--addr", "here"}, 2, "OMNIA_ADDR"},
		{"a proxy that is none", []string{"serve", "--trusted-proxies", "localhost"}, 2, "OMNIA_TRUSTED_PROXIES"},
		{"a public address that is none", []string{"serve", "--public-url", "omnia.example.it"}, 2, "OMNIA_PUBLIC_URL"},
		{"a limit of zero", []string{"serve", "--rate-limit", "0"}, 2, "OMNIA_RATE_LIMIT"},
		{"a duration that is none", []string{"serve", "--stop-time", "soon"}, 2, "stop-time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, _, stderr := call(t, "", tt.args...)
			if code != tt.code || !strings.Contains(stderr, tt.stderr) || tt.stderr == "" && stderr != "" {
				t.Errorf("exit %d, stderr %q; want %d with %q", code, stderr, tt.code, tt.stderr)
			}
		})
	}
}

func TestEvalDecidesFromFileAndStandardInput(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "case.json")
	if err := os.WriteFile(file, []byte(demoBody), 0o600); err != nil {
		t.Fatal(err)
	}
	_, fromFile, stderr := call(t, "", "eval", "--kind", "counters", file)
	code, fromStdin, _ := call(t, demoBody, "eval", "--kind", "counters", "-")
	if code != 0 || stderr != "" {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if stamped.ReplaceAllString(fromFile, "") != stamped.ReplaceAllString(fromStdin, "") {
		t.Errorf("file:  %s\nstdin: %s", fromFile, fromStdin)
	}
	_, pretty, _ := call(t, demoBody, "eval", "--kind", "counters", "--pretty", "-")
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(pretty)); err != nil || stamped.ReplaceAllString(compact.String(), "") != strings.TrimSpace(stamped.ReplaceAllString(fromStdin, "")) {
		t.Errorf("pretty is another answer: %v", err)
	}
}

// stamped are the two things that differ between two answers to the same question.
var stamped = regexp.MustCompile(`"id":"[0-9a-f-]{36}","instant":"[^"]+"`)

func TestIDsAreOfVersion7AndInOrder(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 11, 30, 12, 0, 0, 0, time.UTC)
	first, second := newID(at), newID(at.Add(time.Millisecond))
	for _, id := range []string{first, second} {
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
			t.Errorf("%s is no UUID of version 7", id)
		}
	}
	if first >= second {
		t.Errorf("%s is not before %s", first, second)
	}
	if !strings.HasPrefix(first, "019ad4a2-5600-7") { // 1764504000000 ms
		t.Errorf("%s does not begin with its instant", first)
	}
}
