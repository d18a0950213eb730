package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"omnia/api"
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// envelopeOf is the body of POST /v1/counters.
type envelopeOf struct {
	Facts facts `json:"facts"`
}

func (f facts) envelope() []byte { return encode(envelopeOf{f}) }

// decider is what the service puts between HTTP and the engine.
type decider struct{ engine *engine.Engine }

func (d decider) Edition() *rulebook.Edition { return d.engine.Edition() }

func (d decider) Ready() error { return nil }

func (d decider) Servable(context.Context, string) error { return nil }

func (d decider) Renew(context.Context) error { return nil }

func (d decider) At(context.Context, string) (*engine.Engine, error) { return d.engine, nil }

func (d decider) Counters(_ context.Context, _ *rulebook.Edition, f *fact.Facts, opt engine.Options) (*engine.Counters, error) {
	answer, err := d.engine.Counters(f, opt)
	if err != nil {
		return nil, err
	}
	answer.Decision.ID = "01990000-0000-7000-8000-000000000000"
	answer.Decision.Instant = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	return answer, nil
}

func (d decider) Validate(_ context.Context, _ *rulebook.Edition, f *fact.Facts, opt engine.ValidateOptions) (*engine.Validation, error) {
	answer, err := d.engine.Validate(f, opt)
	if err != nil {
		return nil, err
	}
	answer.Decision.ID = "01990000-0000-7000-8000-000000000000"
	answer.Decision.Instant = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	return answer, nil
}

// service is the real handler, as `omnia serve` sets it up but for the limit of requests, with
// its log written and thrown away.
func service(g *engine.Engine) http.Handler {
	return api.New(api.Config{
		Decider: decider{g},
		Log:     slog.New(slog.NewJSONHandler(io.Discard, nil)),
		Limits:  api.Limits{Rate: 1 << 30},
	})
}

// plainHandler decodes the body into structs and encodes the answer: nothing is decided.
func plainHandler(answer *engine.Counters) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.POST("/v1/counters", func(c *gin.Context) {
		body, err := io.ReadAll(c.Request.Body)
		if err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		var in envelopeOf
		if err := json.Unmarshal(body, &in); err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		out, err := json.Marshal(answer)
		if err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		c.Data(http.StatusOK, "application/json", out)
	})
	return r
}

// handlers are the two that are compared, and the size of the answer. The plain one gives back
// what the service answered to this body.
func (b *bench) handlers(body []byte) (ours, plain http.Handler, size int, err error) {
	var in struct{ Facts json.RawMessage }
	if err := json.NewDecoder(strings.NewReader(string(body))).Decode(&in); err != nil {
		return nil, nil, 0, err
	}
	f, err := b.decode(in.Facts)
	if err != nil {
		return nil, nil, 0, err
	}
	answer, err := decider{b.engine}.Counters(context.Background(), b.edition, f, options)
	if err != nil {
		return nil, nil, 0, err
	}
	return service(b.engine), plainHandler(answer), len(encode(answer)), nil
}
