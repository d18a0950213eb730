package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"omnia/api"
	"omnia/chat"
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
	own, err := c.readRules()
	if err != nil {
		return err
	}
	engine, err := engineVersion()
	if err != nil {
		return usage(err)
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
	s, err := c.assemble(ctx, own, log)
	if err != nil {
		return err
	}
	defer s.close()
	s.door, s.engine = door, engine
	s.answer()
	s.greet(std.out, c.where())
	return s.run(signals)
}

// ownRules are the rules that a process is started or reloaded with, as they were read then.
type ownRules struct {
	edition *rulebook.Edition
	files   fs.FS
}

// readRules reads the rules and checks them.
func (c *serveConfig) readRules() (*ownRules, error) {
	fsys, err := c.fsys()
	if err != nil {
		return nil, err
	}
	own := &ownRules{}
	if own.files, err = snapshot(fsys); err == nil {
		own.edition, err = loadEdition(own.files)
	}
	if err != nil {
		return nil, wrong(fmt.Errorf("the rules (%s) can't be used:\n%w", c.where(), err))
	}
	return own, nil
}

// service is one running server.
type service struct {
	serveConfig
	own      *ownRules
	decider  *decider
	archive  *store.Store
	verifier *identity.Verifier
	policies *policies.Policies
	log      *slog.Logger
	door     net.Listener
	engine   string // as receipts name it
	http     *http.Server
	exporter *api.Exporter
	hub      *chat.Hub
	keeper   *api.ChatKeeper
	draining atomic.Bool
}

// assemble opens all that the service stands on. When anything fails, nothing stays open.
func (c *serveConfig) assemble(ctx context.Context, own *ownRules, log *slog.Logger) (_ *service, err error) {
	s := &service{serveConfig: *c, own: own, decider: newDecider(own.edition.Distinct(), time.Now), log: log}
	if s.policies, err = policies.New(); err != nil {
		return nil, wrong(fmt.Errorf("the policies can't be used: %w", err))
	}
	if s.archive, err = c.open(ctx, log); err != nil {
		return nil, err
	}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(err, s.archive.Close())
	}
	if s.verifier, err = c.signIn(ctx); err != nil {
		return nil, errors.Join(err, s.archive.Close())
	}
	if err := s.seed(ctx); err != nil {
		return nil, errors.Join(err, s.archive.Close())
	}
	return s, nil
}

// infoCIG is the chat over the archive, under the rules in use at each moment.
func (s *service) infoCIG() (*chat.Service, *chat.Hub) {
	storage := s.archive.Chat()
	rules := func() chat.Rules { return chat.PlanOf(s.decider.Edition(), time.Now) }
	return &chat.Service{Storage: storage, Rules: rules, Now: time.Now}, chat.NewHub(storage, s.log, time.Now)
}

// begin publishes the edition that this process was started with, if it is a new one, and takes up the one in use.
func (s *service) begin(ctx context.Context) error {
	if err := s.tested(ctx, s.own); err != nil {
		return wrong(fmt.Errorf("the rules (%s) can't be published:\n%w", s.where(), err))
	}
	if err := s.publisher().start(ctx, s.own.edition, s.own.files, "avvio del servizio"); err != nil {
		return wrong(fmt.Errorf("edition %s can't be published: %w", s.own.edition.Distinct().Name, err))
	}
	s.decider.follows(s.archive, s.policies)
	err := s.decider.Renew(ctx)
	if err != nil && s.decider.Ready() == nil {
		return wrong(fmt.Errorf("the edition in use can't be taken up: %w", err))
	}
	if err != nil { // it may be taken out of use again, and then this process is of use
		s.log.Error("the edition in use is not for this version: nothing is decided until another one is in use", "error", err)
	}
	return nil
}

func (s *service) publisher() *publisher {
	return &publisher{store: s.archive, policies: s.policies, log: s.log, shelf: shelf{store: s.archive}, keeps: s.Activate == "no"}
}

// tested refuses a new edition out of a folder when one of its cases does not hold. Those of the rules that are built in were
// tried when the program was.
func (s *service) tested(ctx context.Context, own *ownRules) error {
	if s.Rules == "" {
		return nil
	}
	if known, err := s.publisher().known(ctx, own.edition.Digest); known || err != nil {
		return err
	}
	return failingCases(own.edition, own.files)
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
		Decider: s.decider, Archive: s.archive, Ledger: s.archive, EngineVersion: s.engine, Verifier: s.verifier, Policies: s.policies, Development: s.development(),
		Log: s.log, Draining: s.draining.Load, PublicURL: s.PublicURL, TrustedProxies: s.TrustedProxies,
		Limits: api.Limits{Time: s.RequestTime, InFlight: s.InFlight, Rate: s.RateLimit},
	}
	config.Chat, config.Hub = s.infoCIG()
	s.hub = config.Hub
	s.keeper = api.NewChatKeeper(config)
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
	s.keeper.Start()
	defer s.keeper.Stop()
	following, stop := context.WithCancel(context.Background())
	var follower sync.WaitGroup
	follower.Go(func() { s.decider.watch(following, s.log) })
	retained := &retention{store: s.archive, edition: s.decider.Edition, now: time.Now, log: s.log}
	follower.Go(func() { retained.run(following) })
	defer follower.Wait()
	defer stop()
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

// reload checks the folder of rules again, publishes it and takes it into use, for all instances, when something in it
// changed. When anything is wrong every defect is logged, and the edition in use stays.
func (s *service) reload() {
	if s.Rules == "" {
		s.log.Warn("nothing to reload: the rules are built in; set OMNIA_RULES to serve a folder")
		return
	}
	old := s.decider.Edition()
	if err := s.takeFolder(context.Background()); err != nil {
		s.logDefects(err)
		s.log.Error("reload refused, the old edition goes on", "edition", old.Name, "digest", old.Digest)
		return
	}
	now := s.decider.Edition()
	s.log.Info("reloaded", "edition", now.Name, "digest", now.Digest, "old_digest", old.Digest)
}

// takeFolder publishes the folder as it is now and takes it into use. One in which nothing changed since it was read last
// leaves what is in use alone.
func (s *service) takeFolder(ctx context.Context) error {
	own, err := s.readRules()
	if err != nil {
		return err
	}
	if own.edition.Digest == s.own.edition.Digest && own.edition.Name == s.own.edition.Name {
		return nil
	}
	if err := s.tested(ctx, own); err != nil {
		return err
	}
	if _, err := s.publisher().publish(ctx, own.edition, own.files, true, "ricarica delle regole"); err != nil {
		return err
	}
	s.own = own
	return s.decider.Renew(ctx)
}

func (s *service) logDefects(err error) {
	var defects rulebook.Defects
	if !errors.As(err, &defects) {
		s.log.Error("the rules can't be taken into use", "error", err)
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
	s.hub.Close() // its streams would hold the shutdown up; each finds its place again elsewhere
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
  curl -s '%[1]s/v1/validate' -H 'Content-Type: application/json' -d '%[7]s'
`, s.PublicURL, where, ed.Name, ed.Digest, s.place(), demoBody, demoForm)
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

// demoForm is an application that has been begun: its first day is no Monday.
const demoForm = `{"form":"cigo","facts":{"azienda":{"settore":"a"},"richiesta":{"prestazione":"CIGO","causale":"crisi_mercato","dal":"2026-12-01"}}}`

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
