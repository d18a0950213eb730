package api

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// route is one operation: its place, what it answers with, and what it is for.
type route struct {
	method   string
	path     string
	produces []string // media types offered, the preferred one first; nil: the handler negotiates
	action   action
	summary  string // Italian, for the landing page
}

// The media types of the service.
const (
	typeJSON    = "application/json"
	typeProblem = "application/problem+json"
	typeYAML    = "application/yaml"
	typeHTML    = "text/html"
)

// routes is the whole surface of the service. The OpenAPI document names exactly these.
func (s *server) routes() []route {
	asJSON := []string{typeJSON}
	return []route{
		{http.MethodPost, "/v1/counters", asJSON, s.computeCounters, "calcola tutti i contatori sui fatti inviati"},
		{http.MethodGet, "/v1/rules", asJSON, s.listRules, "elenca parametri, contatori, regole e tabelle"},
		{http.MethodGet, "/v1/rules/:id", asJSON, s.showRule, "mostra la versione in vigore in un giorno"},
		{http.MethodGet, "/v1/rules/:id/versions", asJSON, s.listRuleVersions, "elenca tutte le versioni"},
		{http.MethodGet, "/v1/editions", asJSON, s.listEditions, "elenca le edizioni delle regole"},
		{http.MethodGet, "/v1/editions/:edition", asJSON, s.showEdition, "mostra il contenuto di un’edizione"},
		{http.MethodGet, "/status", []string{typeProblem, typeJSON}, s.status, "dice se il servizio è in linea"},
		{http.MethodGet, "/metrics", nil, s.exposeMetrics, "misure per Prometheus"},
		{http.MethodGet, "/openapi.json", asJSON, s.openAPIJSON, "la descrizione OpenAPI, in JSON"},
		{http.MethodGet, "/openapi.yaml", []string{typeYAML, "text/yaml", "text/plain"}, s.openAPIYAML, "la descrizione OpenAPI, in YAML"},
		{http.MethodGet, "/problems", []string{typeHTML, typeJSON}, s.listProblems, "elenca i codici di errore"},
		{http.MethodGet, "/problems/:code", []string{typeHTML, typeJSON}, s.showProblem, "spiega un codice di errore"},
		{http.MethodGet, "/", []string{typeHTML}, s.home, "questa pagina"},
	}
}

// action is a handler that returns what went wrong.
type action func(c *call) error

// call is one request on its way through a handler.
type call struct {
	*gin.Context
	lang  string // it, en or de
	media string // the media type to answer with
}

// handle adapts an action to gin: an error becomes a problem document.
func (s *server) handle(do action) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := do(&call{Context: c, lang: languageOf(c)}); err != nil {
			s.fail(c, err)
		}
	}
}

// negotiated refuses a request that accepts nothing of what the route offers.
func (s *server) negotiated(rt route) action {
	if rt.produces == nil {
		return rt.action
	}
	return func(c *call) error {
		if c.media = preferred(c.Request.Header.Values("Accept"), rt.produces); c.media == "" {
			return failure(c.lang, codeNotAcceptable, rt.produces[0])
		}
		return rt.action(c)
	}
}

func (s *server) noRoute(c *call) error {
	return failure(c.lang, codeRouteNotFound)
}

// noMethod answers OPTIONS with what the path allows, and refuses the rest. gin has set Allow.
func (s *server) noMethod(c *call) error {
	allow := c.Writer.Header().Get("Allow")
	if allow == http.MethodGet {
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
