package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"omnia/archive"
)

// snapshot is the cursor of a search: the last key shown, and the instant as of which the first page was
// read. All pages are read as of that instant, so that the list stands still while it is turned over,
// whatever is written or corrected meanwhile.
type snapshot struct {
	at  time.Time
	key string
	sum string // of all that the pages have in common, and of the key
}

// sumOf binds a cursor to its list: one of another matricola, of other criteria or edited by hand is
// told from a good one. It is no secret: who forges it gets a page of a list that is asked for anyway.
func sumOf(matricola, asked string, shown criteria, key string) string {
	text, err := json.Marshal(shown)
	if err != nil {
		panic("api: criteria are texts: " + err.Error())
	}
	h := sha256.New()
	for _, part := range []string{matricola, asked, string(text), key} {
		_, _ = h.Write([]byte(part)) // never fails
		_, _ = h.Write([]byte{'\n'})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// String is the cursor as it goes out.
func (s snapshot) String() string {
	text := strconv.FormatInt(s.at.UnixMicro(), 36) + "\n" + s.sum + "\n" + s.key
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// maxSnapshot is the longest cursor there is, in characters: a numero has at most 64.
const maxSnapshot = 480

func readSnapshot(cursor string) (s snapshot, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return s, false
	}
	parts := strings.SplitN(string(b), "\n", 3)
	if len(parts) != 3 || parts[2] == "" {
		return s, false
	}
	micro, err := strconv.ParseInt(parts[0], 36, 64)
	if err != nil || micro < 0 {
		return s, false
	}
	return snapshot{at: archive.Instant(time.UnixMicro(micro)), sum: parts[1], key: parts[2]}, true
}
