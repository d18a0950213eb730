package importing

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
)

// Digest names a text by all of its bytes: "sha256:" and their hash. Reading a file once more than needed
// costs far less than storing it.
func Digest(text io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, text); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}
