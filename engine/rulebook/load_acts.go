package rulebook

import (
	"strings"
)

// act is one act that may be cited.
type act struct{ id, name, urn, url string }

// acts builds acts.yaml.
func (l *loader) acts(o object) {
	if o.src.name != "acts.yaml" {
		l.file(o.src.name, "wrong_name", "riunisci gli atti in acts.yaml", "gli atti stanno tutti in acts.yaml")
	}
	for _, a := range o.list("acts") {
		id := a.text("id")
		l.take(a, "act", id)
		l.actsByID[id] = act{id, a.text("name"), a.text("urn"), a.text("url")}
		if a.has("urn") && a.has("url") {
			l.defect(a, "url", "exclusive_keys", "togli url: l'indirizzo discende da urn", "un atto ha «urn» oppure «url», non tutti e due")
		}
	}
}

// citations resolves the acts cited under a key.
func (l *loader) citations(o object, key string) []Citation {
	var law []Citation
	for _, c := range o.list(key) {
		id := c.text("act")
		if id == "" {
			continue
		}
		a, ok := l.actsByID[id]
		if !ok && l.unread["."] {
			continue
		}
		if !ok {
			l.defect(c, "act", "unknown_act", suggestOr(id, sortedKeys(l.actsByID), "aggiungi l'atto in acts.yaml"), "l'atto «%s» non è in acts.yaml", id)
			continue
		}
		if c.has("paragraph") && !c.has("article") {
			l.defect(c, "paragraph", "missing_key", "aggiungi article", "un comma senza articolo non dice dove guardare")
		}
		law = append(law, a.cite(c.text("article"), c.text("paragraph")))
	}
	return law
}

// cite is the citation of an article of the act. The address of an article on Normattiva follows
// from the urn of the act.
func (a act) cite(article, paragraph string) Citation {
	c := Citation{Act: a.name, Article: article, Paragraph: paragraph, URL: a.url}
	if a.urn == "" {
		return c
	}
	c.URL = "https://www.normattiva.it/uri-res/N2Ls?" + a.urn
	if article != "" {
		c.URL += "~art" + strings.ReplaceAll(article, "-", "")
		if paragraph != "" {
			c.URL += "-com" + strings.ReplaceAll(paragraph, "-", "")
		}
	}
	return c
}

// norm checks the name of a norm: its act must be known.
func (l *loader) norm(o object, key, name string) {
	if name == "" || name == "*" {
		return
	}
	id, _, _ := strings.Cut(name, ".")
	if _, ok := l.actsByID[id]; !ok && !l.unread["."] {
		l.defect(o, key, "unknown_act", suggestOr(id, sortedKeys(l.actsByID), "aggiungi l'atto in acts.yaml"), "l'atto «%s» della norma «%s» non è in acts.yaml", id, name)
	}
}

// suggestOr words the nearest name, else another cure.
func suggestOr(name string, names []string, other string) string {
	if near := nearest(name, names); near != "" {
		return "forse intendevi «" + near + "»?"
	}
	return other
}
