package ledger

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// An export, export/v1, is lines, each a JSON object in canonical form, each with its line end:
//
//	{"export":{"schema":"export/v1","origin":…,"complete":true,"head":…}}
//	{"leaf":0,"hash":…,"entry":{…}}          an edition; then of each of its files, in their order,
//	{"file":…}                                  the text
//	{"leaf":1,"hash":…,"entry":{…}}          a decision, always followed by three lines
//	{"facts":{…}}                               those that are not personal
//	{"personal":[{"path":…,"salt":…,"value":…},{"path":…,"erased":7}]}
//	{"outcome":{…}}
//	{"leaf":2,"hash":…,"entry":{…}}          an access, followed by one
//	{"personal":[…]}
//	{"checkpoint":…}                            after as many leaves as it says
//	{"leaf":3,"hash":…,"entry":{…}}          an erasure, followed by none
//	…
//	{"checkpoint":…}                            the last line: the head, as the first line has it
//
// Facts, entries and outcomes are the very bytes that were hashed. The hash beside a leaf adds nothing to the
// proof: it is there so that an altered leaf can be named. A personal line has what the leaf commits to, in
// its order; "erased" is the position of the leaf that says so.
//
// A complete export has every leaf from 0 to the head. One that is not has some, ascending, and
// behind each leaf a line {"proof":[…]} that it is under the head: what one person or one case needs.
// It can't show that nothing was left out.

const schemaExport = "export/v1"

// Entry is a leaf with what it commits to.
type Entry struct {
	Position int64
	Leaf     []byte
	Facts    []byte           // of a decision: the public part
	Outcome  []byte           // of a decision
	Personal []Personal       // of a decision or an access: those that are there
	Erased   map[string]int64 // by path: position of the erasure of those that are not
	Files    [][]byte         // of an edition: texts, in the order of its files
	Proof    tlog.RecordProof // in an export that is not complete
}

// ExportWriter writes an export. The first error stays.
type ExportWriter struct {
	w        *bufio.Writer
	head     *Signed
	complete bool
	line     []byte
	leaf     leaf
	err      error
}

// NewExportWriter begins an export up to that head. The caller gives all leaves before it, ascending, or
// some of them with their proofs; then Close.
func NewExportWriter(w io.Writer, head *Signed, complete bool) *ExportWriter {
	x := &ExportWriter{w: bufio.NewWriterSize(w, 64<<10), head: head, complete: complete, leaf: leaf{known: newKnown()}}
	dst := append(x.begin("export"), '{')
	dst = appendTextMember(dst, "schema", schemaExport)
	dst = appendTextMember(dst, "origin", head.Origin)
	dst = strconv.AppendBool(appendKey(dst, "complete"), complete)
	x.end(append(appendTextMember(dst, "head", head.Note), '}'))
	return x
}

func (x *ExportWriter) begin(name string) []byte { return appendKey(append(x.line[:0], '{'), name) }

func (x *ExportWriter) end(dst []byte) {
	x.line = append(dst, '}', '\n')
	if x.err == nil {
		_, x.err = x.w.Write(x.line)
	}
}

// raw writes a line around bytes that are there already.
func (x *ExportWriter) raw(name string, data []byte) {
	if x.err == nil && (len(data) == 0 || bytes.IndexByte(data, '\n') >= 0) {
		x.err = fmt.Errorf("%s of %s: JSON on one line is needed", name, x.leaf.subject())
	}
	x.end(append(x.begin(name), data...))
}

// Entry writes a leaf with what belongs to it. A value that is neither there nor erased by a leaf is
// an error: an export that can't be verified is not begun.
func (x *ExportWriter) Entry(e *Entry) error {
	if x.err == nil {
		x.err = readLeaf(e.Leaf, &x.leaf)
	}
	if x.err != nil {
		return x.err
	}
	dst := strconv.AppendInt(x.begin("leaf"), e.Position, 10)
	dst = appendTextMember(dst, "hash", LeafHash(e.Leaf).String())
	x.end(append(appendKey(dst, "entry"), e.Leaf...))
	if !x.complete {
		x.proof(e.Proof)
	}
	switch x.leaf.schema {
	case SchemaReceipt:
		x.raw("facts", e.Facts)
		x.personal(e)
		x.raw("outcome", e.Outcome)
	case SchemaAccess, SchemaActivation, SchemaHold:
		x.personal(e)
	case SchemaEdition:
		for _, f := range e.Files {
			x.end(appendText(x.begin("file"), string(f)))
		}
	}
	return x.err
}

func (x *ExportWriter) proof(list []tlog.Hash) {
	dst := append(x.begin("proof"), '[')
	for i, h := range list {
		dst = appendText(comma(dst, i), h.String())
	}
	x.end(append(dst, ']'))
}

func (x *ExportWriter) personal(e *Entry) {
	kept := make(map[string]*Personal, len(e.Personal))
	for i := range e.Personal {
		kept[e.Personal[i].Path] = &e.Personal[i]
	}
	dst := append(x.begin("personal"), '[')
	for i, c := range x.leaf.personal {
		path := unescape(c.path)
		dst = appendTextMember(append(comma(dst, i), '{'), "path", path)
		by, erased := e.Erased[path]
		switch p := kept[path]; {
		case p != nil && p.Value != nil:
			dst = append(appendKey(appendTextMember(dst, "salt", p.Salt), "value"), p.Value...)
		case erased:
			dst = strconv.AppendInt(appendKey(dst, "erased"), by, 10)
		case x.err == nil:
			x.err = &Finding{Subject: x.leaf.subject(), Field: path, Code: CodeRemoved, Text: "it is not there, and no erasure says why"}
		}
		dst = append(dst, '}')
	}
	x.end(append(dst, ']'))
}

// Checkpoint writes a checkpoint when as many leaves were written as it has. They bound where a fault
// can be when a whole forged row is hidden; one every thousand leaves is plenty, for to verify one costs
// as much as some ten decisions.
func (x *ExportWriter) Checkpoint(s *Signed) error {
	x.end(appendText(x.begin("checkpoint"), s.Note))
	return x.err
}

// Close writes the head.
func (x *ExportWriter) Close() error {
	if err := x.Checkpoint(x.head); err != nil {
		return err
	}
	return x.w.Flush()
}
