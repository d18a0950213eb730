package archive_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"omnia/archive"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"accents and capitals", "Attività PERCHÉ", "attivita perche"},
		{"composed and decomposed alike", "e\u0301 \u00e9", "e e"},
		{"compatibility forms", "oﬃcina ＯＭＮＩＡ m²", "officina omnia m2"},
		{"apostrophes part words", "dell'impianto dell’impianto", "dell impianto dell impianto"},
		{"a soft hyphen does not", "manca\u00adnza zero\u200bwidth", "mancanza zerowidth"},
		{"letters that are not taken apart", "Weiß WEISS Łódź Søren Œuvre", "weiss weiss lodz soren oeuvre"},
		{"digits stay", "art. 12, c. 3-4", "art 12 c 3 4"},
		{"wildcards and quotes part words", `100%_sicuro' OR 1=1 --`, "100 sicuro or 1 1"},
		{"nothing", " \t\n…", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := archive.Fold(tt.text); got != tt.want {
				t.Errorf("Fold(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestStems(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"articles and prepositions go", "la mancanza delle commesse", []string{"mancanz", "commess"}},
		{"unless nothing is left", "di il", []string{"di", "il"}},
		{"each once, in order", "Sospesa l’attività: attività sospesa", []string{"sospes", "attiv"}},
		{"not is a word", "evento non evitabile", []string{"event", "non", "evit"}},
		{"singular and plural meet", "autorizzazione autorizzazioni", []string{"autorizz"}},
		{"numbers are words", "52 settimane", []string{"52", "settiman"}},
		{"nothing", "!?", []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := archive.Stems(tt.text); !slices.Equal(got, tt.want) {
				t.Errorf("Stems(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

// A person finds a text by any form of its words.
func TestFormsOfAWordMeet(t *testing.T) {
	t.Parallel()
	for _, forms := range []string{
		"sospensione sospensioni", "attività ATTIVITA attivita'", "respinta respinte respinto",
		"alluvione alluvioni", "lavorativa lavorativo lavorative", "motivazione motivazioni", "perché PERCHE",
	} {
		var first []string
		for form := range strings.FieldsSeq(forms) {
			got := archive.Stems(form)
			if first == nil {
				first = got
			}
			if !slices.Equal(got, first) {
				t.Errorf("%q has the stems %q, but %q those of the first of %q", form, got, first, forms)
			}
		}
	}
}

func checkStems(t interface {
	Helper()
	Fatalf(string, ...any)
}, text string) {
	t.Helper()
	folded := archive.Fold(text)
	if again := archive.Fold(folded); again != folded {
		t.Fatalf("Fold(%q) is %q, and folded again %q", text, folded, again)
	}
	stems := archive.Stems(text)
	if len(stems) > 2000 {
		t.Fatalf("%d stems", len(stems))
	}
	seen := map[string]bool{}
	for _, s := range stems {
		if s == "" || seen[s] || !utf8.ValidString(s) || utf8.RuneCountInString(s) > 48 {
			t.Fatalf("%q of %q is empty, twice there, not UTF-8 or too long", s, text)
		}
		seen[s] = true
		if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }); i >= 0 {
			t.Fatalf("%q of %q has more than letters and digits", s, text)
		}
	}
	if strings.ContainsFunc(folded, unicode.IsLetter) && len(stems) == 0 {
		t.Fatalf("%q has words but no stems", text)
	}
}

func TestStemsHoldWhatTheyPromise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { checkStems(t, rapid.String().Draw(t, "text")) })
	checkStems(t, strings.Repeat("a", 100_000))
	checkStems(t, strings.Repeat("à", 100_000))
}

func FuzzStems(f *testing.F) {
	for _, s := range []string{"", "Sospensione dell’attività", "\x00\xff", "\xf0à", "ẞİıﬃ", "％ _ '", strings.Repeat("qu", 60)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { checkStems(t, text) })
}

func BenchmarkStems(b *testing.B) {
	text := "Mancanza di lavoro e di commesse: l'azienda documenta il calo degli ordini nel trimestre e la ripresa prevista della produzione entro la primavera."
	b.ReportAllocs()
	for b.Loop() {
		archive.Stems(text)
	}
}
