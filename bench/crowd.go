package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
)

// crowd is who listens: each a connection of its own, that is read by as little as can be.
type crowd struct {
	listeners []net.Conn
	heard     atomic.Pointer[hearing]
}

// hearing is told of an event of a stream, by its number among the listeners.
type hearing func(stream int, kind string, data []byte, now time.Time)

// hear has each event told, by many goroutines.
func (c *crowd) hear(do hearing) { c.heard.Store(&do) }

// join opens one more stream of somebody, after an event; it is read until the end of the crowd.
func (c *crowd) join(s *child, who *guest, after string) error {
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.server, "http://"))
	if err != nil {
		return err
	}
	c.listeners = append(c.listeners, conn)
	r, err := http.NewRequest(http.MethodGet, s.server+"/v1/chat/events", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+who.token)
	r.Header.Set("Last-Event-ID", after)
	if after == "" {
		r.Header.Del("Last-Event-ID")
	}
	if err := r.Write(conn); err != nil {
		return err
	}
	in := bufio.NewReaderSize(conn, 1024)
	res, err := http.ReadResponse(in, r)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return errors.Join(fmt.Errorf("the stream: status %d", res.StatusCode), res.Body.Close())
	}
	go c.listen(len(c.listeners)-1, bufio.NewReaderSize(res.Body, 1024))
	return nil
}

// listen tells the events of one stream until it ends.
func (c *crowd) listen(stream int, in *bufio.Reader) {
	kind, data := "", []byte(nil)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) { // longer than any event here: what of it is there is told
			line, err = append([]byte(nil), line...), nil
		}
		if err != nil {
			return
		}
		switch {
		case bytes.HasPrefix(line, []byte("event: ")):
			kind = string(bytes.TrimSpace(line[7:]))
		case bytes.HasPrefix(line, []byte("data: ")):
			data = append(data[:0], bytes.TrimSpace(line[6:])...)
		case len(line) == 1 && kind != "":
			if do := c.heard.Load(); do != nil {
				(*do)(stream, kind, data, time.Now())
			}
			kind = ""
		}
	}
}

// leave ends all streams.
func (c *crowd) leave() (err error) {
	for _, conn := range c.listeners {
		err = errors.Join(err, conn.Close())
	}
	c.listeners = nil
	return err
}

// event brings an event about, and gives how long it took to each stream; each must get one, and no more.
func (c *crowd) event(cause func() error) ([]float64, error) {
	type arrival struct {
		stream int
		at     time.Time
	}
	times := make(chan arrival, 4*len(c.listeners))
	c.hear(func(stream int, kind string, _ []byte, now time.Time) {
		if kind == "queue" || kind == "closed" {
			select {
			case times <- arrival{stream, now}:
			default: // more than ever should come: it is told below
			}
		}
	})
	defer c.heard.Store(nil)
	start := time.Now()
	if err := cause(); err != nil {
		return nil, err
	}
	took, got := make([]float64, 0, len(c.listeners)), make([]bool, len(c.listeners))
	for late := time.After(time.Minute); len(took) < len(c.listeners); {
		select {
		case a := <-times:
			if got[a.stream] {
				return nil, fmt.Errorf("stream %d got more than one event", a.stream)
			}
			got[a.stream], took = true, append(took, float64(a.at.Sub(start).Nanoseconds()))
		case <-late:
			return nil, fmt.Errorf("the event came to %d of %d streams", len(took), len(c.listeners))
		}
	}
	time.Sleep(100 * time.Millisecond)
	if n := len(times); n > 0 {
		return nil, fmt.Errorf("%d streams got more than one event", n)
	}
	return took, nil
}

// bareFanOut is the floor: streams over gin that send whatever comes, and know neither people nor rows.
func bareFanOut() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	var mu sync.Mutex
	streams := map[chan []byte]bool{}
	r.GET("/v1/chat/events", func(c *gin.Context) {
		mine := make(chan []byte, 16)
		mu.Lock()
		streams[mine] = true
		mu.Unlock()
		defer func() {
			mu.Lock()
			delete(streams, mine)
			mu.Unlock()
		}()
		c.Header("Content-Type", "text/event-stream")
		c.Status(http.StatusOK)
		c.Writer.Flush()
		for {
			select {
			case event := <-mine:
				if _, err := c.Writer.Write(event); err != nil {
					return
				}
				c.Writer.Flush()
			case <-c.Request.Context().Done():
				return
			}
		}
	})
	r.POST("/event", func(c *gin.Context) {
		event := []byte("id: 0123456789ab.17\nevent: queue\ndata: {\"conversation\":\"01a2093c-2f7d-7ec8-a800-a83b0cceb596\",\"topic\":\"cigo\",\"position\":17,\"estimated_wait\":null}\n\n")
		mu.Lock()
		for s := range streams {
			s <- event
		}
		mu.Unlock()
		c.Status(http.StatusNoContent)
	})
	return r
}
