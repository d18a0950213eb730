package explain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/explain"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// result is a result of the shipped edition, to be changed by hand into what the shipped rules
// never give.
func result(t *testing.T, id, facts string) (*kase, *counter.Result) {
	t.Helper()
	k := decide(t, []byte(facts), []string{id})
	return k, k.results[0]
}

const noRequest = `{"data_riferimento":"2025-11-30","azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":5},"periodi":[]}`

const someRequest = `{"azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":5},"periodi":[],
	"richiesta":{"prestazione":"CIGO","causale":"mancanza_lavoro","dal":"2021-12-06","al":"2022-01-16"}}`

func say(t *testing.T, k *kase, r *counter.Result, depth string) string {
	t.Helper()
	return strings.Join(explain.New(edition(t), "it", 5).Counter(r, k, depth), "\n")
}

func TestWhatCouldNotBeDecidedIsNoRefusal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		verdict counter.Verdict
		want    string
	}{
		{counter.RuleFailed, "CIGO: settimane nel biennio mobile — la regola non si è potuta applicare, e non c'è alcun esito: il parametro non è in vigore (art. 12, cc. 3 e 4, D.lgs. 148/2015)."},
		{counter.InConflict, "CIGO: settimane nel biennio mobile — valgono insieme due esiti diversi e nessuno prevale, quindi decide una persona: il parametro non è in vigore (art. 12, cc. 3 e 4, D.lgs. 148/2015)."},
	} {
		k, r := result(t, "cigo.settimane_biennio", noRequest)
		r.Verdict, r.Failure = tt.verdict, &rulebook.Failure{Code: "x", Text: "il parametro non è in vigore"}
		if got := say(t, k, r, "short"); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.verdict, got, tt.want)
		}
		if got := say(t, k, r, "normal"); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s, normal: %s", tt.verdict, got)
		}
	}
}

// The trace also holds the versions tried on other days, in search of another start.
func TestVersionsOnOtherDaysAreNotNamed(t *testing.T) {
	t.Parallel()
	k, r := result(t, "cigo.settimane_biennio", someRequest)
	version := func(number int, from, to string) *rulebook.CounterVersion {
		v := *r.Version
		v.Number, v.From, v.To = number, calendar.MustParse(from), calendar.MustParse(to)
		return &v
	}
	r.Versions = []*rulebook.CounterVersion{version(2, "2022-01-01", "2023-12-31"), version(3, "2024-01-01", "9999-12-31"), version(1, "2015-09-24", "2021-12-31")}
	want := "La richiesta attraversa un cambiamento della norma e ogni giorno è giudicato con il testo del suo tempo: versione 1, in vigore dal 24-09-2015 al 31-12-2021 e versione 2, in vigore dal 01-01-2022 al 31-12-2023."
	if got := say(t, k, r, "normal"); !strings.Contains(got, want) {
		t.Errorf("said\n%s\nwithout\n%s", got, want)
	}
}

func TestAPauseWithoutAnEndSaysSo(t *testing.T) {
	t.Parallel()
	k, r := result(t, "cigo.settimane_consecutive", noRequest)
	none := quantity.Int(0)
	r.Verdict, r.Residual, r.PauseEnd = counter.Inadmissible, &none, nil
	if got := say(t, k, r, "normal"); !strings.Contains(got, "non se ne ricava la fine") {
		t.Errorf("said %s", got)
	}
	end := calendar.MustParse("2026-03-02")
	r.PauseEnd = &end
	if got := say(t, k, r, "short"); !strings.Contains(got, "può iniziare dal 02-03-2026") {
		t.Errorf("said %s", got)
	}
}

func TestManyPeriodsAreCountedNotListed(t *testing.T) {
	t.Parallel()
	var rows []string
	for range 20 {
		rows = append(rows, `{"numero":"n","prestazione":"CIGO","causale":"mancanza_lavoro","dal":"2025-01-06","al":"2025-01-12"}`)
	}
	for i := range rows {
		rows[i] = strings.Replace(rows[i], `"n"`, `"n`+string(rune('a'+i))+`"`, 1)
	}
	k, r := result(t, "cigo.settimane_biennio", strings.Replace(noRequest, `"periodi":[]`, `"periodi":[`+strings.Join(rows, ",")+"]", 1))
	want := "Esito (provvedimenti na, nb, nc, nd, ne, nf, ng, nh e altri (20 in tutto))"
	if got := say(t, k, r, "short"); !strings.Contains(got, want) {
		t.Errorf("said %s", got)
	}
}

// One writer words one result after another: nothing of the first may stay in the second.
func TestResultsDoNotMix(t *testing.T) {
	t.Parallel()
	book := explain.NewBook(edition(t))
	for _, k := range cases(t) {
		shared := book.Writer("it", k.facts.Get("unita_produttiva.giorni_settimana").Num)
		for _, r := range k.results {
			alone := book.Writer("it", k.facts.Get("unita_produttiva.giorni_settimana").Num)
			if got, want := shared.Counter(r, k, "full"), alone.Counter(r, k, "full"); !slices.Equal(got, want) {
				t.Errorf("%s %s:\n got %q\nwant %q", k.name, r.Counter.ID, got, want)
			}
		}
	}
}

// TestReasons words each code of a period, those included that the shipped rules seldom give.
func TestReasons(t *testing.T) {
	t.Parallel()
	facts := strings.Replace(noRequest, `"periodi":[]`, `"periodi":[{"numero":"7","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento","dal":"2025-07-07","al":"2025-08-03"}]`, 1)
	k, r := result(t, "cigo.settimane_biennio", facts)
	row := edition(t).Vocabulary.Groups["periodo"]
	for _, tt := range []struct {
		name    string
		period  counter.PeriodCount
		missing []fact.Ref
		want    string
	}{
		{"authorised days", counter.PeriodCount{Code: counter.CodeCounted, Counted: quantity.Int(1)}, nil,
			"Conta per 1 settimana, secondo l'autorizzato."},
		{"declared use, days waived by two exceptions", counter.PeriodCount{Code: counter.CodeUsed, Counted: quantity.Frac(6, 5), Labels: []string{"METEO25", "EONE"}}, nil,
			"Conta per 1 settimana e 1 giorno, secondo il fruito dichiarato, esclusi i giorni coperti dalla deroga METEO25 (Finestra meteo 2025 per edilizia e lapideo; art. 10-bis, D.L. 92/2025; INPS circ. 121/2025); EONE (Evento oggettivamente non evitabile, fuori da edilizia e lapideo; art. 12, c. 4, D.lgs. 148/2015)."},
		{"days that others took", counter.PeriodCount{Code: counter.CodeCounted}, nil,
			"Non aggiunge nulla: nella finestra non ha giorni propri da contare."},
		{"a weight", counter.PeriodCount{Code: counter.CodeCounted, Counted: quantity.Int(2), Weighted: true}, nil,
			"Conta per 2 settimane, secondo l'autorizzato. Il peso previsto dalla norma si applica alla somma (art. 12, cc. 3 e 4, D.lgs. 148/2015)."},
		{"use of nothing", counter.PeriodCount{Code: counter.CodeUsedNothing}, nil,
			"Non conta: il fruito dichiarato è nullo."},
		{"before the law", counter.PeriodCount{Code: counter.CodeBeforeLaw}, nil,
			"Non conta: è anteriore all'entrata in vigore della norma (art. 12, cc. 3 e 4, D.lgs. 148/2015)."},
		{"something unknown", counter.PeriodCount{Code: counter.CodeUnknown}, nil,
			"Non si può dire quanto conta: mancano dati."},
		{"known to be missing", counter.PeriodCount{Code: counter.CodeUnknown}, []fact.Ref{{Field: row.Field("esito"), Row: 0}, {Field: row.Field("al"), Row: 0}},
			"Non si può dire quanto conta; dati mancanti: Esito e Ultimo giorno autorizzato."},
		{"a label that no exception has", counter.PeriodCount{Code: "NUOVA"}, nil,
			"Non conta, per la deroga NUOVA."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			own := *r
			own.Missing = tt.missing
			if got := explain.New(edition(t), "it", 5).Reason(&own, tt.period, k); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A request that the law frees is admissible while the break goes on for others.
func TestAPauseThatDoesNotBindIsStillTold(t *testing.T) {
	t.Parallel()
	k, r := result(t, "cigo.settimane_consecutive", someRequest)
	end := calendar.MustParse("2022-03-07")
	r.PauseEnd = &end
	if got := say(t, k, r, "normal"); r.Verdict != counter.Admissible || !strings.Contains(got, "resta in corso la pausa, che finisce il giorno prima del 07-03-2022") {
		t.Errorf("%s: said %s", r.Verdict, got)
	}
}

func TestLanguagesThatAreNotSpokenGetItalian(t *testing.T) {
	t.Parallel()
	k, r := result(t, "cigo.settimane_biennio", noRequest)
	book := explain.NewBook(edition(t))
	it, fr := book.Writer("it", 5), book.Writer("fr", 5)
	if got, want := fr.Counter(r, k, "full"), it.Counter(r, k, "full"); !slices.Equal(got, want) {
		t.Errorf("said %q", got)
	}
	if got := fr.Quantity(quantity.Frac(7, 5), quantity.Weeks); got.Text != "1 settimana e 2 giorni" || !got.Value.Equal(quantity.Frac(7, 5)) || got.Unit != quantity.Weeks {
		t.Errorf("quantity %+v", got)
	}
}

// A default that switches an exception off is what lets a period count: the counter rests on it,
// and no other counter does.
func TestDefaultsThatSwitchExceptionsAreTold(t *testing.T) {
	t.Parallel()
	const history = `{"data_riferimento":"2025-11-30","azienda":{"settore":"%s"},"unita_produttiva":{"giorni_settimana":5},"periodi":[
		{"numero":"1","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento","dal":"2025-03-03","al":"2025-03-16"},
		{"numero":"2","prestazione":"CIGO","causale":"meteo","esito":"accoglimento","dal":"%s","al":"%s"}]}`
	for _, tt := range []struct {
		name, sector, from, to, id string
		notes                      []string
	}{
		{"an unavoidable event in the months", "a", "2025-07-07", "2025-07-20", "complessivo.mesi_quinquennio", []string{"Default 6:"}},
		{"one outside the window", "a", "2019-07-01", "2019-07-14", "complessivo.mesi_quinquennio", nil},
		{"the weeks do not rest on it", "a", "2025-07-07", "2025-07-20", "cigo.settimane_biennio", nil},
		{"in a weather window", "m", "2025-07-07", "2025-07-20", "complessivo.mesi_quinquennio", []string{"Default 6:", "Default 8:"}},
		{"before the weather window opens", "m", "2025-06-02", "2025-06-15", "complessivo.mesi_quinquennio", []string{"Default 6:"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, r := result(t, tt.id, fmt.Sprintf(history, tt.sector, tt.from, tt.to))
			got := say(t, k, r, "normal")
			for _, note := range []string{"Default 6:", "Default 8:"} {
				if want := slices.Contains(tt.notes, note); strings.Contains(got, note) != want {
					t.Errorf("%q is said: %v, want %v, in\n%s", note, !want, want, got)
				}
			}
		})
	}
}
