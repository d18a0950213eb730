package guidatest

import (
	"flag"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write into the guide what the check says today, and the table of functions")

// rewrite gathers what blocks of the guide should say, and writes it when the test is over.
type rewrite struct {
	mu   sync.Mutex
	todo []correction
}

type correction struct {
	line, length int // of the body
	body         string
}

func newRewrite(t *testing.T) *rewrite {
	r := &rewrite{}
	t.Cleanup(func() { r.write(t) })
	return r
}

func (r *rewrite) add(b *block, body string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.todo = append(r.todo, correction{b.line, strings.Count(b.body, "\n"), body})
}

func (r *rewrite) write(t *testing.T) {
	if len(r.todo) == 0 {
		return
	}
	text, err := os.ReadFile(guidePath)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	slices.SortFunc(r.todo, func(a, b correction) int { return b.line - a.line }) // from below, so that lines stay where they are
	for _, c := range r.todo {
		body := strings.Split(strings.TrimSuffix(c.body, "\n"), "\n")
		lines = slices.Replace(lines, c.line, c.line+c.length, body...)
	}
	if err := os.WriteFile(guidePath, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}
