package importing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"omnia/archive"
	"omnia/archive/importing"
	"omnia/engine/calendar"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWhatBecomesOfLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		batch int
		text  string
		want  string
	}{
		{"new ones", 100, measure(1, "") + "\n" + measure(2, "") + "\n",
			"lines 2: creati 2 corretti 0 invariati 0 conflitti 0 salti 0 errati 0 annullati 0; batches 1, refused 0"},
		{"without a line feed at the end", importing.All, measure(1, "") + "\n" + measure(2, ""),
			"lines 2: creati 2 corretti 0 invariati 0 conflitti 0 salti 0 errati 0 annullati 0; batches 1, refused 0"},
		{"byte order mark, CR LF and blank lines", 1, "\xef\xbb\xbf" + measure(1, "") + "\r\n\r\n \t \n" + measure(2, "") + "\r\n\n",
			"lines 2: creati 2 corretti 0 invariati 0 conflitti 0 salti 0 errati 0 annullati 0; batches 2, refused 0"},
		{"nothing", importing.All, "",
			"lines 0: creati 0 corretti 0 invariati 0 conflitti 0 salti 0 errati 0 annullati 0; batches 0, refused 0"},
		{"blank lines only", 10, "\n\n\n",
			"lines 0: creati 0 corretti 0 invariati 0 conflitti 0 salti 0 errati 0 annullati 0; batches 0, refused 0"},
		{"a correction, the same again and a gap", 2, measure(1, "") + "\n" + measure(1, `,"versione":2,"correzione":"ore"`) + "\n" + measure(1, `,"versione":1`) + "\n" + measure(2, "") + "\n" + measure(1, `,"versione":4,"correzione":"ore"`) + "\n",
			"lines 5: creati 2 corretti 1 invariati 1 conflitti 0 salti 1 errati 0 annullati 0; batches 3, refused 1\n5 1 version_gap "},
		{"a conflict refuses its batch, and no other", 2, measure(1, "") + "\n" + measure(2, "") + "\n" + measure(3, "") + "\n" + measure(1, `,"lavoratori":4`) + "\n" + measure(4, "") + "\n",
			"lines 5: creati 3 corretti 0 invariati 0 conflitti 1 salti 0 errati 0 annullati 1; batches 3, refused 1\n4 1 provvedimento_conflict "},
		{"a bad line refuses the whole text", importing.All, measure(1, "") + "\n" + measure(2, `,"lavoratori":-4,"protocollo":""`) + "\n" + measure(3, "") + "\n{\n",
			"lines 4: creati 0 corretti 0 invariati 0 conflitti 0 salti 0 errati 2 annullati 2; batches 1, refused 1\n2 2 out_of_range /lavoratori\n2 2 empty /protocollo\n4  malformed_json "},
		{"what is there already stays what it is in a refused batch", importing.All, measure(1, "") + "\n" + measure(1, "") + "\n{}{}\n",
			"lines 3: creati 0 corretti 0 invariati 1 conflitti 0 salti 0 errati 1 annullati 1; batches 1, refused 1\n3  trailing_data \n3  required /al\n3  required /dal\n3  required /data_emissione\n3  required /esito\n3  required /matricola\n3  required /numero\n3  required /prestazione\n3  required /unita_produttiva"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, newMemory(), strings.NewReader(tt.text), options(importing.Provvedimenti, tt.batch))
			if diff := cmp.Diff(tt.want, short(r)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if r.Clean() != (r.Refused == 0) {
				t.Errorf("Clean is %v with %d batches refused", r.Clean(), r.Refused)
			}
		})
	}
}

func TestARefusedBatchLeavesNothing(t *testing.T) {
	t.Parallel()
	m := newMemory()
	var text []string
	for i := range 1000 {
		text = append(text, measure(i, ""))
	}
	text[700] = "{"
	run(t, m, lines(text...), options(importing.Provvedimenti, 300))
	if len(m.versions) != 700 {
		t.Errorf("%d measures are stored, want those of the batches 1, 2 and 4", len(m.versions))
	}
	if m.versions["600"] != nil || m.versions["599"] == nil || m.versions["900"] == nil {
		t.Error("the batch that was refused is not the third")
	}
	m = newMemory()
	run(t, m, lines(text...), options(importing.Provvedimenti, importing.All))
	if len(m.versions) != 0 {
		t.Errorf("%d measures of a refused text are stored", len(m.versions))
	}
	text[700] = measure(700, "")
	for _, batch := range []int{importing.All, 1, 7, 256, 257, 1000, importing.MaxBatch} {
		m = newMemory()
		if r := run(t, m, lines(text...), options(importing.Provvedimenti, batch)); len(m.versions) != 1000 || !r.Clean() {
			t.Errorf("batches of %d: %d stored; %s", batch, len(m.versions), short(r))
		}
	}
}

// Batches hold lines together, not chunks: 100,000 lines with one bad.
func TestOneBadLineAmongAHundredThousand(t *testing.T) {
	t.Parallel()
	const all, bad = 100_000, 77_777
	text, feed := io.Pipe()
	go func() {
		for i := 1; i <= all; i++ {
			line := measure(i, "")
			if i == bad {
				line = strings.Replace(line, `"dal":"2025-03-03"`, `"dal":"2025-06-31"`, 1)
			}
			if _, err := io.WriteString(feed, line+"\n"); err != nil {
				return
			}
		}
		_ = feed.Close()
	}()
	m := newMemory()
	m.versions = map[string][]string{}
	r := run(t, m, text, options(importing.Provvedimenti, 1000))
	want := "lines 100000: creati 99000 corretti 0 invariati 0 conflitti 0 salti 0 errati 1 annullati 999; batches 100, refused 1\n77777 77777 invalid_date /dal"
	if diff := cmp.Diff(want, short(r)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if m.largest > 1000 {
		t.Errorf("%d lines were held at once", m.largest)
	}
}

func TestErrorsBeyondTheMostAreCounted(t *testing.T) {
	t.Parallel()
	opt := options(importing.Provvedimenti, 7)
	opt.Errors = 5
	r := run(t, newMemory(), strings.NewReader(strings.Repeat("{}\n", 50)), opt)
	if len(r.Errors) != 5 || r.NotListed != 50*8-5 || r.Errati != 50 {
		t.Errorf("%d errors, %d not listed, %d bad lines", len(r.Errors), r.NotListed, r.Errati)
	}
	for _, e := range r.Errors {
		if e.Line != 1 {
			t.Errorf("the first errors are of line %d", e.Line)
		}
	}
}

func TestMessagesOfTheReport(t *testing.T) {
	t.Parallel()
	out := map[string]*importing.Report{}
	for _, lang := range []string{"it", "en", "de"} {
		opt := options(importing.Provvedimenti, 1)
		opt.Language = lang
		out["provvedimenti "+lang] = run(t, newMemory(), lines(
			measure(1, ""), measure(1, `,"lavoratori":4`), measure(1, `,"versione":3,"correzione":"ore"`),
			strings.Repeat("x", 1<<20+9), `{"numero":"5"`, measure("6\xff", ""), measure(7, `,"causali":"x"`)), opt)
		opt.Kind = importing.Deleghe
		out["deleghe "+lang] = run(t, newMemory(), lines(
			"matricola,tipo,delegato,studio,servizi,valida_dal,valida_al,delegante,padre",
			"0123456789,subdelega,CSTLNE90D65D969O,,chat,2026-01-01,,CLNMRC68H14H501Y,018f3c6e-7b1a-7c3d-9e4f-5a6b7c8d9e0f",
			"0123456789,intermediario", `0123456789,"intermediario,CSTLNE90D65D969O,,chat,2026-01-01,,80078750587,`,
			"123,amico,X,,caffè,31/02/2026,,80078750587,"), opt)
		out["header "+lang] = run(t, newMemory(), lines("matricola;tipo;città", "a;b;c"), opt)
	}
	path, got := filepath.Join("testdata", "report.json"), asJSON(t, out)+"\n"
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPosizioniAreBroughtIn(t *testing.T) {
	t.Parallel()
	company := func(matricola, name string) string {
		return fmt.Sprintf(`{"matricola":"%s","codice_fiscale":"80078750587","denominazione":%q,"sede":"7000","attiva_dal":"2001-02-01"}`, matricola, name)
	}
	r := run(t, newMemory(), lines(company("0000000001", "A"), company("0000000002", "B"), company("0000000001", "A"), company("0000000001", "C"), company("3", "D")), options(importing.Posizioni, 2))
	want := "lines 5: creati 2 corretti 1 invariati 1 conflitti 0 salti 0 errati 1 annullati 0; batches 3, refused 1\n5 3 invalid_format /matricola"
	if diff := cmp.Diff(want, short(r)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// deleghe as a studio's spreadsheet writes them, and as the same would be in NDJSON.
var (
	deleghe = "\xef\xbb\xbfMatricola;TIPO;delegato;studio;servizi;valida_dal;valida_al;delegante\r\n" +
		"0000000001;intermediario;CLNMRC68H14H501Y;\"Studio \"\"Colonna\"\"; Roma\";contatori, chat;01/02/2026;31/12/2027;80078750587\r\n" +
		"\r\n" +
		"0000000002;titolare;FRRGLI71C52A662L;;;2020-01-01;;80078750587\r\n"
	delegheNDJSON = `{"matricola":"0000000001","tipo":"intermediario","delegato":"CLNMRC68H14H501Y","studio":"Studio \"Colonna\"; Roma","servizi":["chat","contatori"],"valida_dal":"2026-02-01","valida_al":"2027-12-31","delegante":"80078750587"}
{"matricola":"0000000002","tipo":"titolare","delegato":"FRRGLI71C52A662L","valida_dal":"2020-01-01","delegante":"80078750587"}
`
)

func TestDelegheComeAsCSVAndAsNDJSON(t *testing.T) {
	t.Parallel()
	m := newMemory()
	if r := run(t, m, strings.NewReader(deleghe), options(importing.Deleghe, 10)); r.Creati != 2 || !r.Clean() {
		t.Fatal(asJSON(t, r))
	}
	last := calendar.Of(2027, 12, 31)
	want := archive.Delega{
		ID: m.deleghe[0].ID, Tipo: archive.Intermediario, Matricola: "0000000001", Delegante: "80078750587", Delegato: "CLNMRC68H14H501Y",
		Studio: `Studio "Colonna"; Roma`, Servizi: []archive.Servizio{"contatori", "chat"},
		Validity: archive.Validity{From: calendar.Of(2026, 2, 1), To: &last}, CreataDa: "import", CreataIl: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, m.deleghe[0]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(want.ID) != 36 || want.ID >= m.deleghe[1].ID {
		t.Errorf("the ids %s and %s do not sort by time", want.ID, m.deleghe[1].ID)
	}
	for _, text := range []string{deleghe, delegheNDJSON} {
		if r := run(t, m, strings.NewReader(text), options(importing.Deleghe, importing.All)); r.Invariati != 2 || len(m.deleghe) != 2 {
			t.Errorf("loaded again: %s", short(r))
		}
	}
	revoked := time.Now()
	m.deleghe[0].RevocataIl = &revoked
	if r := run(t, m, strings.NewReader(deleghe), options(importing.Deleghe, 1)); r.Creati != 1 || r.Invariati != 1 {
		t.Errorf("loaded after a revocation: %s", short(r))
	}
}

func TestAnImportIsResumed(t *testing.T) {
	t.Parallel()
	var text []string
	for i := range 1000 {
		text = append(text, measure(i, ""), "")
	}
	text[100] = "{" // line 101
	opt := options(importing.Provvedimenti, 50)
	var err error
	if opt.Digest, err = importing.Digest(lines(text...)); err != nil {
		t.Fatal(err)
	}
	down := errors.New("the database is down")
	for _, stopsAt := range []int{1, 2, 7, 20} {
		m := newMemory()
		m.fail = func(writes int) error {
			if writes == stopsAt {
				return down
			}
			return nil
		}
		opt.Progress, opt.Resume = m, true
		r, err := importing.Run(t.Context(), readers(), m, lines(text...), opt)
		if !errors.Is(err, down) || !r.Incomplete || r.Clean() {
			t.Fatalf("broken off: %v, %s", err, short(r))
		}
		if r.Lines != int64(50*(stopsAt-1)) || len(m.versions) != int(r.Creati) {
			t.Errorf("stopped at write %d: %s, and %d are stored", stopsAt, short(r), len(m.versions))
		}
		written := m.writes
		r = run(t, m, lines(text...), opt)
		if r.ResumedFrom != int64(max(0, 2*50*(stopsAt-1)-1)) && stopsAt > 1 {
			t.Errorf("resumed from line %d after %d batches", r.ResumedFrom, stopsAt-1)
		}
		if want := "lines 1000: creati 950 corretti 0 invariati 0 conflitti 0 salti 0 errati 1 annullati 49; batches 20, refused 1"; !strings.HasPrefix(short(r), want) {
			t.Errorf("resumed after %d batches:\n%s\nwant\n%s", stopsAt-1, short(r), want)
		}
		if len(m.versions) != 950 || m.writes-written != 20-(stopsAt-1) {
			t.Errorf("%d are stored, with %d further writes", len(m.versions), m.writes-written)
		}
		if r = run(t, m, lines(text...), opt); r.Lines != 1000 || m.writes != written+20-(stopsAt-1) {
			t.Errorf("an import that is done is done again: %s", short(r))
		}
	}
}

func TestAnotherKindOfTextIsNotResumed(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.imports["sha256:1"] = archive.Import{Digest: "sha256:1", Kind: "posizioni", Lines: 5}
	opt := options(importing.Provvedimenti, 1)
	opt.Digest, opt.Progress, opt.Resume = "sha256:1", m, true
	if _, err := importing.Run(t.Context(), readers(), m, lines("{}"), opt); err == nil || !strings.Contains(err.Error(), "posizioni") {
		t.Errorf("a text that was brought in as something else gives %v", err)
	}
}

func TestAnImportCanBeCancelled(t *testing.T) {
	t.Parallel()
	for _, batch := range []int{importing.All, 10} {
		ctx, cancel := context.WithCancel(t.Context())
		m := newMemory()
		m.fail = func(writes int) error {
			if writes == 3 {
				cancel()
			}
			return nil
		}
		endless := &repeated{line: measure(2, "") + "\n"}
		r, err := importing.Run(ctx, readers(), m, endless, options(importing.Provvedimenti, batch))
		cancel()
		if !errors.Is(err, context.Canceled) || !r.Incomplete {
			t.Errorf("batches of %d: cancelled with %v, %s", batch, err, short(r))
		}
		if batch == importing.All && len(m.versions) != 0 {
			t.Error("a transaction that was cancelled left something")
		}
	}
}

// repeated is a text without end.
type repeated struct {
	line string
	at   int
}

func (r *repeated) Read(b []byte) (n int, err error) {
	for n < len(b) {
		k := copy(b[n:], r.line[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.line)
	}
	return n, nil
}

func TestASourceThatBreaksOffStoresNoPartOfABatch(t *testing.T) {
	t.Parallel()
	var text []string
	for i := range 500 {
		text = append(text, measure(i, ""))
	}
	gone := errors.New("the disk is gone")
	for _, batch := range []int{importing.All, 200} {
		m := newMemory()
		r, err := importing.Run(t.Context(), readers(), m, io.MultiReader(lines(text...), broken{gone}), options(importing.Provvedimenti, batch))
		if !errors.Is(err, gone) || !r.Incomplete || !strings.Contains(err.Error(), "line 501") {
			t.Errorf("batches of %d: %v, %s", batch, err, short(r))
		}
		if want := map[int]int{importing.All: 0, 200: 400}[batch]; len(m.versions) != want {
			t.Errorf("batches of %d: %d are stored, want %d", batch, len(m.versions), want)
		}
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func TestProgressIsSeen(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("{}\n", 1000)
	opt := options(importing.Provvedimenti, 10)
	var seen []int64
	opt.Seen = func(bytes int64) { seen = append(seen, bytes) }
	run(t, newMemory(), strings.NewReader(text), opt)
	if !slices.IsSorted(seen) || seen[len(seen)-1] != int64(len(text)) {
		t.Errorf("seen %v of %d bytes", seen, len(text))
	}
}

func TestCallsThatCantBeMeant(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*importing.Options){
		"no kind":                   func(o *importing.Options) { o.Kind = "" },
		"a batch below zero":        func(o *importing.Options) { o.Batch = -1 },
		"a batch that is too large": func(o *importing.Options) { o.Batch = importing.MaxBatch + 1 },
		"no clock":                  func(o *importing.Options) { o.Now = nil },
		"progress without a digest": func(o *importing.Options) { o.Progress = newMemory() },
		"resume without progress":   func(o *importing.Options) { o.Resume = true },
	} {
		opt := options(importing.Provvedimenti, 1)
		change(&opt)
		if _, err := importing.Run(t.Context(), readers(), newMemory(), lines("{}"), opt); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
