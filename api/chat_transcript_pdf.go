package api

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"codeberg.org/go-fonts/dejavu/dejavusansbold"
	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"

	"omnia/chat"
	"omnia/internal/rome"
)

// The transcript on paper: a courtesy copy. The page is the accessible one; no library at hand writes tagged PDF.

const typePDF = "application/pdf"

// The measures of the paper, in millimetres and points.
const (
	paperMargin = 20.0
	paperLine   = 5.0
	paperText   = 10.0
	paperSmall  = 8.0
	paperTitle  = 16.0
)

// paperFont is the font of the paper: Latin, Greek, Cyrillic and more, embedded as far as it is used.
const paperFont = "DejaVu"

// transcriptPDF is the transcript as PDF. The same conversation in the same language gives the same bytes.
func transcriptPDF(lang string, k *chat.Conversation, lines []transcriptLine) ([]byte, error) {
	has, err := glyphsOf(dejavusans.TTF)
	if err != nil {
		return nil, err
	}
	// Each page says how many there are. Once to count them: a placeholder in the library's way is looked for in the bytes
	// of what people wrote as well.
	pages := draw(lang, k, lines, has, 0).PageCount()
	var b bytes.Buffer
	err = draw(lang, k, lines, has, pages).Output(&b)
	return b.Bytes(), err
}

// draw draws the whole paper, of so many pages.
func draw(lang string, k *chat.Conversation, lines []transcriptLine, has *glyphs, pages int) *fpdf.Fpdf {
	words := transcriptWords[lang]
	p := fpdf.New("P", "mm", "A4", "")
	p.AddUTF8FontFromBytes(paperFont, "", dejavusans.TTF)
	p.AddUTF8FontFromBytes(paperFont, "B", dejavusansbold.TTF)
	about(p, lang, words["title"]+" "+k.ID, k)
	p.SetMargins(paperMargin, paperMargin, paperMargin)
	p.SetAutoPageBreak(true, paperMargin)
	p.SetFooterFunc(func() {
		p.SetY(-15)
		p.SetFont(paperFont, "", paperSmall)
		p.SetTextColor(90, 90, 90)
		p.CellFormat(0, paperLine, fmt.Sprintf("%s · %s %d/%d", k.ID, words["page"], p.PageNo(), pages), "", 0, "L", false, 0, "")
	})
	p.AddPage()
	heading(p, words, k, has)
	for i := range lines {
		entry(p, words, &lines[i], has)
	}
	return p
}

// about says what the document is, and in which language. Its day is that of the conversation, so that the bytes are.
func about(p *fpdf.Fpdf, lang, title string, k *chat.Conversation) {
	at := k.OpenedAt
	if k.ClosedAt != nil {
		at = *k.ClosedAt
	}
	p.SetTitle(title, true)
	p.SetLang(lang)
	p.SetProducer("omnia", true)
	p.SetCreationDate(at.UTC())
	p.SetModificationDate(at.UTC())
	p.SetCatalogSort(true)
}

func heading(p *fpdf.Fpdf, words map[string]string, k *chat.Conversation, has *glyphs) {
	p.SetFont(paperFont, "B", paperTitle)
	p.MultiCell(0, 8, words["title"], "", "L", false)
	p.SetFont(paperFont, "", paperText)
	facts := []string{words["matricola"] + " " + k.Matricola, string(k.Topic), words["opened"] + " " + rome.Clock(k.OpenedAt)}
	if k.ClosedAt != nil {
		facts = append(facts, words["closed"]+" "+rome.Clock(*k.ClosedAt))
	}
	p.MultiCell(0, paperLine, has.shown(strings.Join(facts, " · ")+" ("+words["clock"]+")"), "", "L", false)
	p.Ln(paperLine)
}

// entry is one message: who and when, then what.
func entry(p *fpdf.Fpdf, words map[string]string, l *transcriptLine, has *glyphs) {
	if _, height := p.GetPageSize(); p.GetY()+3*paperLine > height-paperMargin { // no name alone at the foot of a page
		p.AddPage()
	}
	who := l.Who + " (" + l.Role + ")"
	if l.Role == "servizio" {
		who = words["service"]
	}
	p.SetTextColor(0, 0, 0)
	p.SetFont(paperFont, "B", paperSmall)
	p.MultiCell(0, paperLine, has.shown(who)+"  "+rome.Clock(l.Sent), "", "L", false)
	p.SetFont(paperFont, "", paperText)
	text := has.shown(l.Text)
	if l.Redacted {
		p.SetTextColor(90, 90, 90)
		text = "[" + words["redacted"] + "]"
	}
	if text != "" {
		p.MultiCell(0, paperLine, text, "", "L", false)
	}
	for _, name := range l.Files {
		p.MultiCell(0, paperLine, has.shown(words["file"]+": "+name), "", "L", false)
	}
	p.Ln(paperLine / 2)
}

// glyphs are what a font can show.
type glyphs struct {
	font   *sfnt.Font
	buffer sfnt.Buffer
}

func glyphsOf(ttf []byte) (*glyphs, error) {
	font, err := sfnt.Parse(ttf)
	return &glyphs{font: font}, err
}

// shown is a text as the paper can show it: line breaks stay, a tab is a space, and what has no glyph, or can't be seen
// and could mislead (controls, marks of direction), is there by its number. Nothing of what was said is dropped.
func (g *glyphs) shown(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\t", " ").Replace(text)
	var b strings.Builder
	for _, r := range text {
		if r == '\n' || g.has(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "[U+%04X]", r)
		}
	}
	return b.String()
}

// has tells whether a character can be shown. The library writes no character beyond the basic plane.
func (g *glyphs) has(r rune) bool {
	if r > 0xFFFF || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) {
		return false
	}
	i, err := g.font.GlyphIndex(&g.buffer, r)
	return err == nil && i != 0
}
