package api_test

import (
	"slices"
	"testing"

	"omnia/api"
	"omnia/archive"
	"omnia/archive/importing"
)

func TestEachCodeOfTheArchiveIsExplained(t *testing.T) {
	t.Parallel()
	for _, code := range append(archive.Codes(), importing.Codes()...) {
		if !slices.Contains(api.ProblemCodes(), code) {
			t.Errorf("%s has no explanation in problemTable", code)
		}
	}
}
