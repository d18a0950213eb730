package ledger

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Verification is how an export is to be verified. Keys alone are needed.
type Verification struct {
	Keys *Keyring
	// Held are checkpoints that whoever verifies got at another time, or from a witness. Who has none can
	// be shown a log that is sound and yet not the one shown to others, or an older one.
	Held []*Signed
	// Each, when there is one, sees every entry that was found good: to replay it, to count. What it is given
	// is good during the call only. Its error ends the verification.
	Each func(*Entry) error
}

// Report is what a verified export holds.
type Report struct {
	Decisions, Accesses, Erasures, Editions int64
	Activations                             int64
	KeyChanges                              int64
	Holds                                   int64 // placed or lifted
	Checkpoints                             int64
	Erased                                  int64 // values that can't be shown any more
	Unlogged                                int64 // lines of the record of accesses that are older than the log, which does not bind them; of a stored log only
	UnloggedHolds                           int64 // legal holds from before the log had them; of a stored log only
	Lines, Bytes                            int64
	Unannounced                             int64 // keys of the log that took over before it named any; of a complete export
	Complete                                bool  // every leaf from the first to the head
	Head                                    *Signed
}

// Verify reads an export once, in memory that does not grow with it (but for about a hundred bytes for each
// value that was erased, until the erasure is read). What is wrong is a *[Finding], the first there is; other
// errors are those of reading, and of v.Each.
//
// What a sound export shows: each leaf was in the log when its head was signed, in this order, under the
// editions and with the files, facts, personal values and outcomes given here; when it is complete, nothing was
// taken out. It does not show that outcomes follow from facts: a replay does.
func (v Verification) Verify(export io.Reader) (*Report, error) {
	r := &reading{
		Verification: v, lines: lines{in: bufio.NewReaderSize(export, 64<<10)}, lastLine: 1,
		leaf: leaf{known: newKnown()}, editions: map[string]*published{}, pending: map[int64][]absent{},
	}
	r.Held = slices.SortedFunc(slices.Values(v.Held), func(a, b *Signed) int { return cmp.Compare(a.Tree.N, b.Tree.N) })
	if err := r.run(); err != nil {
		return nil, err
	}
	r.report.Lines, r.report.Bytes = r.lines.number, r.lines.bytes
	return &r.report, nil
}

// reading is one verification under way.
type reading struct {
	Verification
	lines  lines
	report Report
	head   *Signed
	ended  bool // the head was read

	next     int64 // the least position that the next leaf may have
	tree     frontier
	held     int     // of Held, those reached
	last     *Signed // checkpoint read before
	lastLine int64   // of it; of the header before the first

	row      []byte // the line of the leaf at hand
	leaf     leaf   // lies in row
	hash     tlog.Hash
	at       int64 // its position
	entry    Entry
	editions map[string]*published
	active   string             // digest of the edition in use; "" while nothing was activated
	pending  map[int64][]absent // by position of the erasure

	announced []announced // in their order
}

// published is what receipts are held against.
type published struct {
	name     string          // the last one that was given to this content
	names    map[string]bool // all of them: a draft may be published under a name later
	policies map[string]bool // those it was published with; none when they go their own way
	rules    map[*version]bool
}

// absent is a personal value that is said to be erased.
type absent struct {
	line              int64
	subject, id, path string
}

func (r *reading) run() error {
	if err := r.header(); err != nil {
		return err
	}
	for {
		line, err := r.lines.read()
		switch {
		case err == io.EOF:
			return r.close()
		case err != nil:
			return err
		case r.ended:
			err = r.finding("", "", CodeFormat, "something stands behind the head, which is the last line of an export")
		case bytes.HasPrefix(line, []byte(`{"leaf":`)):
			err = r.one(line)
		case bytes.HasPrefix(line, []byte(`{"checkpoint":`)):
			err = r.checkpoint(line)
		default:
			err = r.finding("", "", CodeFormat, "a leaf or a checkpoint belongs here")
		}
		if err != nil {
			return err
		}
	}
}

// finding is at the line read last.
func (r *reading) finding(subject, field, code, format string, args ...any) error {
	return &Finding{r.lines.number, subject, field, code, fmt.Sprintf(format, args...)}
}

// malformed is a line that is not in its form.
func (r *reading) malformed(subject string, err error) error {
	field := ""
	var at *NotCanonical
	if errors.As(err, &at) {
		field = at.Field
	}
	return r.finding(subject, field, CodeFormat, "%v", err)
}

func (r *reading) header() error {
	line, err := r.lines.read()
	if err == io.EOF {
		return r.finding("", "", CodeTruncated, "the export is empty")
	}
	if err != nil {
		return err
	}
	c := cursor{what: schemaExport, data: line}
	c.literal(`{"export":{"schema":"` + schemaExport + `"`)
	c.key("origin")
	origin := unescape(c.raw())
	c.key("complete")
	r.report.Complete = c.boolean()
	c.key("head")
	head := unescape(c.raw())
	c.field = ""
	c.literal("}}")
	if err := c.end(); err != nil {
		return r.malformed("", err)
	}
	if origin != r.Keys.Origin {
		return r.finding("", "origin", CodeUnknownKey, "the export is of %q, the keys are of %q", origin, r.Keys.Origin)
	}
	if r.head, err = r.Keys.Open(head); err != nil {
		return r.finding("", "head", codeOf(err), "%v", err)
	}
	if err := r.Keys.Witnessed(r.head); err != nil {
		return r.finding("", "head", CodeQuorum, "%v", err)
	}
	r.report.Head = r.head
	for _, h := range r.Held {
		if h.Tree.N == r.head.Tree.N && h.Tree.Hash != r.head.Tree.Hash {
			return r.finding("", "head", CodeSplitView, "%v: a checkpoint of size %d that is held has another root", ErrSplitView, h.Tree.N)
		}
	}
	if n := len(r.Held); n > 0 && r.Held[n-1].Tree.N > r.head.Tree.N {
		return r.finding("", "head", CodeTruncated, "%v: it has %d leaves, a checkpoint that is held has %d", ErrRollback, r.head.Tree.N, r.Held[n-1].Tree.N)
	}
	return r.reached(0)
}

// one verifies a leaf and what belongs to it.
func (r *reading) one(line []byte) error {
	r.row = append(r.row[:0], line...)
	if err := r.place(); err != nil {
		return err
	}
	if r.report.Complete {
		r.tree.add(r.hash)
	} else if err := r.included(); err != nil {
		return err
	}
	if err := r.contents(); err != nil {
		return err
	}
	if err := r.settled(); err != nil {
		return err
	}
	if r.Each != nil {
		if err := r.Each(&r.entry); err != nil {
			return err
		}
	}
	return r.reached(r.next)
}

// place reads the line of a leaf: its position must be the next one, its hash the one beside it.
func (r *reading) place() error {
	c := cursor{what: "line", data: r.row}
	c.literal("{")
	c.key("leaf")
	r.at = c.integer()
	c.key("hash")
	hash := c.raw()
	c.key("entry")
	n := len(r.row) - 1
	if c.err == nil && (n <= c.pos || r.row[n] != '}') {
		c.refuse("an entry")
	}
	if c.err != nil {
		return r.malformed(fmt.Sprint("leaf ", r.next), c.err)
	}
	if err := r.inOrder(); err != nil {
		return err
	}
	r.next = r.at + 1
	r.entry = Entry{Position: r.at, Leaf: r.row[c.pos:n]}
	r.hash = leafHashWithin(r.row, c.pos, n)
	var room [44]byte
	same := string(base64.StdEncoding.AppendEncode(room[:0], r.hash[:])) == string(hash)
	unread := readLeaf(r.entry.Leaf, &r.leaf)
	if same && unread == nil {
		return nil
	}
	subject := fmt.Sprint("leaf ", r.at)
	if unread == nil {
		subject = r.leaf.subject()
	}
	if !same {
		return r.finding(subject, "entry", CodeAltered, "the leaf is not the one that the hash beside it was taken of")
	}
	return r.malformed(subject, unread)
}

// leafHashWithin is LeafHash of row[from:to], without copying and in one go: the byte before it is set to the
// zero that RFC 6962 wants before a leaf, and back.
func leafHashWithin(row []byte, from, to int) tlog.Hash {
	kept := row[from-1]
	row[from-1] = 0
	h := sha256.Sum256(row[from-1 : to])
	row[from-1] = kept
	return h
}

// inOrder judges the position of the leaf at hand.
func (r *reading) inOrder() error {
	switch {
	case r.at >= r.head.Tree.N:
		return r.finding(fmt.Sprint("leaf ", r.at), "", CodeFormat, "the head has %d leaves only", r.head.Tree.N)
	case r.at < r.next:
		return r.finding(fmt.Sprint("leaf ", r.at), "", CodeRepeated, "leaf %d belongs here", r.next)
	case r.at == r.next || !r.report.Complete:
		return nil
	}
	return r.missing(fmt.Sprintf("leaf %d stands here", r.at))
}

// missing tells of the leaf that belongs here whether it stands further down, or nowhere.
func (r *reading) missing(instead string) error {
	f := &Finding{r.lines.number, fmt.Sprint("leaf ", r.next), "", CodeRemoved, instead + ", and it nowhere"}
	if later := r.lines.find(fmt.Appendf(nil, `{"leaf":%d,`, r.next)); later > 0 {
		f.Code, f.Text = CodeMoved, fmt.Sprintf("%s, and it on line %d", instead, later)
	}
	return f
}

// included verifies the proof behind a leaf, in an export that is not complete.
func (r *reading) included() error {
	line, err := r.following("proof")
	if err != nil {
		return err
	}
	c := cursor{what: "line", data: line}
	c.literal("{")
	proof := c.hashes()
	c.literal("}")
	if err := c.end(); err != nil {
		return r.malformed(r.leaf.subject(), err)
	}
	if tlog.CheckRecord(proof, r.head.Tree.N, r.head.Tree.Hash, r.at, r.hash) != nil {
		return r.finding(r.leaf.subject(), "proof", CodeRoot, "it does not lead from the leaf to the root of the head")
	}
	return nil
}

// following reads the next line, which must be of that name.
func (r *reading) following(name string) ([]byte, error) {
	line, err := r.lines.read()
	if err == io.EOF {
		return nil, r.finding(r.leaf.subject(), name, CodeTruncated, "the export ends before the line with it")
	}
	if err != nil {
		return nil, err
	}
	if n := len(name); len(line) < n+5 || string(line[:2]) != `{"` || string(line[2:2+n]) != name || string(line[2+n:4+n]) != `":` || line[len(line)-1] != '}' {
		return nil, r.finding(r.leaf.subject(), name, CodeRemoved, "the line with it belongs here")
	}
	return line, nil
}

// hashed reads the next line, whose value must have that digest. What it gives is good until the next line.
func (r *reading) hashed(name string, digest []byte) ([]byte, error) {
	line, err := r.following(name)
	if err != nil {
		return nil, err
	}
	value := line[len(name)+4 : len(line)-1]
	if !matches(digest, value) {
		return nil, r.finding(r.leaf.subject(), name, CodeAltered, "it is not what was recorded")
	}
	return value, nil
}

// contents verifies what a leaf commits to.
func (r *reading) contents() error {
	switch r.leaf.schema {
	case SchemaReceipt:
		r.report.Decisions++
		return r.decision()
	case SchemaAccess:
		r.report.Accesses++
		return r.personal()
	case SchemaErasure:
		r.report.Erasures++
		return r.erasure()
	case SchemaActivation:
		r.report.Activations++
		return r.activation()
	case SchemaKeys:
		r.report.KeyChanges++
		return r.announcement()
	case SchemaHold:
		r.report.Holds++
		return r.personal()
	}
	r.report.Editions++
	return r.edition()
}

func (r *reading) decision() error {
	if err := r.rules(); err != nil {
		return err
	}
	facts, err := r.hashed("facts", r.leaf.factsDigest)
	if err != nil {
		return err
	}
	if r.Each != nil {
		r.entry.Facts = bytes.Clone(facts)
	}
	if err := r.personal(); err != nil {
		return err
	}
	r.entry.Outcome, err = r.hashed("outcome", r.leaf.outcomeDigest)
	return err
}

// rules holds a receipt against the edition that it names.
func (r *reading) rules() error {
	ed := r.editions[string(r.leaf.editionDigest)]
	switch {
	case ed == nil:
		return r.finding(r.leaf.subject(), "edition_digest", CodeEdition, "no edition with this digest was published before: %s", r.leaf.editionDigest)
	case !ed.names[string(r.leaf.edition)]:
		return r.finding(r.leaf.subject(), "edition", CodeEdition, "the edition with this digest is %s", ed.name)
	case r.report.Complete && r.active != "" && r.active != string(r.leaf.editionDigest):
		return r.finding(r.leaf.subject(), "edition_digest", CodeEdition, "the edition in use was %s", r.editions[r.active].name)
	case len(ed.policies) > 0 && !ed.policies[string(r.leaf.policyDigest)]:
		return r.finding(r.leaf.subject(), "policy_digest", CodePolicy, "edition %s was not published with these policies: %s", ed.name, r.leaf.policyDigest)
	}
	for _, rule := range r.leaf.rules {
		if rule.in == ed {
			continue
		}
		if !ed.rules[rule] {
			return r.finding(r.leaf.subject(), "rules", CodeRule, "edition %s does not have {%s}", ed.name, rule.text)
		}
		rule.in = ed
	}
	return nil
}

// personal verifies the line of personal values, which are those that the leaf commits to, in their order.
func (r *reading) personal() error {
	line, err := r.following("personal")
	if err != nil {
		return err
	}
	c := cursor{what: "line", data: line}
	c.literal(`{"personal":[`)
	for i, s := range r.leaf.personal {
		if i > 0 {
			c.literal(",")
		}
		if err := r.value(&c, s); err != nil {
			return err
		}
	}
	c.field = "personal"
	c.literal("]}")
	if err := c.end(); err != nil {
		return r.malformed(r.leaf.subject(), err)
	}
	return nil
}

// value verifies one personal value, or notes that it is said to be erased.
func (r *reading) value(c *cursor, s sealed) error {
	c.literal(`{"path":`)
	from := c.pos
	path := c.raw()
	switch {
	case c.err != nil || !bytes.Equal(path, s.path):
		return r.finding(r.leaf.subject(), unescape(s.path), CodeRemoved, "the value belongs here, or the word that it was erased")
	case c.next(`,"erased":`):
		return r.gone(c, unescape(path))
	}
	quoted := c.data[from:c.pos]
	c.literal(`,"salt":`)
	salt := c.raw()
	c.literal(`,"value":`)
	value := c.value()
	c.literal("}")
	if c.err != nil {
		return r.finding(r.leaf.subject(), unescape(s.path), CodeFormat, "%v", c.err)
	}
	var room [digestLength]byte
	if !bytes.Equal(appendCommit(room[:0], quoted, salt, value), s.hash) {
		return r.finding(r.leaf.subject(), unescape(s.path), CodeAltered, "it is not what was recorded")
	}
	if r.Each != nil {
		r.entry.Personal = append(r.entry.Personal, Personal{unescape(path), string(salt), bytes.Clone(value)})
	}
	return nil
}

// gone notes a value that is said to be erased by a later leaf.
func (r *reading) gone(c *cursor, path string) error {
	by := c.integer()
	c.literal("}")
	if c.err != nil || by <= r.at || by >= r.head.Tree.N {
		return r.finding(r.leaf.subject(), path, CodeErasure, "no later leaf can have erased it")
	}
	r.pending[by] = append(r.pending[by], absent{r.lines.number, r.leaf.subject(), unescape(r.leaf.id), path})
	r.report.Erased++
	if r.Each != nil {
		if r.entry.Erased == nil {
			r.entry.Erased = map[string]int64{}
		}
		r.entry.Erased[path] = by
	}
	return nil
}

// erasure verifies that the values it names are those that are said to be erased by it.
func (r *reading) erasure() error {
	id := unescape(r.leaf.entry)
	for _, p := range r.leaf.paths {
		path, list := unescape(p), r.pending[r.at]
		i := slices.IndexFunc(list, func(a absent) bool { return a.id == id && a.path == path })
		if i < 0 {
			return r.finding(r.leaf.subject(), path, CodeErasure, "it was erased from %s, where the export does not say so", id)
		}
		r.pending[r.at] = slices.Delete(list, i, i+1)
	}
	return nil
}

// settled tells whether what is said to be erased by the leaf at hand was erased by it.
func (r *reading) settled() error {
	list := r.pending[r.at]
	delete(r.pending, r.at)
	if len(list) == 0 {
		return nil
	}
	return unsettled(list[0], r.at)
}

func unsettled(a absent, by int64) error {
	return &Finding{a.line, a.subject, a.path, CodeErasure, fmt.Sprintf("it is said to be erased by leaf %d, which does not say so", by)}
}

// edition verifies the files of an edition, and remembers what receipts are held against.
func (r *reading) edition() error {
	name, digest := unescape(r.leaf.id), string(r.leaf.editionDigest)
	for d, ed := range r.editions {
		if ed.names[name] && d != digest {
			return r.finding(r.leaf.subject(), "digest", CodeEdition, "an edition of this name was published with another digest")
		}
	}
	ed := r.editions[digest]
	if ed == nil {
		ed = &published{name, map[string]bool{}, map[string]bool{}, make(map[*version]bool, len(r.leaf.rules))}
	}
	ed.name, ed.names[name] = name, true
	if len(r.leaf.policyDigest) > 0 {
		ed.policies[string(r.leaf.policyDigest)] = true
	}
	for _, rule := range r.leaf.rules {
		ed.rules[rule] = true
	}
	r.editions[digest] = ed
	for _, f := range r.leaf.files {
		if err := r.file(f); err != nil {
			return err
		}
	}
	return nil
}

// activation verifies that the edition was published, and takes it for the one in use.
func (r *reading) activation() error {
	ed := r.editions[string(r.leaf.editionDigest)]
	switch {
	case ed == nil && r.report.Complete:
		return r.finding(r.leaf.subject(), "edition_digest", CodeEdition, "no edition with this digest was published before: %s", r.leaf.editionDigest)
	case ed != nil && !ed.names[string(r.leaf.edition)]:
		return r.finding(r.leaf.subject(), "edition", CodeEdition, "the edition with this digest is %s", ed.name)
	}
	if ed != nil {
		r.active = string(r.leaf.editionDigest)
	}
	return r.personal()
}

func (r *reading) file(f file) error {
	line, err := r.following("file")
	if err != nil {
		return err
	}
	c := cursor{what: "line", data: line}
	c.literal(`{"file":`)
	text := appendUnescaped(nil, c.raw())
	c.literal("}")
	if err := c.end(); err != nil {
		return r.finding(r.leaf.subject(), unescape(f.path), CodeFormat, "%v", err)
	}
	if !matches(f.digest, text) {
		return r.finding(r.leaf.subject(), unescape(f.path), CodeAltered, "the text is not the one that was published")
	}
	if r.Each != nil {
		r.entry.Files = append(r.entry.Files, text)
	}
	return nil
}

// checkpoint verifies a checkpoint, and with it all leaves before it.
func (r *reading) checkpoint(line []byte) error {
	c := cursor{what: "line", data: line}
	c.literal(`{"checkpoint":`)
	text := unescape(c.raw())
	c.literal("}")
	if err := c.end(); err != nil {
		return r.malformed(r.since(), err)
	}
	s, err := r.head, error(nil)
	if text != s.Note {
		s, err = r.Keys.Open(text)
	}
	if err != nil {
		return r.finding(r.since(), "", codeOf(err), "%v", err)
	}
	subject := fmt.Sprint("checkpoint ", s.Tree.N)
	if r.ended = s.Tree.N == r.head.Tree.N; r.ended && s.Note != r.head.Note {
		return r.finding(subject, "", CodeAltered, "the head is another than on the first line")
	}
	if r.report.Complete {
		if err := r.covers(s, subject); err != nil {
			return err
		}
	} else if !r.ended {
		return r.finding(subject, "", CodeFormat, "an export that is not complete has no checkpoint but the head")
	}
	r.report.Checkpoints++
	r.last, r.lastLine = s, r.lines.number
	return nil
}

// since names a checkpoint that can't be read.
func (r *reading) since() string { return fmt.Sprintf("checkpoint behind leaf %d", r.next-1) }

// covers tells whether the checkpoint is of the leaves read so far.
func (r *reading) covers(s *Signed, subject string) error {
	switch {
	case s.Tree.N > r.next:
		return r.missing(fmt.Sprintf("checkpoint %d stands here", s.Tree.N))
	case s.Tree.N < r.next:
		return r.finding(subject, "", CodeMoved, "it stands behind leaf %d", r.next-1)
	case s.Tree.Hash != r.tree.root():
		from := int64(0)
		if r.last != nil {
			from = r.last.Tree.N
		}
		return r.finding(subject, "", CodeRoot, "the leaves %d to %d, lines %d to %d, are not those that were signed: some were altered, removed, exchanged or added", from, s.Tree.N-1, r.lastLine+1, r.lines.number-1)
	case r.last != nil && s.Instant.Before(r.last.Instant):
		return r.finding(subject, "", CodeFormat, "it is older than the checkpoint before it")
	}
	return nil
}

// reached compares the tree with a checkpoint of that size that is held.
func (r *reading) reached(size int64) error {
	for ; r.held < len(r.Held) && r.Held[r.held].Tree.N == size; r.held++ {
		if r.report.Complete && r.Held[r.held].Tree.Hash != r.tree.root() {
			return r.finding(fmt.Sprint("leaf ", size-1), "", CodeSplitView, "%v: a checkpoint of size %d that is held has another root", ErrSplitView, size)
		}
	}
	return nil
}

// close judges the end of the export.
func (r *reading) close() error {
	if !r.ended {
		return r.finding("", "", CodeTruncated, "the export ends here, and its head has %d leaves", r.head.Tree.N)
	}
	for by, list := range r.pending {
		return unsettled(list[0], by)
	}
	if !r.report.Complete {
		return nil
	}
	return r.succession()
}
