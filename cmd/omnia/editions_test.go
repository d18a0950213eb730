package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"omnia/archive"
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/ledger"
	"omnia/policies"
	"omnia/rules"
)

// lawFolder is a copy of the shipped rules in which a title has other words: another edition, whose cases all hold.
func lawFolder(t *testing.T, words string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, rules.FS); err != nil {
		t.Fatal(err)
	}
	reword(t, folder, words)
	return folder
}

func reword(t *testing.T, folder, words string) {
	t.Helper()
	replaceIn(t, filepath.Join(folder, "parameters", "chat.yaml"), "avere insieme", "avere insieme: "+words)
}

// successor is a folder that goes on from another one, which was published.
func successor(t *testing.T, of, words string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(of)); err != nil {
		t.Fatal(err)
	}
	reword(t, folder, words)
	return folder
}

// rulesCommand is `omnia rules …` on the archive; want is its exit code.
func (p *place) rulesCommand(t *testing.T, want int, args ...string) string {
	t.Helper()
	cmd := command(t, p.env(), append([]string{"rules"}, args...)...)
	out, _ := cmd.CombinedOutput() // the code is looked at
	if got := cmd.ProcessState.ExitCode(); got != want {
		t.Fatalf("omnia rules %v: exit %d, want %d: %s", args, got, want, out)
	}
	return string(out)
}

func digestOfFolder(t *testing.T, folder string) string {
	t.Helper()
	ed, err := loadEdition(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	return ed.Digest
}

// verified exports the log, verifies it with its keys alone, and gives what was said.
func (p *place) verified(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	export, keys := filepath.Join(folder, "export"), filepath.Join(folder, "keys")
	if err := os.WriteFile(keys, []byte(p.run(t, "ledger", "keys")), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(t, "ledger", "export", export)
	code, stdout, stderr := call(t, "", "verify", export, "--keys", keys)
	if code != 0 {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	return stdout
}

// An edition is published by the command line and taken into use, by everybody; what was published does not change.
func TestEditionsArePublishedIntoTheArchive(t *testing.T) {
	t.Parallel()
	livelyPlaces(t, func(t *testing.T, p *place) {
		dsn := p.archiveConfig().dsn()
		one := lawFolder(t, "Prime")
		if out := p.rulesCommand(t, 0, "publish", "2030-1", "--dir", one, "--database", dsn, "--activate"); !strings.Contains(out, "in uso") {
			t.Error(out)
		}
		if _, err := os.Stat(filepath.Join(one, "editions", "2030-1.yaml")); err != nil {
			t.Error(err)
		}
		p.rulesCommand(t, 0, "publish", "2030-1", "--dir", one, "--database", dsn) // the folder has it already, and so has the archive
		two := successor(t, one, "Seconde")
		p.rulesCommand(t, 0, "publish", "2030-2", "--dir", two, "--database", dsn)
		s := start(t, p.env("OMNIA_RULES="+two)...)
		if got := s.digest(); got != digestOfFolder(t, one) {
			t.Errorf("in use %s: it was published, and not taken into use", got)
		}
		s.signal(os.Interrupt)
		s.exit()
		p.rulesCommand(t, 0, "activate", "2030-2", "--reason", "prova", "--database", dsn)
		p.rulesCommand(t, 0, "activate", digestOfFolder(t, one), "--reason", "errore nella seconda", "--database", dsn)

		p.rulesCommand(t, exitUsage, "activate", "2031-1", "--reason", "prova", "--database", dsn)
		p.rulesCommand(t, exitUsage, "publish", "2030-3", "--dir", two, "--activate", "--database", "")
		taken := lawFolder(t, "Altre")
		if out := p.rulesCommand(t, exitWrong, "publish", "2030-1", "--dir", taken, "--database", dsn); !strings.Contains(out, "un'altra edizione di nome 2030-1") {
			t.Error(out)
		}
		changed := lawFolder(t, "Cambiate")
		unpublish(t, changed)
		changeALimit(t, changed)
		if out := p.rulesCommand(t, exitWrong, "publish", "2030-4", "--dir", changed, "--database", dsn); !strings.Contains(out, "chat.") || !strings.Contains(out, "una versione pubblicata non cambia") {
			t.Error(out)
		}
		if _, err := os.Stat(filepath.Join(changed, "editions", "2030-4.yaml")); !os.IsNotExist(err) {
			t.Errorf("the list of what was refused is there: %v", err)
		}
		if out := p.verified(t); !strings.Contains(out, "2 editions") {
			t.Error(out)
		}
	})
}

// A service that is started again with an older program, or with rules that came before those in use, does not bring
// the older law back.
func TestAnOlderProgramDoesNotBringTheOlderLawBack(t *testing.T) {
	t.Parallel()
	livelyPlaces(t, func(t *testing.T, p *place) {
		one := lawFolder(t, "Prime")
		p.rulesCommand(t, 0, "publish", "2030-1", "--dir", one)
		two := successor(t, one, "Seconde")
		p.rulesCommand(t, 0, "publish", "2030-2", "--dir", two)
		wanted := digestOfFolder(t, two)
		for i, folder := range []string{two, one, one, two} { // the archive hears of the second first
			s := start(t, p.env("OMNIA_RULES="+folder)...)
			if got := s.digest(); got != wanted {
				t.Fatalf("start %d: in use %s, want %s", i, got, wanted)
			}
			if older := strings.Contains(s.log.String(), "this program was started with another edition"); older != (folder == one) {
				t.Errorf("start %d: %s", i, s.log)
			}
			s.signal(os.Interrupt)
			s.exit()
		}
		three := successor(t, two, "Terze") // a draft that goes on from it
		s := start(t, p.env("OMNIA_RULES="+three)...)
		if got := s.digest(); got != digestOfFolder(t, three) {
			t.Errorf("in use %s", got)
		}
		s.signal(os.Interrupt)
		s.exit()
		p.verified(t)
	})
}

// A program with rules of its own does not set aside what was published meanwhile: they are stored, and can be taken into
// use.
func TestAProgramDoesNotSetAsideWhatWasPublished(t *testing.T) {
	t.Parallel()
	p := &place{t: t, data: t.TempDir(), driver: "sqlite"}
	dsn := p.archiveConfig().dsn()
	folder := lawFolder(t, "Prime")
	p.rulesCommand(t, 0, "publish", "2030-1", "--dir", folder, "--database", dsn, "--activate")
	s := p.start(t)
	if got := s.digest(); got != digestOfFolder(t, folder) {
		t.Errorf("in use %s", got)
	}
	s.logged("this program was started with another edition")
	s.signal(os.Interrupt)
	s.exit()
	own, err := loadEdition(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	p.rulesCommand(t, 0, "activate", own.Distinct().Name, "--reason", "prova", "--database", dsn)
}

// A folder in which a case does not hold is not taken into use, at the start or later.
func TestAFailingCaseIsNotTakenIntoUse(t *testing.T) {
	t.Parallel()
	folder := lawFolder(t, "Prime")
	unpublish(t, folder)
	s := start(t, "OMNIA_RULES="+folder)
	before := s.digest()
	halve(t, folder)
	s.signal(syscall.SIGHUP)
	s.logged("reload refused")
	if got := s.digest(); got != before || !strings.Contains(s.log.String(), ".cases.yaml") {
		t.Errorf("in use %s, was %s: %s", got, before, s.log)
	}
	cmd := command(t, []string{"OMNIA_RULES=" + folder}, "serve")
	out, _ := cmd.CombinedOutput() // the code is looked at
	if cmd.ProcessState.ExitCode() != exitWrong || !strings.Contains(string(out), "cases beside the rules do not hold") {
		t.Errorf("exit %d: %.600s", cmd.ProcessState.ExitCode(), out)
	}
}

// halve changes a limit on which cases rest.
func halve(t *testing.T, folder string) {
	t.Helper()
	path := filepath.Join(folder, "parameters", "cigo.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, tail, found := strings.Cut(string(text), "  - id: cigo.biennio.max_weeks\n")
	if !found {
		t.Fatal("the limit is not there")
	}
	text = []byte(head + "  - id: cigo.biennio.max_weeks\n" + strings.Replace(tail, `value: "52"`, `value: "26"`, 1))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// foreign is an edition that is written for a later program.
func foreign() *archive.Edition {
	const text = "schema: futuro/v9\n"
	return &archive.Edition{
		Name: "2040-1", Digest: string(ledger.DigestOf([]byte(text))), PolicyDigest: string(ledger.DigestOf([]byte("policies"))), PublishedAt: time.Now(),
		Items: []archive.EditionItem{{Kind: "rule", ID: "futura", Version: 1, Digest: string(ledger.DigestOf([]byte("futura")))}},
		Files: []archive.EditionFile{{Path: "rules/futuro.yaml", Text: text}},
	}
}

// During an upgrade a later program may take an edition into use that an earlier one can't load. The earlier one answers 503
// with the reason, to everything, and no decision under another edition; started again it does the same, and it serves
// again once an edition that it knows is back in use.
func TestAnEditionForALaterProgramIsA503(t *testing.T) {
	t.Parallel()
	p := onShared(t)
	s := p.start(t)
	token := p.token(t, "approvatore")
	was := s.digest()
	put := func(do func(ctx context.Context, p *publisher) error) {
		t.Helper()
		a, err := p.archiveConfig().open(t.Context(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		if err := do(t.Context(), &publisher{store: a}); err != nil {
			t.Fatal(err)
		}
	}
	put(func(ctx context.Context, p *publisher) error {
		return p.store.Publish(ctx, foreign(), true, "", "prova")
	})
	refused := func(s *server) {
		t.Helper()
		for path, body := range map[string]string{"/status": "", "/v1/rules": "", "/v1/counters": demoBody} {
			method := http.MethodGet
			if body != "" {
				method = http.MethodPost
			}
			eventually(t, path+" is refused", func() bool {
				a := caller{url: s.url}.ask(method, path, body)
				return a.status == http.StatusServiceUnavailable && a.code() == "edition_unavailable" && strings.Contains(a.body, "2040-1") && a.header.Get("Retry-After") != ""
			})
		}
	}
	// The first to notice is a decision.
	if a := (caller{url: s.url}).ask(http.MethodPost, "/v1/counters", demoBody); a.status != http.StatusServiceUnavailable || a.code() != "edition_unavailable" {
		t.Errorf("%s", a)
	}
	refused(s)
	again := p.start(t) // the same program on the same archive
	refused(again)
	if a := (caller{again.url, token}).ask(http.MethodPost, "/v1/editions/2040-1/activation", `{"reason":"prova"}`); a.code() != "edition_not_servable" {
		t.Errorf("%s", a)
	}
	if out := p.rulesCommand(t, exitWrong, "activate", "2040-1", "--reason", "prova", "--database", p.dsn); !strings.Contains(out, "2040-1") {
		t.Error(out)
	}
	if a := (caller{again.url, token}).ask(http.MethodPost, "/v1/editions/"+was+"/activation", `{"reason":"ritorno"}`); a.status != http.StatusOK {
		t.Fatalf("%s", a)
	}
	for _, s := range []*server{s, again} {
		eventually(t, "it serves again", s.up)
		if got := s.digest(); got != was {
			t.Errorf("in use %s, want %s", got, was)
		}
	}
	p.verified(t)
}

// asked is what callers got under load: of each decision its id and its edition.
type asked struct {
	pause   time.Duration // of each caller between two questions
	kills   atomic.Bool   // from now on an instance, or its connection, may vanish under a question, which is then put to another one
	mu      sync.Mutex
	on      []*server
	under   map[string]string
	strange []string
	wait    sync.WaitGroup
	stop    chan struct{}
}

// run asks the instances from several callers until the end, each in turn.
func (a *asked) run(token string, on ...*server) {
	a.under, a.stop, a.on = map[string]string{}, make(chan struct{}), on
	for i := range 8 {
		a.wait.Go(func() {
			for k := i; ; k++ {
				select {
				case <-a.stop:
					return
				case <-time.After(a.pause):
					a.ask(token, k)
				}
			}
		})
	}
}

// ask puts a question, to the next instance when one is going away or gone, as a balancer would.
func (a *asked) ask(token string, k int) {
	for try := 0; ; try++ {
		a.mu.Lock()
		s := a.on[(k+try)%len(a.on)]
		a.mu.Unlock()
		got := caller{s.url, token}.ask(http.MethodPost, "/v1/counters", demoBody)
		if a.kills.Load() && (got.status == 0 || got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != "") && try < 100 {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		a.judge(got)
		return
	}
}

// instead puts an instance in the place of another one; nil takes it away.
func (a *asked) instead(of, s *server) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.on = slices.DeleteFunc(slices.Clone(a.on), func(x *server) bool { return x == of })
	if s != nil {
		a.on = append(a.on, s)
	}
}

func (a *asked) judge(got answer) {
	var decided struct {
		Decision struct {
			ID            string
			EditionDigest string `json:"edition_digest"`
		}
	}
	err := json.Unmarshal([]byte(got.body), &decided)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil || got.status != http.StatusOK || decided.Decision.ID == "" {
		a.strange = append(a.strange, got.String())
		return
	}
	a.under[decided.Decision.ID] = decided.Decision.EditionDigest
}

func (a *asked) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.under)
}

// goesOn waits until so many more decisions were told.
func (a *asked) goesOn(t *testing.T, n int) {
	t.Helper()
	more := a.count() + n
	eventually(t, "decisions go on", func() bool { return a.count() >= more })
}

// end stops the callers. Nothing that they asked may have been lost.
func (a *asked) end(t *testing.T) {
	t.Helper()
	close(a.stop)
	a.wait.Wait()
	for i, text := range a.strange {
		if i < 5 {
			t.Errorf("lost: %s", text)
		}
	}
}

// While editions are published and rolled back and instances are killed, whichever has the head of the log, no question is lost; each
// decision is in the log once, under the one edition that was in use when it was recorded, and comes out again.
func TestEditionsChangeUnderLoad(t *testing.T) {
	t.Parallel()
	p := onShared(t)
	one := lawFolder(t, "Prime")
	p.rulesCommand(t, 0, "publish", "2030-1", "--dir", one, "--database", p.dsn, "--activate")
	both := []*server{p.start(t), p.start(t)}
	portale, approvatore := p.token(t, "portale"), p.token(t, "approvatore")
	load := &asked{}
	load.run(portale, both...)
	names := []string{"2030-1"}
	for i := range 3 { // published by the command line, while both decide
		one = successor(t, one, fmt.Sprint("Giro", i))
		name := fmt.Sprint("2030-", i+2)
		p.rulesCommand(t, 0, "publish", name, "--dir", one, "--database", p.dsn, "--activate")
		names = append(names, name)
		load.goesOn(t, 20)
	}
	r := rand.New(rand.NewPCG(5, 2026))
	back := func(i int) { // and taken back by both
		a := caller{both[i%2].url, approvatore}.ask(http.MethodPost, "/v1/editions/"+names[r.IntN(len(names))]+"/activation", `{"reason":"prova"}`)
		if a.status != http.StatusOK {
			t.Errorf("%s", a)
		}
		load.goesOn(t, 5)
	}
	for i := range 8 { // so far each question is answered where it was put
		back(i)
	}
	load.kills.Store(true)
	for i := range 12 {
		back(i)
		if i%3 == 2 {
			old := both[i/3%2]
			old.signal(syscall.SIGKILL) // in the middle of whatever it does
			<-old.ended
			load.goesOn(t, 5) // by the other one
			both[i/3%2] = p.start(t)
			load.instead(old, both[i/3%2])
		}
		p.sequencerKilled(t)
	}
	load.end(t)
	p.decidedUnder(t, load.under)
	eventually(t, "both follow", func() bool { return both[0].digest() == both[1].digest() })
	if out := p.verified(t); !strings.Contains(out, " 5 editions") {
		t.Error(out)
	}
	if out := p.run(t, "replay", "--all"); !strings.Contains(out, " 0 different, 0 not replayable") {
		t.Error(out)
	}
}

// sequencerKilled ends the connection that holds the head of the log, once one does.
func (p *place) sequencerKilled(t *testing.T) {
	t.Helper()
	eventually(t, "somebody has the head of the log", func() bool {
		return p.count(t, `SELECT count(*) FROM (SELECT pg_terminate_backend(l.pid) FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND l.relation = 'testa'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted LIMIT 1) AS t`) > 0
	})
}

// decidedUnder verifies the log, and holds what is in it against what was answered. A decision whose answer did not arrive may be there.
func (p *place) decidedUnder(t *testing.T, answered map[string]string) {
	t.Helper()
	there := p.inTheLog(t)
	under := map[string]bool{}
	for id, digest := range answered {
		under[digest] = true
		if list := there[id]; len(list) != 1 || string(list[0].EditionDigest) != digest {
			t.Errorf("%s under %s is in the log %d times, as %+v", id, digest, len(list), list)
		}
	}
	if len(under) < 3 {
		t.Errorf("decisions under %d editions only", len(under))
	}
}

// What is stored of an edition decides as the edition itself, on every case beside the rules.
func TestAStoredEditionDecidesAsItself(t *testing.T) {
	t.Parallel()
	ed, stored := shippedEdition(t)
	again, err := compiled(stored)
	if err != nil {
		t.Fatal(err)
	}
	if again.Edition().Digest != ed.Digest || again.Edition().Name != ed.Distinct().Name {
		t.Errorf("%s %s, want %s %s", again.Edition().Name, again.Edition().Digest, ed.Distinct().Name, ed.Digest)
	}
	cases, defects := rulebook.Cases(rules.FS)
	if err := defects.Err(); err != nil || len(cases) < 100 {
		t.Fatal(len(cases), err)
	}
	itself := engine.New(ed.Distinct())
	for i := range cases {
		if a, b := decidedBy(itself, &cases[i]), decidedBy(again, &cases[i]); a != b {
			t.Fatalf("%s: %s, stored %s", cases[i].Name, a, b)
		}
	}
}

// decidedBy is the answer to a case, or why there is none.
func decidedBy(g *engine.Engine, c *rulebook.TestCase) string {
	facts, err := fact.Decode(g.Edition().Vocabulary, c.FactsJSON, fact.Options{Language: "it"})
	if err != nil {
		return err.Error()
	}
	a, err := g.Counters(facts, engine.Options{Today: c.Today, Language: "it", Explain: engine.Full})
	if err != nil {
		return err.Error()
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// shippedEdition is the edition that is built in, and as the archive keeps it.
func shippedEdition(t *testing.T) (*rulebook.Edition, *archive.Edition) {
	t.Helper()
	files, err := snapshot(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	ed, err := loadEdition(files)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := editionOf(ed, files, embeddedPolicies(t), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ed, stored
}

func embeddedPolicies(t *testing.T) *policies.Policies {
	t.Helper()
	p, err := policies.New()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// slowTexts is a store whose texts come slowly, and that counts how often they are asked for.
type slowTexts struct {
	text  *archive.Edition
	mu    sync.Mutex
	asked map[string]int
	wait  chan struct{}
}

func (s *slowTexts) PublishedEdition(_ context.Context, digest string) (*archive.Edition, error) {
	s.mu.Lock()
	s.asked[digest]++
	s.mu.Unlock()
	<-s.wait
	e := *s.text
	if digest != e.Digest {
		return nil, archive.ErrNotFound
	}
	return &e, nil
}

// Callers who ask for the same edition at once make it once, and one who gives up does not spoil it for the others.
func TestAnEditionIsMadeOnceForAll(t *testing.T) {
	t.Parallel()
	ed, text := shippedEdition(t)
	slow := &slowTexts{text: text, asked: map[string]int{}, wait: make(chan struct{})}
	s := &shelf{store: slow}
	gone, leave := context.WithCancel(t.Context())
	engines := make([]*engine.Engine, 8)
	var all, left sync.WaitGroup
	left.Go(func() {
		if _, err := s.at(gone, ed.Digest); err == nil {
			t.Error("it was made before its text came")
		}
	})
	for i := range engines {
		all.Go(func() {
			var err error
			if engines[i], err = s.at(t.Context(), ed.Digest); err != nil {
				t.Error(err)
			}
		})
	}
	leave()
	left.Wait()
	close(slow.wait)
	all.Wait()
	if n := slow.asked[ed.Digest]; n < 1 || n > 2 { // who came after the first one had gone may have begun anew
		t.Errorf("the text was read %d times", n)
	}
	last := engines[0]
	if slices.ContainsFunc(engines, func(e *engine.Engine) bool { return e == nil }) {
		t.Error("somebody got none")
	}
	for i := range shelfSize + 3 { // others push it off the shelf, unless it is asked for
		other := *ed
		other.Digest = fmt.Sprint("sha256:", i)
		s.put(engine.New(&other))
		if i == 4 && s.get(ed.Digest) != s.get(last.Edition().Digest) {
			t.Error("it is not on the shelf any more")
		}
	}
	if len(s.engines) != shelfSize || s.get("sha256:0") != nil {
		t.Errorf("%d engines are kept", len(s.engines))
	}
}
