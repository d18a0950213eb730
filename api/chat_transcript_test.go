package api_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"omnia/chat"
)

// paper asks for the transcript as PDF.
func (p *parlour) paper(persona, at, language string) []byte {
	p.t.Helper()
	res := p.as(persona, get(at+"/transcript").with("Accept", "application/pdf").with("Accept-Language", language))
	if res.Code != http.StatusOK || res.Header().Get("Content-Type") != "application/pdf" || !strings.HasPrefix(res.Header().Get("Content-Disposition"), "attachment;") {
		p.t.Fatalf("the transcript: %d %v %.300s", res.Code, res.Header(), res.Body)
	}
	return res.Body.Bytes()
}

// readBack is the text of each page, as pdftotext finds it, without the breaks of lines.
func readBack(t testing.TB, paper []byte) (pages []string) {
	t.Helper()
	text := strings.TrimSuffix(poppler(t, paper, "pdftotext", "-enc", "UTF-8", "-", "-"), "\f")
	for page := range strings.SplitSeq(text, "\f") {
		pages = append(pages, strings.Join(strings.Fields(page), " "))
	}
	return pages
}

// poppler runs one of its tools, which no one here wrote.
func poppler(t testing.TB, paper []byte, tool string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		t.Fatalf("%v: install it with make poppler", err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdin = bytes.NewReader(paper)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%s: %v %s", tool, err, &complaints)
	}
	return string(out)
}

func TestATranscriptOnPaper(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	adviser := p.listen("advisor", "")
	at := p.open("titolare", first, "")
	id := strings.TrimPrefix(at, conversations+"/")
	p.post("advisor", at+"/assignment", "", http.StatusOK)
	adviser.until("assigned")
	said := map[string]string{ // as it was said, and as it is on paper where that differs
		"Però così è già più perché; Straße, Łódź, Ćirković":     "",
		"Αθήνα, Москва, ἀρχή – “virgolette”, l’apostrofo, 1 € ½": "",
		"<b>grassetto</b> &amp; <script>alert(1)</script>":       "",
		`\) Tj ET endstream endobj (%s) 1 0 R /JS`:               "",
		"pagine {nb} di {nb}":                                    "",
		"una faccina 🙂 e 中文":                                     "una faccina [U+1F642] e [U+4E2D][U+6587]",
		"a destra \u202egni\u202c, nullo \u200b, privato \ue000": "a destra [U+202E]gni[U+202C], nullo [U+200B], privato [U+E000]",
		"prima riga\nseconda riga\r\nterza\triga":                "prima riga seconda riga terza riga",
		strings.Repeat("senzaspazi", 60):                         "",
	}
	p.stored(at, "titolare", slices.Sorted(maps.Keys(said))...)
	p.stored(at, "advisor", "segreto da oscurare")
	items := read[listing](t, p.as("advisor", get(at+"/messages?limit=200"))).Items
	secret := items[len(items)-1]["id"].(string)
	p.post("advisor", at+"/messages/"+secret+"/redaction", `{"reason": "dato personale"}`, http.StatusOK)
	p.post("advisor", at+"/messages", `{"client_id": "0190a000-0000-7000-8000-000000000001", "text": "nota interna", "note": true}`, http.StatusCreated)
	p.post("advisor", at+"/close", `{"reason": "risolto"}`, http.StatusOK)

	paper := p.paper("titolare", at, "it")
	pages := readBack(t, paper)
	all := strings.Join(pages, " ")
	squeezed := strings.ReplaceAll(all, " ", "")
	for text, shown := range said {
		if shown == "" {
			shown = text
		}
		if !strings.Contains(squeezed, strings.ReplaceAll(shown, " ", "")) {
			t.Errorf("not on paper: %q; there is %s", shown, all)
		}
	}
	for _, want := range []string{"INFO CIG – trascrizione", "Matricola " + first, "[messaggio oscurato]", id, "pagina 1/" + fmt.Sprint(len(pages))} {
		if !strings.Contains(all, want) {
			t.Errorf("not on paper: %q; there is %s", want, all)
		}
	}
	for _, never := range []string{"segreto", "nota interna", "dato personale"} {
		if strings.Contains(all, never) || bytes.Contains(paper, []byte(never)) {
			t.Errorf("on paper: %q", never)
		}
	}
	if info := poppler(t, paper, "pdfinfo", "-enc", "UTF-8", "-"); !strings.Contains(info, "INFO CIG – trascrizione "+id) {
		t.Errorf("title: %s", info)
	}
	if !bytes.Contains(paper, []byte("/Lang (it)")) {
		t.Error("the paper does not say its language")
	}
	for _, active := range []string{"/JavaScript", "/OpenAction /", "/AA ", "/Launch", "/URI", "/AcroForm", "/EmbeddedFile "} {
		if bytes.Contains(paper, []byte(active)) {
			t.Errorf("the paper does something by itself: %s", active)
		}
	}
	if again := p.paper("titolare", at, "it"); !bytes.Equal(paper, again) {
		t.Error("the same conversation gives other bytes")
	}
	if german := readBack(t, p.paper("titolare", at, "de")); !strings.Contains(german[0], "Protokoll") {
		t.Errorf("in German: %.300s", german[0])
	}
	want(t, p.as("consulente-scaduto", get(at+"/transcript").with("Accept", "application/pdf")), http.StatusNotFound, "conversation_not_found")
}

// A long conversation goes over many pages: nothing is cut off, and each page has its number.
func TestALongTranscriptOnPaper(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	texts := numbered(250, strings.Repeat("una frase piuttosto lunga, ", 12)+"numero ")
	texts = append(texts, strings.Repeat("à ", chat.MaxText/2-10)+"fine del più lungo")
	p.stored(at, "titolare", texts...)
	pages := readBack(t, p.paper("titolare", at, "en"))
	if len(pages) < 20 {
		t.Errorf("%d pages", len(pages))
	}
	all := strings.Join(pages, " ")
	from := 0
	for i := range 250 {
		at := strings.Index(all[from:], fmt.Sprintf("numero %d ", i))
		if at < 0 {
			t.Fatalf("message %d is not on paper, or not in its place", i)
		}
		from += at
	}
	if !strings.Contains(all, "fine del più lungo") {
		t.Error("the end of the longest message is not on paper")
	}
	for i, text := range pages {
		if !strings.Contains(text, fmt.Sprintf("page %d/%d", i+1, len(pages))) {
			t.Errorf("page %d: %.200s…", i+1, text)
		}
	}
}
