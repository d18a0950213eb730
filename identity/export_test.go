package identity

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// What tests need to see of the inside.
const Generation = generation

// Crowd makes v remember n tokens of strangers, and tells how many it holds then.
func (v *Verifier) Crowd(n int, from time.Time) int {
	for i := range n {
		v.cache.put(sha256.Sum256(fmt.Append(nil, i)), remembered{principal: &Principal{Subject: "stranger"}, from: from, until: from.Add(time.Hour)})
	}
	v.cache.mu.Lock()
	defer v.cache.mu.Unlock()
	return len(v.cache.young) + len(v.cache.old)
}
