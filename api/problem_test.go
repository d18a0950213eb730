package api_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"omnia/api"
	"omnia/engine"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

func TestEachKindOfFaultHasAStatus(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for k := fault.Internal; k <= fault.PreconditionRequired; k++ {
		status := api.Statuses[k]
		if http.StatusText(status) == "" || seen[status] {
			t.Errorf("kind %d has status %d", k, status)
		}
		seen[status] = true
	}
}

func TestEachCodeIsExplainedInEachLanguage(t *testing.T) {
	t.Parallel()
	verbs := regexp.MustCompile(`%.`)
	seen := map[string]bool{}
	for _, e := range api.ProblemTable {
		if seen[e.Code] {
			t.Errorf("%s is explained twice", e.Code)
		}
		seen[e.Code] = true
		for _, lang := range quantity.Languages {
			if e.Title[lang] == "" || e.Text[lang] == "" || e.Cure[lang] == "" {
				t.Errorf("%s lacks a text in %s", e.Code, lang)
			}
			if got, wanted := verbs.FindAllString(e.Text[lang], -1), verbs.FindAllString(e.Text["it"], -1); !slices.Equal(got, wanted) {
				t.Errorf("%s in %s takes %v, in Italian %v", e.Code, lang, got, wanted)
			}
			if strings.Contains(api.General(e.Text[lang]), "%") {
				t.Errorf("%s in %s: a verb is left on its page", e.Code, lang)
			}
		}
	}
}

// TestEachCodeOfTheEngineIsExplained reads the sources, so that a code added there without a page
// is found here.
func TestEachCodeOfTheEngineIsExplained(t *testing.T) {
	t.Parallel()
	explained := api.ProblemCodes()
	found := append(constants(t, "../engine/fact/report.go"), constants(t, "../engine/fact/format.go")...)
	found = append(found, faults(t, "../engine/engine.go")...)
	if len(found) < 20 {
		t.Fatalf("only %v found: the sources have moved", found)
	}
	for _, code := range found {
		if !slices.Contains(explained, code) && !strings.HasSuffix(code, "_") {
			t.Errorf("%s has no explanation in problemTable", code)
		}
	}
}

// constants are the string constants of a file that look like codes.
func constants(t *testing.T, path string) (codes []string) {
	t.Helper()
	for _, d := range parse(t, path).Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			for _, v := range s.(*ast.ValueSpec).Values {
				codes = append(codes, literal(v)...)
			}
		}
	}
	return codes
}

// faults are the codes given to fault.New in a file.
func faults(t *testing.T, path string) (codes []string) {
	t.Helper()
	ast.Inspect(parse(t, path), func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 3 {
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "New" {
				codes = append(codes, literal(call.Args[1])...)
			}
		}
		return true
	})
	return codes
}

func literal(e ast.Expr) []string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return nil
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil || !regexp.MustCompile(`^[a-z][a-z0-9_]+$`).MatchString(s) {
		return nil
	}
	return []string{s}
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestGeneratedPageOfErrorsIsFresh(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Codici di errore\n\n<!-- generato da api/codes_table.go: make generate -->\n\n" +
		"Ogni errore è un documento `application/problem+json` con il campo `code`; quelli sui dati hanno anche `errors`, con un\n" +
		"codice per ciascun dato. Il servizio spiega gli stessi codici in `/problems/{code}`, anche in inglese e in tedesco.\n\n" +
		"| Codice | Stato | Titolo | Che cosa è successo | Rimedio |\n|---|---|---|---|---|\n")
	table := slices.SortedFunc(slices.Values(api.ProblemTable), func(a, b api.Explained) int { return strings.Compare(a.Code, b.Code) })
	for _, e := range table {
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s | %s |\n", e.Code, e.Status(), e.Title["it"], api.General(e.Text["it"]), e.Cure["it"])
	}
	ed := embedded(t)
	b.WriteString("\n## Codici dei controlli\n\n" +
		"Li danno i controlli scritti in `rules/checks`. Un errore ferma la decisione: 422, e se tutti i difetti hanno lo stesso codice\n" +
		"lo porta anche il documento, altrimenti `invalid_facts`. Un avviso sta in `warnings` di una risposta 200.\n\n")
	writeCodesOfRules(&b, "Controllo", ed.Rules)
	b.WriteString("\n## Codici delle segnalazioni dei moduli\n\n" +
		"Li danno le regole scritte in `rules/forms`, con i controlli che il modulo elenca. Stanno nelle `findings` del controllo di una domanda, che\n" +
		"risponde 200 qualunque sia l'esito: un errore rende la domanda `invalid`, gli altri no.\n\n")
	writeCodesOfRules(&b, "Regola", ed.FormRules)
	generated(t, "../docs/errori.md", []byte(b.String()))
}

// writeCodesOfRules lists the codes that rules give, with the newest words of each rule: of errors the problem bears
// them, of warnings and findings the answer does.
func writeCodesOfRules(b *strings.Builder, heading string, rules []*rulebook.Rule) {
	fmt.Fprintf(b, "| Codice | Che cosa fa | %s | Messaggio |\n|---|---|---|---|\n", heading)
	does := map[string]string{"error": "errore", "warning": "avviso", "info": "informazione"}
	type line struct{ code, text string }
	var lines []line
	for _, r := range rules {
		codes := map[string]bool{}
		for _, v := range r.Versions {
			if codes[v.Code] {
				continue
			}
			codes[v.Code] = true
			message := v.Message.Texts["it"]
			if v.Suggestion != nil {
				message += " " + v.Suggestion.Text.Texts["it"]
			}
			lines = append(lines, line{v.Code, fmt.Sprintf("| `%s` | %s | `%s`: %s | %s |\n", v.Code, does[v.Severity], r.ID, r.Title["it"], message)})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return strings.Compare(a.code, b.code) })
	for _, l := range lines {
		b.WriteString(l.text)
	}
}

// TestEachCodeOfARuleHasItsPage asks for the page of each code that a rule of a form or a check may give, in each
// language: it says of each version its text, its severity, its norm and its days.
func TestEachCodeOfARuleHasItsPage(t *testing.T) {
	t.Parallel()
	ed := embedded(t)
	s := newService(t, func(c *api.Config) { c.Decider = real{engine.New(ed)} })
	for _, lang := range quantity.Languages {
		for _, r := range slices.Concat(ed.Rules, ed.FormRules) {
			for _, v := range r.Versions {
				w := s.do(get("/problems/"+v.Code).with("Accept", "application/json").with("Accept-Language", lang))
				want(t, w, http.StatusOK, "")
				var got api.Explanation
				decode(t, w.Body.Bytes(), &got)
				i := slices.IndexFunc(got.Rules, func(x api.ExplainedRule) bool { return x.ID == r.ID && x.Version == v.Number })
				if i < 0 {
					t.Fatalf("%s in %s does not name %s, version %d", v.Code, lang, r.ID, v.Number)
				}
				x := got.Rules[i]
				if x.Title != r.Title[lang] || x.Severity != v.Severity || x.ValidFrom != v.From || len(x.Law) != len(v.Law) || x.Message == "" ||
					strings.ContainsAny(x.Message+x.Suggestion, "{}") || (x.Suggestion == "") != (v.Suggestion == nil) {
					t.Errorf("%s in %s: %+v", v.Code, lang, x)
				}
				newest := !slices.ContainsFunc(got.Rules[:i], func(x api.ExplainedRule) bool { return x.ID == r.ID })
				if got.Cure == "" || !strings.Contains(got.Title, r.Title[lang]) || newest && !strings.Contains(got.Detail, x.Message) {
					t.Errorf("%s in %s: %+v", v.Code, lang, got)
				}
				html := s.do(get("/problems/"+v.Code).with("Accept", "text/html").with("Accept-Language", lang)).Body.String()
				for _, part := range []string{"/v1/rules/" + r.ID + "/versions", template.HTMLEscapeString(x.Message), v.Law[0].Act} {
					if !strings.Contains(html, part) {
						t.Errorf("the page of %s in %s lacks %q", v.Code, lang, part)
					}
				}
			}
		}
	}
}

func TestAProblemHasItsPageAsHTMLAndAsJSON(t *testing.T) {
	t.Parallel()
	s := newService(t)
	html := s.do(get("/problems/rule_not_in_force").with("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8").with("Accept-Language", "de"))
	want(t, html, http.StatusOK, "")
	if got := html.Header().Get("Content-Type"); got != "text/html; charset=utf-8" || !strings.Contains(html.Body.String(), "Regel nicht in Kraft") {
		t.Errorf("%s: %s", got, html.Body)
	}
	asJSON := s.do(get("/problems/rule_not_in_force").with("Accept", "application/json"))
	want(t, asJSON, http.StatusOK, "")
	var got map[string]any
	decode(t, asJSON.Body.Bytes(), &got)
	if got["status"] != 404.0 || got["type"] != "/problems/rule_not_in_force" || strings.Contains(got["detail"].(string), "%") {
		t.Errorf("got %v", got)
	}
	want(t, s.do(get("/problems/nothing")), http.StatusNotFound, "problem_not_found")
}

func TestTheListOfProblemsHoldsThemAll(t *testing.T) {
	t.Parallel()
	s := newService(t)
	w := s.do(get("/problems?limit=200").with("Accept", "application/json"))
	want(t, w, http.StatusOK, "")
	var got page
	if decode(t, w.Body.Bytes(), &got); len(got.Items) != len(api.ProblemTable) {
		t.Errorf("%d of %d", len(got.Items), len(api.ProblemTable))
	}
	html := s.do(get("/problems")).Body.String()
	for _, code := range api.ProblemCodes() {
		if !strings.Contains(html, "<code>"+code+"</code>") {
			t.Errorf("the page lacks %s", code)
		}
	}
}
