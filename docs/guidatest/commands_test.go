package guidatest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// built is the folder of the program, once there is one.
var built string

// program builds omnia once for all commands of the guide.
var program = sync.OnceValues(func() (path string, err error) {
	if built, err = os.MkdirTemp("", "omnia"); err != nil {
		return "", err
	}
	path = filepath.Join(built, "omnia")
	out, err := exec.Command("go", "build", "-o", path, "omnia/cmd/omnia").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build omnia: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

// commandsSay runs the commands of a block and compares what they print, wherever they print it.
func commandsSay(t *testing.T, before, after folder, b *block) {
	t.Helper()
	omnia, err := program()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "rules"), after)
	write(t, filepath.Join(dir, "prima"), before)
	for _, session := range strings.Split(b.body, "$ ")[1:] {
		line, want, _ := strings.Cut(session, "\n")
		args := strings.Fields(line)
		if args[0] != "omnia" {
			t.Fatalf("%s: only omnia can be run, not %s", b, args[0])
		}
		cmd := exec.Command(omnia, args[1:]...)
		cmd.Dir = dir
		got, _ := cmd.CombinedOutput() // a command that finds something wrong is in the guide too
		if !like(want, string(got)) {
			t.Errorf("%s: %s prints\n%s", b, line, got)
		}
	}
}

// like tells whether the text is as the guide prints it: … stands for anything within a line.
func like(guide, text string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(guide)), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSpace(text))
}

func write(t *testing.T, dir string, f folder) {
	t.Helper()
	for name, text := range f {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
