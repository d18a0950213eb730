package main

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"omnia/bench/measure"
)

// The load: few clients, because they and the server share the machine.
const (
	periodsOfRequest = 20
	clients          = 4
)

// http measures a request to POST /v1/counters through the real handler, beside a plain gin
// handler that decodes the same body and encodes the same answer with encoding/json; the service
// writes its answer with its own encoder.
func (b *bench) http() error {
	body := newFacts(periodsOfRequest, true).envelope()
	ours, plain, answer, err := b.handlers(body)
	if err != nil {
		return err
	}
	b.Title(fmt.Sprintf("POST /v1/counters with %d periods", periodsOfRequest),
		fmt.Sprintf("Request %s, answer %s (normal explanations). The floor is a gin handler without middleware that decodes the body into structs and encodes the same answer, both with encoding/json.",
			measure.Size(float64(len(body))), measure.Size(float64(answer))))
	b.Line("In process, without a network:\n")
	rows := measure.Compare(b.plan,
		measure.Subject{Name: "plain gin handler (floor)", Run: func(int) { call(plain, body) }},
		measure.Subject{Name: "the service", Run: func(int) { call(ours, body) }},
	)
	b.Rows(rows)
	b.AtLeast("throughput in process, × the plain handler", 1/rows[1].Ratio, 0.8)
	return b.loopback(body)
}

// call serves one request and throws the answer away; it gives its size.
func call(h http.Handler, body []byte) int {
	r, err := http.NewRequest(http.MethodPost, "http://bench.invalid/v1/counters", bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = "127.0.0.1:1"
	w := &discard{header: http.Header{}}
	h.ServeHTTP(w, r)
	if w.status != http.StatusOK {
		panic(fmt.Sprintf("status %d", w.status))
	}
	return w.size
}

// discard is a response writer that only counts.
type discard struct {
	header http.Header
	status int
	size   int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { d.size += len(b); return len(b), nil }

// loopback measures both handlers as servers of their own, over keep-alive connections.
func (b *bench) loopback(body []byte) error {
	names := []string{"plain", "ours"}
	var servers []*child
	for _, name := range names {
		s, err := startChild(name)
		if err != nil {
			return err
		}
		defer s.stop()
		servers = append(servers, s)
	}
	rounds := max(b.plan.Rounds, 7)
	slice := max(5*b.plan.Slice, 500*time.Millisecond)
	rates, cpu := make([][]float64, len(servers)), make([][]float64, len(servers))
	for round := range rounds + 1 {
		for i, s := range servers {
			rate, used, err := s.load(body, slice)
			if err != nil {
				return err
			}
			if round > 0 { // the first warms connections and caches
				rates[i], cpu[i] = append(rates[i], rate), append(cpu[i], used)
			}
		}
	}
	b.Line("\nOver loopback, %d keep-alive connections; each server is a process of its own, the clients are in this one:\n", clients)
	b.Table([]string{"", "requests/s", "× floor", "server CPU a request", "× floor"}, [][]string{
		{"plain gin handler (floor)", fmt.Sprintf("%.0f", measure.Median(rates[0])), "1.00", measure.Time(measure.Median(cpu[0])), "1.00"},
		{"the service", fmt.Sprintf("%.0f", measure.Median(rates[1])), fmt.Sprintf("%.2f", ratio(rates[1], rates[0])),
			measure.Time(measure.Median(cpu[1])), fmt.Sprintf("%.2f", ratio(cpu[1], cpu[0]))},
	})
	b.AtLeast("throughput over loopback, × the plain handler", ratio(rates[1], rates[0]), 0.8)
	return nil
}

// ratio is the median of the ratios round by round.
func ratio(a, b []float64) float64 { return measure.Median(ratios(a, b)) }

func ratios(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] / b[i]
	}
	return out
}
