package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/store"
)

// The people of these tests, and the day they live on.
const (
	owner      = "FRRGLI71C52A662L"
	consultant = "CLNMRC68H14H501Y"
	assistant  = "CSTLNE90D65D969O"
	stranger   = "SRTPLA75M08L736L"
	matricola1 = "0700000001"
	matricola2 = "0700000002"
)

var (
	today   = calendar.MustParse("2026-03-10")
	noon    = time.Date(2026, 3, 10, 11, 0, 0, 123456000, time.UTC)
	forever = archive.Validity{From: calendar.MustParse("2026-01-01")}
)

// id is a new UUID of version 7: later ones sort later.
func id() string { return uuid.Must(uuid.NewV7()).String() }

func until(from, to string) archive.Validity {
	end := calendar.MustParse(to)
	return archive.Validity{From: calendar.MustParse(from), To: &end}
}

// delega is a delegation of the first matricola to the consultant, with all services; change what the
// test is about.
func delega(change ...func(d *archive.Delega)) archive.Delega {
	d := archive.Delega{
		ID: id(), Tipo: archive.Intermediario, Matricola: matricola1, Delegante: owner, Delegato: consultant,
		Studio: "Studio Colonna", Servizi: archive.Servizi, Validity: forever, CreataIl: noon, CreataDa: "titolare",
	}
	for _, c := range change {
		c(&d)
	}
	return d
}

// subdelega hangs on a delegation and goes as far as it.
func subdelega(parent archive.Delega, change ...func(d *archive.Delega)) archive.Delega {
	d := delega(func(d *archive.Delega) {
		d.Tipo, d.Matricola, d.Padre, d.Delegante, d.Delegato = archive.Subdelega, parent.Matricola, parent.ID, parent.Delegato, assistant
		d.Servizi, d.Validity, d.CreataDa = parent.Servizi, parent.Validity, "consulente"
	})
	for _, c := range change {
		c(&d)
	}
	return d
}

func granted(t testing.TB, s *store.Store, list ...archive.Delega) {
	t.Helper()
	if err := s.Grant(t.Context(), list); err != nil {
		t.Fatal(err)
	}
}

func revoked(t testing.TB, s *store.Store, id string, at time.Time) *archive.Delega {
	t.Helper()
	d, err := s.Revoke(t.Context(), id, "titolare", at)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// same compares delegations; no services and none listed are the same.
func same(t failer, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// failer is a test, of any library.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
}

// deleghe is the part about granting, revoking and listing delegations.
func deleghe(t *testing.T, open Open) {
	t.Run("a delegation is read back as it was granted, its parent along", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		parent := delega(func(d *archive.Delega) { d.Validity = until("2026-01-01", "2026-12-31") })
		child := subdelega(parent, func(d *archive.Delega) {
			d.Servizi, d.Studio = []archive.Servizio{archive.ServizioProvvedimenti, archive.ServizioContatori}, ""
		})
		granted(t, s, child, parent) // in any order
		got, err := s.Delega(t.Context(), child.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := child
		want.Parent, want.Servizi = &parent, []archive.Servizio{archive.ServizioContatori, archive.ServizioProvvedimenti}
		same(t, "the subdelega", &want, got)
	})
	t.Run("services are kept once each, in their order, and none is none", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		twice := delega(func(d *archive.Delega) { d.Servizi = []archive.Servizio{"chat", "contatori", "chat"} })
		none := delega(func(d *archive.Delega) { d.Servizi = nil })
		granted(t, s, twice, none)
		for _, tt := range []struct {
			id   string
			want []archive.Servizio
		}{{twice.ID, []archive.Servizio{"contatori", "chat"}}, {none.ID, nil}} {
			if got, err := s.Delega(t.Context(), tt.id); err != nil || !slices.Equal(got.Servizi, tt.want) {
				t.Errorf("services %v, %v; want %v", got.Servizi, err, tt.want)
			}
		}
	})
	t.Run("what is not there is not found", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		granted(t, s, delega())
		for _, hostile := range []string{id(), "", "%", "' OR '1'='1", "\x00", "\xff"} {
			if _, err := s.Delega(t.Context(), hostile); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("read %q: %v, want ErrNotFound", hostile, err)
			}
			if _, err := s.Revoke(t.Context(), hostile, "titolare", noon); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("revoke %q: %v, want ErrNotFound", hostile, err)
			}
		}
	})
	t.Run("a parent is held to what hangs on it", func(t *testing.T) {
		t.Parallel()
		subdeleghe(t, open)
	})
	t.Run("many are granted at once, or none", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		parent := delega()
		granted(t, s, parent)
		var list []archive.Delega
		for i := range 1201 {
			list = append(list, delega(func(d *archive.Delega) { d.Matricola = fmt.Sprintf("07000%05d", i) }))
		}
		wide := append(slices.Clone(list), subdelega(parent), subdelega(parent, func(d *archive.Delega) { d.Matricola = matricola2 }))
		if err := s.Grant(t.Context(), wide); !errors.Is(err, archive.ErrParent) {
			t.Errorf("with one bad subdelega: %v, want ErrParent", err)
		}
		same(t, "stored after the refusal", []string{parent.ID}, idsOf(everything(t, s, archive.DelegaCriteria{}, 200)))
		granted(t, s, append(list, subdelega(parent))...)
		if n := len(everything(t, s, archive.DelegaCriteria{}, 200)); n != 1203 {
			t.Errorf("%d deleghe stored, want 1203", n)
		}
	})
	t.Run("revoking takes along what hangs on it, and twice is as once", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		parent, other := delega(), delega(func(d *archive.Delega) { d.Matricola = matricola2 })
		child, beside := subdelega(parent), subdelega(other)
		granted(t, s, parent, other, child, beside)
		first := revoked(t, s, parent.ID, noon)
		if first.RevocataIl == nil || !first.RevocataIl.Equal(noon) || first.RevocataDa != "titolare" {
			t.Fatalf("revoked at %v by %q, want %s", first.RevocataIl, first.RevocataDa, noon)
		}
		again, err := s.Revoke(t.Context(), parent.ID, "operatore", noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "revoked again", first, again)
		for _, tt := range []struct {
			d    archive.Delega
			want bool
		}{{child, false}, {other, true}, {beside, true}} {
			if got, err := s.Delega(t.Context(), tt.d.ID); err != nil || got.In(today) != tt.want || (got.RevocataIl == nil) != tt.want {
				t.Errorf("%s to %s is good: %v, revoked %v, %v", tt.d.Tipo, tt.d.Delegato, !tt.want, got.RevocataIl, err)
			}
		}
		revoked(t, s, beside.ID, noon)
		if got, err := s.Delega(t.Context(), other.ID); err != nil || !got.In(today) {
			t.Errorf("a parent after its subdelega was revoked: %+v, %v", got, err)
		}
	})
	t.Run("no subdelega outlives a parent that is revoked at the same moment", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		for range 20 {
			noOrphan(t, s)
		}
	})
	t.Run("a delegation that stands apart overlaps no other", func(t *testing.T) {
		t.Parallel()
		overlapping(t, open)
	})
	t.Run("of many who grant the same at once, one does", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		for range 5 {
			oneGrant(t, s)
		}
	})
	t.Run("a list is found by each criterion, in pages", func(t *testing.T) { delegheLists(t, open) })
}

// noOrphan lets grants of subdeleghe run against the revocation of their parent.
func noOrphan(t *testing.T, s *store.Store) {
	parent := delega()
	granted(t, s, parent)
	children := []archive.Delega{subdelega(parent), subdelega(parent), subdelega(parent)}
	var wg sync.WaitGroup
	for _, c := range children {
		wg.Go(func() {
			if err := s.Grant(t.Context(), []archive.Delega{c}); err != nil && !errors.Is(err, archive.ErrParent) {
				t.Error(err)
			}
		})
	}
	wg.Go(func() {
		if _, err := s.Revoke(t.Context(), parent.ID, "titolare", noon); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	for _, d := range everything(t, s, archive.DelegaCriteria{Padre: parent.ID}, 200) {
		if d.RevocataIl == nil || d.In(today) {
			t.Errorf("a subdelega is left without its parent: %+v", d)
		}
	}
	if err := s.Grant(t.Context(), []archive.Delega{subdelega(parent)}); !errors.Is(err, archive.ErrParent) {
		t.Errorf("granted after the revocation: %v, want ErrParent", err)
	}
}

// overlapping holds GrantApart to what lies beside, before, after and under other parents.
func overlapping(t *testing.T, open Open) {
	s := open(t)
	spring := until("2026-03-01", "2026-05-31")
	other := delega(func(d *archive.Delega) { d.Delegato = stranger })
	there := delega(func(d *archive.Delega) { d.Validity = spring })
	gone := delega(func(d *archive.Delega) { d.Validity, d.RevocataIl = until("2026-07-01", "2026-07-31"), &noon })
	open1 := delega(func(d *archive.Delega) { d.Validity = archive.Validity{From: calendar.MustParse("2027-01-01")} })
	granted(t, s, other, there, gone, open1)
	for _, tt := range []struct {
		name   string
		change func(d *archive.Delega)
		ok     bool
	}{
		{"the same days", func(d *archive.Delega) { d.Validity = spring }, false},
		{"its last day", func(d *archive.Delega) { d.Validity = until("2026-05-31", "2026-06-05") }, false},
		{"its first day", func(d *archive.Delega) { d.Validity = until("2026-02-01", "2026-03-01") }, false},
		{"around it", func(d *archive.Delega) { d.Validity = until("2026-02-01", "2026-06-30") }, false},
		{"open, from before", func(d *archive.Delega) { d.Validity = archive.Validity{From: calendar.MustParse("2026-02-01")} }, false},
		{"within one that is open", func(d *archive.Delega) { d.Validity = until("2031-01-01", "2031-01-31") }, false},
		{"right before", func(d *archive.Delega) { d.Validity = until("2026-02-01", "2026-02-28") }, true},
		{"right after", func(d *archive.Delega) { d.Validity = until("2026-06-01", "2026-06-30") }, true},
		{"on the days of one that was revoked", func(d *archive.Delega) { d.Validity = until("2026-07-01", "2026-07-31") }, true},
		{"of another kind", func(d *archive.Delega) { d.Validity, d.Tipo = spring, archive.Dipendente }, true},
		{"to another person", func(d *archive.Delega) { d.Validity, d.Delegato = spring, assistant }, true},
		{"of another matricola", func(d *archive.Delega) { d.Validity, d.Matricola = spring, matricola2 }, true},
	} {
		if err := s.GrantApart(t.Context(), delega(tt.change)); tt.ok && err != nil || !tt.ok && !errors.Is(err, archive.ErrOverlap) {
			t.Errorf("%s: %v, want allowed %v", tt.name, err, tt.ok)
		}
	}
	under := func(parent archive.Delega) archive.Delega {
		return subdelega(parent, func(d *archive.Delega) { d.Validity = spring })
	}
	for _, d := range []archive.Delega{under(there), under(other)} { // the same person under two parents
		if err := s.GrantApart(t.Context(), d); err != nil {
			t.Errorf("a subdelega: %v", err)
		}
	}
	if err := s.GrantApart(t.Context(), under(there)); !errors.Is(err, archive.ErrOverlap) {
		t.Errorf("a second subdelega under a parent: %v, want ErrOverlap", err)
	}
	revoked(t, s, there.ID, noon)
	if err := s.GrantApart(t.Context(), under(there)); !errors.Is(err, archive.ErrParent) {
		t.Errorf("under a parent that was revoked: %v, want ErrParent", err)
	}
}

// oneGrant lets many grant one person days of which all share one, some of them in a longer transaction.
func oneGrant(t *testing.T, s *store.Store) {
	person := delega(func(d *archive.Delega) { d.Matricola = id()[26:] })
	const many = 16
	var wg sync.WaitGroup
	errs := make([]error, many)
	for i := range many {
		d := person
		d.ID, d.From, d.To = id(), today-calendar.Day(i), new(today+calendar.Day(i))
		if i%4 == 3 { // whoever grants is another owner of the same company
			d.Delegante = stranger
		}
		wg.Go(func() {
			if i%2 == 0 {
				errs[i] = s.GrantApart(t.Context(), d)
				return
			}
			errs[i] = s.Within(t.Context(), func(ctx context.Context) error {
				if _, err := s.Delega(ctx, d.ID); !errors.Is(err, archive.ErrNotFound) { // the transaction has seen the archive before
					return err
				}
				return s.GrantApart(ctx, d)
			})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, archive.ErrOverlap) {
			t.Errorf("a grant: %v, want ErrOverlap", err)
		}
	}
	if stored := everything(t, s, archive.DelegaCriteria{Matricola: person.Matricola}, 200); won != 1 || len(stored) != 1 {
		t.Errorf("%d grants succeeded and %d are stored, want 1", won, len(stored))
	}
}

func subdeleghe(t *testing.T, open Open) {
	s := open(t)
	yesterday, tomorrow := archive.Validity{From: today - 30}, archive.Validity{From: today + 1}
	end := today - 1
	yesterday.To = &end
	lastDay := archive.Validity{From: today, To: new(today)}
	for _, tt := range []struct {
		name   string
		parent func(d *archive.Delega)
		child  func(d *archive.Delega)
		ok     bool
	}{
		{"as far as the parent", nil, nil, true},
		{"narrower and shorter", nil, func(d *archive.Delega) { d.Validity, d.Servizi = lastDay, d.Servizi[:1] }, true},
		{"on the parent's last day", func(d *archive.Delega) { d.Validity = lastDay }, nil, true},
		{"a service more than the parent", func(d *archive.Delega) { d.Servizi = []archive.Servizio{"contatori", "deleghe"} },
			func(d *archive.Delega) { d.Servizi = []archive.Servizio{"contatori", "chat"} }, false},
		{"a parent that may not delegate on", func(d *archive.Delega) { d.Servizi = []archive.Servizio{"contatori"} }, nil, false},
		{"a day earlier than the parent", nil, func(d *archive.Delega) { d.From-- }, false},
		{"a day longer than the parent", func(d *archive.Delega) { d.Validity = lastDay }, func(d *archive.Delega) { d.To = new(today + 1) }, false},
		{"open under a parent that ends", func(d *archive.Delega) { d.Validity = lastDay }, func(d *archive.Delega) { d.To = nil }, false},
		{"a parent that ended yesterday", func(d *archive.Delega) { d.Validity = yesterday }, nil, false},
		{"a parent that begins tomorrow", func(d *archive.Delega) { d.Validity = tomorrow }, nil, false},
		{"a parent that was revoked", func(d *archive.Delega) { d.RevocataIl = &noon }, nil, false},
		{"under a titolare", func(d *archive.Delega) { d.Tipo = archive.Titolare }, nil, false},
		{"under a dipendente", func(d *archive.Delega) { d.Tipo = archive.Dipendente }, nil, false},
		{"of another matricola", nil, func(d *archive.Delega) { d.Matricola = matricola2 }, false},
		{"granted by another than the parent's delegato", nil, func(d *archive.Delega) { d.Delegante = stranger }, false},
		{"under no parent", nil, func(d *archive.Delega) { d.Padre = "" }, false},
		{"under a parent that does not exist", nil, func(d *archive.Delega) { d.Padre = id() }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent := delega(keep(tt.parent))
			child := subdelega(parent, keep(tt.child))
			granted(t, s, parent)
			if err := s.Grant(t.Context(), []archive.Delega{child}); tt.ok && err != nil || !tt.ok && !errors.Is(err, archive.ErrParent) {
				t.Errorf("Grant: %v, want allowed %v", err, tt.ok)
			}
		})
	}
	t.Run("under a subdelega", func(t *testing.T) {
		parent := delega()
		child := subdelega(parent)
		granted(t, s, parent, child)
		third := subdelega(child, func(d *archive.Delega) { d.Delegato = stranger })
		if err := s.Grant(t.Context(), []archive.Delega{third}); !errors.Is(err, archive.ErrParent) {
			t.Errorf("Grant: %v, want ErrParent", err)
		}
	})
}

// keep is the change, or none.
func keep(change func(d *archive.Delega)) func(d *archive.Delega) {
	if change == nil {
		return func(*archive.Delega) {}
	}
	return change
}

func delegheLists(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	titolare := func(m string, v archive.Validity) archive.Delega {
		return delega(func(d *archive.Delega) {
			d.Tipo, d.Matricola, d.Delegante, d.Delegato, d.Validity = archive.Titolare, m, "01234567890", owner, v
		})
	}
	list := []archive.Delega{
		0: titolare(matricola1, forever),
		1: titolare(matricola2, until("2025-01-01", "2026-03-09")), // until yesterday
		2: delega(),
		3: delega(func(d *archive.Delega) { d.Matricola, d.Delegante = matricola2, stranger }),
		4: delega(func(d *archive.Delega) { d.Delegante, d.Tipo, d.Delegato = stranger, archive.Dipendente, assistant }),
	}
	list = append(list, subdelega(list[2]), subdelega(list[3]), titolare(matricola1, forever) /* twice */)
	granted(t, s, list...)
	for _, tt := range []struct {
		name string
		c    archive.DelegaCriteria
		want []int
	}{
		{"everything", archive.DelegaCriteria{}, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{"of a matricola", archive.DelegaCriteria{Matricola: matricola2}, []int{1, 3, 6}},
		{"by a delegante", archive.DelegaCriteria{Delegante: consultant}, []int{5, 6}},
		{"to a delegato", archive.DelegaCriteria{Delegato: consultant}, []int{2, 3}},
		{"under a parent", archive.DelegaCriteria{Padre: list[3].ID}, []int{6}},
		{"of some kinds", archive.DelegaCriteria{Tipi: []archive.Tipo{archive.Titolare, archive.Dipendente}}, []int{0, 1, 4, 7}},
		{"all criteria", archive.DelegaCriteria{Matricola: matricola1, Delegante: owner, Delegato: consultant, Tipi: []archive.Tipo{archive.Intermediario}}, []int{2}},
		{"none", archive.DelegaCriteria{Matricola: "0799999999"}, nil},
		{"what the titolare of one may see", archive.DelegaCriteria{Visible: owner, Today: today}, []int{0, 1, 2, 4, 5, 7}},
		{"what that one could see yesterday", archive.DelegaCriteria{Visible: owner, Today: today - 1}, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{"what an intermediario may see", archive.DelegaCriteria{Visible: consultant, Today: today}, []int{2, 3, 5, 6}},
		{"what a subdelegato may see", archive.DelegaCriteria{Visible: assistant, Today: today}, []int{4, 5, 6}},
		{"what a person of no bond may see", archive.DelegaCriteria{Visible: "BSSLRA80T47H501T", Today: today}, nil},
		{"visible, of one matricola", archive.DelegaCriteria{Visible: owner, Today: today, Matricola: matricola1}, []int{0, 2, 4, 5, 7}},
		{"visible, of one kind", archive.DelegaCriteria{Visible: consultant, Today: today, Tipi: []archive.Tipo{archive.Subdelega}}, []int{5, 6}},
		{"SQL", archive.DelegaCriteria{Visible: "' OR '1'='1"}, nil},
		{"a wildcard", archive.DelegaCriteria{Matricola: "%"}, nil},
		{"a NUL", archive.DelegaCriteria{Delegato: "\x00"}, nil},
	} {
		for limit := 1; limit <= 9; limit++ {
			var want []string
			for _, i := range tt.want {
				want = append(want, list[i].ID)
			}
			same(t, fmt.Sprintf("%s, pages of %d", tt.name, limit), want, idsOf(everything(t, s, tt.c, limit)))
		}
	}
	got := everything(t, s, archive.DelegaCriteria{Padre: list[2].ID}, 10)
	if len(got) != 1 || got[0].Parent == nil || got[0].Parent.ID != list[2].ID {
		t.Errorf("listed without its parent: %+v", got)
	}
}

func idsOf(list []archive.Delega) (ids []string) {
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	return ids
}

// everything reads a list page by page.
func everything(t testing.TB, s *store.Store, c archive.DelegaCriteria, limit int) []archive.Delega {
	t.Helper()
	return walk(t, limit, func(ctx context.Context, p archive.Page) ([]archive.Delega, bool, error) { return s.Deleghe(ctx, c, p) },
		func(d archive.Delega) string { return d.ID })
}

// walk reads a list to its end and holds each page to what pages are.
func walk[T any](t testing.TB, limit int, read func(ctx context.Context, p archive.Page) ([]T, bool, error), key func(T) string) (all []T) {
	t.Helper()
	page := archive.Page{Limit: limit}
	for {
		items, more, err := read(t.Context(), page)
		if err != nil {
			t.Fatal(err)
		}
		if len(items) > limit || more && len(items) < limit {
			t.Fatalf("a page of %d has %d items, more: %v", limit, len(items), more)
		}
		all = append(all, items...)
		if !more {
			return all
		}
		page.After = key(items[len(items)-1])
	}
}
