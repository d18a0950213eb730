package rulebook_test

import (
	"strings"
	"testing"
)

func TestTheReferenceHoldsEachItemWithItsVersions(t *testing.T) {
	t.Parallel()
	ed := mustLoad(t, minimal(t))
	page := string(ed.Reference())
	for i := range ed.Items {
		it := &ed.Items[i]
		if it.Kind == "facts" || it.Kind == "messages" {
			continue // they have pages of their own
		}
		_, rest, ok := strings.Cut(page, "\n### `"+it.ID+"`\n\n"+it.Title.In("it")+".\n")
		if !ok {
			t.Errorf("%s %s is not on the page", it.Kind, it.ID)
			continue
		}
		section, _, _ := strings.Cut(rest, "\n### ")
		for _, want := range []string{"- **Versione ", "Fonte: ", "Certezza: `" + string(it.Version.Confidence) + "`"} {
			if !strings.Contains(section, want) {
				t.Errorf("%s %s: %q is missing in\n%s", it.Kind, it.ID, want, section)
			}
		}
	}
}

func TestTheReferenceSaysValuesExactly(t *testing.T) {
	t.Parallel()
	files := minimal(t)
	const before = `value: "52"`
	if text := string(files["parameters/limiti.yaml"].Data); strings.Count(text, before) != 1 {
		t.Fatalf("%s is not there once", before)
	}
	for value, want := range map[string]string{"52": "**52 settimane**", "52.5": "**52,5 settimane**", "157/3": "**52,33 settimane (157/3)**"} {
		text := strings.Replace(string(minimal(t)["parameters/limiti.yaml"].Data), before, `value: "`+value+`"`, 1)
		files["parameters/limiti.yaml"].Data = []byte(text)
		if page := string(mustLoad(t, files).Reference()); !strings.Contains(page, want) {
			t.Errorf("%s: the page does not say %s", value, want)
		}
	}
}

func TestTheReferenceListsWhatIsOpen(t *testing.T) {
	t.Parallel()
	files := minimal(t)
	closed, _, _ := strings.Cut(string(mustLoad(t, files).Reference()), "\n## Parametri")
	if strings.Contains(closed, "| deroga `METEO`") {
		t.Error("METEO is confirmed, and listed as open")
	}
	x := files["exceptions/meteo.yaml"]
	x.Data = []byte(strings.Replace(string(x.Data), "confidence: CONFIRMED", "confidence: DEFAULT\n    note: \"Default 8: | una scelta\"", 1))
	open, _, _ := strings.Cut(string(mustLoad(t, files).Reference()), "\n## Parametri")
	const want = "| deroga `METEO` | Meteo | dal 01-07-2023 al 31-12-2023 | `DEFAULT` | Default 8: \\| una scelta |\n"
	if !strings.Contains(open, want) {
		t.Errorf("%s is missing in\n%s", want, open)
	}
}

func TestTheReferenceListsRulesByArticle(t *testing.T) {
	t.Parallel()
	page := string(mustLoad(t, shipped(t)).Reference())
	_, page, _ = strings.Cut(page, "\n## Per articolo")
	last := 0
	for _, want := range []struct{ article, rests string }{
		{"\n| D.lgs. 148/2015, art. 4 | ", "regola `modulo.quinquennio_esaurito`"},
		{"\n| D.lgs. 148/2015, art. 12 | ", "regola `cigo.durata_massima`"},
		{"\n| D.lgs. 148/2015, art. 15 | ", "regola `cigo.tardiva`"},
		{"\n| INPS msg. 4067/2017 | ", "valore `cigo.scadenza`"},
	} {
		at := strings.Index(page, want.article)
		if at <= last {
			t.Fatalf("%q stands at %d, after %d", want.article, at, last)
		}
		last = at
		if line, _, _ := strings.Cut(page[at+1:], "\n"); strings.Count(line, want.rests) != 1 {
			t.Errorf("%s is not once in %s", want.rests, line)
		}
	}
}
