package rulebook

// Template is a message in every language, with {slots}. Slots are checked at load.
type Template struct {
	Texts Texts
	Slots []string
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
