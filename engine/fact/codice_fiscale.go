package fact

import (
	"regexp"
	"strings"
)

// personPattern is the form of a person's codice fiscale: surname and name, year, month, day,
// place of birth, check letter. Where two people would share a code, the digits are replaced
// from the right by the letters L M N P Q R S T U V (omocodia).
const personPattern = `[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]`

var personForm = regexp.MustCompile(`^` + personPattern + `$`)

// checkCodiceFiscale checks the code of a company (11 digits) or of a person (16 characters).
func checkCodiceFiscale(s string) (string, bool) {
	if len(s) == 11 {
		return checkEntity(s)
	}
	return checkPerson(s)
}

// checkPerson checks the form, the day of birth and the check letter of a person's code.
func checkPerson(s string) (string, bool) {
	if !personForm.MatchString(s) {
		if personForm.MatchString(strings.ToUpper(s)) {
			return LowerCase, false
		}
		return InvalidFormat, false
	}
	if checkLetter(s) != s[15] {
		return InvalidCheckDigit, false
	}
	if !bornOnARealDay(s) {
		return InvalidBirthDate, false
	}
	return "", true
}

// checkEntity checks 11 digits: those in even places are doubled, less 9 when above it, and the
// sum of all must end in 0.
func checkEntity(s string) (string, bool) {
	sum := 0
	for i := range len(s) {
		n := int(s[i]) - '0'
		if n < 0 || n > 9 {
			return InvalidFormat, false
		}
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	if sum%10 != 0 {
		return InvalidCheckDigit, false
	}
	return "", true
}

// oddValues are the weights of the characters in odd places: 0 to 9 weigh as A to J.
const oddValues = "\x01\x00\x05\x07\x09\x0d\x0f\x11\x13\x15\x02\x04\x12\x14\x0b\x03\x06\x08\x0c\x0e\x10\x0a\x16\x19\x18\x17"

// checkLetter computes the 16th character from the first 15.
func checkLetter(s string) byte {
	sum := 0
	for i := range 15 {
		n := int(s[i] - 'A')
		if s[i] <= '9' {
			n = int(s[i] - '0')
		}
		if i%2 == 0 {
			n = int(oddValues[n])
		}
		sum += n
	}
	return byte('A' + sum%26)
}

// bornOnARealDay tells whether year, month and day can be a day of birth; the day of a woman is
// 40 more. The century is not in the code, so 29 February is taken in every fourth year.
func bornOnARealDay(s string) bool {
	const months = "ABCDEHLMPRST"
	days := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	last := days[strings.IndexByte(months, s[8])]
	if s[8] == 'B' && digitsOf(s[6:8])%4 == 0 {
		last = 29
	}
	day := digitsOf(s[9:11])
	if day > 40 {
		day -= 40
	}
	return day >= 1 && day <= last
}

// digitsOf reads two digits, which may be letters of omocodia.
func digitsOf(s string) int {
	return digitOf(s[0])*10 + digitOf(s[1])
}

func digitOf(c byte) int {
	if c <= '9' {
		return int(c - '0')
	}
	return strings.IndexByte("LMNPQRSTUV", c)
}
