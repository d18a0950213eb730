package rulebook_test

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"omnia/engine/rulebook"
)

func TestDefectsOfBounds(t *testing.T) {
	t.Parallel()
	const head = "schema: bounds/v1\nform: cigo\nbounds:\n  - id: limite.prova\n    title: {it: \"Prova\", en: \"Test\", de: \"Probe\"}\n"
	const tail = "        text: {it: \"{valore}\", en: \"{valore}\", de: \"{valore}\"}\n        law: [{act: D148}]\n        confidence: CONFIRMED\n"
	const version = "    select_by: inizio_richiesta\n    versions:\n      - version: 1\n        valid_from: \"0001-01-01\"\n"
	for _, tt := range []struct{ name, what, how, want string }{
		{"a good one", "    field: richiesta.al\n    side: max\n", "        value: 'add_days(richiesta.dal, 6)'\n", ""},
		{"a fact that is not there", "    field: richiesta.fine\n    side: max\n", "        value: 'richiesta.dal'\n", "unknown_fact"},
		{"a field that the form does not ask", "    field: data_riferimento\n    side: max\n", "        value: 'richiesta.dal'\n", "wrong_field"},
		{"a field of a row", "    field: lavoratore.anzianita_giorni\n    side: max\n", "        value: '3'\n", "wrong_field"},
		{"a text has no greatest value", "    field: richiesta.causale\n    side: max\n", "        value: '\"meteo\"'\n", "wrong_type"},
		{"a day has no options", "    field: richiesta.al\n    side: options\n", "        refused_by: [cigo.causale]\n", "wrong_type"},
		{"a value of another type", "    field: richiesta.al\n    side: max\n", "        value: '3'\n", "type_mismatch wrong_type"},
		{"a part of another type", "    field: richiesta.al\n    side: max\n    counter: cigo.settimane_biennio\n", "        part: residuo\n", "type_mismatch"},
		{"a part of no counter", "    field: richiesta.al\n    side: max\n", "        part: ammesso_al\n", "wrong_key"},
		{"an attempt without a counter", "    field: richiesta.al\n    side: max\n", "        value: 'richiesta.dal'\n        try: {richiesta.al: 'richiesta.dal'}\n", "wrong_key"},
		{"an attempt in a fact that is not there", "    field: richiesta.al\n    side: max\n    counter: cigo.settimane_biennio\n", "        part: ammesso_al\n        try: {richiesta.fine: 'richiesta.dal'}\n", "unknown_fact"},
		{"a counter that is not there", "    field: richiesta.al\n    side: max\n    counter: cigo.settimane\n", "        part: ammesso_al\n", "unknown_counter"},
		{"two sources", "    field: richiesta.al\n    side: max\n", "        value: 'richiesta.dal'\n        refused_by: [cigo.causale]\n", "one_of_two"},
		{"a rule that is not there", "    field: richiesta.causale\n    side: options\n", "        refused_by: [cigo.causali]\n", "unknown_rule"},
		{"a rule about a counter", "    field: richiesta.causale\n    side: options\n", "        refused_by: [cigo.biennio_esaurito]\n", "wrong_rule"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := shipped(t)
			maps.DeleteFunc(files, func(name string, _ *fstest.MapFile) bool { return strings.HasPrefix(name, "editions/") })
			files["forms/prova.limiti.yaml"] = &fstest.MapFile{Data: []byte(head + tt.what + version + tt.how + tail)}
			_, defects := rulebook.Load(files)
			var codes []string
			for _, d := range defects {
				codes = append(codes, d.Code)
			}
			got := strings.Join(codes, " ")
			wanted := strings.Fields(tt.want)
			ok := len(wanted) == 0 && got == ""
			for _, w := range wanted {
				ok = ok || strings.Contains(got, w)
			}
			if !ok {
				t.Errorf("got %q, want %q\n%s", got, tt.want, printed(t, defects))
			}
		})
	}
}
