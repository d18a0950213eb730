package fact

import (
	"maps"
	"regexp"
	"slices"
)

// Format is a named form of a text, that a field may ask for.
type Format struct {
	Name    string
	Pattern string // regular expression of the whole text, in the subset that JSON Schema shares
	Example string
	Says    Texts // what is expected, as the end of a sentence
	// Check looks at a text that has the form of Pattern, or not; code is stable, and empty when ok.
	Check func(s string) (code string, ok bool)
}

// Codes that a Check gives.
const (
	InvalidFormat     = "invalid_format"
	InvalidCheckDigit = "invalid_check_digit"
	InvalidBirthDate  = "invalid_birth_date"
	LowerCase         = "lower_case"
)

// KnownFormat tells whether a field may ask for the format of that name.
func KnownFormat(name string) bool { return formats[name] != nil }

// FormatNames lists the formats, sorted.
func FormatNames() []string { return slices.Sorted(maps.Keys(formats)) }

// FormatOf is the format of that name, or nil.
func FormatOf(name string) *Format { return formats[name] }

var formats = index(
	&Format{
		Name: "matricola", Pattern: `^[0-9]{10}$`, Example: "0123456789",
		Says: Texts{
			"it": "10 cifre, zeri iniziali compresi",
			"en": "10 digits, leading zeros included",
			"de": "10 Ziffern, einschließlich führender Nullen",
		},
	},
	&Format{
		Name: "codice_fiscale", Pattern: `^([0-9]{11}|` + personPattern + `)$`, Example: "00000000000",
		Check: checkCodiceFiscale,
		Says: Texts{
			"it": "11 cifre, oppure i 16 caratteri di una persona",
			"en": "11 digits, or the 16 characters of a person",
			"de": "11 Ziffern oder die 16 Zeichen einer Person",
		},
	},
	&Format{
		Name: "codice_fiscale_persona", Pattern: `^` + personPattern + `$`, Example: "RSSMRA80A01H501U",
		Check: checkPerson,
		Says: Texts{
			"it": "16 caratteri, come RSSMRA80A01H501U",
			"en": "16 characters, such as RSSMRA80A01H501U",
			"de": "16 Zeichen, wie RSSMRA80A01H501U",
		},
	},
	&Format{
		Name: "progressivo", Pattern: `^[0-9]{1,10}$`, Example: "0",
		Says: Texts{
			"it": "da 1 a 10 cifre; 0 è la sede principale",
			"en": "1 to 10 digits; 0 is the main seat",
			"de": "1 bis 10 Ziffern; 0 ist der Hauptsitz",
		},
	},
	&Format{
		Name: "codice", Pattern: `^[a-z0-9][a-z0-9_-]*$`, Example: "fsba",
		Says: Texts{
			"it": "lettere minuscole, cifre, _ e -",
			"en": "lower-case letters, digits, _ and -",
			"de": "Kleinbuchstaben, Ziffern, _ und -",
		},
	},
)

// index files the formats by name; one without a check of its own is checked by its pattern.
func index(list ...*Format) map[string]*Format {
	out := make(map[string]*Format, len(list))
	for _, f := range list {
		if f.Check == nil {
			f.Check = byPattern(regexp.MustCompile(f.Pattern))
		}
		out[f.Name] = f
	}
	return out
}

func byPattern(re *regexp.Regexp) func(string) (string, bool) {
	return func(s string) (string, bool) {
		if re.MatchString(s) {
			return "", true
		}
		return InvalidFormat, false
	}
}
