package rulebook

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"omnia/engine/calendar"
)

// Published is an edition as it was published: the frozen list of its versions, by digest. What
// it names may never change again; it may only be followed by further versions.
type Published struct {
	Name   string
	On     calendar.Day
	Digest string // root, as in Edition.Digest
	Items  []PublishedItem
	Place  Place
}

// PublishedItem is one published version.
type PublishedItem struct {
	Kind, ID    string
	Version     int
	From, To    calendar.Day // To is calendar.Max while open
	Digest      string
	TextDigest  string
	WordsDigest string // of what people read: title, law, confidence, note, labels, messages
	Place       Place
}

func (p *PublishedItem) key() string { return fmt.Sprintf("%s %s %d", p.Kind, p.ID, p.Version) }

// edition reads one published list.
func (l *loader) edition(o object) {
	p := &Published{Name: o.text("name"), Digest: o.text("digest"), Place: o.placeOf("name")}
	p.On, _ = o.day("published_on")
	if base := path.Base(o.src.name); p.Name != "" && base != p.Name+".yaml" {
		l.defect(o, "name", "wrong_name", "un elenco pubblicato non si modifica: ripristina il file", "il file dell'edizione «%s» deve chiamarsi %s.yaml", p.Name, p.Name)
	}
	for _, n := range o.list("items") {
		item := PublishedItem{
			Kind: n.text("kind"), ID: n.text("id"), Version: n.whole("version"), To: calendar.Max,
			Digest: n.text("digest"), TextDigest: n.text("text_digest"), WordsDigest: n.text("words_digest"), Place: n.place(),
		}
		item.From, _ = n.day("valid_from")
		if to, ok := n.day("valid_to"); ok {
			item.To = to
		}
		p.Items = append(p.Items, item)
	}
	l.ed.Published = append(l.ed.Published, p)
}

// frozenKinds are those whose versions may never change. Facts and messages grow without versions:
// what changes in them shows in the digest of the edition.
func frozen(kind string) bool { return Frozen(kind) }

// Frozen tells whether a version of that kind, once published, may never mean anything else.
func Frozen(kind string) bool { return kind != "facts" && kind != "messages" }

// comparePublished refuses an edit of what was published, and names the edition.
func (l *loader) comparePublished() {
	ed := l.ed
	slices.SortFunc(ed.Published, func(a, b *Published) int { return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Name, b.Name)) })
	ed.Name = Draft
	items := map[string]*Item{}
	for i := range ed.Items {
		it := &ed.Items[i]
		items[fmt.Sprintf("%s %s %d", it.Kind, it.ID, it.Version.Number)] = it
	}
	broken := len(l.defects) > 0 // what did not load would seem to have changed
	for _, p := range ed.Published {
		if p.Digest == ed.Digest {
			ed.Name = p.Name
		}
		if !broken && rootDigest(p.states()) != p.Digest {
			l.file(p.Place.File, "published_changed", "un elenco pubblicato non si modifica: ripristina il file", "l'elenco dell'edizione %s non corrisponde più alla sua impronta", p.Name)
			l.defects[len(l.defects)-1].Place = p.Place
		}
		for i := range p.Items {
			if item := &p.Items[i]; !broken && frozen(item.Kind) {
				l.comparePublishedItem(p, item, items[item.key()])
			}
		}
	}
}

// Draft is the name of an edition that was not published.
const Draft = "bozza"

func (l *loader) comparePublishedItem(p *Published, was *PublishedItem, is *Item) {
	say := func(at Place, code, hint, format string, args ...any) {
		l.defects = append(l.defects, Defect{Place: at, Code: code, Hint: hint, Message: fmt.Sprintf(format, args...)})
	}
	if is == nil {
		say(was.Place, "published_vanished", "ripristina la versione: ciò che è pubblicato resta per sempre",
			"la versione %d di «%s», pubblicata nell'edizione %s, non c'è più", was.Version, was.ID, p.Name)
		return
	}
	restore := "ripristina la versione e aggiungine una nuova, con il suo valid_from"
	switch v := is.Version; {
	case v.From != was.From:
		say(is.Place, "published_changed", restore, "la versione %d di «%s» è pubblicata nell'edizione %s con valid_from \"%s\", non \"%s\"",
			was.Version, was.ID, p.Name, was.From, v.From)
	case v.Digest != was.Digest:
		say(is.Place, "published_changed", restore, "la versione %d di «%s» è pubblicata nell'edizione %s e il suo significato è cambiato",
			was.Version, was.ID, p.Name)
	case v.To != was.To && was.To != calendar.Max:
		say(is.Place, "published_changed", restore, "la versione %d di «%s» è pubblicata nell'edizione %s con l'ultimo giorno \"%s\", che non può cambiare",
			was.Version, was.ID, p.Name, was.To)
	}
}

// Publish is the frozen list of the folder as it is, to be written as editions/<name>.yaml. It
// refuses a folder with defects, and a name that was used.
func Publish(fsys fs.FS, name string, on calendar.Day) ([]byte, Defects) {
	ed, defects := Load(fsys)
	if len(defects) > 0 {
		return nil, defects
	}
	file := "editions/" + name + ".yaml"
	refuse := func(code, hint, format string, args ...any) ([]byte, Defects) {
		return nil, Defects{{Place: Place{File: file}, Code: code, Hint: hint, Message: fmt.Sprintf(format, args...)}}
	}
	if !editionID.pattern.MatchString(name) || name == Draft || strings.HasPrefix(name, Draft+"-") {
		return refuse("wrong_form", editionID.looks, "«%s» non può essere il nome di un'edizione", name)
	}
	for _, p := range ed.Published {
		switch {
		case strings.EqualFold(p.Name, name):
			return refuse("duplicate_id", "scegli un altro nome", "l'edizione «%s» è già pubblicata il %s", name, p.On)
		case p.Digest == ed.Digest:
			return refuse("nothing_new", "", "il contenuto è già pubblicato come edizione «%s»", p.Name)
		case p.On > on:
			return refuse("bad_day", "controlla la data", "l'edizione «%s» è del %s, dopo il %s", p.Name, p.On, on)
		}
	}
	return ed.Freeze(name, on).print(), nil
}

// Freeze is the edition as a published list.
func (ed *Edition) Freeze(name string, on calendar.Day) *Published {
	p := &Published{Name: name, On: on, Digest: ed.Digest}
	for i := range ed.Items {
		it := &ed.Items[i]
		v := it.Version
		p.Items = append(p.Items, PublishedItem{
			Kind: it.Kind, ID: it.ID, Version: v.Number, From: v.From, To: v.To, Place: it.Place,
			Digest: v.Digest, TextDigest: v.TextDigest, WordsDigest: digestOf(it.words),
		})
	}
	return p
}

// print is the list as its file, in the form that Format gives it.
func (p *Published) print() []byte {
	var b bytes.Buffer
	b.WriteString("# yaml-language-server: $schema=../schema/edition.schema.json\nschema: edition/v1\n")
	b.WriteString("# Elenco di ciò che è pubblicato, scritto da «omnia rules publish». Non si modifica.\n")
	fmt.Fprintf(&b, "name: %s\npublished_on: %s\ndigest: %s\nitems:\n", nameText(p.Name), doubleQuoted(p.On.String()), p.Digest)
	for i := range p.Items {
		item := &p.Items[i]
		fmt.Fprintf(&b, "  - {kind: %s, id: %s, version: %d, valid_from: %s", item.Kind, doubleQuoted(item.ID), item.Version, doubleQuoted(item.From.String()))
		if item.To != calendar.Max {
			fmt.Fprintf(&b, ", valid_to: %s", doubleQuoted(item.To.String()))
		}
		fmt.Fprintf(&b, ", digest: %s, text_digest: %s, words_digest: %s}\n", item.Digest, item.TextDigest, item.WordsDigest)
	}
	return b.Bytes()
}
