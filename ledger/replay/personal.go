package replay

import (
	"strings"

	"omnia/engine/fact"
)

// Personal tells of which shapes the values are personal, as [ledger.Split] asks: the facts that the vocabulary marks. It
// is made once for a vocabulary, and is safe to share.
func Personal(v *fact.Vocabulary) func(shape string) bool {
	shapes := map[string]bool{}
	personalShapes(v.Root, shapes)
	return func(shape string) bool { return shapes[shape] }
}

func personalShapes(g *fact.Group, into map[string]bool) {
	for _, f := range g.Fields {
		if f.Personal {
			into["/"+shapeOf.Replace(f.Path)] = true
		}
		if f.Element != nil {
			personalShapes(f.Element, into)
		}
	}
}

// shapeOf turns richiesta.lavoratori[].nome into richiesta/lavoratori/*/nome.
var shapeOf = strings.NewReplacer("[]", "/*", ".", "/")
