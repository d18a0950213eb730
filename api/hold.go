package api

import (
	"bytes"
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
)

// held keeps an answer back until it may leave: after its access is recorded, or its effect is
// committed. Until then it can be taken back whole, headers included.
type held struct {
	gin.ResponseWriter
	before  http.Header // as they were when the answer was begun
	status  int
	body    bytes.Buffer
	through bool // nothing is kept back any more
}

// hold keeps back what is written to c from now on. The caller must call release.
func hold(c *gin.Context) *held {
	h := &held{ResponseWriter: c.Writer, before: c.Writer.Header().Clone(), status: http.StatusOK}
	c.Writer = h
	return h
}

// release gives c its own writer back. What is still held then is lost.
func (h *held) release(c *gin.Context) { c.Writer = h.ResponseWriter }

// takeBack forgets the answer.
func (h *held) takeBack() {
	header := h.Header()
	maps.DeleteFunc(header, func(name string, _ []string) bool { _, there := h.before[name]; return !there })
	for name, values := range h.before {
		header[name] = slices.Clone(values)
	}
	h.status = http.StatusOK
	h.body.Reset()
}

// letGo sends what was held, and lets the rest pass.
func (h *held) letGo() {
	if h.through {
		return
	}
	h.through = true
	h.ResponseWriter.WriteHeader(h.status)
	h.ResponseWriter.WriteHeaderNow()
	if h.body.Len() > 0 {
		_, _ = h.ResponseWriter.Write(h.body.Bytes()) // a caller who has gone can't be told
	}
}

// Write implements io.Writer.
func (h *held) Write(b []byte) (int, error) {
	if h.through {
		return h.ResponseWriter.Write(b)
	}
	return h.body.Write(b)
}

// WriteString implements io.StringWriter.
func (h *held) WriteString(s string) (int, error) { return h.Write([]byte(s)) }

// WriteHeader implements http.ResponseWriter.
func (h *held) WriteHeader(status int) {
	if h.through {
		h.ResponseWriter.WriteHeader(status)
		return
	}
	h.status = status
}

// WriteHeaderNow implements gin.ResponseWriter.
func (h *held) WriteHeaderNow() {
	if h.through {
		h.ResponseWriter.WriteHeaderNow()
	}
}

// Flush implements http.Flusher; what is held stays held.
func (h *held) Flush() {
	if h.through {
		h.ResponseWriter.Flush()
	}
}

// Status implements gin.ResponseWriter.
func (h *held) Status() int {
	if h.through {
		return h.ResponseWriter.Status()
	}
	return h.status
}

// Size implements gin.ResponseWriter.
func (h *held) Size() int {
	if h.through {
		return h.ResponseWriter.Size()
	}
	return h.body.Len()
}

// Written tells whether anything has left.
func (h *held) Written() bool { return h.ResponseWriter.Written() }

// Unwrap lets http.ResponseController reach the connection.
func (h *held) Unwrap() http.ResponseWriter { return h.ResponseWriter }
