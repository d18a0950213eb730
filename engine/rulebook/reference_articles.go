package rulebook

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// article is a place of the law that something rests on.
type article struct{ act, number string }

// articles lists, by article, everything that cites it: where a change of the law has to look.
func (p *rulesPage) articles() {
	on := map[article][]string{}
	for i := range p.ed.Items {
		it := &p.ed.Items[i]
		name := kindNames[it.Kind] + " `" + it.ID + "`"
		for _, c := range it.Version.Law {
			at := article{c.Act, c.Article}
			on[at] = appendNew(on[at], name)
		}
	}
	p.line("", "## Per articolo", "", "Che cosa poggia su ogni norma: è da qui che si comincia quando la norma cambia.", "", "| Norma | Che cosa vi poggia |", "|---|---|")
	for _, at := range sortedArticles(on) {
		norm := at.act
		if at.number != "" {
			norm += ", art. " + at.number
		}
		p.line("| " + escaped(norm) + " | " + strings.Join(on[at], ", ") + " |")
	}
}

// sortedArticles puts acts by name, and the articles of each as they are counted: 2, 12, 22, 22-ter.
func sortedArticles(on map[article][]string) []article {
	var list []article
	for at := range on {
		list = append(list, at)
	}
	slices.SortFunc(list, func(a, b article) int {
		return cmp.Or(cmp.Compare(a.act, b.act), cmp.Compare(leading(a.number), leading(b.number)), cmp.Compare(a.number, b.number))
	})
	return list
}

// leading is the number that an article begins with; none is 0.
func leading(article string) int {
	end := strings.IndexFunc(article, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(article)
	}
	n, _ := strconv.Atoi(article[:end])
	return n
}
