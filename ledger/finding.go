package ledger

import (
	"errors"
	"fmt"
	"strings"
)

// The sorts of things that are wrong with an export.
const (
	CodeFormat     = "format"    // not the form of an export
	CodeAltered    = "altered"   // not the bytes that were recorded
	CodeRemoved    = "removed"   // a row is not there
	CodeMoved      = "moved"     // rows were exchanged
	CodeRepeated   = "repeated"  // a row is there again
	CodeTruncated  = "truncated" // the end is not there
	CodeRoot       = "root"      // rows were altered, and what they say of themselves with them
	CodeForged     = "forged"    // a signature is not that of its key
	CodeUnknownKey = "unknown_key"
	CodeRetiredKey = "retired_key"
	CodeQuorum     = "quorum"     // too few witnesses
	CodeSplitView  = "split_view" // not the log of a checkpoint that is held
	CodeEdition    = "edition"    // under an edition that was not published before
	CodeRule       = "rule"       // a rule that is not in the edition
	CodePolicy     = "policy"     // policies that are not those of the edition
	CodeKeys       = "keys"       // a key that the log did not name before, or another life of it
	CodeErasure    = "erasure"    // erased without a leaf that says so, or the other way round
)

// Finding is the first thing that is wrong with an export, or with the log where it is stored.
type Finding struct {
	Line    int64  // of the export, from 1; 0 where there are no lines
	Subject string // what it concerns: "decision 0196…", "edition 2026-1", "checkpoint 1284", "leaf 17"; "" for the export
	Field   string // of it: "facts", "outcome", "/azienda/codice_fiscale", "edition_digest"; "" for the whole
	Code    string
	Text    string
}

// Error says it in one line.
func (f *Finding) Error() string {
	var parts []string
	if f.Line > 0 {
		parts = append(parts, fmt.Sprintf("line %d", f.Line))
	}
	for _, p := range []string{f.Subject, f.Field} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		parts = []string{"the log"}
	}
	return fmt.Sprintf("%s: %s [%s]", strings.Join(parts, ", "), f.Text, f.Code)
}

// NotSound is the finding that a checkpoint, or what the subject calls it, can't be opened with the keys.
func NotSound(subject string, err error) *Finding {
	return &Finding{Subject: subject, Code: codeOf(err), Text: err.Error()}
}

// SubjectOf names a leaf as findings do; at is its position, which names one that can't be read.
func SubjectOf(at int64, data []byte) string {
	var l leaf
	if readLeaf(data, &l) != nil {
		return fmt.Sprint("leaf ", at)
	}
	return l.subject()
}

// codeOf is the sort of an error about a checkpoint.
func codeOf(err error) string {
	for _, c := range []struct {
		err  error
		code string
	}{
		{ErrForged, CodeForged}, {ErrUnknownKey, CodeUnknownKey}, {ErrUnsigned, CodeUnknownKey}, {ErrRetiredKey, CodeRetiredKey}, {ErrQuorum, CodeQuorum},
	} {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return CodeFormat
}
