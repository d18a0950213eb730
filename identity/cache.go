package identity

import (
	"crypto/sha256"
	"sync"
	"time"
)

// The bounds of remembering verified tokens.
const (
	rememberedFor = time.Minute // then the signature is verified again, so that a removed key takes effect
	generation    = 4096        // tokens; two generations are kept
)

// remembered is a token that was verified.
type remembered struct {
	principal *Principal
	from      time.Time // when it was verified
	until     time.Time // its own end, skew included
}

// cache spares verifying the signature of a token that was seen a moment ago. It is keyed by the
// digest of the whole token, so that it neither keeps tokens nor mistakes one for another.
//
// Its size is bounded by two generations: when the young one is full it becomes the old one, and
// the old one is forgotten.
type cache struct {
	mu         sync.Mutex
	young, old map[[sha256.Size]byte]remembered
}

// get is the principal of a token that may still be believed without verifying it.
func (c *cache) get(digest [sha256.Size]byte, now time.Time) (*Principal, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.young[digest]
	if !ok {
		r, ok = c.old[digest]
	}
	if !ok || !now.Before(r.until) || now.Before(r.from) || now.Sub(r.from) >= rememberedFor {
		return nil, false
	}
	return r.principal.clone(), true
}

func (c *cache) put(digest [sha256.Size]byte, r remembered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= generation {
		c.old, c.young = c.young, make(map[[sha256.Size]byte]remembered)
	}
	c.young[digest] = r
}
