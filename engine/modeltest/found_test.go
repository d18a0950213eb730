package modeltest

import (
	"encoding/json"
	"testing"
)

// found are cases on which the engine once differed from the text, each in its smallest form.
var found = []struct {
	name, facts string
	counter     string
	field       string
	want        string
	why         string
}{
	{
		name:    "CIGS of solidarietà is not AdS",
		facts:   `{"azienda":{"settore":"fis"},"unita_produttiva":{"giorni_settimana":5},"periodi":[],"richiesta":{"prestazione":"CIGS","causale":"solidarieta","dal":"2019-01-01","al":"2019-01-31"}}`,
		counter: "ais.settimane_biennio", field: "limit", want: "26",
		why: "no AIS is requested, so the item is the state of ref; only an AIS of solidarietà is AdS",
	},
	{
		name:    "request without its benefit",
		facts:   `{"data_riferimento":"2016-01-10","azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":5},"periodi":[],"richiesta":{"causale":"mancanza_lavoro","dal":"2016-01-04","al":"2016-01-10"}}`,
		counter: "cigs.mesi_quinquennio", field: "verdict", want: "missing_data",
		why: "an unknown benefit is a missing fact, not a rule that fails",
	},
	{
		name:    "FIS of before 2022 without its sector",
		facts:   `{"data_riferimento":"2016-01-10","azienda":{"dipendenti_semestre":5},"unita_produttiva":{"giorni_settimana":5},"periodi":[]}`,
		counter: "ais.settimane_biennio", field: "verdict", want: "missing_data",
		why: "the sector decides",
	},
	{
		name:    "programme of unknown days before its cap was law",
		facts:   `{"data_riferimento":"2017-06-30","azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":5,"organico_medio":[{"ore_settimanali":40,"lavoratori":10}]},"periodi":[],"richiesta":{"prestazione":"CIGS","causale":"crisi","ore":100}}`,
		counter: "cigs.ore_programma", field: "verdict", want: "missing_data",
		why: "the cap is that of the days requested, and these are not known yet",
	},
	{
		name: "chain inside the pause",
		facts: `{"data_riferimento":"2023-03-19","azienda":{"settore":"b"},"unita_produttiva":{"giorni_settimana":5},"periodi":[` +
			`{"numero":"1","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento","dal":"2021-04-12","al":"2022-04-10","zero_ore":false},` +
			`{"numero":"2","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento","dal":"2022-12-19","al":"2023-06-18","zero_ore":false}]}`,
		counter: "cigo.settimane_consecutive", field: "residual", want: "0",
		why: "residual is 0 while the pause runs, whatever was granted inside it",
	},
	{
		name: "state with the pause unknown",
		facts: `{"data_riferimento":"2019-12-31","azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":5},"periodi":[` +
			`{"numero":"1","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento","dal":"2017-10-02","al":"2018-09-30","zero_ore":false},` +
			`{"numero":"2","prestazione":"CIGS","causale":"crisi","esito":"accoglimento","dal":"2019-01-01","al":"2019-06-30"}]}`,
		counter: "cigo.settimane_consecutive", field: "verdict", want: "missing_data",
		why: "39 weeks of work if the unit stood still, 65 if it did not",
	},
	{
		name: "CIGO requested under CIGS",
		facts: `{"azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":6},"periodi":[{"numero":"1","prestazione":"CIGS","causale":"crisi","esito":"accoglimento",` +
			`"dal":"2016-01-01","al":"2016-09-30"}],"richiesta":{"prestazione":"CIGO","causale":"mancanza_lavoro","dal":"2016-05-09","al":"2016-07-03"}}`,
		counter: "complessivo.mesi_quinquennio", field: "total", want: "1192/195",
		why: "a day counts once, as one of CIGO, requested or granted",
	},
	{
		name: "CIGS requested over the weekend of CIGO",
		facts: `{"azienda":{"settore":"b"},"unita_produttiva":{"giorni_settimana":5},"periodi":[{"numero":"1","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento",` +
			`"dal":"2018-04-23","al":"2018-09-02"}],"richiesta":{"prestazione":"CIGS","causale":"crisi","dal":"2018-09-01","al":"2019-03-31"}}`,
		counter: "complessivo.mesi_quinquennio", field: "total", want: "4427/390",
		why: "the days of a CIGO period are of CIGO, its last weekend too",
	},
	{
		name: "rate of the first day requested",
		facts: `{"azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":5},"periodi":[` +
			`{"numero":"1","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento","dal":"2017-10-30","al":"2018-10-28"},` +
			`{"numero":"2","prestazione":"CIGO","causale":"fine_cantiere","esito":"accoglimento","dal":"2021-09-13","al":"2022-06-12"},` +
			`{"numero":"3","prestazione":"CIGS","causale":"riorganizzazione","esito":"accoglimento","dal":"2022-07-01","al":"2022-12-25"}],` +
			`"richiesta":{"prestazione":"CIGO","causale":"fine_cantiere","dal":"2022-12-26","al":"2023-02-05"}}`,
		counter: "addizionale.aliquota", field: "rate", want: "15",
		why: "ref only fixes window and counted",
	},
	{
		name: "hours judged whole, in the window of their last week",
		facts: `{"azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":5,"organico_medio":[{"ore_settimanali":40,"lavoratori":1}]},"periodi":[{"numero":"1","prestazione":"CIGO",` +
			`"causale":"mancanza_lavoro","esito":"accoglimento","dal":"2016-10-10","al":"2016-10-16","ore_autorizzate":2584}],` +
			`"richiesta":{"prestazione":"CIGO","causale":"manutenzione_straordinaria","dal":"2017-11-20","al":"2017-12-03","ore":11}}`,
		counter: "cigo.ore_un_terzo", field: "fullStart", want: "2018-10-01",
		why: "the old hours have left the window of the last week, 8-10-2018",
	},
	{
		name: "pause without a cause",
		facts: `{"data_riferimento":"2017-11-29","azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":5},"periodi":[{"numero":"1","prestazione":"CIGO","esito":"accoglimento",` +
			`"dal":"2016-05-02","al":"2017-06-25","zero_ore":false}],"richiesta":{"prestazione":"CIGO","causale":"manutenzione_straordinaria","dal":"2017-07-03","al":"2017-09-24"}}`,
		counter: "cigo.settimane_consecutive", field: "verdict", want: "missing_data",
		why: "an EONE feeds no pause and anything else starts one: the cause decides",
	},
}

func TestWhatTheModelFoundStaysMended(t *testing.T) {
	for _, tt := range found {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := new(Facts)
			if err := json.Unmarshal([]byte(tt.facts), f); err != nil {
				t.Fatal(err)
			}
			it := replyTo(t, f).item(tt.counter)
			got := map[string]string{
				"verdict": it.Verdict, "limit": it.Limit.String(), "residual": it.Residual.String(), "total": it.Total.String(),
				"rate": it.Rate.String(), "fullStart": showText(it.EarliestFullStart),
			}[tt.field]
			if got != tt.want {
				t.Errorf("%s.%s is %s, want %s: %s", tt.counter, tt.field, got, tt.want, tt.why)
			}
		})
	}
}
