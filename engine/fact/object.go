package fact

import (
	"fmt"
	"strings"
)

// object is one JSON object of a group. Nested objects share the record of their group: the
// names say where a value goes ("consultazione.data_conclusione").
type object struct {
	members []member
	index   map[string]int
}

// member is one key of an object: a field, or a nested object.
type member struct {
	name     string
	field    *Field
	child    *object
	facts    bool // the child is of the facts, in an envelope: its values go to their record
	required bool
}

// add files the field under the objects its dotted name passes through.
func (o *object) add(f *Field) error {
	path := strings.Split(f.Name, ".")
	for _, name := range path[:len(path)-1] {
		m, fresh := o.member(name)
		if fresh {
			m.child = &object{}
		}
		if m.child == nil {
			return fmt.Errorf("%s is a field and an object at once", m.field.Path)
		}
		o = m.child
	}
	m, fresh := o.member(path[len(path)-1])
	if !fresh {
		return fmt.Errorf("%s is declared twice", f.Name)
	}
	m.field, m.required = f, f.Required
	return nil
}

// member is the one of that name, made when there is none.
func (o *object) member(name string) (m *member, fresh bool) {
	if i, ok := o.index[name]; ok {
		return &o.members[i], false
	}
	if o.index == nil {
		o.index = map[string]int{}
	}
	o.index[name] = len(o.members)
	o.members = append(o.members, member{name: name})
	return &o.members[len(o.members)-1], true
}

// find is the member of that name, or -1. Callers write keys mostly in the declared order, so
// the one after the last is tried first.
func (o *object) find(name []byte, last int) int {
	if next := last + 1; next < len(o.members) && o.members[next].name == string(name) {
		return next
	}
	if i, ok := o.index[string(name)]; ok {
		return i
	}
	return -1
}

// names lists the keys of the object, in order.
func (o *object) names() []string {
	names := make([]string, len(o.members))
	for i := range o.members {
		names[i] = o.members[i].name
	}
	return names
}
