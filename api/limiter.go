package api

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter keeps one token bucket for each principal, in bounded memory.
//
// Buckets live in two generations of at most maxBuckets each. When the younger one is full it
// becomes the older one, and the older one is dropped: who was not seen for so long has a full
// bucket anyway, unless an attacker invents addresses, and then memory matters more.
type limiter struct {
	mu         sync.Mutex
	perSecond  float64
	burst      int
	young, old map[string]*rate.Limiter
}

// maxBuckets bounds one generation: about 100 bytes each.
const maxBuckets = 50_000

func newLimiter(perSecond int) *limiter { return newLimiterPer(perSecond, time.Second) }

// newLimiterPer lets n requests through in that time, and as many at once.
func newLimiterPer(n int, per time.Duration) *limiter {
	return &limiter{perSecond: float64(n) / per.Seconds(), burst: n, young: map[string]*rate.Limiter{}}
}

// quota is what a principal has left.
type quota struct {
	allowed   bool
	remaining int           // whole requests
	reset     time.Duration // until the bucket is full again
	retry     time.Duration // until the next request would be allowed
}

// take spends one request of the principal's bucket at that instant.
func (l *limiter) take(principal string, at time.Time) quota {
	b := l.bucket(principal)
	allowed := b.AllowN(at, 1)
	tokens := b.TokensAt(at)
	return quota{
		allowed:   allowed,
		remaining: max(int(math.Floor(tokens)), 0),
		reset:     l.timeFor(float64(l.burst) - tokens),
		retry:     l.timeFor(1 - tokens),
	}
}

// peek tells what take would, and spends nothing.
func (l *limiter) peek(principal string, at time.Time) quota {
	tokens := l.bucket(principal).TokensAt(at)
	return quota{
		allowed:   tokens >= 1,
		remaining: max(int(math.Floor(tokens)), 0),
		reset:     l.timeFor(float64(l.burst) - tokens),
		retry:     l.timeFor(1 - tokens),
	}
}

func (l *limiter) timeFor(tokens float64) time.Duration {
	return time.Duration(max(tokens, 0) / l.perSecond * float64(time.Second))
}

func (l *limiter) bucket(principal string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.young[principal]
	if b != nil {
		return b
	}
	if b = l.old[principal]; b == nil {
		b = rate.NewLimiter(rate.Limit(l.perSecond), l.burst)
	}
	if len(l.young) >= maxBuckets {
		l.young, l.old = make(map[string]*rate.Limiter, maxBuckets/8), l.young
	}
	l.young[principal] = b
	return b
}
