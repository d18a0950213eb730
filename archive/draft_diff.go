package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// DifferingFields are the paths of the values that two JSON objects of facts do not share, in order, at most that
// many: "richiesta.dal", "richiesta.lavoratori[3].qualifica". A row that only one of them has is one path.
func DifferingFields(a, b []byte, most int) ([]string, error) {
	x, err := tree(a)
	if err != nil {
		return nil, err
	}
	y, err := tree(b)
	if err != nil {
		return nil, err
	}
	d := &differ{most: most}
	d.values("", x, y)
	return d.paths, nil
}

func tree(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err = d.Decode(&v); err != nil {
		err = fmt.Errorf("compare facts: %w", err)
	}
	return v, err
}

type differ struct {
	most  int
	paths []string
}

func (d *differ) values(path string, a, b any) {
	if len(d.paths) >= d.most {
		return
	}
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			d.objects(path, x, y)
			return
		}
	case []any:
		if y, ok := b.([]any); ok {
			d.lists(path, x, y)
			return
		}
	default:
		if a == b && !isTree(b) {
			return
		}
	}
	d.paths = append(d.paths, path)
}

// isTree tells values that can't be compared by ==.
func isTree(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func (d *differ) objects(path string, a, b map[string]any) {
	names := slices.Sorted(maps.Keys(a))
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		below := name
		if path != "" {
			below = path + "." + name
		}
		d.member(below, a[name], b[name])
	}
}

// member compares what stands under one name; nil is nothing. Of an object that only one has, each value differs.
func (d *differ) member(path string, a, b any) {
	if x, ok := a.(map[string]any); ok && b == nil {
		d.objects(path, x, nil)
		return
	}
	if y, ok := b.(map[string]any); ok && a == nil {
		d.objects(path, nil, y)
		return
	}
	d.values(path, a, b)
}

func (d *differ) lists(path string, a, b []any) {
	for i := range max(len(a), len(b)) {
		at := path + "[" + strconv.Itoa(i) + "]"
		switch {
		case len(d.paths) >= d.most:
			return
		case i < len(a) && i < len(b):
			d.values(at, a[i], b[i])
		default:
			d.paths = append(d.paths, at)
		}
	}
}
