package guidatest

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"omnia/engine/calendar"
	"omnia/engine/rulebook"
)

// folder is a copy of the folder of rules that the steps of the guide are done on.
type folder map[string]string

func shipped(t *testing.T) folder {
	t.Helper()
	f := folder{}
	source := os.DirFS("../../rules")
	err := fs.WalkDir(source, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		text, err := fs.ReadFile(source, name)
		f[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f folder) fs() fs.FS {
	m := fstest.MapFS{}
	for name, text := range f {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// edit does one step; found is the text of the op=find before it.
func (f folder) edit(b *block, found *block) error {
	if name, ok := b.attrs["publish"]; ok {
		return f.publish(name, b.attrs["on"])
	}
	if b.attrs["op"] == "replace" {
		if found == nil {
			return fmt.Errorf("no op=find comes before")
		}
		name := local(found)
		f[name] = strings.Replace(f[name], found.body, b.body, 1)
		return nil
	}
	name := local(b)
	text, exists := f[name]
	if exists == (b.attrs["op"] == "create") {
		return fmt.Errorf("file %s: exists is %v", name, exists)
	}
	switch op := b.attrs["op"]; op {
	case "quote", "find":
		if n := strings.Count(text, b.body); n != 1 {
			return fmt.Errorf("the text is %d times in %s, not once", n, name)
		}
		return nil
	case "create", "append":
		f[name] = text + b.body
		return nil
	case "version":
		return f.insert(name, b.body, func(line, last string) bool {
			return strings.TrimSpace(line) == "versions:" && last == b.attrs["id"]
		}, false)
	case "after":
		return f.insert(name, b.body, func(line, _ string) bool { return strings.Contains(line, b.attrs["line"]) }, b.attrs["first"] == "true")
	case "copy-version":
		return f.copyVersion(name, b.body)
	default:
		return fmt.Errorf("unknown op %q", op)
	}
}

// local is the name of the file inside the folder: the guide writes rules/… as an author sees it.
func local(b *block) string { return strings.TrimPrefix(b.attrs["file"], "rules/") }

// insert puts text below the one line that is wanted. The second argument of want is the last id read.
func (f folder) insert(name, text string, want func(line, id string) bool, first bool) error {
	var out strings.Builder
	id, hits := "", 0
	for line := range strings.Lines(f[name]) {
		out.WriteString(line)
		if _, value, ok := strings.Cut(line, "id: "); ok && !strings.Contains(line, "{") {
			id = strings.TrimSpace(value)
		}
		if want(strings.TrimSuffix(line, "\n"), id) && (hits == 0 || !first) {
			out.WriteString(text)
			hits++
		}
	}
	if hits != 1 {
		return fmt.Errorf("%d places in %s, not one", hits, name)
	}
	f[name] = out.String()
	return nil
}

func (f folder) copyVersion(name, head string) error {
	before, versions, ok := strings.Cut(f[name], "\nversions:\n")
	if !ok || strings.Count(versions, "  - version: ") != 1 {
		return fmt.Errorf("%s does not have just one version", name)
	}
	rest := versions
	for range strings.Count(head, "\n") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	f[name] = before + "\nversions:\n" + head + rest + versions
	return nil
}

// publish makes an edition of the folder as it is, as if it were the first.
func (f folder) publish(name, on string) error {
	day, err := calendar.Parse(on)
	if err != nil {
		return err
	}
	maps.DeleteFunc(f, func(name, _ string) bool { return strings.HasPrefix(name, "editions/") })
	text, defects := rulebook.Publish(f.fs(), name, day)
	if err := defects.Err(); err != nil {
		return err
	}
	f["editions/"+name+".yaml"] = string(text)
	return nil
}

func (f folder) clone() folder { return maps.Clone(f) }
