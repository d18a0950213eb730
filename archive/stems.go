package archive

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/italian"
	"golang.org/x/text/unicode/norm"
)

// The bounds of what is searched for and in: a motivazione never has as many different words.
const (
	maxStems   = 2_000
	maxLetters = 48 // of one word; what comes after is cut
)

// Fold is a text as searches compare it: its words in small letters without accents, one blank between
// them. Compatibility forms (ﬁ, Ａ, ²) are their plain letters; what is no letter and no digit parts
// words, but for what can't be seen (soft hyphens, joiners). Folding twice changes nothing.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	apart := false
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(s, " ")) { // a broken letter would keep the next one whole
		switch {
		case unicode.Is(unicode.M, r) || unicode.Is(unicode.Cf, r): // an accent, apart from its letter since NFKD
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if apart && b.Len() > 0 {
				b.WriteByte(' ')
			}
			apart = false
			if plain, ok := undivided[r]; ok {
				b.WriteString(plain)
			} else {
				b.WriteRune(unicode.ToLower(r))
			}
		default:
			apart = true
		}
	}
	return b.String()
}

// undivided are the letters of European names that Unicode does not take apart.
var undivided = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'ø': "o", 'Ø': "o", 'ł': "l", 'Ł': "l", 'đ': "d", 'Đ': "d", 'ı': "i",
	'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'þ': "th", 'Þ': "th", 'ð': "d", 'Ð': "d",
}

// Stems are the stems of the Italian words of a text, each once, in the order of their first use:
// "sospensione delle attività" and "attività sospese" meet in "attiv". Words that every text has (articles,
// prepositions) are left out, unless there are no others. A stem has letters and digits only.
func Stems(text string) []string {
	words := strings.Fields(Fold(text))
	if all := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return stopWords[w] }); len(all) > 0 {
		words = all
	}
	seen, out := make(map[string]bool, len(words)), make([]string, 0, len(words))
	env := snowballstem.NewEnv("")
	for _, w := range words {
		s := stem(env, cut(w))
		if len(out) == maxStems {
			break
		}
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// stem is that of one folded word. The algorithm marks some vowels with capitals on its way.
func stem(env *snowballstem.Env, word string) string {
	env.SetCurrent(word)
	italian.Stem(env)
	return strings.ToLower(env.Current())
}

// cut is the beginning of a word without end.
func cut(word string) string {
	if len(word) <= maxLetters || utf8.RuneCountInString(word) <= maxLetters {
		return word
	}
	return string([]rune(word)[:maxLetters])
}

// stopWords are folded. «non» is not among them: an event is avoidable, or it is not.
var stopWords = setOf(`a ad ai al all alla alle allo agli anche c che chi ci come con cui d da dai dal dall dalla dalle dallo dagli
	degli dei del dell della delle dello di dove e ed era erano essere fra gli ha hanno i il in io l la le lei li lo loro lui ma
	mi ne negli nei nel nell nella nelle nello noi o od per perche piu quale quali quando quanto quello questa queste questi
	questo s se si sia siano sono su sua sue sugli sui sul sull sulla sulle sullo suo suoi ti tra tu tutti tutto un una uno vi voi`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}
