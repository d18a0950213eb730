package ledger

import (
	"bytes"
	"strconv"
	"time"
)

// Edition says that an edition of the law was published: which versions it holds, and in which files
// their text stands. Every decision must be under an edition that the log has before it. edition/v1 has
// these members in this order:
//
//	schema, id (name of the edition), instant
//	digest          root digest, as receipts name it
//	policy_digest   of the policies published with it; "" when they go their own way
//	items           every version: kind, id, version, digest of meaning
//	files           every file: path and digest of its bytes, paths ascending
type Edition struct {
	Name         string
	Instant      time.Time
	Digest       Digest
	PolicyDigest Digest
	Items        []EditionItem
	Files        []EditionFile
}

// EditionItem is one version of an edition.
type EditionItem struct {
	Kind    string
	ID      string
	Version int
	Digest  Digest // of meaning
}

// EditionFile is one file of an edition. Its bytes are kept beside the leaf.
type EditionFile struct {
	Path   string
	Digest Digest
}

// Encode is the canonical form; see [Receipt.Encode].
func (e *Edition) Encode() ([]byte, error) {
	dst := appendTextMember(beginLeaf(SchemaEdition, e.Name, e.Instant), "digest", string(e.Digest))
	dst = appendTextMember(dst, "policy_digest", string(e.PolicyDigest))
	dst = append(appendKey(dst, "items"), '[')
	for i, it := range e.Items {
		dst = appendTextMember(append(comma(dst, i), '{'), "kind", it.Kind)
		dst = appendTextMember(dst, "id", it.ID)
		dst = strconv.AppendInt(appendKey(dst, "version"), int64(it.Version), 10)
		dst = append(appendTextMember(dst, "digest", string(it.Digest)), '}')
	}
	dst = append(appendKey(append(dst, ']'), "files"), '[')
	for i, f := range e.Files {
		dst = appendTextMember(append(comma(dst, i), '{'), "path", f.Path)
		dst = append(appendTextMember(dst, "digest", string(f.Digest)), '}')
	}
	return finish(append(dst, ']'))
}

// DecodeEdition reads the canonical form, and nothing else.
func DecodeEdition(data []byte) (*Edition, error) {
	l, err := decode(data, SchemaEdition)
	if err != nil {
		return nil, err
	}
	e := &Edition{Name: unescape(l.id), Instant: instantOf(l.instant), Digest: Digest(l.editionDigest), PolicyDigest: Digest(l.policyDigest)}
	c := cursor{data: data}
	c.seek("items")
	for _, raw := range elements(c.value()) {
		m := members(raw)
		version, _ := strconv.Atoi(string(m[2].value))
		text := func(i int) string { return member{key: m[i].value}.name() }
		e.Items = append(e.Items, EditionItem{Kind: text(0), ID: text(1), Version: version, Digest: Digest(text(3))})
	}
	for _, f := range l.files {
		e.Files = append(e.Files, EditionFile{unescape(f.path), Digest(f.digest)})
	}
	return e, nil
}

func readEdition(c *cursor, l *leaf) {
	l.edition = l.id
	c.key("digest")
	l.editionDigest = c.digest()
	c.key("policy_digest")
	l.policyDigest = c.digestOrNone()
	c.key("items")
	for first := true; c.more(first); first = false {
		readItem(c, l)
	}
	c.key("files")
	for first := true; c.more(first); first = false {
		var f file
		c.literal("{")
		c.key("path")
		f.path = c.needed()
		c.key("digest")
		f.digest = c.digest()
		c.literal("}")
		c.field = "files"
		if n := len(l.files); n > 0 && bytes.Compare(l.files[n-1].path, f.path) >= 0 {
			c.refuse("paths ascending, each once")
		}
		l.files = append(l.files, f)
	}
}

// readItem keeps the members id, version and digest as they are written, which is how a receipt
// writes them too.
func readItem(c *cursor, l *leaf) {
	c.literal("{")
	c.key("kind")
	c.word()
	c.literal(",")
	l.version(c)
	c.literal("}")
	c.field = "items"
}
