package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"omnia/api"
	"omnia/identity"
	"omnia/policies"
	"omnia/store"
)

// archiveHandler is the real handler over an archive, as `omnia serve` sets it up but for the limit of
// requests, with its log written and thrown away; and the people who may ask.
type archiveHandler struct {
	http.Handler
	dev    *identity.Dev
	tokens map[string]string // by codice fiscale
}

// openArchive makes the handler. The key that signs tokens is in folder, so that another process there takes the
// same ones.
func (b *bench) openArchive(s *store.Store, folder string) (*archiveHandler, error) {
	dev, err := identity.OpenDev(folder, time.Now)
	if err != nil {
		return nil, err
	}
	verifier, err := identity.NewVerifier(context.Background(), []identity.Issuer{dev.Issuer()})
	if err != nil {
		return nil, err
	}
	rego, err := policies.New()
	if err != nil {
		return nil, err
	}
	h := api.New(api.Config{
		Decider: decider{b.engine}, Archive: s, Verifier: verifier, Policies: rego, Development: true,
		Log:    slog.New(slog.NewJSONHandler(io.Discard, nil)),
		Limits: api.Limits{Rate: 1 << 30},
	})
	return &archiveHandler{h, dev, map[string]string{}}, nil
}

// bearer is the header of that person, who acts for companies. It is not for several goroutines.
func (a *archiveHandler) bearer(who string) (string, error) {
	if t := a.tokens[who]; t != "" {
		return t, nil
	}
	t, err := a.dev.Token(identity.Person{Subject: who, CodiceFiscale: who, Ruoli: []string{"impresa"}, Livello: 2}, 0)
	a.tokens[who] = "Bearer " + t
	return a.tokens[who], err
}

// question is one request, made ready.
type question struct {
	method, path, bearer string
	body                 []byte
}

// request is q as a client sends it to a server there.
func (q *question) request(server string) (*http.Request, error) {
	r, err := http.NewRequest(q.method, server+q.path, bytes.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", q.bearer)
	if len(q.body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// ask serves a request in this process; the answer goes to w.
func (a *archiveHandler) ask(q *question, w *answered) error {
	r, err := q.request("http://bench.invalid")
	if err != nil {
		return err
	}
	r.RemoteAddr = "127.0.0.1:1"
	w.header = http.Header{}
	a.ServeHTTP(w, r)
	if w.status != http.StatusOK {
		return fmt.Errorf("%s %s: status %d: %s", q.method, q.path, w.status, w.body.Bytes())
	}
	return nil
}

// answered is a response writer; it keeps the body of what it is told to keep, and of problems.
type answered struct {
	discard
	keep bool
	body bytes.Buffer
}

func (w *answered) Write(b []byte) (int, error) {
	if w.keep || w.status != http.StatusOK {
		w.body.Write(b)
	}
	return w.discard.Write(b)
}

// get asks and throws the answer away.
func (a *archiveHandler) get(path, who string) error {
	bearer, err := a.bearer(who)
	if err != nil {
		return err
	}
	return a.ask(&question{method: http.MethodGet, path: path, bearer: bearer}, &answered{})
}

// read asks and gives the answer.
func (a *archiveHandler) read(path, who string) ([]byte, error) {
	bearer, err := a.bearer(who)
	if err != nil {
		return nil, err
	}
	w := &answered{keep: true}
	err = a.ask(&question{method: http.MethodGet, path: path, bearer: bearer}, w)
	return w.body.Bytes(), err
}
