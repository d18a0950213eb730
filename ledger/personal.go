package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Personal is a personal value with its salt, as kept beside a leaf. Erasing it is deleting both.
type Personal struct {
	Path  string          // JSON pointer into the facts, or "actor"
	Salt  string          // 32 hexadecimal digits in small letters
	Value json.RawMessage // without blanks; nil when it was erased
}

// saltSize is in bytes. A value that can be guessed, such as a codice fiscale, is hidden by the salt alone.
const saltSize = 16

// Commit is the hash that stands in a leaf for a personal value: SHA-256 of four lines, of which only
// the last has no end: "omnia personal/v1", the salt, the path as a canonical JSON text, the
// value.
func Commit(path, salt string, value []byte) Digest {
	var text [128]byte
	return Digest(appendCommit(nil, appendText(text[:0], path), []byte(salt), value))
}

const commitDomain = "omnia personal/v1\n"

// appendCommit is Commit of a path written with its quotes.
func appendCommit(dst, path, salt, value []byte) []byte {
	var room [512]byte
	m := append(room[:0], commitDomain...)
	m = append(append(m, salt...), '\n')
	m = append(append(m, path...), '\n')
	return appendSum(dst, sha256.Sum256(append(m, value...)))
}

// Seal gives a value a salt of its own, and the commitment to both. value is JSON.
func Seal(path string, value []byte, random io.Reader) (Personal, Commitment, error) {
	value, err := compact(value)
	if err != nil {
		return Personal{}, Commitment{}, fmt.Errorf("personal value %s: %w", path, err)
	}
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		return Personal{}, Commitment{}, fmt.Errorf("salt: %w", err)
	}
	p := Personal{Path: path, Salt: hex.EncodeToString(salt), Value: bytes.Clone(value)}
	return p, Commitment{path, Commit(path, p.Salt, value)}, nil
}

// SealTexts seals those of these texts that are not empty, by path, in the order that leaves demand.
func SealTexts(values map[string]string, random io.Reader) (list []Personal, commitments []Commitment, err error) {
	for _, path := range slices.SortedFunc(maps.Keys(values), comparePaths) {
		if values[path] == "" {
			continue
		}
		p, c, err := Seal(path, appendText(nil, values[path]), random)
		if err != nil {
			return nil, nil, err
		}
		list, commitments = append(list, p), append(commitments, c)
	}
	return list, commitments, nil
}

func sortPersonal(list []Personal, commitments []Commitment) {
	slices.SortFunc(list, func(a, b Personal) int { return comparePaths(a.Path, b.Path) })
	slices.SortFunc(commitments, func(a, b Commitment) int { return comparePaths(a.Path, b.Path) })
}

// comparePaths orders paths by the bytes of their canonical form.
func comparePaths(a, b string) int { return bytes.Compare(appendText(nil, a), appendText(nil, b)) }

// Shapes tells of a shape, which is a path with * for the places in lists (/richiesta/lavoratori/*/codice_fiscale), whether
// the values there are personal, and whether others within them may be: where neither is so, nobody looks into them.
type Shapes func(shape string) (here, within bool)

// Split takes facts apart: the public part, and each personal value with its salt and commitment, by path.
//
// personal is asked of values by their shape. Where the value is personal, the whole of it is taken out. An object that
// is left with nothing goes too, but in a list, where {} keeps its place; a personal element of a
// list leaves null. For facts in the engine's canonical form this is how the engine writes them without what is
// personal, byte for byte.
func Split(facts []byte, personal Shapes, random io.Reader) (public []byte, list []Personal, commitments []Commitment, err error) {
	text, err := compact(facts)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("split facts: %w", err)
	}
	s := splitter{personal: personal, random: random, asked: map[string]answer{}}
	public, emptied := s.value(make([]byte, 0, len(text)), text, 0)
	if s.err != nil {
		return nil, nil, nil, fmt.Errorf("split facts: %w", s.err)
	}
	if emptied {
		public = []byte("{}")
	}
	sortPersonal(s.list, s.commitments)
	return public, s.list, s.commitments, nil
}

type splitter struct {
	personal    Shapes
	asked       map[string]answer // what it said: shapes are few, and values many
	random      io.Reader
	path, shape []byte // of the value at hand
	list        []Personal
	commitments []Commitment
	err         error
	room        []member // of the objects at hand, the outermost first
}

// answer is what [Shapes] said.
type answer struct{ here, within bool }

// value appends the public part of a value; emptied says that it was an object and nothing is left.
func (s *splitter) value(dst, raw []byte, depth int) (out []byte, emptied bool) {
	switch {
	case s.err != nil:
		return dst, false
	case depth > maxDepth:
		s.err = errDepth
		return dst, false
	case raw[0] == '{':
		return s.object(dst, raw, depth)
	case raw[0] == '[':
		return s.array(dst, raw, depth), false
	}
	return append(dst, raw...), false
}

func (s *splitter) object(dst, raw []byte, depth int) (out []byte, emptied bool) {
	from := len(s.room)
	s.room = appendMembers(s.room, raw)
	list := s.room[from:]
	if name, twice := repeated(list); twice {
		s.err = fmt.Errorf("%s/%s is there twice", s.path, name)
	}
	path, shape := len(s.path), len(s.shape)
	out, kept := append(dst, '{'), 0
	for _, m := range list {
		s.path, s.shape = m.appendStep(s.path), m.appendStep(s.shape)
		before := len(out)
		var nothing bool
		if out, nothing = s.part(append(append(comma(out, kept), m.key...), ':'), m.value, depth+1); nothing {
			out = out[:before]
		} else {
			kept++
		}
		s.path, s.shape = s.path[:path], s.shape[:shape]
	}
	s.room = s.room[:from]
	return append(out, '}'), kept == 0 && len(list) > 0
}

// appendStep lengthens a path by the name of the member.
func (m member) appendStep(path []byte) []byte {
	key := m.key[1 : len(m.key)-1]
	if bytes.ContainsAny(key, `\~/`) {
		return append(append(path, '/'), pointerEscape.Replace(m.name())...)
	}
	return append(append(path, '/'), key...)
}

// repeated finds a name that an object has twice.
func repeated(list []member) (string, bool) {
	const few = 16 // as objects of facts have: comparing each with each is the faster way
	if len(list) <= few {
		for i := range list {
			for j := range i {
				if list[i].sameName(list[j]) {
					return list[i].name(), true
				}
			}
		}
		return "", false
	}
	seen := make(map[string]bool, len(list))
	for _, m := range list {
		if seen[m.name()] {
			return m.name(), true
		}
		seen[m.name()] = true
	}
	return "", false
}

func (s *splitter) array(dst, raw []byte, depth int) []byte {
	path, shape := len(s.path), len(s.shape)
	s.shape = append(s.shape, "/*"...)
	dst = append(dst, '[')
	for i, e := range elements(raw) {
		dst = comma(dst, i)
		s.path = strconv.AppendInt(append(s.path, '/'), int64(i), 10)
		before := len(dst)
		if dst, _ = s.part(dst, e, depth+1); len(dst) == before {
			dst = append(dst, "null"...)
		}
		s.path = s.path[:path]
	}
	s.shape = s.shape[:shape]
	return append(dst, ']')
}

// part appends the public part of a member or an element; nothing is left of one that is personal, which is kept apart.
func (s *splitter) part(dst, raw []byte, depth int) (out []byte, nothing bool) {
	a, asked := s.asked[string(s.shape)]
	if !asked {
		shape := string(s.shape)
		a.here, a.within = s.personal(shape)
		s.asked[shape] = a
	}
	switch {
	case s.err != nil:
		return dst, false
	case a.here:
		p, c, err := Seal(string(s.path), raw, s.random)
		s.list, s.commitments, s.err = append(s.list, p), append(s.commitments, c), err
		return dst, true
	case !a.within:
		return append(dst, raw...), false
	}
	return s.value(dst, raw, depth)
}

// The escapes of JSON pointers, RFC 6901.
var (
	pointerEscape   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// Erased says that facts can't be put together again, and so a decision not replayed: these values were
// erased.
type Erased struct{ Paths []string }

// Error lists the paths.
func (e *Erased) Error() string { return "not replayable: erased " + strings.Join(e.Paths, ", ") }

// Altered says that a kept value is not the one that the leaf commits to.
type Altered struct{ Path string }

// Error names the value.
func (e *Altered) Error() string { return e.Path + " is not what was recorded" }

// Assemble puts facts together again, in place of public where nothing is put back: the same values as before [Split], though a member that is put back
// stands last in its object, whose order has no meaning. bound is what the leaf commits to.
//
// A value that is missing is an *[Erased], with all that are; one that does not fit its commitment an
// *[Altered]. Nothing is ever guessed.
func Assemble(public []byte, bound []Commitment, list []Personal) ([]byte, error) {
	text, err := compact(public)
	if err != nil {
		return nil, fmt.Errorf("assemble facts: %w", err)
	}
	kept := make(map[string]Personal, len(list))
	for _, p := range list {
		kept[p.Path] = p
	}
	var erased []string
	for _, b := range bound {
		p := kept[b.Path]
		if p.Value == nil {
			erased = append(erased, b.Path)
			continue
		}
		if Commit(b.Path, p.Salt, p.Value) != b.Hash {
			return nil, &Altered{b.Path}
		}
		if text, err = put(text, strings.Split(b.Path, "/")[1:], p.Value); err != nil {
			return nil, fmt.Errorf("assemble facts: %s: %w", b.Path, err)
		}
	}
	if erased != nil {
		return nil, &Erased{erased}
	}
	return text, nil
}

// put is the value with another one put at that place.
func put(into []byte, steps []string, value []byte) ([]byte, error) {
	switch {
	case len(steps) == 0:
		return value, nil
	case into[0] == '{':
		return putMember(into, steps, value)
	case into[0] == '[':
		return putElement(into, steps, value)
	}
	return nil, fmt.Errorf("there is neither an object nor a list for %s", steps[0])
}

func putMember(object []byte, steps []string, value []byte) ([]byte, error) {
	name := pointerUnescape.Replace(steps[0])
	out, found := []byte{'{'}, false
	for i, m := range members(object) {
		out = append(append(comma(out, i), m.key...), ':')
		inner := m.value
		if m.name() == name {
			var err error
			if inner, err = put(m.value, steps[1:], value); err != nil {
				return nil, err
			}
			found = true
		}
		out = append(out, inner...)
	}
	if found {
		return append(out, '}'), nil
	}
	if len(steps) > 1 { // an object that went with all that was in it
		var err error
		if value, err = putMember([]byte("{}"), steps[1:], value); err != nil {
			return nil, err
		}
	}
	out = append(appendText(comma(out, len(out)-1), name), ':')
	return append(append(out, value...), '}'), nil
}

func putElement(array []byte, steps []string, value []byte) ([]byte, error) {
	list := elements(array)
	i, err := strconv.Atoi(steps[0])
	if err != nil || i < 0 || i >= len(list) {
		return nil, fmt.Errorf("the list has no place %s", steps[0])
	}
	if list[i], err = put(list[i], steps[1:], value); err != nil {
		return nil, err
	}
	return slices.Concat([]byte{'['}, bytes.Join(list, []byte{','}), []byte{']'}), nil
}
