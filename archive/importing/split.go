package importing

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"

	"omnia/archive"
)

// A chunk is read by one core: large enough that passing it on costs nothing, small enough to bound memory.
const (
	chunkLines = 256
	chunkBytes = 1 << 20
)

// chunk is some lines that stand together.
type chunk struct {
	text   []byte // of all its lines
	lines  []line
	header *header // of a CSV; nil for NDJSON
	last   int64   // number of the last line of the text that is dealt with, blank ones included
	end    int64   // bytes of the text up to there
	closes bool    // the batch ends with it
	final  bool    // the text ends with it
	failed error   // the text could not be read on from here

	done  chan struct{} // closed when the lines are read
	items []item        // what they say; of a line that is refused, nothing
	bad   []Error       // what is wrong with them
}

// line is one line of a chunk.
type line struct {
	number   int64
	from, to int  // in text
	long     bool // over the limit: its text was thrown away
}

// splitter cuts a text into chunks.
type splitter struct {
	in    *bufio.Reader
	opt   Options
	limit int
	skip  int64 // lines that were dealt with before

	number  int64 // of the last line read
	offset  int64 // bytes read
	header  *header
	started bool // a line that is not blank was seen
	inBatch int  // lines of the batch under way
}

func newSplitter(source io.Reader, opt Options, skip int64) *splitter {
	s := &splitter{in: bufio.NewReaderSize(source, 64<<10), opt: opt, limit: maxLine, skip: skip}
	if opt.Kind == Posizioni {
		s.limit = maxCompany
	}
	return s
}

// run sends the chunks in order to ordered, and to waiting for whoever is free. What goes wrong with the
// source is told in the last chunk, so that it is met in its place.
func (s *splitter) run(ctx context.Context, ordered, waiting chan<- *chunk) error {
	for more := true; more; {
		c := &chunk{done: make(chan struct{})}
		more, c.failed = s.fill(ctx, c)
		if !more {
			c.closes, c.final = true, true
		}
		for _, queue := range []chan<- *chunk{ordered, waiting} {
			select {
			case queue <- c:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// fill puts lines into c until it is large enough, or a batch ends; more is false at the end of the text.
func (s *splitter) fill(ctx context.Context, c *chunk) (more bool, err error) {
	defer func() { c.header, c.last, c.end = s.header, s.number, s.offset }()
	for len(c.lines) < chunkLines && len(c.text) < chunkBytes {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		from := len(c.text)
		text, long, err := s.next(c.text)
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("read line %d: %w", s.number+1, err)
		}
		s.number++
		text = s.plain(text, from)
		blank := !long && len(bytes.TrimSpace(text[from:])) == 0
		if blank || s.takesHeader(text[from:]) || s.number <= s.skip {
			c.text = text[:from]
			continue
		}
		c.text = text
		c.lines = append(c.lines, line{number: s.number, from: from, to: len(text), long: long})
		if s.inBatch++; s.inBatch == s.opt.Batch {
			s.inBatch, c.closes = 0, true
			return true, nil
		}
	}
	return true, nil
}

// next adds the next line to dst, without its end. Of a line over the limit nothing is kept.
func (s *splitter) next(dst []byte) (text []byte, long bool, err error) {
	from, some := len(dst), false
	for {
		part, err := s.in.ReadSlice('\n')
		s.offset += int64(len(part))
		some = some || len(part) > 0
		if long = long || len(dst)-from+len(part) > s.limit+2; long { // 2 for CR LF
			dst = dst[:from]
		} else {
			dst = append(dst, part...)
		}
		switch {
		case err == nil || err == io.EOF && some:
			text := bytes.TrimSuffix(bytes.TrimSuffix(dst[from:], []byte("\n")), []byte("\r"))
			return dst[:from+len(text)], long, nil
		case err != bufio.ErrBufferFull:
			return dst, long, err
		}
	}
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// plain takes the byte order mark off the first line of a text.
func (s *splitter) plain(text []byte, from int) []byte {
	if s.number == 1 && bytes.HasPrefix(text[from:], byteOrderMark) {
		return append(text[:from], text[from+len(byteOrderMark):]...)
	}
	return text
}

// takesHeader tells whether the line is the header of a CSV: deleghe whose first line is no JSON.
func (s *splitter) takesHeader(text []byte) bool {
	if s.started {
		return false
	}
	s.started = true
	if s.opt.Kind != Deleghe || bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return false
	}
	if s.opt.Judge != nil {
		s.header = newHeader(text, ownColumns)
	} else {
		s.header = newHeader(text, columns)
	}
	return true
}

// item is what one line says: one of the three.
type item struct {
	line          int64
	provvedimento *archive.Provvedimento
	posizione     *archive.Posizione
	delega        *archive.Delega
}
