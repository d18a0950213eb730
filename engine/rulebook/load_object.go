package rulebook

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"omnia/engine/calendar"
)

// object reads the keys of a checked mapping. What is absent or was found wrong reads as the zero
// value: the defect is told already, and nothing more should be said of it.
type object struct {
	src   *source
	wrong map[*yaml.Node]bool
	n     *yaml.Node
	end   int // its last line, with the blank lines and comments that follow
}

// valueOf is the value of a key of a mapping, or nil.
func valueOf(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func (o object) node(key string) *yaml.Node {
	if n := valueOf(o.n, key); n != nil && !o.wrong[n] {
		return n
	}
	return nil
}

func (o object) has(key string) bool { return o.node(key) != nil }

func (o object) text(key string) string {
	if n := o.node(key); n != nil {
		return n.Value
	}
	return ""
}

func (o object) whole(key string) int {
	n, _ := strconv.Atoi(o.text(key))
	return n
}

func (o object) flag(key string) bool { return o.text(key) == "true" }

func (o object) day(key string) (calendar.Day, bool) {
	d, err := calendar.Parse(o.text(key))
	return d, err == nil
}

func (o object) texts(key string) Texts {
	n := o.node(key)
	if n == nil {
		return nil
	}
	t := make(Texts, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		t[n.Content[i].Value] = n.Content[i+1].Value
	}
	return t
}

// object is the mapping under a key; ok is false when there is none.
func (o object) object(key string) (object, bool) {
	n := o.node(key)
	if n == nil || n.Kind != yaml.MappingNode {
		return object{}, false
	}
	return object{o.src, o.wrong, n, o.endOf(n)}, true
}

// list is the mappings of a list.
func (o object) list(key string) []object {
	n := o.node(key)
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	var items []object
	for i, item := range n.Content {
		end := o.endOf(n)
		if i+1 < len(n.Content) {
			end = max(item.Line, n.Content[i+1].Line-1)
		}
		if item.Kind == yaml.MappingNode {
			items = append(items, object{o.src, o.wrong, item, end})
		}
	}
	return items
}

// nodes are the scalars of a list.
func (o object) nodes(key string) []*yaml.Node {
	n := o.node(key)
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	var items []*yaml.Node
	for _, item := range n.Content {
		if !o.wrong[item] {
			items = append(items, item)
		}
	}
	return items
}

func (o object) strings(key string) []string {
	var words []string
	for _, n := range o.nodes(key) {
		words = append(words, n.Value)
	}
	return words
}

// endOf is the last line of a value of o: where the next key begins, or where o ends.
func (o object) endOf(value *yaml.Node) int {
	for i := 1; i+1 < len(o.n.Content); i += 2 {
		if o.n.Content[i] == value {
			return max(value.Line, o.n.Content[i+1].Line-1)
		}
	}
	return o.end
}

// written is the text of the object as it stands in its file, from its first line to its last,
// without the comments and blank lines after it: those belong to what follows.
func (o object) written() string {
	last := min(o.end, len(o.src.lines))
	for last > o.n.Line {
		if line := strings.TrimSpace(o.src.lines[last-1]); line != "" && line[0] != '#' {
			break
		}
		last--
	}
	return strings.Join(o.src.lines[o.n.Line-1:last], "\n") + "\n"
}

func (o object) place() Place { return Place{o.src.name, o.n.Line, o.n.Column} }

// placeOf is where the value of a key stands; the object itself when it has none.
func (o object) placeOf(key string) Place {
	if n := valueOf(o.n, key); n != nil {
		return Place{o.src.name, n.Line, n.Column}
	}
	return o.place()
}
