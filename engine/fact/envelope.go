package fact

import (
	"fmt"
)

// Envelope is the declared shape of a request body: the facts, or a part of them, beside a few
// plain members. One strict reader serves every request, so that all are refused alike.
type Envelope struct {
	vocabulary *Vocabulary
	tree       *object
	fields     *Group // the plain members
	base       string // pointer of the facts
}

// Member is one member of an envelope.
type Member struct {
	field *Field
	name  string
	kind  memberKind
}

type memberKind uint8

const (
	plainMember memberKind = iota
	factsMember
	partMember
)

// AllFacts is the member that holds the whole object of facts. It must be there.
func AllFacts(name string) Member { return Member{name: name, kind: factsMember} }

// Part is the member that holds one object of the facts under its own name: Part("richiesta")
// reads {"richiesta": {"al": …}} into the fact richiesta.al. It must be there.
func Part(name string) Member { return Member{name: name, kind: partMember} }

// Plain is a member that is no fact. With f.Required, a body without it is Invalid. The field is
// copied; dots in its name make nested objects.
func Plain(f Field) Member { return Member{name: f.Name, field: &f} }

// NewEnvelope makes the shape. It is an error to name an unknown part, or to name anything
// twice; voc may be nil when there are only plain members.
func NewEnvelope(voc *Vocabulary, members ...Member) (*Envelope, error) {
	e := &Envelope{vocabulary: voc, tree: &object{}}
	var plain []*Field
	for _, m := range members {
		if err := e.add(m); err != nil {
			return nil, fmt.Errorf("envelope member %s: %w", m.name, err)
		}
		if m.kind == plainMember {
			plain = append(plain, m.field)
		}
	}
	e.fields = NewGroup("", plain)
	return e, nil
}

func (e *Envelope) add(m Member) error {
	if m.kind == plainMember {
		if m.field.Path == "" {
			m.field.Path = m.field.Name
		}
		return e.tree.add(m.field)
	}
	if e.vocabulary == nil {
		return fmt.Errorf("there is no vocabulary to read facts with")
	}
	child := e.vocabulary.Root.tree
	if m.kind == partMember {
		i, ok := child.index[m.name]
		if !ok || child.members[i].child == nil {
			return fmt.Errorf("the facts have no such object")
		}
		child = child.members[i].child
	} else {
		e.base = "/" + m.name
	}
	to, fresh := e.tree.member(m.name)
	if !fresh {
		return fmt.Errorf("the name is taken")
	}
	to.child, to.facts, to.required = child, true, true
	return nil
}

// Request is a body that was read.
type Request struct {
	Facts  *Facts // nil in an envelope without facts
	plain  Record
	fields *Group
}

// Get is the plain member of that name, Unknown when the body did not have it. The name must be
// one of the envelope.
func (r *Request) Get(name string) *Value { return &r.plain[r.fields.Slot(name)] }

// Decode reads a body of this shape, as [Decode] does; pointers begin at the root of the body.
func (e *Envelope) Decode(body []byte, opt Options) (*Request, error) {
	d := newDecoder(body, opt)
	d.lenient, d.form = false, opt.Lenient
	r := &Request{plain: e.fields.New(), fields: e.fields}
	if e.vocabulary != nil {
		r.Facts = &Facts{Vocabulary: e.vocabulary, Root: e.vocabulary.Root.New()}
		d.facts = r.Facts.Root
	}
	if d.whole(e.tree, r.plain) && r.Facts != nil {
		d.base, d.lenient = e.base, d.form
		d.check(e.vocabulary.Root, d.facts)
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	if r.Facts != nil {
		r.Facts.Findings = d.sortedFindings()
	}
	return r, nil
}
