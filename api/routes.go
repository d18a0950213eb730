package api

import (
	"hash"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"omnia/archive"
	"omnia/ledger"
	"omnia/policies"
)

// route is one operation: its place, what it answers with, and what it is for.
type route struct {
	method   string
	path     string
	produces []string // media types offered, the preferred one first; nil: the handler negotiates
	action   action
	summary  string // Italian, for the landing page

	permit   string   // what the policies are asked before a route that reads no archive; "" is nothing
	archived bool     // it reads the archive: the handler asks for access, and the answer waits for its record
	repeats  bool     // it stores, and so understands Idempotency-Key: the handler calls once
	decides  bool     // it takes a decision, which must be in the record before the answer leaves
	streams  bool     // the answer goes on for long: neither its time nor its number is bounded like that of others
	long     []string // media types of an answer that takes as long as a body with many records
	bulk     []string // media types of a body with many records, which may be longer than others
}

// The media types of the service.
const (
	typeJSON    = "application/json"
	typeProblem = "application/problem+json"
	typeYAML    = "application/yaml"
	typeHTML    = "text/html"
	typeNDJSON  = "application/x-ndjson"
	typeCSV     = "text/csv"
)

// routes is the whole surface of the service. The OpenAPI document names exactly these.
func (s *server) routes() []route {
	return slices.Concat(s.openRoutes(), s.editionRoutes(), s.formRoutes(), s.draftRoutes(), s.matricoleRoutes(), s.delegheRoutes(), s.provvedimentiRoutes(), s.accessiRoutes(), s.decisionRoutes(), s.ledgerRoutes(), s.chatRoutes(), s.adviserRoutes(), s.serviceRoutes())
}

var asJSON = []string{typeJSON}

// openRoutes read no archive.
func (s *server) openRoutes() []route {
	const rules = "regole.leggi"
	return []route{
		{method: http.MethodPost, path: "/v1/counters", produces: asJSON, action: s.computeCounters, permit: "contatori.calcola", decides: true,
			summary: "calcola tutti i contatori sui fatti inviati"},
		{method: http.MethodGet, path: "/v1/rules", produces: asJSON, action: s.listRules, permit: rules,
			summary: "elenca parametri, contatori, regole e tabelle"},
		{method: http.MethodGet, path: "/v1/rules/:id", produces: asJSON, action: s.showRule, permit: rules,
			summary: "mostra la versione in vigore in un giorno"},
		{method: http.MethodGet, path: "/v1/rules/:id/versions", produces: asJSON, action: s.listRuleVersions, permit: rules,
			summary: "elenca tutte le versioni"},
	}
}

// serviceRoutes speak of the service itself, to anyone.
func (s *server) serviceRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/status", produces: []string{typeProblem, typeJSON}, action: s.status, summary: "dice se il servizio è in linea"},
		{method: http.MethodGet, path: "/metrics", action: s.exposeMetrics, summary: "misure per Prometheus"},
		{method: http.MethodGet, path: "/openapi.json", produces: asJSON, action: s.openAPIJSON, summary: "la descrizione OpenAPI, in JSON"},
		{method: http.MethodGet, path: "/openapi.yaml", produces: []string{typeYAML, "text/yaml", "text/plain"}, action: s.openAPIYAML,
			summary: "la descrizione OpenAPI, in YAML"},
		{method: http.MethodGet, path: "/problems", produces: []string{typeHTML, typeJSON}, action: s.listProblems, summary: "elenca i codici di errore e di segnalazione"},
		{method: http.MethodGet, path: "/problems/:code", produces: []string{typeHTML, typeJSON}, action: s.showProblem, summary: "spiega un codice di errore o di segnalazione"},
		{method: http.MethodGet, path: "/", produces: []string{typeHTML}, action: s.home, summary: "questa pagina"},
	}
}

// action is a handler that returns what went wrong.
type action func(c *call) error

// call is one request on its way through a handler.
type call struct {
	*gin.Context
	lang  string    // it, en or de
	media string    // the media type to answer with
	now   time.Time // the one instant at which the request is judged

	held    *held             // the answer, while it is kept back
	lines   []*archive.Access // of the record of accesses, not yet written
	purpose string            // why the caller asks, by its own word
	key     string            // its Idempotency-Key
	content []byte            // its body, once it was read whole
	verdict policies.Verdict  // the last one that allowed something

	decisions  []*ledger.Decision // made, and not yet in the record
	headless   headless           // the last one, written for its digest
	unrecorded bool               // the caller asked not to record, and may
	digest     hash.Hash          // of the body, with a key
}

// handle adapts an action to gin: an error becomes a problem document.
func (s *server) handle(do action) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := do(&call{Context: c, lang: languageOf(c), now: s.Now()}); err != nil {
			s.fail(c, err)
		}
	}
}

// negotiated refuses a request that accepts nothing of what the route offers, and one that the
// policies refuse whatever it says.
func (s *server) negotiated(rt route) action {
	do := s.conditioned(rt)
	return func(c *call) error {
		if rt.permit != "" {
			if err := s.permit(c, rt.permit); err != nil {
				return err
			}
		}
		if rt.produces == nil {
			return do(c)
		}
		if c.media = preferred(c.Request.Header.Values("Accept"), rt.produces); c.media == "" {
			return failure(c.lang, codeNotAcceptable, rt.produces[0])
		}
		return do(c)
	}
}

// conditioned is the handler of a route with what the archive asks of it around it.
func (s *server) conditioned(rt route) action {
	do := s.ruled(rt.path, rt.action)
	if rt.repeats {
		do = s.repeatable(do)
	}
	if rt.archived {
		do = s.recorded(do)
	}
	if rt.decides {
		do = s.retried(do)
	}
	return do
}

func (s *server) noRoute(c *call) error {
	return failure(c.lang, codeRouteNotFound)
}

// noMethod answers OPTIONS with what the path allows, and refuses the rest. gin has set Allow.
func (s *server) noMethod(c *call) error {
	allow := c.Writer.Header().Get("Allow")
	if slices.Contains(strings.Split(allow, ", "), http.MethodGet) {
		allow += ", " + http.MethodHead
	}
	allow += ", " + http.MethodOptions
	c.Header("Allow", allow)
	if c.Request.Method == http.MethodOptions {
		c.Status(http.StatusNoContent)
		c.Writer.WriteHeaderNow()
		return nil
	}
	return failure(c.lang, codeMethodNotAllowed, allow)
}
