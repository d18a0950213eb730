package replay

import (
	"strings"

	"omnia/engine/fact"
	"omnia/ledger"
)

// Personal tells which facts a vocabulary marks as personal, by their shapes. It is made once for a vocabulary, and is safe to share.
func Personal(v *fact.Vocabulary) ledger.Shapes {
	personal, above := map[string]bool{}, map[string]bool{}
	personalShapes(v.Root, personal)
	for shape := range personal {
		for at := strings.LastIndexByte(shape, '/'); at >= 0; at = strings.LastIndexByte(shape[:at], '/') {
			above[shape[:at]] = true
		}
	}
	return func(shape string) (here, within bool) { return personal[shape], above[shape] }
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
