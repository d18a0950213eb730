package api

import (
	"github.com/gin-gonic/gin"
	"golang.org/x/text/language"

	"omnia/engine/quantity"
)

// matcher picks among the languages people are answered in; the first is what any other gets.
var matcher = language.NewMatcher(func() (tags []language.Tag) {
	for _, l := range quantity.Languages {
		tags = append(tags, language.MustParse(l))
	}
	return tags
}())

// maxLanguages is the longest Accept-Language that is read, in bytes. A longer one is no
// person's list of languages; it gets the default.
const maxLanguages = 512

// negotiateLanguage is the language to answer in. A header that can't be read is no reason to
// refuse a request: it gets Italian.
func negotiateLanguage(header string) string {
	fallback := quantity.Languages[0]
	if header == "" || len(header) > maxLanguages {
		return fallback
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return fallback
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence < language.High {
		return fallback
	}
	return quantity.Languages[i]
}

const languageKey = "language"

// languageOf is what the middleware negotiated for this request.
func languageOf(c *gin.Context) string {
	if l := c.GetString(languageKey); l != "" {
		return l
	}
	return quantity.Languages[0]
}
