package api

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
)

const (
	defaultLimit = 50
	maxLimit     = 200
)

// list is the body of every list. Items is never null.
type list[T any] struct {
	Items      []T    `json:"items"`
	Limit      int    `json:"limit"`
	NextCursor string `json:"next_cursor,omitempty"`
}

// paging is which part of a list is asked, in which order.
type paging struct {
	sort  string // as asked: "id", or "-id" for the other way round
	after string // the key that the last page ended on; "" for the first page
	limit int
}

// paging reads cursor, limit and sort; the first of sorts is the default.
func (q *query) paging(sorts ...string) paging {
	p := paging{sort: q.choice("sort", sorts...), limit: q.limit()}
	if cursor := q.text("cursor", ""); cursor != "" {
		sort, after, ok := readCursor(cursor)
		if !ok || sort != p.sort {
			q.wrong("cursor", codeCursor)
			return p
		}
		p.after = after
	}
	return p
}

// pagingByID is paging of a list in one order, whose cursor ends on an id of the service.
func (q *query) pagingByID(sort string) paging {
	p := q.paging(sort)
	if p.after != "" && !isUUID(p.after) {
		q.wrong("cursor", codeCursor)
	}
	return p
}

// paged sorts items by their keys, which must be unique, and cuts the page out. The cursor is the
// key of the last item shown: it stays good when items come and go.
func paged[T any](items []T, p paging, key func(T) string) list[T] {
	sign := 1
	if strings.HasPrefix(p.sort, "-") {
		sign = -1
	}
	slices.SortFunc(items, func(a, b T) int { return sign * cmp.Compare(key(a), key(b)) })
	from := 0
	if p.after != "" {
		from = len(items)
		if i := slices.IndexFunc(items, func(t T) bool { return sign*cmp.Compare(key(t), p.after) > 0 }); i >= 0 {
			from = i
		}
	}
	out := list[T]{Items: []T{}, Limit: p.limit}
	out.Items = append(out.Items, items[from:min(from+p.limit, len(items))]...)
	if from+p.limit < len(items) {
		out.NextCursor = writeCursor(p.sort, key(out.Items[len(out.Items)-1]))
	}
	return out
}

// A cursor is the sort order and the key, in a form that nobody is tempted to write by hand.
func writeCursor(sort, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(sort + "\n" + key))
}

func readCursor(cursor string) (sort, key string, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return "", "", false
	}
	sort, key, ok = strings.Cut(string(b), "\n")
	return sort, key, ok && key != ""
}
