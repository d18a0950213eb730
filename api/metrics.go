package api

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"omnia/engine"
)

// metrics are the service's own, in a registry of their own: nothing another package registers
// globally can leak in or clash.
type metrics struct {
	registry *prometheus.Registry
	latency  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	verdicts *prometheus.CounterVec
}

func newMetrics(d Decider) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "omnia_http_request_duration_seconds",
			Help:    "Time from the first to the last byte of a request, by route, method and status.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "omnia_http_requests_in_flight",
			Help: "Requests being served now.",
		}),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "omnia_counter_verdicts_total",
			Help: "Verdicts given, by counter and verdict.",
		}, []string{"counter", "verdict"}),
	}
	m.registry.MustRegister(m.latency, m.inFlight, m.verdicts, editionInfo{d},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// request records one finished request.
func (m *metrics) request(route, method string, status int, took time.Duration) {
	m.latency.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

// decided counts the verdicts of one answer.
func (m *metrics) decided(items []engine.Item) {
	for i := range items {
		m.verdicts.WithLabelValues(items[i].ID, items[i].Verdict).Inc()
	}
}

// editionInfo tells at each scrape which edition is in use, so that a reload needs no wiring.
type editionInfo struct{ decider Decider }

var editionDesc = prometheus.NewDesc("omnia_edition_info",
	"Always 1; the labels name the edition of the rules in use.", []string{"edition", "digest"}, nil)

// Describe implements prometheus.Collector.
func (editionInfo) Describe(ch chan<- *prometheus.Desc) { ch <- editionDesc }

// Collect implements prometheus.Collector.
func (e editionInfo) Collect(ch chan<- prometheus.Metric) {
	ed := e.decider.Edition()
	ch <- prometheus.MustNewConstMetric(editionDesc, prometheus.GaugeValue, 1, ed.Name, ed.Digest)
}

func (s *server) exposeMetrics(c *call) error {
	promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{DisableCompression: true}).
		ServeHTTP(c.Writer, c.Request)
	return nil
}
