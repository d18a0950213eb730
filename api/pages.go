package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the templates
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
)

// The pages are plain: one style sheet inside, no script, nothing fetched from elsewhere.
//
//go:embed pages.html
var pagesSource string

//go:embed pages.css
var pagesStyle string

var pages = template.Must(template.New("pages").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(pagesStyle) },
}).Parse(pagesSource))

// pagesPolicy allows that one style sheet by its digest, and nothing else.
var pagesPolicy = func() string {
	sum := sha256.Sum256([]byte(pagesStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// page answers with the template of that name.
func (c *call) page(name string, data any) error {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	c.Header("Content-Security-Policy", pagesPolicy)
	send(c.Context, http.StatusOK, typeHTML, b.Bytes())
	return nil
}

// home is the landing page: what this is, and where to go from here. It is in Italian only.
func (s *server) home(c *call) error {
	type line struct{ Method, Path, Summary, Link string }
	var lines []line
	for _, r := range s.routes() {
		l := line{Method: r.method, Path: braced(r.path), Summary: r.summary}
		if r.method == http.MethodGet && l.Path == r.path {
			l.Link = r.path
		}
		lines = append(lines, l)
	}
	ed := s.Decider.Edition()
	c.Header("Content-Language", "it")
	return c.page("home", map[string]any{"Routes": lines, "Edition": ed.Name, "Digest": ed.Digest})
}

// braced writes a route as OpenAPI does: /v1/rules/{id}.
func braced(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

func (s *server) showProblem(c *call) error {
	x, ok := explanationOf(s.Decider.Edition(), c.Param("code"), c.lang)
	if !ok {
		return failure(c.lang, codeProblemNotFound, c.Param("code"))
	}
	if c.media == typeHTML {
		return c.page("problem", map[string]any{"Lang": c.lang, "X": x, "W": problemWords[c.lang]})
	}
	return c.json(x)
}

func (s *server) listProblems(c *call) error {
	q := readQuery(c)
	page := q.paging("code", "-code")
	if err := q.err(); err != nil {
		return err
	}
	all := explanations(s.Decider.Edition(), c.lang)
	if c.media == typeHTML {
		page.limit = len(all)
	}
	out := paged(all, page, func(x explanation) string { return x.Code })
	if c.media == typeHTML {
		return c.page("problems", map[string]any{"Lang": c.lang, "Items": out.Items, "W": problemWords[c.lang]})
	}
	return c.json(out)
}

// problemWords are the fixed words of the problem pages.
var problemWords = map[string]map[string]string{
	"it": {"all": "Codici di errore e di segnalazione", "status": "Stato HTTP", "code": "Codice", "title": "Titolo", "cure": "Rimedio",
		"rules": "Regole che danno il codice", "rule": "Regola", "version": "Versione", "severity": "Gravità", "message": "Messaggio", "law": "Norma",
		"error": "errore", "warning": "avviso", "info": "informazione"},
	"en": {"all": "Codes of errors and findings", "status": "HTTP status", "code": "Code", "title": "Title", "cure": "What to do",
		"rules": "Rules that give the code", "rule": "Rule", "version": "Version", "severity": "Severity", "message": "Message", "law": "Law",
		"error": "error", "warning": "warning", "info": "information"},
	"de": {"all": "Codes der Fehler und Meldungen", "status": "HTTP-Status", "code": "Code", "title": "Titel", "cure": "Abhilfe",
		"rules": "Regeln, die den Code vergeben", "rule": "Regel", "version": "Fassung", "severity": "Schwere", "message": "Meldung", "law": "Norm",
		"error": "Fehler", "warning": "Warnung", "info": "Hinweis"},
}
