package main

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"

	"omnia/engine/rulebook"
	"omnia/ledger"
)

// itemsOf are the versions of an edition as its leaf names them.
func itemsOf(ed *rulebook.Edition) []ledger.EditionItem {
	list := make([]ledger.EditionItem, 0, len(ed.Items))
	for i := range ed.Items {
		it := &ed.Items[i]
		list = append(list, ledger.EditionItem{Kind: it.Kind, ID: it.ID, Version: it.Version.Number, Digest: ledger.Digest(it.Version.Digest)})
	}
	return list
}

// publish puts the leaves of an edition into the log, and of its taking into use, with the text of all that is needed to decide.
func (b *corpusBook) publish(fsys fs.FS, name, digest string, items []ledger.EditionItem) ([]ledger.Waiting, error) {
	files, texts, err := filesToDecide(fsys)
	if err != nil {
		return nil, err
	}
	leaf, err := (&ledger.Edition{Name: name, Instant: b.now, Digest: ledger.Digest(digest), Items: items, Files: files}).Encode()
	if err != nil {
		return nil, err
	}
	active, err := (&ledger.Activation{ID: newID(b.now), Instant: b.now, Edition: name, EditionDigest: ledger.Digest(digest), Reason: "corpus"}).Encode()
	if err != nil {
		return nil, err
	}
	b.entries = append(b.entries, ledger.Entry{Position: int64(len(b.entries)), Leaf: leaf, Files: texts})
	b.entries = append(b.entries, ledger.Entry{Position: int64(len(b.entries)), Leaf: active})
	return []ledger.Waiting{{ID: name, Data: leaf}, {ID: name + " active", Data: active}}, nil
}

// inEdition begins the paths of the rules among the files of an edition.
const inEdition = "rules/"

// filesToDecide are the rules without their cases and without the lists of what was published.
func filesToDecide(fsys fs.FS) (files []ledger.EditionFile, texts [][]byte, err error) {
	byPath := map[string][]byte{}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" || strings.HasPrefix(name, "editions/") || strings.HasSuffix(name, ".cases.yaml") {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		byPath[inEdition+name] = text
		files = append(files, ledger.EditionFile{Path: inEdition + name, Digest: ledger.DigestOf(text)})
		return err
	})
	slices.SortFunc(files, func(a, b ledger.EditionFile) int { return cmp.Compare(a.Path, b.Path) })
	for _, f := range files {
		texts = append(texts, byPath[f.Path])
	}
	return files, texts, err
}
