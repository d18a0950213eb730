package chat

import "regexp"

// What names a person or an account, as it is found in running text. A codice fiscale that was written for somebody
// with the same data as another has letters in the places of digits; it and an IBAN are also written in groups.
var personal = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\b[A-Z]{3} ?[A-Z]{3} ?[0-9LMNPQRSTUV]{2} ?[ABCDEHLMPRST] ?[0-9LMNPQRSTUV]{2} ?[A-Z][0-9LMNPQRSTUV]{3} ?[A-Z]\b`), "[codice fiscale]"},
	{regexp.MustCompile(`(?i)\b(?:IT[0-9]{2}[ -]?[A-Z] ?[0-9]{5} ?[0-9]{5} ?[A-Z0-9]{12}|[A-Z]{2}[0-9]{2}(?:[ -][A-Z0-9]{4}){3,7}(?:[ -][A-Z0-9]{1,3})?|[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30})\b`), "[iban]"},
	{regexp.MustCompile(`[\pL0-9._%+-]+@[\pL0-9-]+(?:\.[\pL0-9-]+)+`), "[indirizzo]"},
	{regexp.MustCompile(`(?:\+|\b00)[0-9](?:[ ./-]?[0-9]){7,13}\b|\b(?:0[0-9]|3[0-9]{2})(?:[ ./-]?[0-9]){6,8}\b`), "[telefono]"},
}

// Mask is a text with each codice fiscale, IBAN, mail address and telephone number replaced by a word that says what
// it was. It goes into what is searched, logged and counted; the message itself stays as it was written.
func Mask(text string) string {
	for _, p := range personal {
		text = p.pattern.ReplaceAllString(text, p.instead)
	}
	return text
}
