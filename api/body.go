package api

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"omnia/internal/fault"
)

// body reads the whole body of a JSON request.
func (s *server) body(c *call) ([]byte, error) {
	if c.content != nil { // the request is decided again
		return c.content, nil
	}
	if err := jsonBody(c); err != nil {
		return nil, err
	}
	room := bytes.NewBuffer(make([]byte, 0, roomFor(c.Request.ContentLength)))
	_, err := room.ReadFrom(c.Request.Body)
	if err != nil {
		c.Header("Connection", "close")
		return nil, bodyFailure(c, err, s.Limits.Body)
	}
	// Read: from here on the connection only watches for a caller who leaves.
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Time{})
	c.content = room.Bytes()
	return c.content, nil
}

// roomFor is room to read a body into that is said to be so long; who says much need not send it.
func roomFor(length int64) int64 {
	const most = 64 << 10
	return min(max(length, 0), most) + bytes.MinRead // more than is read: else it grows once to see the end
}

// jsonBody checks that the request says its body is JSON as we read it: UTF-8, not compressed.
func jsonBody(c *call) error {
	_, err := bodyMedia(c, typeJSON)
	return err
}

// bodyMedia is the media type of the body, which must be one of those allowed.
func bodyMedia(c *call, allowed ...string) (string, error) {
	h := c.Request.Header
	if e := strings.Join(h.Values("Content-Encoding"), ", "); e != "" && !strings.EqualFold(e, "identity") {
		return "", failure(c.lang, codeEncoding, e)
	}
	declared := strings.Join(h.Values("Content-Type"), ", ")
	media, params, err := mime.ParseMediaType(declared)
	charset, has := params["charset"]
	if err != nil || !slices.Contains(allowed, media) || has && !strings.EqualFold(charset, "utf-8") {
		return "", failure(c.lang, codeMediaType, strings.Join(allowed, ", "), declared)
	}
	return media, nil
}

// bodyFailure says why a body could not be read.
func bodyFailure(c *call, err error, limit int64) *fault.Fault {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return failure(c.lang, codeTooLarge, limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return failure(c.lang, codeSlowBody).Wrap(err)
	}
	return failure(c.lang, codeBodyBroken).Wrap(err)
}
