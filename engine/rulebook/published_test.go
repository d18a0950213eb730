package rulebook_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"omnia/engine/calendar"
	"omnia/engine/rulebook"
)

// published is the minimal set with an edition "2024.1" of it.
func published(t *testing.T) fstest.MapFS {
	t.Helper()
	files := minimal(t)
	publish(t, files, "2024.1", "2024-03-01")
	return files
}

func publish(t *testing.T, files fstest.MapFS, name, day string) {
	t.Helper()
	list, defects := rulebook.Publish(files, name, calendar.MustParse(day))
	if len(defects) > 0 {
		t.Fatal(defects)
	}
	files["editions/"+name+".yaml"] = &fstest.MapFile{Data: list}
}

func TestAPublishedFolderHasTheNameOfItsEdition(t *testing.T) {
	t.Parallel()
	files := published(t)
	ed := mustLoad(t, files)
	if ed.Name != "2024.1" || len(ed.Published) != 1 || ed.Published[0].Digest != ed.Digest {
		t.Errorf("name %s, published %d", ed.Name, len(ed.Published))
	}
	if formatted := format(t, "editions/2024.1.yaml", files["editions/2024.1.yaml"].Data); string(formatted) != string(files["editions/2024.1.yaml"].Data) {
		t.Errorf("the list is not written in canonical form:\n%s", formatted)
	}
	edit(t, files, "parameters/limiti.yaml", `en: "Limit"`, `en: "Bound"`)
	if ed := mustLoad(t, files); ed.Name != rulebook.Draft {
		t.Errorf("with other words the name is %s", ed.Name)
	}
}

func TestWhatIsPublishedCannotBeEdited(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, old, new, want string }{
		{"its meaning", "parameters/limiti.yaml", `value: "50"`, `value: "51"`,
			"parameters/limiti.yaml:12:9: la versione 1 di «cigo.limite» è pubblicata nell'edizione 2024.1 e il suo significato è cambiato"},
		{"its first day", "exceptions/meteo.yaml", `valid_from: "2023-07-01"`, `valid_from: "2023-06-01"`,
			"exceptions/meteo.yaml:5:5: la versione 1 di «METEO» è pubblicata nell'edizione 2024.1 con valid_from \"2023-07-01\", non \"2023-06-01\""},
		{"its last day", "exceptions/meteo.yaml", `valid_to: "2023-12-31"`, `valid_to: "2024-12-31"`,
			"exceptions/meteo.yaml:5:5: la versione 1 di «METEO» è pubblicata nell'edizione 2024.1 con l'ultimo giorno \"2023-12-31\", che non può cambiare"},
		{"its being there", "parameters/limiti.yaml", "        note: \"Di prova.\"\n\n  - id: cigo.finestra", "        note: \"Di prova.\"\n\n  - id: cigo.altra_finestra",
			"la versione 1 di «cigo.finestra», pubblicata nell'edizione 2024.1, non c'è più"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := published(t)
			edit(t, files, tt.file, tt.old, tt.new)
			if tt.name == "its being there" {
				edit(t, files, "counters/cigo.settimane.yaml", `param("cigo.finestra")`, `param("cigo.altra_finestra")`)
			}
			_, defects := rulebook.Load(files)
			if !strings.Contains(defects.Error(), tt.want) {
				t.Errorf("got  %s\nwant %s", defects, tt.want)
			}
			for _, d := range defects {
				if d.Hint == "" || d.Snippet == "" {
					t.Errorf("no cure or no line: %+v", d)
				}
			}
		})
	}
}

func TestAPublishedVersionMayBeFollowedAndClosed(t *testing.T) {
	t.Parallel()
	files := published(t)
	edit(t, files, "parameters/limiti.yaml", "    versions:\n      - version: 2\n", `    versions:
      - {version: 3, valid_from: "2030-01-01", value: "60", law: [{act: D148}], confidence: CONFIRMED}
      - version: 2
`)
	edit(t, files, "parameters/limiti.yaml", `{version: 1, valid_from: "2015-09-24", value: "prefisso"`, `{version: 1, valid_from: "2015-09-24", valid_to: "2040-12-31", value: "prefisso"`)
	mustLoad(t, files)

	publish(t, files, "2030.1", "2029-12-01")
	ed := mustLoad(t, files)
	if ed.Name != "2030.1" {
		t.Errorf("the name is %s", ed.Name)
	}
	edit(t, files, "parameters/limiti.yaml", `valid_to: "2040-12-31", `, "")
	if _, defects := rulebook.Load(files); len(defects) != 1 || defects[0].Code != "published_changed" {
		t.Errorf("opening a closed version again: %v", defects)
	}
}

func TestAPublishedListCannotBeEdited(t *testing.T) {
	t.Parallel()
	files := published(t)
	edit(t, files, "editions/2024.1.yaml", `id: "METEO", version: 1, valid_from: "2023-07-01", valid_to: "2023-12-31"`, `id: "METEO", version: 1, valid_from: "2023-07-01"`)
	if _, defects := rulebook.Load(files); len(defects) != 1 || defects[0].Code != "published_changed" {
		t.Errorf("got %v", defects)
	}
}

func TestAnEditionIsPublishedOnceUnderItsName(t *testing.T) {
	t.Parallel()
	files := published(t)
	for _, tt := range []struct{ name, edition, day, code string }{
		{"the same content", "2024.2", "2024-04-01", "nothing_new"},
		{"the same name", "2024.1", "2024-04-01", "duplicate_id"},
		{"a name that is a path", "../x", "2024-04-01", "wrong_form"},
		{"the name of drafts", "bozza", "2024-04-01", "wrong_form"},
		{"the name of one draft", "bozza-0123456789ab", "2024-04-01", "wrong_form"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, defects := rulebook.Publish(files, tt.edition, calendar.MustParse(tt.day))
			if len(defects) != 1 || defects[0].Code != tt.code {
				t.Errorf("got %v, want %s", defects, tt.code)
			}
		})
	}
}

func TestDiffTellsMeaningFromWords(t *testing.T) {
	t.Parallel()
	before, files := minimal(t), minimal(t)
	edit(t, files, "parameters/limiti.yaml", `value: "50"`, `value: "51"`)
	edit(t, files, "parameters/limiti.yaml", `en: "Window"`, `en: "Span"`)
	edit(t, files, "exceptions/meteo.yaml", `valid_to: "2023-12-31"`, `valid_to: "2023-11-30"`)
	edit(t, files, "counters/cigo.settimane.yaml", `limit: [{value: 'param("cigo.limite")'}]`, `limit: [{value: '52'}]`)
	delete(files, "checks/periodi.yaml")
	files["exceptions/neve.yaml"] = &fstest.MapFile{Data: []byte(strings.NewReplacer("METEO", "NEVE", "2023", "2024").Replace(string(before["exceptions/meteo.yaml"].Data)))}

	var b strings.Builder
	if err := rulebook.PrintChanges(&b, rulebook.Diff(mustLoad(t, before), mustLoad(t, files))); err != nil {
		t.Fatal(err)
	}
	const want = `contatore cigo.settimane, versione 1 (dal 2015-09-24): cambia il significato
    variants[0].limit[0][1]: param("cigo.limite") → 52
deroga METEO, versione 1 (dal 2023-07-01): finisce il 2023-11-30, prima il 2023-12-31
deroga NEVE, versione 1 (dal 2024-07-01): nuova
parametro cigo.finestra, versione 1 (dal 2015-09-24): cambiano le parole, non il significato
parametro cigo.limite, versione 1 (dal 2015-09-24): cambia il significato
    value: 50 → 51
regola periodo.troppo_lungo, versione 1 (dal 2015-09-24): non c'è più
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestShowPrintsTheVersionInForce(t *testing.T) {
	t.Parallel()
	ed := mustLoad(t, minimal(t))
	day := calendar.MustParse("2024-01-01")
	if found := ed.Find("METEO", &day); len(found) != 0 {
		t.Errorf("METEO is in force on %s", day)
	}
	if near := ed.NearestID("cigo.setimane"); near != "cigo.settimane" {
		t.Errorf("the nearest id is %q", near)
	}
	var b strings.Builder
	if err := ed.Show(&b, ed.Find("cigo.limite", &day)); err != nil {
		t.Fatal(err)
	}
	want := `parametro cigo.limite, versione 2 — Limite
in vigore dal 2020-01-01, senza termine
fonte: D.lgs. 148/2015, art. 12, c. 3
certezza della fonte: CONFIRMED
impronta: ` + ed.Parameters["cigo.limite"].Versions[0].Digest + `
scritto in: parameters/limiti.yaml:7:9

      - version: 2
        valid_from: "2020-01-01"
        value: "52"
        law: [{act: D148, article: "12", paragraph: "3"}]
        confidence: CONFIRMED
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	if found := ed.Find("cigo.limite", nil); len(found) != 2 || found[0].Version.Number != 2 {
		t.Errorf("without a day: %d versions", len(found))
	}
}

func TestShowSaysConditionsInWords(t *testing.T) {
	t.Parallel()
	ed := mustLoad(t, minimal(t))
	for _, id := range []string{"cigo.settimane", "METEO", "azienda.ultima_fine", "periodo.troppo_lungo"} {
		var b strings.Builder
		if err := ed.Show(&b, ed.Find(id, nil)); err != nil {
			t.Fatal(err)
		}
		_, words, ok := strings.Cut(b.String(), "in parole:\n")
		if !ok || strings.TrimSpace(words) == "" {
			t.Errorf("%s says no condition in words:\n%s", id, b.String())
		}
	}
}
