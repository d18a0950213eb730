package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"omnia/bench/measure"
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// The assisted form: the full rule set of CIGO on a complete application, beside a plain gin handler that decodes the
// same body into structs and encodes the same answer out of structs, both with encoding/json.

// The sizes of the application that is measured, and of those by which growth is told.
const (
	workersOfForm = 10
	grantsOfForm  = 6
	fewWorkers    = 1_000
	manyWorkers   = 5_000
)

// filing is the body of POST /v1/validate, as a caller writes it.
type filing struct {
	Form     string    `json:"form"`
	Complete bool      `json:"complete"`
	Facts    formFacts `json:"facts"`
}

type formFacts struct {
	Azienda struct {
		Matricola  string  `json:"matricola"`
		Settore    string  `json:"settore"`
		Dipendenti float64 `json:"dipendenti_semestre"`
	} `json:"azienda"`
	Unita struct {
		Progressivo string      `json:"progressivo"`
		Giorni      int         `json:"giorni_settimana"`
		Organico    []staffBand `json:"organico_medio"`
	} `json:"unita_produttiva"`
	Periodi   []grant     `json:"periodi"`
	Richiesta application `json:"richiesta"`
}

type staffBand struct {
	Ore        int     `json:"ore_settimanali"`
	Lavoratori float64 `json:"lavoratori"`
}

type application struct {
	Prestazione   string `json:"prestazione"`
	Causale       string `json:"causale"`
	Dal           string `json:"dal"`
	Al            string `json:"al"`
	Ore           int    `json:"ore"`
	Presentata    string `json:"data_presentazione"`
	Pagamento     string `json:"pagamento"`
	Relazione     string `json:"relazione_tecnica"`
	Consultazione struct {
		Comunicazione string `json:"data_comunicazione"`
		Conclusione   string `json:"data_conclusione"`
		Esame         bool   `json:"esame_congiunto"`
	} `json:"consultazione"`
	Lavoratori []worker     `json:"lavoratori"`
	Allegati   []attachment `json:"allegati"`
}

type worker struct {
	CodiceFiscale string `json:"codice_fiscale"`
	Qualifica     string `json:"qualifica"`
	Anzianita     int    `json:"anzianita_giorni"`
}

type attachment struct {
	Tipo string `json:"tipo"`
	Nome string `json:"nome"`
}

// application of n workers, of whom the first wrong are executives, after some grants of years before.
func newFiling(n, wrong int, complete bool) filing {
	f := filing{Form: "cigo", Complete: complete}
	f.Facts.Azienda.Matricola, f.Facts.Azienda.Settore, f.Facts.Azienda.Dipendenti = "0123456789", "a", 42.5+float64(n)
	f.Facts.Unita.Progressivo, f.Facts.Unita.Giorni = "0", 5
	f.Facts.Unita.Organico = []staffBand{{40, 38.5 + float64(n)}, {20, 4}}
	f.Facts.Periodi = grantsBefore(mustDay("2025-03-03"))
	r := &f.Facts.Richiesta
	r.Prestazione, r.Causale, r.Dal, r.Al, r.Ore, r.Presentata = "CIGO", "mancanza_lavoro", "2025-03-03", "2025-03-30", 480, "2025-03-10"
	r.Pagamento, r.Relazione = "conguaglio", "Calo degli ordini del 40 % nel semestre; ripresa attesa ad aprile."
	r.Consultazione.Comunicazione, r.Consultazione.Conclusione, r.Consultazione.Esame = "2025-02-10", "2025-02-20", true
	r.Allegati = []attachment{{"relazione_tecnica", "relazione.pdf"}}
	for i := range n {
		w := worker{person(i), "operaio", 400}
		if i < wrong {
			w.Qualifica = "dirigente"
		}
		r.Lavoratori = append(r.Lavoratori, w)
	}
	return f
}

// grantsBefore are some grants of one to four weeks in the years before a day.
func grantsBefore(day calendar.Day) []grant {
	r, out := rand.New(rand.NewPCG(5, 6)), make([]grant, grantsOfForm)
	for i := range out {
		from := day.Monday() - calendar.Day(7*(12+20*(grantsOfForm-i)))
		weeks := calendar.Day(1 + r.IntN(4))
		yes := true
		out[i] = grant{Numero: fmt.Sprintf("%08d", i), Prestazione: "CIGO", Causale: "mancanza_lavoro", Regime: "ordinario", Esito: "accoglimento",
			Dal: from.String(), Al: (from + 7*weeks - 1).String(), Ore: 40, Completi: &yes}
	}
	return out
}

// person is an invented tax code with the right check character, another for each number.
func person(i int) string {
	const letters = "BCDFGHLMNPRSTV"
	n := len(letters)
	base := fmt.Sprintf("%c%c%c%cRS80A01H501", letters[i%n], letters[i/n%n], letters[i/n/n%n], letters[i/n/n/n%n])
	for check := 'A'; check <= 'Z'; check++ {
		if _, ok := fact.FormatOf("codice_fiscale_persona").Check(base + string(check)); ok {
			return base + string(check)
		}
	}
	panic("no check character fits " + base)
}

// validated is the answer as plain structs: what a handler by hand would encode.
type plainAnswer struct {
	Decision     engine.Header    `json:"decision"`
	Outcome      string           `json:"outcome"`
	Findings     []plainFinding   `json:"findings"`
	Missing      []engine.Missing `json:"missing"`
	Derived      map[string]any   `json:"derived"`
	Explanations []plainNote      `json:"explanations"`
	Counters     []plainCounter   `json:"counters"`
	Allowed      []plainAllowed   `json:"allowed"`
}

type plainLaw struct {
	Act       string `json:"act"`
	Article   string `json:"article,omitempty"`
	Paragraph string `json:"paragraph,omitempty"`
	URL       string `json:"url,omitempty"`
}

type plainFinding struct {
	Rule       engine.FindingRule `json:"rule"`
	Severity   string             `json:"severity"`
	Fields     []string           `json:"fields"`
	Code       string             `json:"code"`
	Message    string             `json:"message"`
	Law        []plainLaw         `json:"law"`
	Suggestion *struct {
		Field string `json:"field"`
		Value any    `json:"value"`
		Text  string `json:"text"`
	} `json:"suggestion,omitempty"`
}

type plainNote struct {
	Name  string     `json:"name"`
	Label string     `json:"label"`
	Text  string     `json:"text"`
	Law   []plainLaw `json:"law"`
}

type plainCounter struct {
	ID       string         `json:"id"`
	Verdict  string         `json:"verdict"`
	Residual *plainQuantity `json:"residual,omitempty"`
}

type plainQuantity struct {
	Exact string  `json:"exact"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Text  string  `json:"text"`
}

type plainAllowed struct {
	Field   string             `json:"field"`
	Min     any                `json:"min,omitempty"`
	Max     any                `json:"max,omitempty"`
	Options []string           `json:"options,omitempty"`
	Text    string             `json:"text"`
	Law     []plainLaw         `json:"law"`
	Rule    engine.FindingRule `json:"rule"`
}

// plainForm decodes the body into structs and encodes the answer: nothing is checked.
func plainForm(answer *plainAnswer) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.POST(formPath, func(c *gin.Context) {
		body, err := io.ReadAll(c.Request.Body)
		var in filing
		if err == nil {
			err = json.Unmarshal(body, &in)
		}
		if err != nil {
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

const formPath = "/v1/validate"

// formHandlers are the two that are compared, and the size of the answer.
func (b *bench) formHandlers(body []byte) (ours, plain http.Handler, size int, err error) {
	ours = service(b.engine)
	w := &written{header: http.Header{}}
	serve(ours, formPath, body, w)
	var answer plainAnswer
	if err := json.Unmarshal(w.Bytes(), &answer); err != nil {
		return nil, nil, 0, err
	}
	if answer.Outcome != engine.OutcomeValid {
		return nil, nil, 0, fmt.Errorf("the application of the benchmark is %s: %s", answer.Outcome, w.Bytes())
	}
	return ours, plainForm(&answer), w.Len(), nil
}

// written is a response writer that keeps what is written.
type written struct {
	bytes.Buffer
	header http.Header
	status int
}

func (k *written) Header() http.Header    { return k.header }
func (k *written) WriteHeader(status int) { k.status = status }

// form measures the check of an application: over HTTP, of one keystroke, and as the workers grow in number.
func (b *bench) form() error {
	for _, complete := range []bool{true, false} {
		if err := b.formHTTP(complete); err != nil {
			return err
		}
	}
	if err := b.keystrokes(); err != nil {
		return err
	}
	return b.formGrowth()
}

func (b *bench) formHTTP(complete bool) error {
	body := encode(newFiling(workersOfForm, 0, complete))
	ours, plain, size, err := b.formHandlers(body)
	if err != nil {
		return err
	}
	stage := "the check before sending"
	if !complete {
		stage = "the check while it is written, with what fields may still be"
	}
	b.Title("POST /v1/validate of a complete application for CIGO: "+stage,
		fmt.Sprintf("%d workers, %d grants before. Request %s, answer %s. The floor is a gin handler without middleware that decodes the body into structs and encodes the same answer out of structs, both with encoding/json.",
			workersOfForm, grantsOfForm, measure.Size(float64(len(body))), measure.Size(float64(size))))
	rows := measure.Compare(b.plan,
		measure.Subject{Name: "plain gin handler (floor)", Run: func(int) { callPath(plain, formPath, body) }},
		measure.Subject{Name: "the service", Run: func(int) { callPath(ours, formPath, body) }},
	)
	b.Rows(rows)
	b.AtLeast("throughput in process, × the plain handler", 1/rows[1].Ratio, 0.7)
	return nil
}

// callPath is call for another path than that of the counters.
func callPath(h http.Handler, path string, body []byte) {
	w := &discard{header: http.Header{}}
	serve(h, path, body, w)
	if w.status != http.StatusOK {
		panic(fmt.Sprintf("status %d", w.status))
	}
}

func serve(h http.Handler, path string, body []byte, w http.ResponseWriter) {
	r, err := http.NewRequest(http.MethodPost, "http://bench.invalid"+path, bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = "127.0.0.1:1"
	h.ServeHTTP(w, r)
}

// keystroke is one changed field of the application.
type keystroke struct {
	name          string
	before, after string // texts of the body
}

var keystrokesOfForm = []keystroke{
	{"pagamento", `"pagamento":"conguaglio"`, `"pagamento":"diretto"`},
	{"relazione_tecnica", `ripresa attesa ad aprile`, `ripresa attesa a maggio`},
	{"data_presentazione", `"data_presentazione":"2025-03-10"`, `"data_presentazione":"2025-03-11"`},
	{"ore", `"ore":480`, `"ore":400`},
	{"consultazione.data_conclusione", `"data_conclusione":"2025-02-20"`, `"data_conclusione":"2025-02-21"`},
	{"lavoratori[0].qualifica", `"qualifica":"operaio"`, `"qualifica":"impiegato"`},
	{"lavoratori[0].anzianita_giorni", `"anzianita_giorni":400`, `"anzianita_giorni":20`},
	{"al (every counter)", `"al":"2025-03-30"`, `"al":"2025-03-23"`},
	{"dal (every counter)", `"dal":"2025-03-03"`, `"dal":"2025-03-10"`},
}

// keystrokes measures a check that is carried on, against one from the beginning.
func (b *bench) keystrokes() error {
	for _, complete := range []bool{true, false} {
		opt := engine.ValidateOptions{Form: "cigo", Complete: complete, Today: reference, Language: "it"}
		f := newFiling(workersOfForm, 0, complete)
		body := string(encode(f.Facts))
		full, err := b.formFacts(body)
		if err != nil {
			return err
		}
		done, err := b.engine.Check(full, opt)
		if err != nil {
			return err
		}
		subjects := []measure.Subject{{Name: "the whole check (floor)", Run: func(int) {
			if _, err := b.engine.Validate(full, opt); err != nil {
				panic(err)
			}
		}}}
		for _, k := range keystrokesOfForm {
			after, err := b.formFacts(strings.Replace(body, k.before, k.after, 1))
			if err != nil {
				return err
			}
			subjects = append(subjects, measure.Subject{Name: "one changed field: " + k.name, Run: func(int) {
				if _, err := b.engine.Revalidate(done, after); err != nil {
					panic(err)
				}
			}})
		}
		b.Title(fmt.Sprintf("A keystroke, complete: %v", complete), "In the engine, facts in memory: the check is given the one before and facts in which one field changed.")
		rows := measure.Compare(b.plan, subjects...)
		b.Rows(rows)
		var ratios []float64
		for _, r := range rows[1:] {
			ratios = append(ratios, r.Ratio)
		}
		b.AtMost("median over the fields, × the whole check", measure.Median(ratios), 0.2)
		b.Line("Least %.2f, most %.2f: a day of the request has every counter run again.", slices.Min(ratios), slices.Max(ratios))
	}
	return nil
}

func (b *bench) formFacts(body string) (*fact.Facts, error) {
	return fact.Decode(b.edition.Vocabulary, []byte(body), fact.Options{Language: "it", Lenient: true})
}

// formGrowth measures reading and checking of ever more workers, one in twenty-five of them wrong.
func (b *bench) formGrowth() error {
	var subjects []measure.Subject
	for _, n := range []int{fewWorkers, manyWorkers} {
		body := string(encode(newFiling(n, n/25, true).Facts))
		subjects = append(subjects, measure.Subject{Name: fmt.Sprintf("%d workers, %d wrong", n, n/25), Run: func(int) {
			f, err := b.formFacts(body)
			if err != nil {
				panic(err)
			}
			a, err := b.engine.Validate(f, engine.ValidateOptions{Form: "cigo", Complete: true, Today: reference, Language: "it"})
			if err != nil {
				panic(err)
			}
			a.AppendJSON(nil)
		}})
	}
	b.Title("Growth with the workers", "Reading the facts, checking and writing the answer.")
	rows := measure.Compare(b.plan, subjects...)
	b.Rows(rows)
	b.AtMost(fmt.Sprintf("%d workers, × %d", manyWorkers, fewWorkers), rows[1].Ratio, 6)
	return nil
}
