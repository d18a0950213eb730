package explain

import (
	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// addCitations writes out every citation of the edition, and every exception with its own.
func (l *language) addCitations(ed *rulebook.Edition, s *set) {
	add := func(law []rulebook.Citation) {
		if len(law) > 0 {
			l.cites[&law[0]] = cite(s, law)
		}
	}
	for _, k := range ed.Counters {
		for i := range k.Versions {
			v := &k.Versions[i]
			add(v.Law)
			for j := range v.Variants {
				add(v.Variants[j].Law)
			}
			for j := 0; v.Rate != nil && j < len(v.Rate.Schedules); j++ {
				add(v.Rate.Schedules[j].Law)
			}
		}
	}
	for _, p := range ed.Parameters {
		for i := range p.Versions {
			add(p.Versions[i].Law)
		}
	}
	for _, p := range ed.Presumed {
		for i := range p.Versions {
			add(p.Versions[i].Law)
		}
	}
	for _, x := range ed.Exceptions {
		for i := range x.Versions {
			v := &x.Versions[i]
			add(v.Law)
			text := render(s, exceptionCited, []fill{{sSigla, x.ID}, {sFonte, x.Title.In(l.lang)}, {sNormaFonte, l.cite(v.Law)}})
			l.exceptions[x.ID] = append(l.exceptions[x.ID], cited{calendar.Span{From: v.From, To: v.To}, text})
		}
	}
}

// Cite is a list of law in lang, cited as explanations cite it; "" for none. It is for words beside
// the explanations that rest on the same law.
func (b *Book) Cite(lang string, law []rulebook.Citation) string {
	l := b.languages[lang]
	if l == nil {
		l = b.languages[quantity.Languages[0]]
	}
	if len(law) == 0 {
		return ""
	}
	return cite(l.common, law)
}

// cite is the citation of a list of the edition, as written out by [language.addCitations].
func (l *language) cite(law []rulebook.Citation) string {
	if len(law) == 0 {
		return ""
	}
	return l.cites[&law[0]]
}

// cite writes "art. 12, cc. 3 e 4, D.lgs. 148/2015": citations of one act together, and of one
// article of it together.
func cite(s *set, law []rulebook.Citation) string {
	var acts []string
	for i := 0; i < len(law); {
		n := run(law[i:], func(a, b rulebook.Citation) bool { return a.Act == b.Act })
		acts = append(acts, citeOne(s, law[i:i+n]))
		i += n
	}
	return enumerate(s, listSemicolon, acts)
}

// citeOne cites the articles of one act.
func citeOne(s *set, law []rulebook.Citation) string {
	var articles []string
	for i := 0; i < len(law); {
		n := run(law[i:], func(a, b rulebook.Citation) bool { return a.Article == b.Article })
		if a := law[i].Article; a != "" {
			articles = append(articles, citeParagraphsOf(s, a, law[i:i+n]))
		}
		i += n
	}
	if len(articles) == 0 {
		return law[0].Act
	}
	return render(s, citeAct, []fill{{sArticoli, enumerate(s, citeArticles, articles)}, {sAtto, law[0].Act}})
}

func citeParagraphsOf(s *set, article string, law []rulebook.Citation) string {
	var paragraphs []string
	for _, c := range law {
		if c.Paragraph != "" {
			paragraphs = append(paragraphs, c.Paragraph)
		}
	}
	switch len(paragraphs) {
	case 0:
		return render(s, citeArticle, []fill{{sArticolo, article}})
	case 1:
		return render(s, citeParagraph, []fill{{sArticolo, article}, {sComma, paragraphs[0]}})
	}
	return render(s, citeParagraphs, []fill{{sArticolo, article}, {sCommi, enumerate(s, listAnd, paragraphs)}})
}

// run is how many citations from the first are alike.
func run(law []rulebook.Citation, alike func(a, b rulebook.Citation) bool) int {
	n := 1
	for n < len(law) && alike(law[0], law[n]) {
		n++
	}
	return n
}

// enumerate joins items two by two with the sentence for it. With listAnd the commas stand before
// the last two: "a, b e c".
func enumerate(s *set, with msg, items []string) string {
	if len(items) == 0 {
		return ""
	}
	out := items[0]
	for i, x := range items[1:] {
		how := with
		if with == listAnd && i+2 < len(items) {
			how = listComma
		}
		out = render(s, how, []fill{{sPrimo, out}, {sSecondo, x}})
	}
	return out
}

// fill is a slot and its value.
type fill struct {
	slot  slot
	value string
}

// render fills one sentence, for the little ones that others are made of.
func render(s *set, m msg, with []fill) string {
	var v values
	for _, f := range with {
		v[f.slot] = f.value
	}
	return string(s[m].write(nil, &v))
}
