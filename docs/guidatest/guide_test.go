package guidatest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const guidePath = "../guida-autori.md"

// heading is a part of the guide that stands on its own: what is done under it starts anew.
type heading struct {
	title  string
	blocks []block
	rows   [][]string // cells of the tables, code marks removed
}

// block is a fenced block that is more than an illustration.
type block struct {
	lang  string
	attrs map[string]string
	body  string
	line  int // of the opening fence
}

func (b *block) String() string { return fmt.Sprintf("guida-autori.md:%d", b.line) }

func readGuide(t *testing.T) []heading {
	t.Helper()
	text, err := os.ReadFile(guidePath)
	if err != nil {
		t.Fatal(err)
	}
	return parseGuide(string(text))
}

func parseGuide(text string) []heading {
	parts := []heading{{}}
	var open *block
	for i, line := range strings.Split(text, "\n") {
		at := &parts[len(parts)-1]
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case open != nil && fence:
			if len(open.attrs) > 0 {
				at.blocks = append(at.blocks, *open)
			}
			open = nil
		case open != nil:
			open.body += line + "\n"
		case fence:
			open = newBlock(info, i+1)
		case strings.HasPrefix(line, "## "), strings.HasPrefix(line, "### "):
			parts = append(parts, heading{title: strings.TrimLeft(line, "# ")})
		case strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "|---"):
			at.rows = append(at.rows, cells(line))
		}
	}
	return parts
}

// newBlock reads the words after a fence: a language, then name=value or a lone name.
func newBlock(info string, line int) *block {
	b := &block{attrs: map[string]string{}, line: line}
	for i, word := range words(info) {
		name, value, _ := strings.Cut(word, "=")
		if i == 0 {
			b.lang = name
		} else {
			b.attrs[name] = value
		}
	}
	return b
}

// words splits at blanks outside quotes; \" is a quote inside quotes.
func words(s string) (out []string) {
	var word strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && s[i+1] == '"':
			word.WriteByte('"')
			i++
		case c == '"':
			quoted = !quoted
		case c == ' ' && !quoted:
			out = append(out, word.String())
			word.Reset()
		default:
			word.WriteByte(c)
		}
	}
	return append(out, word.String())
}

// cells are those of a row of a table, with \| read as | and the marks of code taken off.
func cells(row string) (out []string) {
	const bar = "\x00"
	row = strings.ReplaceAll(strings.Trim(row, "|"), `\|`, bar)
	for _, c := range strings.Split(row, "|") {
		out = append(out, strings.ReplaceAll(strings.Trim(strings.TrimSpace(c), "`"), bar, "|"))
	}
	return out
}

func find(t *testing.T, parts []heading, title string) *heading {
	t.Helper()
	for i := range parts {
		if parts[i].title == title {
			return &parts[i]
		}
	}
	t.Fatalf("the guide has no heading %q", title)
	return nil
}
