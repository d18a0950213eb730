package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/gin-gonic/gin"

	"omnia/engine"
)

// json answers 200 with v, in the media type that was negotiated.
func (c *call) json(v any) error {
	return c.reply(http.StatusOK, v)
}

// reply answers v with that status, in the media type that was negotiated.
func (c *call) reply(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	send(c.Context, status, c.media, append(body, '\n'))
	return nil
}

// decision answers 200 with a decision, by far the longest answer there is, without reflection. One that
// rests on the archive says as of which instant, behind what any decision has; "" is none.
func (c *call) decision(answer *engine.Counters, knownAt string) {
	buf := decisions.Get().(*[]byte)
	text, written := c.headless.append((*buf)[:0], &answer.Decision)
	if !written {
		text = answer.AppendJSON(text)
	}
	*buf = text
	if knownAt != "" {
		*buf = append((*buf)[:len(*buf)-1], `,"noto_al":"`+knownAt+`"}`...)
	}
	*buf = append(*buf, '\n')
	send(c.Context, http.StatusOK, c.media, *buf)
	giveBack(buf)
}

// decisions lends out the room in which answers, and the facts that they rest on, are written. A history of thousands of periods
// would hold megabytes for nothing, so room above maxKept bytes is not kept.
var decisions = sync.Pool{New: func() any { return new([]byte) }}

const maxKept = 1 << 20

func giveBack(room *[]byte) {
	if cap(*room) <= maxKept {
		decisions.Put(room)
	}
}

// write answers with v as JSON of that media type. Problems always marshal: they are plain text.
func write(c *gin.Context, status int, media string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	send(c, status, media, append(body, '\n'))
}

// send writes the whole answer at once, so that its length is known.
func send(c *gin.Context, status int, media string, body []byte) {
	if media == typeHTML {
		media += "; charset=utf-8"
	}
	h := c.Writer.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.Writer.WriteHeader(status)
	_, _ = c.Writer.Write(body) // a caller who has gone can't be told
}
