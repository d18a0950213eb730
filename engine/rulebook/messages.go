package rulebook

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Template is a message in every language, with {slots}. Slots are checked at load; a brace that
// is meant as such is written twice.
type Template struct {
	Texts Texts
	Slots []string // each once, in the order of the Italian text, then of the others
	Place Place    // of a sentence of the catalogue
	parts map[string][]part
}

type part struct {
	text string
	slot string // "" for plain text
}

// Messages is the catalogue of sentences, by id.
type Messages struct {
	byID map[string]*Template
}

// Get is the template of that id, or nil.
func (m *Messages) Get(id string) *Template { return m.byID[id] }

// IDs lists the catalogue, sorted.
func (m *Messages) IDs() []string { return sortedKeys(m.byID) }

// Each calls plain and slot for the parts of the text in lang, in order.
func (t *Template) Each(lang string, plain, slot func(string)) {
	for _, p := range t.parts[lang] {
		if p.slot == "" {
			plain(p.text)
		} else {
			slot(p.slot)
		}
	}
}

// Render is the text in lang, each slot replaced by what value gives.
func (t *Template) Render(lang string, value func(slot string) string) string {
	parts, ok := t.parts[lang]
	if !ok {
		parts = t.parts["it"]
	}
	n := 0
	for _, p := range parts {
		n += len(p.text) + 16
	}
	b := make([]byte, 0, n)
	for _, p := range parts {
		if p.slot == "" {
			b = append(b, p.text...)
		} else {
			b = append(b, value(p.slot)...)
		}
	}
	return string(b)
}

// template builds the message under a key, an object with a text for each language. cure says ""
// of a slot that is allowed, and else what to write instead.
func (l *loader) template(o object, key string, cure func(slot string) string) *Template {
	n := o.node(key)
	if n == nil {
		return nil
	}
	return l.compileTemplate(o, n, o.texts(key), cure)
}

// compileTemplate builds a message whose texts stand under the languages as keys of n.
func (l *loader) compileTemplate(o object, n *yaml.Node, texts Texts, cure func(slot string) string) *Template {
	t := &Template{Texts: texts, parts: map[string][]part{}}
	for _, lang := range []string{"it", "en", "de"} {
		at := valueOf(n, lang)
		if at == nil || o.wrong[at] {
			continue
		}
		parts, broken := splitTemplate(texts[lang])
		if broken != "" {
			l.defects = append(l.defects, o.src.defect(at, "bad_slot", "un valore si scrive {nome}; una graffa vera si scrive doppia: {{ o }}", "%s", broken))
		}
		t.parts[lang] = parts
		for _, p := range parts {
			l.slot(t, o, at, p.slot, cure)
		}
	}
	return t
}

func (l *loader) slot(t *Template, o object, at *yaml.Node, slot string, cure func(string) string) {
	if slot == "" || slices.Contains(t.Slots, slot) {
		return
	}
	if hint := cure(slot); hint != "" {
		l.defects = append(l.defects, o.src.defect(at, "unknown_slot", hint, "il messaggio non può contenere {%s}", slot))
		return
	}
	t.Slots = append(t.Slots, slot)
}

// splitTemplate cuts a text at its slots; broken says what is wrong with its braces.
func splitTemplate(text string) (parts []part, broken string) {
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			parts = append(parts, part{text: plain.String()})
			plain.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c != '{' && c != '}':
			plain.WriteByte(c)
		case i+1 < len(text) && text[i+1] == c:
			plain.WriteByte(c)
			i++
		case c == '}':
			return parts, "nel messaggio una graffa si chiude senza essersi aperta"
		default:
			end := strings.IndexAny(text[i+1:], "{}")
			if end < 0 || text[i+1+end] != '}' {
				return parts, "nel messaggio una graffa si apre e non si chiude"
			}
			slot := text[i+1 : i+1+end]
			if !dottedID.pattern.MatchString(slot) {
				return parts, "nel messaggio {" + slot + "} non è un nome"
			}
			flush()
			parts = append(parts, part{slot: slot})
			i += 1 + end
		}
	}
	flush()
	return parts, ""
}
