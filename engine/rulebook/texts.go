package rulebook

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"
)

// TextsOf are the files that an edition is loaded from, by path: rules, cases, messages and the lists of what was
// published. Whoever keeps them can load the same edition for ever; see [LoadTexts]. What is refused by Load for
// the sake of its name or kind is refused here too.
func TextsOf(fsys fs.FS) (map[string]string, error) {
	l := &loader{}
	names := l.names(fsys)
	if len(l.defects) > 0 {
		return nil, l.defects.Err()
	}
	if len(names) == 0 {
		return nil, errors.New("there are no rules in it")
	}
	texts := make(map[string]string, len(names))
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		texts[name] = string(data)
	}
	return texts, nil
}

// FolderOf is texts as a folder.
func FolderOf(texts map[string]string) fs.FS {
	folder := fstest.MapFS{}
	for name, text := range texts {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return folder
}

// LoadTexts is Load of the files that TextsOf gave.
func LoadTexts(texts map[string]string) (*Edition, Defects) { return Load(FolderOf(texts)) }

// Distinct is the edition under a name that tells it from all others. Every draft is called a draft; in a record where
// several of them have decided, the beginning of its digest goes with it.
func (ed *Edition) Distinct() *Edition {
	if ed.Name != Draft {
		return ed
	}
	out := *ed
	out.Name = DraftName(ed.Digest)
	return &out
}

// draftDigits are enough of a digest to tell drafts apart.
const draftDigits = 12

// DraftName is the distinct name of a draft with that digest.
func DraftName(digest string) string {
	_, hex, _ := strings.Cut(digest, ":")
	return Draft + "-" + hex[:min(draftDigits, len(hex))]
}
