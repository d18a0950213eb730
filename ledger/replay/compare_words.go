package replay

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// mostSaid bounds the sentences about one sort of thing; how many more there are is said.
const mostSaid = 12

// say puts the contrast into sentences: the conclusion, then what changed and because of what.
func (w *weighing) say() {
	w.tell("conclusion." + w.conclusion())
	if w.Same {
		return
	}
	w.each(len(w.Changes), func(i int) { w.sayPart(&w.Changes[i]) })
	if w.FactsMattered {
		w.sayFacts()
	}
	if w.RulesMattered {
		w.sayRules()
	}
}

func (w *weighing) conclusion() string {
	switch {
	case w.Same:
		return "same"
	case w.FactsMattered && w.RulesMattered:
		return "both"
	case w.FactsMattered:
		return "facts"
	}
	return "rules"
}

// tell adds a sentence with its slots filled, name and value in turn.
func (w *weighing) tell(id string, slots ...string) {
	w.Text = append(w.Text, strings.NewReplacer(slots...).Replace(contrastWords[id].In(w.lang)))
}

// each says the first of many.
func (w *weighing) each(n int, say func(i int)) {
	for i := range min(n, mostSaid) {
		say(i)
	}
	if n > mostSaid {
		w.tell("more", "{n}", strconv.Itoa(n-mostSaid))
	}
}

func (w *weighing) sayPart(p *PartChange) {
	id := "part.moved"
	switch {
	case p.Figures():
		id = "part.figures"
	case p.Before == "":
		id = "part.new"
	case p.After == "":
		id = "part.gone"
	}
	w.tell(id, "{part}", w.partName(p), "{before}", wordIn(p.Before, w.lang), "{after}", wordIn(p.After, w.lang), "{cause}", contrastWords["cause."+string(p.Cause)].In(w.lang))
}

// partName is what people call a part: the title of a counter or rule, the label of a fact.
func (w *weighing) partName(p *PartChange) string {
	id, _, _ := strings.Cut(p.ID, " ")
	name := ""
	switch p.Kind {
	case PartOutcome:
		return contrastWords["outcome"].In(w.lang)
	case partCounter, PartFinding:
		name = w.title(id)
	case partMissing, partAllowed:
		name = w.label(fact.WithoutRows(p.ID))
	}
	if name == "" {
		name = p.ID
	}
	return strings.Replace(contrastWords["kind."+p.Kind].In(w.lang), "{name}", name, 1)
}

func (w *weighing) title(id string) string {
	for _, ed := range []*rulebook.Edition{w.b.engine.Edition(), w.a.engine.Edition()} {
		for i := range ed.Items {
			if it := &ed.Items[i]; it.ID == id {
				return it.Title.In(w.lang)
			}
		}
	}
	return ""
}

// label is what a fact is called; "" for none.
func (w *weighing) label(path string) string {
	voc := w.b.engine.Edition().Vocabulary
	if f := voc.Root.Field(path); f != nil {
		return f.Label.In(w.lang)
	}
	list, name, inRow := strings.Cut(path, "[].")
	if f := voc.Root.Field(strings.TrimSuffix(list, "[]")); f != nil && f.Element != nil {
		if x := f.Element.Field(name); inRow && x != nil {
			return f.Label.In(w.lang) + ", " + x.Label.In(w.lang)
		}
		return f.Label.In(w.lang)
	}
	return ""
}

func (w *weighing) sayFacts() {
	var told []*FactChange
	for i := range w.Facts {
		if w.Facts[i].Mattered != No {
			told = append(told, &w.Facts[i])
		}
	}
	if len(told) == 0 { // none matters alone
		for i := range w.Facts {
			told = append(told, &w.Facts[i])
		}
	}
	w.each(len(told), func(i int) { w.sayFact(told[i]) })
	for _, a := range w.Asked {
		if w.said(a.Name) {
			w.tell("asked", "{name}", cmp.Or(contrastWords["asked."+a.Name].In(w.lang), a.Name), "{before}", cmp.Or(a.Before, "–"), "{after}", cmp.Or(a.After, "–"))
		}
	}
}

// said tells whether an option may change an outcome: the words do not count here.
func (w *weighing) said(option string) bool { return option != "language" && option != "explain" }

func (w *weighing) sayFact(f *FactChange) {
	id := "fact"
	before, after := shownValue(f.Before), shownValue(f.After)
	switch {
	case f.Personal || before == "" && after == "":
		id = "fact.hidden"
	case len(f.Before) == 0:
		id = "fact.new"
	case len(f.After) == 0:
		id = "fact.gone"
	}
	path := declaredPath(f.path)
	name := w.label(path)
	if name == "" {
		name = path
	}
	if key := rowKey(f.path); key != "" && !f.Personal {
		name += " (" + key + ")"
	}
	w.tell(id, "{name}", name, "{before}", before, "{after}", after)
}

// rowKey is what names the row that a path goes through: the number of a measure.
func rowKey(path []step) string {
	i := slices.IndexFunc(path, func(s step) bool { return s.name == "numero" && s.key != "" })
	if i < 0 {
		return ""
	}
	return path[i].key
}

// shownValue is a plain value as people read it; "" for rows and lists, and for nothing.
func shownValue(v json.RawMessage) string {
	if len(v) == 0 || v[0] == '{' || v[0] == '[' {
		return ""
	}
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}

func (w *weighing) sayRules() {
	var told []*RuleChange
	for i := range w.Rules {
		if w.Rules[i].Mattered != No {
			told = append(told, &w.Rules[i])
		}
	}
	w.each(len(told), func(i int) {
		r := told[i]
		w.tell("rule."+string(r.Mattered), "{title}", r.Title.In(w.lang), "{id}", r.ID, "{before}", w.versions(r.Before), "{after}", w.versions(r.After))
	})
}

// versions are numbers, with the beginning of the digest where two would look alike.
func (w *weighing) versions(list []VersionOf) string {
	if len(list) == 0 {
		return contrastWords["none"].In(w.lang)
	}
	var b strings.Builder
	for i, v := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		digest := strings.TrimPrefix(v.Digest, "sha256:")
		b.WriteString(strconv.Itoa(v.Version) + " [" + digest[:min(8, len(digest))] + "]")
	}
	return b.String()
}

var contrastWords = map[string]fact.Texts{
	"reason.erased": {
		"it": "Le due decisioni non si possono confrontare: alcuni dati personali sono stati cancellati.",
		"en": "The two decisions can't be compared: some personal data were erased.",
		"de": "Die beiden Entscheidungen lassen sich nicht vergleichen: Einige personenbezogene Daten wurden gelöscht.",
	},
	"reason.edition": {
		"it": "Le due decisioni non si possono confrontare: manca il testo di una delle edizioni.",
		"en": "The two decisions can't be compared: the text of one of the editions is not there.",
		"de": "Die beiden Entscheidungen lassen sich nicht vergleichen: Der Text einer der Ausgaben fehlt.",
	},
	"reason.form": {
		"it": "Le due decisioni non si possono confrontare: una è registrata in una forma che questa versione non conosce.",
		"en": "The two decisions can't be compared: one is recorded in a form that this version does not know.",
		"de": "Die beiden Entscheidungen lassen sich nicht vergleichen: Eine ist in einer Form aufgezeichnet, die diese Version nicht kennt.",
	},
	"reason.kind": {
		"it": "Le due decisioni non si possono confrontare: non sono della stessa specie.",
		"en": "The two decisions can't be compared: they are not of one kind.",
		"de": "Die beiden Entscheidungen lassen sich nicht vergleichen: Sie sind nicht von derselben Art.",
	},
	"reason.different": {
		"it": "Le due decisioni non si possono confrontare: una, presa di nuovo, non dà quanto è registrato.",
		"en": "The two decisions can't be compared: one, taken again, is not what was recorded.",
		"de": "Die beiden Entscheidungen lassen sich nicht vergleichen: Eine ergibt, erneut getroffen, nicht das Aufgezeichnete.",
	},
	"conclusion.same": {
		"it": "L'esito è lo stesso.", "en": "The outcome is the same.", "de": "Das Ergebnis ist dasselbe.",
	},
	"conclusion.facts": {
		"it": "L'esito è cambiato perché sono cambiati i fatti: con quelli della seconda decisione anche l'edizione della prima dà il secondo esito.",
		"en": "The outcome changed because the facts did: on those of the second decision the edition of the first comes to the second outcome as well.",
		"de": "Das Ergebnis hat sich geändert, weil sich die Tatsachen geändert haben: Mit denen der zweiten Entscheidung führt auch die Ausgabe der ersten zum zweiten Ergebnis.",
	},
	"conclusion.rules": {
		"it": "L'esito è cambiato perché sono cambiate le regole: sotto quelle della seconda decisione anche i fatti della prima danno il secondo esito.",
		"en": "The outcome changed because the rules did: under those of the second decision the facts of the first come to the second outcome as well.",
		"de": "Das Ergebnis hat sich geändert, weil sich die Regeln geändert haben: Unter denen der zweiten Entscheidung führen auch die Tatsachen der ersten zum zweiten Ergebnis.",
	},
	"conclusion.both": {
		"it": "L'esito è cambiato perché sono cambiati sia i fatti sia le regole.",
		"en": "The outcome changed because both the facts and the rules did.",
		"de": "Das Ergebnis hat sich geändert, weil sich sowohl die Tatsachen als auch die Regeln geändert haben.",
	},
	"outcome":        {"it": "L'esito complessivo", "en": "The outcome as a whole", "de": "Das Gesamtergebnis"},
	"kind.counter":   {"it": "«{name}»", "en": "“{name}”", "de": "„{name}“"},
	"kind.finding":   {"it": "Controllo «{name}»", "en": "Check “{name}”", "de": "Prüfung „{name}“"},
	"kind.missing":   {"it": "Dato «{name}»", "en": "Fact “{name}”", "de": "Angabe „{name}“"},
	"kind.value":     {"it": "Valore «{name}»", "en": "Value “{name}”", "de": "Wert „{name}“"},
	"kind.allowed":   {"it": "Quanto «{name}» può ancora essere", "en": "What “{name}” may still be", "de": "Was „{name}“ noch sein kann"},
	"kind.warning":   {"it": "Avviso «{name}»", "en": "Warning “{name}”", "de": "Warnung „{name}“"},
	"asked.today":    {"it": "la data odierna", "en": "today's date", "de": "das heutige Datum"},
	"asked.form":     {"it": "il modulo", "en": "the form", "de": "das Formular"},
	"asked.complete": {"it": "il controllo prima dell'invio", "en": "the check before sending", "de": "die Prüfung vor dem Absenden"},
	"asked.kept":     {"it": "la storia presa dall'archivio", "en": "history taken from the archive", "de": "der Verlauf aus dem Archiv"},
	"part.moved":     {"it": "{part}: da {before} a {after}, {cause}.", "en": "{part}: from {before} to {after}, {cause}.", "de": "{part}: von {before} zu {after}, {cause}."},
	"part.new":       {"it": "{part}: ora c'è ({after}), {cause}.", "en": "{part}: it is there now ({after}), {cause}.", "de": "{part}: jetzt vorhanden ({after}), {cause}."},
	"part.gone":      {"it": "{part}: non c'è più (era: {before}), {cause}.", "en": "{part}: it is gone (it was: {before}), {cause}.", "de": "{part}: nicht mehr vorhanden (war: {before}), {cause}."},
	"part.figures":   {"it": "{part}: cambiano le cifre, {cause}.", "en": "{part}: figures differ, {cause}.", "de": "{part}: Zahlen weichen ab, {cause}."},
	"cause.facts":    {"it": "per i fatti", "en": "because of the facts", "de": "wegen der Tatsachen"},
	"cause.rules":    {"it": "per le regole", "en": "because of the rules", "de": "wegen der Regeln"},
	"cause.both":     {"it": "per i fatti e le regole insieme", "en": "because of the facts and the rules together", "de": "wegen der Tatsachen und der Regeln zusammen"},
	"cause.either":   {"it": "e sarebbero bastati i fatti o le regole da soli", "en": "and the facts or the rules alone would have done it", "de": "und die Tatsachen oder die Regeln allein hätten genügt"},
	"fact":           {"it": "Fatto cambiato: {name}, da {before} a {after}.", "en": "Fact changed: {name}, from {before} to {after}.", "de": "Geänderte Tatsache: {name}, von {before} zu {after}."},
	"fact.new":       {"it": "Fatto aggiunto: {name} {after}.", "en": "Fact added: {name} {after}.", "de": "Hinzugekommene Tatsache: {name} {after}."},
	"fact.gone":      {"it": "Fatto tolto: {name} {before}.", "en": "Fact taken out: {name} {before}.", "de": "Weggefallene Tatsache: {name} {before}."},
	"fact.hidden":    {"it": "Fatto cambiato: {name}.", "en": "Fact changed: {name}.", "de": "Geänderte Tatsache: {name}."},
	"asked":          {"it": "È stato chiesto altro: {name} era {before}, è {after}.", "en": "Something else was asked: {name} was {before}, is {after}.", "de": "Es wurde anderes gefragt: {name} war {before}, ist {after}."},
	"rule.yes": {
		"it": "Regola cambiata: «{title}» ({id}), applicata prima: {before}; poi: {after}.",
		"en": "Rule changed: “{title}” ({id}), applied before: {before}; then: {after}.",
		"de": "Geänderte Regel: „{title}“ ({id}), vorher angewandt: {before}; danach: {after}.",
	},
	"rule.possibly": {
		"it": "Regola cambiata, da sola o con le altre dette qui: «{title}» ({id}), applicata prima: {before}; poi: {after}.",
		"en": "Rule changed, alone or with the others told here: “{title}” ({id}), applied before: {before}; then: {after}.",
		"de": "Geänderte Regel, allein oder mit den anderen hier genannten: „{title}“ ({id}), vorher angewandt: {before}; danach: {after}.",
	},
	"none": {"it": "nessuna versione", "en": "no version", "de": "keine Version"},
	"more": {"it": "E altri {n}.", "en": "And {n} more.", "de": "Und {n} weitere."},
}
