package api

import (
	"mime"
	"strconv"
	"strings"
)

// preferred is the offered media type that the Accept headers like best, the earlier one among
// equals; "" when they accept none. No header accepts everything.
func preferred(accept, offered []string) string {
	header := strings.Join(accept, ",")
	if strings.TrimSpace(header) == "" {
		return offered[0]
	}
	best, bestQ := "", 0.0
	for _, media := range offered {
		if q := weight(header, media); q > bestQ {
			best, bestQ = media, q
		}
	}
	return best
}

// weight is the q-value that the header gives a media type: that of its most specific range.
func weight(header, media string) float64 {
	q, specific := 0.0, -1
	for part := range strings.SplitSeq(header, ",") {
		pattern, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		if s := specificity(pattern, media); s > specific {
			specific, q = s, quality(params)
		}
	}
	return q
}

// specificity tells how closely a range names a media type; -1 when it does not.
func specificity(pattern, media string) int {
	kind, _, _ := strings.Cut(media, "/")
	switch pattern {
	case media:
		return 2
	case kind + "/*":
		return 1
	case "*/*", "*":
		return 0
	}
	return -1
}

func quality(params map[string]string) float64 {
	text, ok := params["q"]
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || !(q >= 0 && q <= 1) { // NaN too
		return 0
	}
	return q
}
