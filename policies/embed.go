package policies

import "embed"

// files are the policies and their tables, as they are in this folder.
//
//go:embed *.rego tabelle/*.yaml domanda.schema.json capabilities.json
var files embed.FS
