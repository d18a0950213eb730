package ledger

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"
)

// maxLine bounds a line of an export: facts are at most 8 MiB, and their outcome not much more.
const maxLine = 64 << 20

// lines reads an export line by line.
type lines struct {
	in     *bufio.Reader
	room   []byte // of a line that is longer than the room of in
	number int64  // of the line read last
	bytes  int64
}

// read gives the next line without its end, until the next call; io.EOF behind the last.
func (l *lines) read() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		l.room = l.room[:0]
		for err == bufio.ErrBufferFull && len(l.room) <= maxLine {
			l.room = append(l.room, line...)
			line, err = l.in.ReadSlice('\n')
		}
		l.room = append(l.room, line...)
		line = l.room
	}
	l.bytes += int64(len(line))
	switch {
	case err == io.EOF && len(line) == 0:
		return nil, io.EOF
	case err == io.EOF:
		l.number++
		return nil, &Finding{Line: l.number, Code: CodeTruncated, Text: "the line has no end"}
	case err == bufio.ErrBufferFull:
		l.number++
		return nil, &Finding{Line: l.number, Code: CodeFormat, Text: fmt.Sprintf("the line is longer than %d bytes", maxLine)}
	case err != nil:
		return nil, fmt.Errorf("read export behind line %d: %w", l.number, err)
	}
	l.number++
	return line[:len(line)-1], nil
}

// find reads on to a line that begins so, and gives its number; 0 when there is none.
func (l *lines) find(prefix []byte) int64 {
	for {
		line, err := l.read()
		if err != nil {
			return 0
		}
		if bytes.HasPrefix(line, prefix) {
			return l.number
		}
	}
}

// frontier is a tree of which only the roots of its full subtrees are kept, one for each bit of its
// size.
type frontier struct {
	size  int64
	roots []tlog.Hash // the largest first
}

func (f *frontier) add(h tlog.Hash) {
	for n := f.size; n&1 == 1; n >>= 1 {
		last := len(f.roots) - 1
		h, f.roots = tlog.NodeHash(f.roots[last], h), f.roots[:last]
	}
	f.roots = append(f.roots, h)
	f.size++
}

func (f *frontier) root() tlog.Hash {
	if f.size == 0 {
		h, _ := tlog.TreeHash(0, nil)
		return h
	}
	last := len(f.roots) - 1
	h := f.roots[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(f.roots[i], h)
	}
	return h
}
