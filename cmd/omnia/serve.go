package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"omnia/api"
	"omnia/engine/rulebook"
	"omnia/fixtures"
	"omnia/identity"
	"omnia/policies"
	"omnia/store"
)

// serveCmd is `omnia serve`.
type serveCmd struct {
	serveConfig
}

// The bounds of a connection that are not worth a setting.
const (
	headerTime  = 5 * time.Second  // to send the headers of a request
	idleTime    = 90 * time.Second // between two requests
	headerBytes = 32 << 10
)

// Run serves until a stop signal. Everything that can be wrong is found before the door opens.
func (c *serveCmd) Run(std streams) error {
	if err := c.check(); err != nil {
		return err
	}
	fsys, err := c.fsys()
	if err != nil {
		return err
	}
	ed, err := loadEdition(fsys)
	if err != nil {
		return wrong(fmt.Errorf("the rules (%s) can't be used:\n%w", c.where(), err))
	}
	log := logTo(std.err, c.LogLevel)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP) // before the greeting: who reads it may send one
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	door, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return usage(fmt.Errorf("OMNIA_ADDR: %w; is another instance running? choose another address", err))
	}
	defer door.Close() // twice does no harm
	s, err := c.assemble(ctx, ed, log)
	if err != nil {
		return err
	}
	defer s.close()
	s.door = door
	s.answer()
	s.greet(std.out, c.where())
	return s.run(signals)
}

// service is one running server.
type service struct {
	serveConfig
	decider  *decider
	archive  *store.Store
	verifier *identity.Verifier
	policies *policies.Policies
	log      *slog.Logger
	door     net.Listener
	http     *http.Server
	exporter *api.Exporter
	draining atomic.Bool
}

// assemble opens all that the service stands on. When anything fails, nothing stays open.
func (c *serveConfig) assemble(ctx context.Context, ed *rulebook.Edition, log *slog.Logger) (_ *service, err error) {
	s := &service{serveConfig: *c, decider: newDecider(ed, time.Now), log: log}
	if s.policies, err = policies.New(); err != nil {
		return nil, wrong(fmt.Errorf("the policies can't be used: %w", err))
	}
	if s.archive, err = c.open(ctx, log); err != nil {
		return nil, err
	}
	if s.verifier, err = c.signIn(ctx); err != nil {
		return nil, errors.Join(err, s.archive.Close())
	}
	if err := s.seed(ctx); err != nil {
		return nil, errors.Join(err, s.archive.Close())
	}
	return s, nil
}

// seed puts the demo data into an empty archive, when they are wanted.
func (s *service) seed(ctx context.Context) error {
	if !s.development() || s.Demo == "no" {
		return nil
	}
	n, err := seedDemo(ctx, s.archive, s.decider.Edition(), time.Now())
	if err != nil {
		return wrong(fmt.Errorf("the demo data can't be stored: %w", err))
	}
	if n > 0 {
		s.log.Info("demo data stored", "provvedimenti", n)
	}
	return nil
}

// answer makes the handler. The address is known by now.
func (s *service) answer() {
	if s.PublicURL == "" {
		s.PublicURL = "http://" + s.door.Addr().String()
	}
	config := api.Config{
		Decider: s.decider, Archive: s.archive, Verifier: s.verifier, Policies: s.policies, Development: s.development(),
		Log: s.log, Draining: s.draining.Load, PublicURL: s.PublicURL, TrustedProxies: s.TrustedProxies,
		Limits: api.Limits{Time: s.RequestTime, InFlight: s.InFlight, Rate: s.RateLimit},
	}
	s.exporter = api.NewExporter(config)
	s.http = &http.Server{
		Handler:           api.New(config),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

func (s *service) close() {
	if err := s.archive.Close(); err != nil {
		s.log.Error("closing the archive", "error", err)
	}
}

// run serves, reloads on SIGHUP and stops on SIGINT or SIGTERM.
func (s *service) run(signals <-chan os.Signal) error {
	s.exporter.Start()
	defer s.exporter.Stop() // before the archive is closed
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(s.door) }()
	for {
		select {
		case err := <-served:
			return fmt.Errorf("serving ended: %w", err)
		case got := <-signals:
			if got == syscall.SIGHUP {
				s.reload()
				continue
			}
			s.log.Info("stopping", "signal", got.String())
			err := s.stop(signals)
			if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
				err = errors.Join(err, ended)
			}
			return err
		}
	}
}

// reload checks the folder of rules again and takes it into use whole. When anything is wrong
// every defect is logged and the old edition goes on serving.
func (s *service) reload() {
	fsys, err := s.fsys()
	if err == nil && s.Rules == "" {
		s.log.Warn("nothing to reload: the rules are built in; set OMNIA_RULES to serve a folder")
		return
	}
	old := s.decider.Edition()
	var ed *rulebook.Edition
	if err == nil {
		ed, err = loadEdition(fsys)
	}
	if err != nil {
		s.logDefects(err)
		s.log.Error("reload refused, the old edition goes on", "edition", old.Name, "digest", old.Digest)
		return
	}
	s.decider.replace(ed)
	s.log.Info("reloaded", "edition", ed.Name, "digest", ed.Digest, "old_digest", old.Digest)
}

func (s *service) logDefects(err error) {
	var defects rulebook.Defects
	if !errors.As(err, &defects) {
		s.log.Error("rules can't be read", "error", err)
		return
	}
	for _, d := range defects {
		s.log.Error("defect in the rules", "place", d.Place.String(), "code", d.Code, "message", d.Message, "hint", d.Hint)
	}
}

// stop lets the balancer see the 503 of /status, shuts the door, and waits for requests under way.
// A second signal cuts the wait short.
func (s *service) stop(signals <-chan os.Signal) error {
	s.draining.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), s.DrainDelay+s.StopTime)
	defer cancel()
	go func() {
		for {
			select {
			case got := <-signals:
				if got != syscall.SIGHUP {
					cancel()
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	select {
	case <-time.After(s.DrainDelay):
	case <-ctx.Done():
	}
	if err := s.http.Shutdown(ctx); err != nil {
		s.log.Warn("requests were cut off", "error", err)
		return wrong(errors.Join(errors.New("stopped before every request was answered"), s.http.Close()))
	}
	s.log.Info("stopped")
	return nil
}

// greet tells who started the service where it is, under which rules, and what to try.
func (s *service) greet(w io.Writer, where string) {
	ed := s.decider.Edition()
	fmt.Fprintf(w, `omnia serves %[1]s
rules: %[2]s, edition %[3]s, %[4]s
archive: %[5]s

Try:
  curl -s '%[1]s/v1/rules?q=biennio'
  curl -s '%[1]s/v1/counters?explain=short' -H 'Content-Type: application/json' -d '%[6]s'
`, s.PublicURL, where, ed.Name, ed.Digest, s.place(), demoBody)
	if s.development() {
		fmt.Fprintf(w, `
DEVELOPMENT SIGN-IN: anyone on this machine who can read %[2]s may act as anybody.
  TOKEN=$(omnia token consulente --data '%[2]s')   # others: omnia token --list
  curl -s '%[1]s/v1/matricole' -H "Authorization: Bearer $TOKEN"
`, s.PublicURL, s.Data)
	}
	fmt.Fprint(w, "\nStop with Ctrl-C.\n")
}

// demoBody is the first of the demo companies, on one line.
var demoBody = oneLine(fixtures.Companies()[0].Body)

func oneLine(body []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, body); err != nil {
		panic(err) // the demo companies are checked by their own tests
	}
	return b.String()
}

// logTo writes one JSON object a line, instants in UTC with milliseconds.
func logTo(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && len(groups) == 0 {
				a.Value = slog.StringValue(a.Value.Time().UTC().Format("2006-01-02T15:04:05.000Z"))
			}
			return a
		},
	}))
}
