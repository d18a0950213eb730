package rulebook

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/parser/lexer"
)

// Bounds of one expression. They keep hostile or runaway content from costing time or stack;
// the longest rule of the law today is a tenth of this.
const (
	maxSource = 2000 // characters
	maxNodes  = 1000
	maxDepth  = 200
)

// checker turns one source text into a checked tree, or into all its defects.
type checker struct {
	src     string
	at      Place
	scope   *Scope
	defects []Defect
	visited int // nodes so far: chained comparisons share operands, so a tree may be larger than its text
	depth   int
	closure bool // one word about closures is enough
}

// check reads the source, checks it in every way, and gives the tree when nothing is wrong.
func (c *checker) check(want Want) *node {
	if !c.readable() {
		return nil
	}
	c.scan()
	tree := c.parse()
	if tree == nil {
		return nil
	}
	root := c.lower(tree.Node)
	c.fits(root, want)
	switch {
	case len(c.defects) > 0:
	case root.kind == kindBad: // a form of expr that neither the scan nor the tree knows
		c.defect(0, "unsupported", "riscrivila con le forme della guida", "l'espressione usa una forma che il linguaggio delle regole non ha")
	default:
		c.verify(tree)
	}
	return root
}

// readable refuses what is not worth parsing.
func (c *checker) readable() bool {
	switch n := utf8.RuneCountInString(c.src); {
	case strings.TrimSpace(c.src) == "":
		c.defect(0, "empty_expression", "scrivi una condizione o togli la chiave", "l'espressione è vuota")
	case n > maxSource:
		c.defect(0, "too_long", "dividila in più regole o in una tabella",
			"l'espressione è lunga %d caratteri; il massimo è %d", n, maxSource)
	case !utf8.ValidString(c.src):
		c.defect(0, "bad_encoding", "salva il file in UTF-8", "l'espressione contiene byte che non sono testo UTF-8")
	default:
		i := 0
		for _, r := range c.src {
			if unprintable(r) {
				c.defect(i, "bad_character", "cancellalo e riscrivi il testo a mano",
					"c'è un carattere di controllo invisibile (%U)", r)
				return false
			}
			i++
		}
		return true
	}
	return false
}

func unprintable(r rune) bool {
	return r != '\n' && r != '\t' && r != '\r' && (unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Cf, r))
}

// forbidden are the operators and words of expr that are no part of the rules' language.
var forbidden = map[string]struct{ code, text, hint string }{
	"/":       {"division", "la divisione non è ammessa", "moltiplica l'altro lato: invece di a / 2 <= b scrivi a <= b * 2; le frazioni di legge vanno nei parametri"},
	"%":       {"division", "il resto della divisione (%) non è ammesso", "le frazioni di legge vanno nei parametri, con valori come \"1/3\""},
	"**":      {"power", "l'elevamento a potenza non è ammesso", "scrivi la moltiplicazione per esteso"},
	"^":       {"power", "l'elevamento a potenza non è ammesso", "scrivi la moltiplicazione per esteso"},
	"|":       {"pipe", "la barra | non è ammessa", "per «oppure» scrivi ||; una funzione si chiama come nome(argomenti)"},
	"?.":      {"optional_chain", "l'accesso facoltativo ?. non è ammesso", "scrivi un punto semplice; per sapere se un fatto c'è usa known(fatto)"},
	"??":      {"coalesce", "il valore di riserva ?? non è ammesso: un fatto ignoto resta ignoto", "per un valore presunto scrivi una presunzione con la sua fonte"},
	"..":      {"range", "gli intervalli con .. non sono ammessi", "scrivi i due confronti: x >= 1 && x <= 5"},
	"::":      {"builtin", "l'operatore :: non è ammesso", "usa le funzioni dell'elenco, senza ::"},
	";":       {"variable", "un'espressione è una sola: il punto e virgola non è ammesso", "unisci le condizioni con &&"},
	"let":     {"variable", "le variabili (let) non sono ammesse", "scrivi il valore dove serve, o fanne un parametro"},
	"=":       {"variable", "l'assegnazione = non è ammessa", "per un confronto scrivi =="},
	"if":      {"if_else", "la forma if … { } else { } non è ammessa", "scrivi condizione ? valore : altro valore"},
	"matches": {"regex", "le espressioni regolari (matches) non sono ammesse", "usa startsWith, endsWith, contains o in [ … ]; i formati dei fatti si dichiarano nel vocabolario"},
	"{":       {"map", "le parentesi graffe non sono ammesse", "per un elenco di valori usa le parentesi quadre dopo in"},
	"nil":     {"nil", "nil non è ammesso", "per sapere se un fatto c'è scrivi known(fatto)"},
	"null":    {"nil", "null non è ammesso", "per sapere se un fatto c'è scrivi known(fatto)"},
	"$env":    {"env_access", "$env non è ammesso", "nomina il fatto che ti serve, per esempio azienda.settore"},
}

// scan looks at the words one by one and reports each that the language does not have. Some
// leave no mark in expr's tree, and so even a text that does not parse gets all its defects.
func (c *checker) scan() {
	tokens, err := lexer.Lex(file.NewSource(c.src))
	if err != nil {
		return // the parser will meet it again, and say where
	}
	for i, t := range tokens {
		var prev, next lexer.Token
		if i > 0 {
			prev = tokens[i-1]
		}
		if i+1 < len(tokens) {
			next = tokens[i+1]
		}
		c.scanToken(t, prev, next)
	}
}

func (c *checker) scanToken(t, prev, next lexer.Token) {
	switch t.Kind {
	case lexer.Number:
		c.scanNumber(t)
		return
	case lexer.Bytes:
		c.defect(t.From, "bytes", `togli la b: "testo"`, "i testi b\"…\" non sono ammessi")
		return
	case lexer.String:
		return
	}
	after := prev.Value == "."
	switch {
	case t.Value == "#":
		c.noClosure(t.From)
	case t.Value == "." && (prev.Kind == "" || prev.Kind == lexer.Operator || prev.Is(lexer.Bracket, "(", "[", "{")):
		c.noClosure(t.From)
	case t.Value == "[" && (prev.Kind == lexer.Identifier || prev.Kind == lexer.String || prev.Kind == lexer.Number || prev.Is(lexer.Bracket, ")", "]")):
		c.defect(t.From, "index", "nomina il fatto con i punti (azienda.settore); per un elenco usa count o sum",
			"l'accesso con le parentesi quadre non è ammesso")
	case after && t.Kind == lexer.Identifier: // a name that follows a dot is only a name
	case t.Value == "{" && (prev.Kind == lexer.Identifier || prev.Is(lexer.Operator, "else") || prev.Is(lexer.Bracket, ")", "]")): // told at its `if`
	case t.Value == "{" && next.Is(lexer.Operator, ".", "#"): // told as a closure
	default:
		if f, ok := forbidden[t.Value]; ok {
			c.defect(t.From, f.code, f.hint, "%s", f.text)
		}
	}
}

func (c *checker) scanNumber(t lexer.Token) {
	_, err := strconv.ParseInt(t.Value, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		c.defect(t.From, "number_format", "controlla le cifre", "il numero %s è troppo grande", t.Value)
	case err == nil && !strings.Contains(t.Value, "_"):
	case strings.HasPrefix(strings.ToLower(t.Value), "0x"), !strings.ContainsAny(t.Value, ".eE"):
		c.defect(t.From, "number_format", "scrivi solo cifre: 1000", "il numero %s non è scritto in cifre semplici", t.Value)
	default:
		c.defect(t.From, "float_literal", fmt.Sprintf(`mettilo in un parametro con value: "%s" e la sua fonte, e qui scrivi param("…")`, t.Value),
			"il numero con decimali %s non è ammesso in un'espressione", t.Value)
	}
}

func (c *checker) noClosure(at int) {
	if !c.closure {
		c.closure = true
		c.defect(at, "closure", "usa sum, sum_product o count, o una regola con for_each",
			"le funzioni sugli elementi di un elenco (# e .campo) non sono ammesse")
	}
}

// parse gives expr's syntax tree; nil when the text does not parse, which is then reported,
// unless a forbidden word already explains it.
func (c *checker) parse() (tree *parser.Tree) {
	// The parser is fuzzed by its makers, but a panic there must not take the service down.
	defer func() {
		if recover() != nil {
			tree = nil
			c.syntax(0, "il testo non si può leggere")
		}
	}()
	config := frontEnd()
	config.MaxNodes = maxNodes
	tree, err := parser.ParseWithConfig(c.src, config)
	if err == nil {
		return tree
	}
	var e *file.Error
	if !errors.As(err, &e) {
		e = &file.Error{Message: err.Error()}
	}
	switch {
	case strings.Contains(e.Message, "maximum allowed nodes"):
		c.tooComplex(e.From)
	case len(c.defects) > 0: // a forbidden word explains it
	case strings.HasSuffix(e.Message, "unexpected token EOF"):
		c.syntax(utf8.RuneCountInString(c.src), explainSyntax(e.Message))
	default:
		c.syntax(e.From, explainSyntax(e.Message))
	}
	return nil
}

func (c *checker) syntax(at int, text string) {
	c.defect(at, "syntax", "controlla parentesi, virgolette e operatori intorno a questo punto", "%s", text)
}

func (c *checker) tooComplex(at int) {
	c.defect(at, "too_complex", "dividila in più regole o in una tabella",
		"l'espressione è troppo complessa (più di %d elementi o %d livelli)", maxNodes, maxDepth)
}

// explainSyntax puts the parser's commonest words into Italian; the rest is quoted after an Italian lead.
func explainSyntax(message string) string {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(message, "unexpected token "), "(")
	word := strings.Trim(strings.TrimSuffix(rest, ")"), "\"`")
	switch {
	case message == "unexpected token EOF", strings.HasPrefix(message, "unexpected end of expression"):
		return "l'espressione finisce prima del previsto: manca qualcosa, forse una parentesi o un valore"
	case strings.HasPrefix(message, "unexpected token ") && kind == "Identifier":
		return fmt.Sprintf("la parola «%s» non è attesa qui: forse manca un operatore (&&, ||, ==) prima", word)
	case strings.HasPrefix(message, "unexpected token "):
		return fmt.Sprintf("«%s» non è atteso qui", word)
	case message == "literal not terminated":
		return "il testo non è chiuso: mancano le virgolette finali"
	case strings.HasPrefix(message, "unrecognized character"):
		return "c'è un carattere che non fa parte del linguaggio: " + strings.TrimPrefix(message, "unrecognized character: ")
	case message == "invalid char escape":
		return `la barra \ nel testo non introduce un carattere valido: per una barra scrivi \\`
	case strings.HasPrefix(message, "bad number syntax"):
		return "il numero è scritto male: " + strings.TrimPrefix(message, "bad number syntax: ")
	case message == "expected name":
		return "dopo il punto manca il nome del campo"
	case message == "unclosed comment":
		return "il commento non è chiuso: manca */"
	}
	return "il testo non si può leggere (" + message + ")"
}

// defect records one defect at a rune offset of the source.
func (c *checker) defect(at int, code, hint, format string, args ...any) {
	c.defects = append(c.defects, Defect{Place: c.place(at), Code: code, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// place is where a rune offset of the source is in the file.
func (c *checker) place(at int) Place {
	p := c.at
	i := 0
	for _, r := range c.src {
		if i == at {
			break
		}
		i++
		p.Col++
		if r == '\n' {
			p.Line++
			p.Col = c.at.Col
		}
	}
	return p
}

// start is the offset at which the text of a tree begins: expr places an operator at its sign
// and a member at its last name.
func start(n ast.Node) int {
	switch n := n.(type) {
	case *ast.BinaryNode:
		return start(n.Left)
	case *ast.MemberNode:
		return start(n.Node)
	case *ast.ChainNode:
		return start(n.Node)
	case *ast.SliceNode:
		return start(n.Node)
	case *ast.ConditionalNode:
		return start(n.Cond)
	case *ast.CallNode:
		return start(n.Callee)
	case *ast.UnaryNode: // of `x not in […]` the sign stands inside
		return min(n.Location().From, start(n.Node))
	}
	return n.Location().From
}
