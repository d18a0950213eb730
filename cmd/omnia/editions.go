package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"omnia/archive"
	"omnia/engine"
	"omnia/engine/rulebook"
	"omnia/ledger"
	"omnia/ledger/replay"
	"omnia/policies"
)

// Where the files of an edition stand in what is published.
const (
	publishedRules    = "rules/"
	publishedPolicies = "policies/"
)

// snapshot is a folder of rules as it is now: what is checked, what is published and what decides are the same bytes, also
// when somebody writes in the folder meanwhile.
func snapshot(fsys fs.FS) (fs.FS, error) {
	texts, err := rulebook.TextsOf(fsys)
	if err != nil {
		return nil, err
	}
	return rulebook.FolderOf(texts), nil
}

// editionOf is an edition with its whole text, as it is published: the files of its rules, and the policies of this
// program.
func editionOf(ed *rulebook.Edition, fsys fs.FS, p *policies.Policies, at time.Time) (*archive.Edition, error) {
	e := &archive.Edition{Name: ed.Distinct().Name, Digest: ed.Digest, PublishedAt: at}
	for i := range ed.Items {
		it := &ed.Items[i]
		e.Items = append(e.Items, archive.EditionItem{
			Kind: it.Kind, ID: it.ID, Version: it.Version.Number, Digest: it.Version.Digest,
		})
	}
	texts, err := rulebook.TextsOf(fsys)
	if err != nil {
		return nil, fmt.Errorf("text of the rules: %w", err)
	}
	e.Files = filesIn(publishedRules, texts)
	return underPolicies(e, p)
}

// underPolicies is an edition with the policies of this program beside its rules.
func underPolicies(e *archive.Edition, p *policies.Policies) (*archive.Edition, error) {
	texts, err := policies.Texts()
	if err != nil {
		return nil, fmt.Errorf("text of the policies: %w", err)
	}
	out := *e
	out.PolicyDigest = p.Digest()
	out.Files = slices.DeleteFunc(slices.Clone(e.Files), func(f archive.EditionFile) bool { return !strings.HasPrefix(f.Path, publishedRules) })
	out.Files = append(out.Files, filesIn(publishedPolicies, texts)...)
	slices.SortFunc(out.Files, func(a, b archive.EditionFile) int { return cmp.Compare(a.Path, b.Path) })
	return &out, nil
}

func filesIn(folder string, texts map[string]string) (files []archive.EditionFile) {
	for path, text := range texts {
		files = append(files, archive.EditionFile{Path: folder + path, Text: text, Digest: string(ledger.DigestOf([]byte(text)))})
	}
	return files
}

// rulesOf are the files of the rules of an edition, as a folder.
func rulesOf(e *archive.Edition) fs.FS {
	texts := map[string]string{}
	for _, f := range e.Files {
		if path, ok := strings.CutPrefix(f.Path, publishedRules); ok {
			texts[path] = f.Text
		}
	}
	return rulebook.FolderOf(texts)
}

// compiled is the engine of an edition as it was published. What this program can't read, or reads as something else, is
// replay.ErrNoEdition: it is for another version of the program.
func compiled(e *archive.Edition) (*engine.Engine, error) {
	ed, defects := rulebook.Load(rulesOf(e))
	if err := defects.Err(); err != nil {
		return nil, fmt.Errorf("%w in a form that this version of omnia can use: edition %s: %w", replay.ErrNoEdition, e.Name, err)
	}
	if ed.Digest != e.Digest {
		return nil, fmt.Errorf("%w: edition %s means %s to this version of omnia, and was published as %s", replay.ErrNoEdition, e.Name, ed.Digest, e.Digest)
	}
	own := *ed
	own.Name = e.Name // the one in the log
	return engine.New(&own), nil
}

// servable tells whether an edition has all that a service says: the sentences of explanations and alerts, and the texts of
// INFO CIG. An old one may decide again what it decided, and still not serve.
func servable(ed *rulebook.Edition) error {
	if err := complete(ed).Err(); err != nil {
		return fmt.Errorf("%w in a form that this version of omnia can serve: edition %s: %w", replay.ErrNoEdition, ed.Name, err)
	}
	return nil
}

// inUse is the edition in use, its name and digest only; nil while there is none.
func inUse(ctx context.Context, s editionStore) (*archive.Edition, error) {
	digest, err := s.ActiveEdition(ctx)
	if err != nil || digest == "" {
		return nil, err
	}
	return s.Edition(ctx, digest)
}
