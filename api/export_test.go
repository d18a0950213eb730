package api

import "time"

// What the tests outside need to see.

// Routes lists what is registered, as "GET /v1/rules/{id}".
func Routes(cfg Config) (out []string) {
	s := &server{Config: cfg.withDefaults()}
	s.metrics, s.limiter = newMetrics(s.Decider), newLimiter(s.Limits.Rate)
	for _, r := range s.router().Routes() {
		out = append(out, r.Method+" "+braced(r.Path))
	}
	return out
}

var (
	NegotiateLanguage = negotiateLanguage
	Preferred         = preferred
	Principal         = principal
	ReadCursor        = readCursor
	ValidCorrelation  = validCorrelation
	WithArchive       = withArchive
	WithFacts         = withFacts
	OpenAPISource     = openAPISource
	Statuses          = statuses
)

// MaxBuckets is how many principals one generation of the limiter remembers.
const MaxBuckets = maxBuckets

// Limiter is the limiter, to fill.
type Limiter = limiter

// NewLimiter makes one.
var NewLimiter = newLimiter

// Buckets counts what the limiter remembers.
func (l *limiter) Buckets() int { return len(l.young) + len(l.old) }

// ProblemCodes lists the codes explained.
func ProblemCodes() (out []string) {
	for i := range problemTable {
		out = append(out, problemTable[i].Code)
	}
	return out
}

// Explained is one code with its texts by language.
type Explained = explained

// Status is that of the answers that bear the code.
func (e *explained) Status() int { return e.status() }

// The page of a code.
type (
	Explanation   = explanation
	ExplainedRule = explainedRule
)

// ProblemTable is the whole table.
var ProblemTable = problemTable

// General is a text of the table without its verbs.
var General = general

// Take spends one request.
func (l *limiter) Take(principal string, at time.Time) { l.take(principal, at) }
