package importing

import (
	"errors"

	"omnia/archive"
	"omnia/engine/fact"
	"omnia/internal/fault"
)

// decoder reads the lines of chunks.
type decoder struct {
	reader *archive.Reader
	opt    Options
}

// read turns the lines of c into items, and into what is wrong with them.
func (d *decoder) read(c *chunk) {
	c.items = make([]item, 0, len(c.lines))
	for _, l := range c.lines {
		it, body, err := d.line(c, l)
		if err != nil {
			c.bad = append(c.bad, d.refused(l.number, body, err)...)
			continue
		}
		it.line = l.number
		c.items = append(c.items, it)
	}
	c.text = nil // the items have what they need of it
}

// line reads one line; body is its JSON, or what stands there instead.
func (d *decoder) line(c *chunk, l line) (it item, body []byte, err error) {
	if l.long {
		return it, nil, d.says("line_too_long", d.limit())
	}
	body = c.text[l.from:l.to]
	if c.header != nil {
		if body, err = c.header.row(body, d); err != nil {
			return it, nil, err
		}
	}
	opt := archive.Options{Language: d.opt.Language, Today: d.opt.Today, Above: int(l.number - 1)}
	switch d.opt.Kind {
	case Provvedimenti:
		if it.provvedimento, err = d.reader.Provvedimento(body, opt); err == nil {
			it.provvedimento.RegistratoDa = d.opt.By
		}
	case Posizioni:
		if it.posizione, err = d.reader.Posizione(body, opt); err == nil {
			it.posizione.RegistratoDa = d.opt.By
		}
	case Deleghe:
		read := d.reader.LoadedDelega
		if d.opt.Judge != nil {
			read = d.reader.Delega
		}
		if it.delega, err = read(body, opt); err == nil {
			it.delega.CreataDa, it.delega.CreataIl = d.opt.By, archive.Instant(d.opt.Now())
		}
	}
	return it, body, err
}

func (d *decoder) limit() int {
	if d.opt.Kind == Posizioni {
		return maxCompany
	}
	return maxLine
}

// says is a fault of this package with its sentence.
func (d *decoder) says(code string, args ...any) error {
	return fault.New(fault.Invalid, code, sentence(d.opt.Language, code, args...))
}

// refused is what to report of a line that can't be taken.
func (d *decoder) refused(number int64, body []byte, err error) []Error {
	return errorsOf(Error{Line: number, Numero: nameOf(d.opt.Kind, body)}, err)
}

// errorsOf are the defects that err says of a line.
func errorsOf(at Error, err error) []Error {
	var f *fault.Fault
	if !errors.As(err, &f) {
		at.Code, at.Detail = "internal", err.Error()
		return []Error{at}
	}
	if len(f.Details) == 0 {
		at.Code, at.Detail = f.Code, f.Text
		return []Error{at}
	}
	out := make([]Error, len(f.Details))
	for i, x := range f.Details {
		out[i] = at
		out[i].Code, out[i].Pointer, out[i].Detail = x.Code, x.Pointer, x.Text
	}
	return out
}

// names are the fields by which a person finds a line.
var names = fact.NewGroup("", []*fact.Field{{Name: "numero", Path: "numero"}, {Name: "matricola", Path: "matricola"}})

// nameOf is the number by which a person finds a line that was refused: of the measure, or of the
// company. "" when the line does not even say that.
func nameOf(kind Kind, body []byte) string {
	rec, err := fact.NewStored(names, 1).Read(body)
	if err != nil {
		return ""
	}
	v := rec[1]
	if kind == Provvedimenti {
		v = rec[0]
	}
	const longest = 64 // it goes into the report as it was written
	if !v.IsKnown() || len(v.Text) > longest {
		return ""
	}
	return v.Text
}
