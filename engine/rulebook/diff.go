package rulebook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"omnia/engine/calendar"
)

// What happened to a version between two editions.
const (
	ChangeAdded   = "aggiunta"
	ChangeRemoved = "tolta"
	ChangeMeaning = "significato"
	ChangeWords   = "parole"
	ChangeEnd     = "fine"
)

// Change is one difference between two editions.
type Change struct {
	Kind, ID string
	Version  int
	What     string   // one of the Change… words
	Text     string   // the sentence for a person
	Details  []string // of a change of meaning, each place that differs; when both texts are at hand
}

// Diff tells what changed from one edition to another, sorted by kind, id and version.
func Diff(before, after *Edition) []Change { return diff(before.states(), after.states()) }

// DiffPublished tells the same of two published editions, of which only digests are kept.
func DiffPublished(before, after *Published) []Change { return diff(before.states(), after.states()) }

// itemState is what a comparison looks at.
type itemState struct {
	kind, id             string
	version              int
	from, to             calendar.Day
	digest, words, canon string // canon may be empty
}

func (ed *Edition) states() []itemState {
	var list []itemState
	for i := range ed.Items {
		it := &ed.Items[i]
		v := it.Version
		list = append(list, itemState{it.Kind, it.ID, v.Number, v.From, v.To, v.Digest, digestOf(it.words), it.Canon})
	}
	return list
}

func (p *Published) states() []itemState {
	var list []itemState
	for _, i := range p.Items {
		list = append(list, itemState{i.Kind, i.ID, i.Version, i.From, i.To, i.Digest, i.WordsDigest, ""})
	}
	return list
}

func (s *itemState) key() string { return fmt.Sprintf("%s %s %d", s.kind, s.id, s.version) }

func diff(before, after []itemState) []Change {
	old := map[string]*itemState{}
	for i := range before {
		old[before[i].key()] = &before[i]
	}
	var changes []Change
	for i := range after {
		is := &after[i]
		was := old[is.key()]
		delete(old, is.key())
		if c, differs := compareStates(was, is); differs {
			changes = append(changes, c)
		}
	}
	for _, was := range old {
		changes = append(changes, was.change(ChangeRemoved, "non c'è più"))
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version))
	})
	return changes
}

func compareStates(was, is *itemState) (Change, bool) {
	switch {
	case was == nil:
		return is.change(ChangeAdded, "nuova"), true
	case was.digest != is.digest:
		c := is.change(ChangeMeaning, "cambia il significato")
		if was.canon != "" && is.canon != "" {
			c.Details = differences(was.canon, is.canon)
		}
		return c, true
	case was.to != is.to:
		return is.change(ChangeEnd, "finisce "+ending(is.to)+", prima "+ending(was.to)), true
	case was.words != is.words:
		return is.change(ChangeWords, "cambiano le parole, non il significato"), true
	}
	return Change{}, false
}

func ending(d calendar.Day) string {
	if d == calendar.Max {
		return "senza termine"
	}
	return "il " + d.String()
}

// kindNames are the kinds of content for people, with their gender settled in the sentence.
var kindNames = map[string]string{
	"parameter": "parametro", "table": "tabella", "exception": "deroga", "presumption": "presunzione", "value": "valore", "counter": "contatore",
	"rule": "regola", "bound": "limite di un campo", "form": "modulo", "messages": "frasi", "facts": "fatti",
}

func (s *itemState) change(what, text string) Change {
	return Change{
		Kind: s.kind, ID: s.id, Version: s.version, What: what,
		Text: fmt.Sprintf("%s %s, versione %d (dal %s): %s", kindNames[s.kind], s.id, s.version, s.from, text),
	}
}

// differences lists the places at which two canonical texts differ.
func differences(before, after string) []string {
	var a, b any
	if json.Unmarshal([]byte(before), &a) != nil || json.Unmarshal([]byte(after), &b) != nil {
		return nil
	}
	return appendDifferences(nil, "", a, b)
}

func appendDifferences(list []string, path string, a, b any) []string {
	am, aIsMap := a.(map[string]any)
	bm, bIsMap := b.(map[string]any)
	al, aIsList := a.([]any)
	bl, bIsList := b.([]any)
	switch {
	case aIsMap && bIsMap:
		keys := maps.Clone(am)
		maps.Copy(keys, bm)
		for _, k := range sortedKeys(keys) {
			list = appendDifferences(list, strings.TrimPrefix(path+"."+k, "."), am[k], bm[k])
		}
	case aIsList && bIsList && len(al) == len(bl):
		for i := range al {
			list = appendDifferences(list, fmt.Sprintf("%s[%d]", path, i), al[i], bl[i])
		}
	case canonical(a) != canonical(b):
		list = append(list, fmt.Sprintf("%s: %s → %s", path, plainJSONValue(a), plainJSONValue(b)))
	}
	return list
}

func plainJSONValue(v any) string {
	switch t := v.(type) {
	case nil:
		return "nulla"
	case string:
		if t == "" {
			return "nulla"
		}
		return t
	}
	return canonical(v)
}

// PrintChanges writes the changes for a person.
func PrintChanges(w io.Writer, changes []Change) error {
	var b strings.Builder
	for _, c := range changes {
		b.WriteString(c.Text + "\n")
		for _, d := range c.Details {
			b.WriteString("    " + d + "\n")
		}
	}
	if len(changes) == 0 {
		b.WriteString("nessuna differenza\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
