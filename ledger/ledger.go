// Package ledger is the record of decisions: what was decided, under which text of the law, on which
// facts, and a proof that nothing of it was altered or taken out since. It is pure logic: a database is
// reached through interfaces declared here, and time comes in as a value.
//
// # The idea
//
// Everything that must not be denied later becomes a leaf: a [Receipt] of a decision, an [Access] to
// personal data, an [Erasure] of personal values, an [Edition] that was published. A leaf is canonical
// JSON: there is one way to write it, and whatever is written otherwise is not a leaf. Leaves hold
// digests, not contents, and nothing personal.
//
// Leaves form an append-only Merkle tree of the shape of RFC 6962 (golang.org/x/mod/sumdb/tlog). Whenever
// the tree has grown, its size and root are signed: a [Checkpoint], which others may sign too. Who holds one
// checkpoint can be shown that a decision is in the tree ([Proof]), and that a later tree has only grown.
//
// # Personal data
//
// A personal value is kept apart, with a salt of its own, and the leaf holds only their common hash
// ([Commit]). Erasing value and salt leaves every hash as it was, and nothing from which the value could be
// guessed. The erasure is a leaf as well: so a value that is missing without one was removed by somebody.
//
// # One log, several instances
//
// [Appender] makes the log longer. Whoever appends holds the lock of the head in the database; whatever two instances
// do and wherever one dies, there is one order of leaves and one checkpoint of each size.
//
// # Checking without us
//
// An export is lines of JSON ([ExportWriter]); [Verify] reads it once, with the public keys and nothing
// else, and names the first thing that is wrong: the line, the decision, the field.
package ledger

import (
	"crypto/sha256"
	"encoding/hex"
)

// Digest is the hash of some bytes with the name of its algorithm: "sha256:" and 64 hexadecimal digits
// in small letters. "" is none.
type Digest string

const digestPrefix = "sha256:"

// digestLength is that of the text of a digest.
const digestLength = len(digestPrefix) + 2*sha256.Size

// DigestOf is the digest of these bytes.
func DigestOf(data []byte) Digest {
	sum := sha256.Sum256(data)
	return Digest(appendSum(nil, sum))
}

func appendSum(dst []byte, sum [sha256.Size]byte) []byte {
	return hex.AppendEncode(append(dst, digestPrefix...), sum[:])
}

// matches tells whether text is the digest of data, without allocating.
func matches(text, data []byte) bool {
	var room [digestLength]byte
	return string(text) == string(appendSum(room[:0], sha256.Sum256(data)))
}
