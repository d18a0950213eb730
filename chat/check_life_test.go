package chat_test

import (
	"slices"
	"strings"
	"testing"

	"omnia/chat"
	"omnia/engine/rulebook"
	"omnia/rules"
)

// What ends without a successor is found before it leaves the queue without a value.
func TestCheckFindsWhatEnds(t *testing.T) {
	t.Parallel()
	for file, id := range map[string]string{"parameters/chat.yaml": "chat.capienza", "tables/chat_classi.yaml": "chat_classi"} {
		files, err := rulebook.TextsOf(rules.FS)
		if err != nil {
			t.Fatal(err)
		}
		for name := range files {
			if strings.HasPrefix(name, "editions/") {
				delete(files, name) // a change of what was published would be refused
			}
		}
		const from = `valid_from: "2023-12-22"`
		indent := map[string]string{"parameters/chat.yaml": "        ", "tables/chat_classi.yaml": "    "}[file]
		files[file] = strings.Replace(files[file], from, from+"\n"+indent+`valid_to: "2027-12-31"`, 1)
		ed, defects := rulebook.LoadTexts(files)
		if err := defects.Err(); err != nil {
			t.Fatal(err)
		}
		if found := chat.Check(ed); !slices.ContainsFunc(found, func(d rulebook.Defect) bool { return d.Code == "not_in_force" && strings.Contains(d.Message, id) }) || len(found) != 1 {
			t.Errorf("%s: %v", file, found)
		}
	}
}
