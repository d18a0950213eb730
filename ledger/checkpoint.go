package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is the log at one moment: so many leaves, under that root. Its text is what is signed:
//
//	omnia.example/registro                           origin: which log
//	1284                                             size
//	nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=     root, base64
//	instant 2026-03-02T12:00:00.000Z                 when it was signed, by the clock of who signed
//
// This is the form of https://c2sp.org/tlog-checkpoint, with the instant as an extension line.
type Checkpoint struct {
	Origin  string
	Tree    tlog.Tree
	Instant time.Time
}

const instantPrefix = "instant "

// Text is what is signed.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s%s\n", c.Origin, c.Tree.N, c.Tree.Hash, instantPrefix, c.Instant.UTC().Format(instantLayout))
}

// ErrCheckpoint is a text that is no checkpoint of ours.
var ErrCheckpoint = errors.New("not a checkpoint: origin, size, root and instant expected, each on its line")

// ParseCheckpoint reads a text that Text writes, and no other.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.SplitN(text, "\n", 5)
	if len(lines) != 5 {
		return Checkpoint{}, ErrCheckpoint
	}
	size, err1 := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := tlog.ParseHash(lines[2])
	at, err3 := time.Parse(instantPrefix+instantLayout, lines[3])
	c := Checkpoint{Origin: lines[0], Tree: tlog.Tree{N: size, Hash: root}, Instant: at}
	if err := errors.Join(err1, err2, err3); err != nil || size < 0 || c.Text() != text {
		return Checkpoint{}, ErrCheckpoint
	}
	return c, nil
}

// What one log can't have signed.
var (
	ErrRollback  = errors.New("the log is shorter than it was")
	ErrSplitView = errors.New("the log is not a continuation of what it was: its past was rewritten")
)

// follows tells whether the tree next has only grown out of the tree before, by the proof of it
// (RFC 6962 2.1.2). A tree without leaves is the beginning of every other.
func follows(before, next tlog.Tree, proof tlog.TreeProof) error {
	switch {
	case next.N < before.N:
		return fmt.Errorf("%w: %d leaves after %d", ErrRollback, next.N, before.N)
	case next.N == before.N && next.Hash != before.Hash:
		return fmt.Errorf("%w: two roots of size %d", ErrSplitView, next.N)
	case next.N == before.N || before.N == 0:
		return nil
	}
	if err := tlog.CheckTree(proof, next.N, next.Hash, before.N, before.Hash); err != nil {
		return fmt.Errorf("%w: from %d to %d leaves", ErrSplitView, before.N, next.N)
	}
	return nil
}
