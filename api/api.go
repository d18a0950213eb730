// Package api is HTTP in and HTTP out: routes, problem documents, languages, limits, and the
// OpenAPI document that describes them. Nothing is decided here: a [Decider] decides.
//
// A request passes the middleware in this order: access log and metrics (outermost, so that they
// see every outcome), panic guard, headers, identity and rate limit, load shedding, time limit, body
// limit. A handler returns an error, and problem.go is the one place where an error becomes a response.
//
// Whose request it is, is said by auth.go. What the archive keeps is reached by access.go alone: one
// question to the policies, and one line in the record of accesses before the answer leaves.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"omnia/archive"
	"omnia/archive/avvisi"
	"omnia/chat"
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/ledger"
)

// Decider takes decisions. All methods are safe for concurrent use.
type Decider interface {
	// Edition is the edition in use. It is immutable; a request that began under it may finish under it, unless its
	// decision is recorded: see [Ledger.Commit].
	Edition() *rulebook.Edition
	// Ready is nil, or why this instance can't decide: the edition in use is one whose text it can't load. It must not
	// answer under another one meanwhile.
	Ready() error
	// Renew finds out which edition is in use now, and loads it. It is asked after ledger.ErrEdition, and then Edition
	// is the one to decide under again. Its error is that of Ready, or of reaching the store.
	Renew(ctx context.Context) error
	// At is the engine of any edition that was ever published, by its root digest. One that is not known, or that this
	// version can't load, is replay.ErrNoEdition; other errors are those of reaching the store.
	At(ctx context.Context, digest string) (*engine.Engine, error)
	// Servable is nil when that edition could be taken into use here; else the error is like that of At.
	Servable(ctx context.Context, digest string) error
	// Counters answers every counter on the facts, which were decoded with ed's vocabulary, and
	// gives the decision its id and instant. Input that nothing can be decided on is a *fault.Fault.
	Counters(ctx context.Context, ed *rulebook.Edition, facts *fact.Facts, opt engine.Options) (*engine.Counters, error)
	// Validate checks a form on the facts, which were decoded with ed's vocabulary, and gives the decision its id and
	// instant. A form that does not exist or is not in force is a *fault.Fault.
	Validate(ctx context.Context, ed *rulebook.Edition, facts *fact.Facts, opt engine.ValidateOptions) (*engine.Validation, error)
}

// Config is what the handler needs. Only Decider must be given; with an Archive, Verifier and
// Policies too.
type Config struct {
	Decider Decider

	// Archive is the store. Without one the routes that read it answer 503 archive_unavailable.
	Archive Archive
	// Verifier says whose a token is. Without one every token is refused.
	Verifier Verifier
	// Policies say who may do what. Without them the routes that read no archive are open to all.
	Policies Policies
	// Ledger is the record of decisions. Without one nothing is recorded, and its routes answer 503.
	Ledger Ledger
	// EngineVersion goes into the receipts of decisions: which program took them.
	EngineVersion string
	// Chat is INFO CIG, and Hub wakes its streams. Without them its routes answer 503.
	Chat *chat.Service
	Hub  *chat.Hub
	// Development tells the policies that this is a run on somebody's own machine.
	Development bool

	// Log takes one record for each request, and what went wrong. Default: nothing is logged.
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Draining tells that the process is about to stop: /status then answers 503. Default: never.
	Draining func() bool
	// PublicURL is where callers reach the service; it goes into the access log and the OpenAPI
	// document. Default: http://127.0.0.1:8080.
	PublicURL string
	// TrustedProxies are the addresses or networks whose X-Forwarded-For is believed. Default: none.
	TrustedProxies []string
	// Limits bound what one request, and all together, may take.
	Limits Limits
}

// Limits are the bounds of the service; a zero field means its default.
type Limits struct {
	Body     int64         // bytes of a request body; default 8 MiB
	Bulk     int64         // bytes of a body of many records (NDJSON, CSV); default 1 GiB
	BulkTime time.Duration // of a request with such a body; default 15 min
	Export   int           // rows of a file that is made while the caller waits; default 5,000
	Time     time.Duration // of one request, reading its body included; default 10 s
	InFlight int           // requests served at a time, /status and /metrics apart; default 256
	Rate     int           // requests a second for one principal, and as many at once; default 200
	Messages int           // chat messages a minute for one person; default 60
}

// The defaults of Config and Limits.
const (
	DefaultPublicURL = "http://127.0.0.1:8080"
	DefaultBody      = 8 << 20
	DefaultBulk      = 1 << 30
	DefaultBulkTime  = 15 * time.Minute
	DefaultExport    = 5_000
	DefaultTime      = 10 * time.Second
	DefaultInFlight  = 256
	DefaultRate      = 200
	DefaultMessages  = 60
)

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Draining == nil {
		c.Draining = func() bool { return false }
	}
	orDefault(&c.PublicURL, DefaultPublicURL)
	orDefault(&c.Limits.Body, DefaultBody)
	orDefault(&c.Limits.Bulk, DefaultBulk)
	orDefault(&c.Limits.BulkTime, DefaultBulkTime)
	orDefault(&c.Limits.Export, DefaultExport)
	orDefault(&c.Limits.Time, DefaultTime)
	orDefault(&c.Limits.InFlight, DefaultInFlight)
	orDefault(&c.Limits.Rate, DefaultRate)
	orDefault(&c.Limits.Messages, DefaultMessages)
	return c
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// server is the state that handlers share. It holds no request.
type server struct {
	Config
	metrics  *metrics
	limiter  *limiter
	inFlight atomic.Int64
	document perEdition[*document]
	readers  perEdition[*archive.Reader]
	alerts   perEdition[*avvisi.Book]
	forms    perEdition[*fact.Envelope] // of POST /v1/validate
	drafts   perEdition[*fact.Envelope] // of what is written into a draft
	shapes   perEdition[ledger.Shapes]  // which facts are personal
	keys     keyring
	bulk     map[string][]string // media types of many records, by method and path
	long     map[string]route    // those with answers of many records, by method and path

	chatLimiter *limiter
	streams     streamCount
	glances     turns[glance, seen]
	streaming   map[string]bool // paths of streams
}

// New is the whole service as a handler. It panics when TrustedProxies can't be read, when the
// embedded OpenAPI document is broken, or when there is an archive and nobody to guard it: none of
// these can be served around.
func New(cfg Config) http.Handler {
	if cfg.Archive != nil && (cfg.Verifier == nil || cfg.Policies == nil) {
		panic("api: an Archive needs a Verifier and Policies")
	}
	s := &server{Config: cfg.withDefaults()}
	s.metrics = newMetrics(s.Decider)
	s.limiter = newLimiter(s.Limits.Rate)
	s.chatLimiter = newLimiterPer(s.Limits.Messages, time.Minute)
	return headAsGet(s.router())
}

func (s *server) router() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false // a redirected POST loses its body; a wrong path is a 404
	r.RedirectFixedPath = false
	r.ContextWithFallback = true
	r.UseRawPath = true // a numero may have a slash, which comes as %2F
	if err := r.SetTrustedProxies(s.TrustedProxies); err != nil {
		panic("api: trusted proxies: " + err.Error())
	}
	r.Use(s.correlate, s.observe, s.guard, s.headers, s.identify, s.shed, s.timeLimit, s.bodyLimit)
	r.NoRoute(s.handle(s.noRoute))
	r.NoMethod(s.handle(s.noMethod))
	s.bulk = map[string][]string{}
	s.streaming, s.long = map[string]bool{}, map[string]route{}
	for _, rt := range s.routes() {
		s.bulk[rt.method+" "+rt.path] = rt.bulk
		if rt.long != nil {
			s.long[rt.method+" "+rt.path] = rt
		}
		s.streaming[rt.path] = rt.streams
		r.Handle(rt.method, rt.path, s.handle(s.negotiated(rt)))
	}
	return r
}

// headAsGet answers HEAD as GET: net/http leaves the body out by itself.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(context.WithValue(r.Context(), headKey{}, true))
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// headKey marks a request that came in as HEAD.
type headKey struct{}
