package archive_test

import (
	"strings"
	"testing"

	"omnia/archive"
	"omnia/engine/fact"
)

// An edition whose facts the archive can't keep is refused when it is loaded, with the name of the fact.
func TestVocabulariesThatCantBeKept(t *testing.T) {
	t.Parallel()
	voc := shipped().Vocabulary
	without := func(g *fact.Group, name string, more ...fact.Field) *fact.Group {
		var fields []*fact.Field
		for _, f := range g.Fields {
			if f.Name != name {
				c := *f
				fields = append(fields, &c)
			}
		}
		for i := range more {
			fields = append(fields, &more[i])
		}
		return fact.NewGroup(g.Name, fields)
	}
	row := voc.Groups["periodo"]
	for name, tt := range map[string]struct {
		voc  *fact.Vocabulary
		want string
	}{
		"no history":           {&fact.Vocabulary{Root: voc.Root}, "periodo"},
		"a row without al":     {&fact.Vocabulary{Root: voc.Root, Groups: map[string]*fact.Group{"periodo": without(row, "al")}}, "periodi[].al"},
		"a company without it": {&fact.Vocabulary{Root: without(voc.Root, "azienda.settore"), Groups: voc.Groups}, "azienda.settore"},
		"no matricola":         {&fact.Vocabulary{Root: without(voc.Root, "azienda.matricola"), Groups: voc.Groups}, "azienda.matricola"},
		"a fact of that name":  {&fact.Vocabulary{Root: voc.Root, Groups: map[string]*fact.Group{"periodo": without(row, "", fact.Field{Name: "motivazione"})}}, "periodi[].motivazione"},
		"a fact of another type": {&fact.Vocabulary{Root: voc.Root, Groups: map[string]*fact.Group{
			"periodo": without(row, "dal", fact.Field{Name: "dal", Type: fact.Text}),
		}}, "periodi[].dal, of type date"},
	} {
		if _, err := archive.NewReader(tt.voc); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v does not name %s", name, err, tt.want)
		}
	}
}
