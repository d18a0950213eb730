package policies

import (
	"embed"
	"io/fs"
)

// files are the policies and their tables, as they are in this folder.
//
//go:embed *.rego tabelle/*.yaml domanda.schema.json capabilities.json
var files embed.FS

// Texts are the policies and their tables by path, as the version names them: an edition is published with them.
func Texts() (map[string]string, error) {
	texts := map[string]string{}
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := files.ReadFile(path)
		texts[path] = string(data)
		return err
	})
	return texts, err
}
