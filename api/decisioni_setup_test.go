package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"omnia/api"
	"omnia/archive"
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/internal/pgtest"
	"omnia/ledger"
	"omnia/ledger/replay"
	"omnia/rules"
	"omnia/store"
)

// lawText is an edition as the tests publish it.
type lawText struct {
	edition *rulebook.Edition
	files   map[string]string
}

// editionA is the law as it stands, editionB one with 20 weeks in two years in place of 52.
var (
	editionA = sync.OnceValue(func() *lawText { return loaded(func(string) string { return "" }) })
	editionB = sync.OnceValue(func() *lawText {
		return loaded(func(content string) string {
			head, tail, found := strings.Cut(content, "  - id: cigo.biennio.max_weeks\n")
			if !found {
				return ""
			}
			return head + "  - id: cigo.biennio.max_weeks\n" + strings.Replace(tail, `value: "52"`, `value: "20"`, 1)
		})
	})
)

// loaded is the law in the binary, with some files changed.
func loaded(change func(content string) string) *lawText {
	files, err := rulebook.TextsOf(rules.FS)
	if err != nil {
		panic(err)
	}
	for name, content := range files {
		if strings.HasPrefix(name, "editions/") {
			delete(files, name) // a change of what was published would be refused
		} else if changed := change(content); changed != "" {
			files[name] = changed
		}
	}
	ed, defects := rulebook.LoadTexts(files)
	if err := defects.Err(); err != nil {
		panic(err)
	}
	return &lawText{ed.Distinct(), files}
}

// follower decides under the edition that the store says, as every instance does.
type follower struct {
	world   *world
	engines map[string]*engine.Engine
	current atomic.Pointer[engine.Engine]
	renewed atomic.Int64
	absent  atomic.Bool // the texts of editions are not there
	before  func()      // is run once, before the next decision is stamped
}

func (d *follower) Edition() *rulebook.Edition { return d.current.Load().Edition() }
func (d *follower) Ready() error               { return nil }

func (d *follower) Servable(ctx context.Context, digest string) error {
	_, err := d.At(ctx, digest)
	return err
}

func (d *follower) Renew(ctx context.Context) error {
	d.renewed.Add(1)
	digest, err := d.world.store.ActiveEdition(ctx)
	if err == nil {
		d.current.Store(d.engines[digest])
	}
	return err
}

func (d *follower) At(_ context.Context, digest string) (*engine.Engine, error) {
	if e := d.engines[digest]; e != nil && !d.absent.Load() {
		return e, nil
	}
	return nil, replay.ErrNoEdition
}

func (d *follower) Counters(ctx context.Context, ed *rulebook.Edition, f *fact.Facts, opt engine.Options) (*engine.Counters, error) {
	a, err := d.engines[ed.Digest].Counters(f, opt)
	if err == nil {
		d.stamp(&a.Decision)
	}
	return a, err
}

func (d *follower) Validate(ctx context.Context, ed *rulebook.Edition, f *fact.Facts, opt engine.ValidateOptions) (*engine.Validation, error) {
	a, err := d.engines[ed.Digest].Validate(f, opt)
	if err == nil {
		d.stamp(&a.Decision)
	}
	return a, err
}

func (d *follower) stamp(h *engine.Header) {
	if do := d.before; do != nil {
		d.before = nil
		do()
	}
	h.ID, h.Instant = uuid.Must(uuid.NewV7()).String(), d.world.clock().Format("2006-01-02T15:04:05.000Z")
}

// court is a world with a record of decisions.
type court struct {
	*world
	decider *follower
}

func newCourt(t testing.TB, change ...func(*api.Config)) *court {
	t.Helper()
	d := &follower{engines: map[string]*engine.Engine{}}
	for _, e := range []*lawText{editionA(), editionB()} {
		d.engines[e.edition.Digest] = engine.New(e.edition)
	}
	d.current.Store(d.engines[editionA().edition.Digest])
	w := newWorld(t, append([]func(*api.Config){func(c *api.Config) {
		c.Decider, c.EngineVersion = d, "prova"
		c.Ledger, _ = c.Archive.(api.Ledger)
	}}, change...)...)
	d.world = w
	k := &court{w, d}
	k.publish(t, editionA())
	return k
}

// publish puts an edition into use.
func (k *court) publish(t testing.TB, e *lawText) {
	t.Helper()
	out := &archive.Edition{Name: e.edition.Name, Digest: e.edition.Digest, PolicyDigest: k.policy.Digest(), PublishedAt: k.clock()}
	for i := range e.edition.Items {
		it := &e.edition.Items[i]
		out.Items = append(out.Items, archive.EditionItem{Kind: it.Kind, ID: it.ID, Version: it.Version.Number, Digest: it.Version.Digest})
	}
	for path, content := range e.files {
		out.Files = append(out.Files, archive.EditionFile{Path: "rules/" + path, Text: content})
	}
	slices.SortFunc(out.Files, func(a, b archive.EditionFile) int { return strings.Compare(a.Path, b.Path) })
	if err := k.store.Publish(context.Background(), out, true, "approvatore", "prova"); err != nil {
		t.Fatal(err)
	}
}

// later moves the clock on, so that decisions have an order in time too.
func (k *court) later(by time.Duration) { k.at(k.clock().Add(by)) }

// history are facts with twelve weeks in 2025 and a request, on which the two editions differ.
func history(matricola string) string {
	return fmt.Sprintf(`{"facts": {"data_riferimento": "2025-11-30", "azienda": {%s"settore": "a", "codice_fiscale": "01533450266"},
		"unita_produttiva": {"progressivo": "0", "giorni_settimana": 5},
		"periodi": [{"numero": "A-1", "prestazione": "CIGO", "causale": "mancanza_lavoro", "esito": "accoglimento", "dal": "2025-01-06", "al": "2025-03-30"}],
		"richiesta": {"prestazione": "CIGO", "causale": "mancanza_lavoro", "dal": "2025-10-06", "al": "2025-12-28"}}}`, matricola)
}

var named = `"matricola": "` + first + `", `

// header is what the tests read of an answer.
type header struct {
	Decision struct {
		ID, Instant, Edition string
		EditionDigest        string `json:"edition_digest"`
		Simulation           bool
		Recorded             *bool
	}
}

// decide asks for the counters and gives the id of the decision, and the answer.
func (k *court) decide(t testing.TB, persona, body string) (id, answer string) {
	t.Helper()
	w := k.as(persona, post("/v1/counters", body))
	return read[header](t, w).Decision.ID, w.Body.String()
}

// detail is what the tests read of a decision.
type detail struct {
	Decision        json.RawMessage
	Kind            string
	Position        int64
	Matricola       string
	UnitaProduttiva string `json:"unita_produttiva"`
	Esito           string
	Asked           map[string]string
	Actor           string
	Role            string
	Delegation      string
	Facts           json.RawMessage
	Outcome         json.RawMessage
	Answer          json.RawMessage
	AnswerMissing   *struct{ Code, Detail string } `json:"answer_missing"`
	Rules           []struct {
		Kind, ID, Title, Digest, On, State, Why string
		Version                                 int
	}
	Masked, Erased []string
}

func (k *court) shown(t testing.TB, persona, id string) detail {
	t.Helper()
	return read[detail](t, k.as(persona, get("/v1/decisions/"+id)))
}

// recorded are all decisions in the record, the newest first.
func (k *court) recorded(t testing.TB) []ledger.Decision {
	t.Helper()
	items, more, err := k.store.Decisions(context.Background(), ledger.Criteria{}, archive.Page{Limit: 200})
	if err != nil || more {
		t.Fatal(more, err)
	}
	return items
}

// withoutHeader is an answer without what belongs to one call.
func withoutHeader(t testing.TB, answer string) string {
	t.Helper()
	_, rest, ok := strings.Cut(answer, `},`)
	if !ok {
		t.Fatalf("no header in %s", answer)
	}
	return strings.TrimSpace(rest)
}

// onPostgres puts the archive and the record of a world on PostgreSQL.
func onPostgres(t testing.TB) func(*api.Config) {
	return func(c *api.Config) {
		dsn := pgtest.DSN(t, func(dsn string) error {
			s, err := store.Open(context.Background(), dsn, store.Options{})
			if err != nil {
				return err
			}
			return errors.Join(s.Migrate(context.Background()), s.Close())
		})
		kept, err := store.Open(t.Context(), dsn, store.Options{Now: c.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := kept.Close(); err != nil {
				t.Error(err)
			}
		})
		c.Archive.(*spy).Store = kept
	}
}

// bothCourts runs a test on SQLite and on PostgreSQL.
func bothCourts(t *testing.T, test func(t *testing.T, k *court)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newCourt(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newCourt(t, onPostgres(t)))
	})
}
