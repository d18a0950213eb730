package api

import (
	"net/http"
	"strconv"
	"strings"
)

// An entity tag names one version of one thing, so that an edit can say what it rests on and a read
// can say what the caller has already. Ours are strong: the same tag is the same content.

// versionTag is the tag of a version with that digest of its content.
func versionTag(version int, digest string) string {
	_, hex, found := strings.Cut(digest, ":")
	if !found {
		hex = digest
	}
	return `"` + strconv.Itoa(version) + "-" + hex[:min(16, len(hex))] + `"`
}

// unmodified answers 304 when the caller has the version with that tag already (If-None-Match).
// Either way the answer carries the tag.
func (c *call) unmodified(tag string) bool {
	c.Header("ETag", tag)
	if !tagListed(c.Request.Header.Values("If-None-Match"), tag, true) {
		return false
	}
	c.Status(http.StatusNotModified)
	c.Writer.WriteHeaderNow()
	return true
}

// precondition is what an edit says it rests on.
type precondition struct {
	header []string
	create bool // If-None-Match: *: only when nothing is there
}

// precondition reads If-Match or If-None-Match of an edit, which must say one of them: an edit that
// rests on nothing would silently undo the one before it.
func (c *call) precondition() (precondition, error) {
	match, none := c.Request.Header.Values("If-Match"), c.Request.Header.Values("If-None-Match")
	switch {
	case len(match) > 0 && len(none) == 0:
		return precondition{header: match}, nil
	case len(match) == 0 && len(none) == 1 && strings.TrimSpace(none[0]) == "*":
		return precondition{create: true}, nil
	}
	return precondition{}, failure(c.lang, codePreconditionRequired)
}

// holds tells whether it is met by what is there: tag, or "" for nothing.
func (p precondition) holds(tag string) bool {
	if p.create || tag == "" {
		return p.create && tag == ""
	}
	return tagListed(p.header, tag, false)
}

// stale is the refusal of an edit that rests on another version than the one there is.
func (c *call) stale() error { return failure(c.lang, codePreconditionFailed) }

// tagListed tells whether one of the tags of a header is this one (RFC 9110, section 13.1). A weak tag
// equals ours only where the header allows it: for reads, not for edits.
func tagListed(header []string, tag string, weak bool) bool {
	for t := range strings.SplitSeq(strings.Join(header, ","), ",") {
		t = strings.TrimSpace(t)
		if weak {
			t = strings.TrimPrefix(t, "W/")
		}
		if t == "*" || t == tag {
			return true
		}
	}
	return false
}
