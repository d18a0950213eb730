// Package rules carries the law as data: the folder that INPS experts edit, embedded in the binary.
package rules

import "embed"

// FS is the folder of rules as it was when the binary was built.
//
//go:embed *.yaml facts parameters counters tables exceptions presumptions checks forms messages editions
var FS embed.FS
