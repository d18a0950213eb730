package fact_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"omnia/engine/fact"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ format, text, want string }{
		{"matricola", "0123456789", ""},
		{"matricola", "0000000000", ""},
		{"matricola", "123456789", "invalid_format"},
		{"matricola", "01234567890", "invalid_format"},
		{"matricola", "012345678A", "invalid_format"},
		{"matricola", "0123456789\n", "invalid_format"},
		{"matricola", "٠١٢٣٤٥٦٧٨٩", "invalid_format"},
		{"progressivo", "0", ""},
		{"progressivo", "0012", ""},
		{"progressivo", "", "invalid_format"},
		{"progressivo", "-1", "invalid_format"},
		{"codice", "fsba", ""},
		{"codice", "FSBA", "invalid_format"},

		// A person (the worked cases), with and without letters in place of digits.
		{"codice_fiscale_persona", "RSSMRA80A01H501U", ""},
		{"codice_fiscale_persona", "VRDLGI85T50F205F", ""},
		{"codice_fiscale_persona", "RSSMRA80A01H50MM", ""},
		{"codice_fiscale_persona", "RSSMRA80A01H501X", "invalid_check_digit"},
		{"codice_fiscale_persona", "rssmra80a01h501u", "lower_case"},
		{"codice_fiscale_persona", "RSSMRA80A01H501", "invalid_format"},
		{"codice_fiscale_persona", "RSSMRA80F01H501U", "invalid_format"},
		{"codice_fiscale_persona", "RSSMRA80A01H5O1U", "invalid_format"},
		{"codice_fiscale_persona", "12345678903", "invalid_format"},
		{"codice_fiscale_persona", personBorn("80B30"), "invalid_birth_date"},
		{"codice_fiscale_persona", personBorn("80B29"), ""},
		{"codice_fiscale_persona", personBorn("81B29"), "invalid_birth_date"},
		{"codice_fiscale_persona", personBorn("80D71"), "invalid_birth_date"},
		{"codice_fiscale_persona", personBorn("80D70"), ""},
		{"codice_fiscale_persona", personBorn("80A00"), "invalid_birth_date"},
		{"codice_fiscale_persona", personBorn("80A40"), "invalid_birth_date"},
		{"codice_fiscale_persona", personBorn("8LA0M"), ""},

		// A company, or a person.
		{"codice_fiscale", "80078750587", ""},
		{"codice_fiscale", "02121151001", ""},
		{"codice_fiscale", "80078750588", "invalid_check_digit"},
		{"codice_fiscale", "0212115100A", "invalid_format"},
		{"codice_fiscale", "RSSMRA80A01H501U", ""},
		{"codice_fiscale", "", "invalid_format"},
	} {
		code, ok := fact.FormatOf(tt.format).Check(tt.text)
		if code != tt.want || ok != (tt.want == "") {
			t.Errorf("%s of %q: %q, %t; want %q", tt.format, tt.text, code, ok, tt.want)
		}
	}
}

// personBorn is a code with that day of birth and the right check letter, found by trying.
func personBorn(day string) string {
	for letter := 'A'; letter <= 'Z'; letter++ {
		s := "RSSMRA" + day + "H501" + string(letter)
		if code, _ := fact.FormatOf("codice_fiscale_persona").Check(s); code != "invalid_check_digit" {
			return s
		}
	}
	panic("no check letter for " + day)
}

func TestExactlyOneCheckLetterFits(t *testing.T) {
	t.Parallel()
	check := fact.FormatOf("codice_fiscale_persona").Check
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[A-Z]{6}[0-9LMNP-V]{2}[ACEHLMRT](0[1-9]|[1-2][0-9]|4[1-9]|[56][0-9])[A-Z][0-9LMNP-V]{3}`).Draw(t, "first 15 characters")
		var fits int
		for letter := 'A'; letter <= 'Z'; letter++ {
			if _, ok := check(body + string(letter)); ok {
				fits++
			}
		}
		if fits != 1 {
			t.Fatalf("%s has %d check letters", body, fits)
		}
	})
}

func TestOneWrongDigitOfACompanyIsFound(t *testing.T) {
	t.Parallel()
	check := fact.FormatOf("codice_fiscale").Check
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[0-9]{10}`).Draw(t, "first 10 digits")
		var right string
		for d := '0'; d <= '9'; d++ {
			if _, ok := check(body + string(d)); ok {
				if right != "" {
					t.Fatalf("two check digits fit: %s and %c", right, d)
				}
				right = body + string(d)
			}
		}
		at := rapid.IntRange(0, 10).Draw(t, "place")
		add := byte(rapid.IntRange(1, 9).Draw(t, "change"))
		wrong := []byte(right)
		wrong[at] = '0' + (wrong[at]-'0'+add)%10
		if code, _ := check(string(wrong)); code != "invalid_check_digit" {
			t.Fatalf("%s passes, one digit away from %s", wrong, right)
		}
	})
}

func TestFormatsAreCompleteAndTakeTheirExamples(t *testing.T) {
	t.Parallel()
	names := fact.FormatNames()
	if len(names) == 0 || fact.KnownFormat("ticket?") {
		t.Fatal("the registry does not tell what it has")
	}
	for _, name := range names {
		f := fact.FormatOf(name)
		if code, ok := f.Check(f.Example); !ok {
			t.Errorf("the example of %s fails: %s", name, code)
		}
		if !strings.HasPrefix(f.Pattern, "^") || !strings.HasSuffix(f.Pattern, "$") {
			t.Errorf("the pattern of %s does not bind the whole text", name)
		}
		for _, lang := range []string{"it", "en", "de"} {
			if f.Says[lang] == "" {
				t.Errorf("%s says nothing in %s", name, lang)
			}
		}
	}
}
