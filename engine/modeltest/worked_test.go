package modeltest

import (
	"encoding/json"
	"testing"
)

var today = date(2025, 6, 30)

func company(settore string, d int, periods ...Periodo) *Facts {
	return &Facts{Azienda: &Azienda{Settore: &settore}, Unita: &Unita{Giorni: &d}, Periodi: &periods}
}

func granted(numero, prestazione, causale, dal, al string) Periodo {
	return Periodo{Numero: &numero, Prestazione: &prestazione, Causale: &causale, Esito: ptr("accoglimento"), Dal: &dal, Al: &al, ZeroOre: ptr(false)}
}

func (f *Facts) at(ref string) *Facts { f.DataRiferimento = &ref; return f }

func (f *Facts) asks(prestazione, causale, dal, al string) *Facts {
	f.Richiesta = &Richiesta{Prestazione: &prestazione, Causale: &causale, Dal: &dal, Al: &al}
	return f
}

func wantRat(t *testing.T, what string, got rat, want string) {
	t.Helper()
	s := "absent"
	if got != nil {
		s = got.RatString()
	}
	if s != want {
		t.Errorf("%s: got %s, want %s", what, s, want)
	}
}

func wantDay(t *testing.T, what string, got *day, want string) {
	t.Helper()
	s := "absent"
	if got != nil {
		s = got.String()
	}
	if s != want {
		t.Errorf("%s: got %s, want %s", what, s, want)
	}
}

func wantVerdict(t *testing.T, a *answer, want string) {
	t.Helper()
	if a.verdict != want {
		t.Errorf("%s: verdict %s, want %s", a.id, a.verdict, want)
	}
}

func TestModelFindsTheStartOfTheAdsWindow(t *testing.T) { // WE-04
	t.Parallel()
	f := company("fis", 5, granted("1", "AIS", "solidarieta", "2017-02-06", "2018-02-04"))
	a := open(f.asks("AIS", "solidarieta", "2019-01-28", "2019-02-03"), today).aisBiennio()
	wantVerdict(t, a, "inadmissible")
	wantRat(t, "total", a.total, "53")
	wantDay(t, "start", a.start, "2019-02-04")
	a = open(f.asks("AIS", "solidarieta", "2019-02-04", "2019-05-05"), today).aisBiennio()
	wantVerdict(t, a, "admissible")
	wantRat(t, "total", a.total, "52")
}

func TestModelWaitsAYearAfterAChainOf52(t *testing.T) { // WE-20
	t.Parallel()
	f := company("a", 5, granted("1", "CIGO", "mancanza_lavoro", "2024-01-08", "2025-01-05"))
	f.asks("CIGO", "mancanza_lavoro", "2025-12-29", "2026-01-04")
	a := open(f, today).cigoConsecutive()
	wantVerdict(t, a, "inadmissible")
	wantDay(t, "pause", a.start, "2026-01-05")
	wantDay(t, "biennio", open(f, today).cigoBiennio().start, "2026-01-05")
}

func TestModelCutsToThePrefixThatFits(t *testing.T) { // WE-21
	t.Parallel()
	f := company("a", 5, granted("1", "CIGO", "mancanza_lavoro", "2024-01-08", "2024-07-07"), granted("2", "CIGO", "mancanza_lavoro", "2025-01-06", "2025-05-25"))
	a := open(f.asks("CIGO", "mancanza_lavoro", "2025-09-01", "2025-11-30"), today).cigoBiennio()
	wantVerdict(t, a, "partly_admissible")
	wantRat(t, "total", a.total, "59")
	wantRat(t, "grantable", a.grant.amount, "6")
	wantDay(t, "to", &a.grant.span.to, "2025-10-12")
}

func TestModelFindsALaterFreeWeek(t *testing.T) { // WE-24
	t.Parallel()
	f := company("a", 5, granted("1", "CIGO", "mancanza_lavoro", "2023-09-04", "2023-12-03"), granted("2", "CIGO", "mancanza_lavoro", "2024-03-04", "2024-06-02"),
		granted("3", "CIGO", "mancanza_lavoro", "2024-09-02", "2024-12-01"), granted("4", "CIGO", "mancanza_lavoro", "2025-03-03", "2025-06-01"))
	a := open(f.asks("CIGO", "mancanza_lavoro", "2025-08-04", "2025-10-05"), today).cigoBiennio()
	wantVerdict(t, a, "inadmissible")
	wantDay(t, "start", a.start, "2025-09-01")
}

func TestModelCountsUse(t *testing.T) { // WE-27, WE-28
	t.Parallel()
	for _, tt := range []struct {
		name    string
		d, used int
		flows   bool
		want    string
	}{
		{"52 days of 5", 5, 52, true, "52/5"},
		{"52 days of 6", 6, 52, true, "26/3"},
		{"40 days, flows complete", 5, 40, true, "8"},
		{"flows not complete", 5, 40, false, "13"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := granted("1", "CIGO", "mancanza_lavoro", "2024-01-08", "2024-04-07")
			p.Fruiti, p.Flussi = &tt.used, &tt.flows
			wantRat(t, "counted", open(company("a", tt.d, p).at("2025-01-31"), today).cigoBiennio().counted, tt.want)
		})
	}
}

func TestModelKnowsWeatherAndSectors(t *testing.T) { // WE-34
	t.Parallel()
	periods := []Periodo{
		granted("1", "CIGO", "mancanza_lavoro", "2024-01-08", "2024-05-05"), granted("2", "CIGO", "meteo", "2024-07-08", "2024-09-01"),
		granted("3", "CIGO", "meteo", "2025-01-13", "2025-02-23"), granted("4", "CIGO", "mancanza_lavoro", "2025-03-03", "2025-06-01"),
		granted("5", "CIGO", "meteo", "2025-07-07", "2025-08-17"),
	}
	wantRat(t, "m", open(company("m", 5, periods...).at("2025-12-28"), today).cigoBiennio().counted, "36")
	wantRat(t, "a", open(company("a", 5, periods...).at("2025-12-28"), today).cigoBiennio().residual, "22")
}

func TestModelMeasuresFiveYears(t *testing.T) { // WE-30
	t.Parallel()
	for to, from := range map[string]string{"2022-12-31": "2018-01-01", "2025-06-30": "2020-07-01", "2024-02-29": "2019-03-01"} {
		if got := quinquennio(parseDay(to)).from.String(); got != from {
			t.Errorf("window of %s starts %s, want %s", to, got, from)
		}
	}
}

func TestModelHalvesSolidarity(t *testing.T) { // WE-07, WE-36
	t.Parallel()
	for al, want := range map[string]string{"2022-06-30": "3", "2023-12-31": "12", "2024-06-30": "18"} {
		f := company("a", 5, granted("1", "CIGS", "solidarieta", "2022-01-01", al)).at("2024-12-31")
		wantRat(t, al, open(f, today).overall().counted, want)
	}
}

func TestModelCombinesFis(t *testing.T) { // WE-06
	t.Parallel()
	f := company("fis", 5, granted("1", "AIS", "solidarieta", "2017-01-02", "2018-12-30"),
		granted("2", "AIS", "mancanza_lavoro", "2018-12-31", "2019-06-30"))
	a := open(f.asks("AIS", "mancanza_lavoro", "2019-07-01", "2019-12-29"), today).overall()
	wantVerdict(t, a, "admissible")
	wantRat(t, "total", a.total, "24")
	a = open(f.asks("AIS", "mancanza_lavoro", "2019-07-01", "2020-01-05"), today).overall()
	wantVerdict(t, a, "partly_admissible")
}

func TestModelCapsHours(t *testing.T) { // WE-40
	t.Parallel()
	p := granted("1", "CIGO", "mancanza_lavoro", "2024-01-08", "2024-12-22")
	p.OreAut = ptr(json.Number("12000"))
	f := company("a", 5, p).asks("CIGO", "mancanza_lavoro", "2025-01-06", "2025-02-16")
	f.Richiesta.Ore = ptr(json.Number("2400"))
	f.Unita.Organico = &[]Fascia{{Ore: ptr(json.Number("40")), Lavoratori: ptr(json.Number("10"))}}
	a := open(f, today).cigoHours()
	wantVerdict(t, a, "partly_admissible")
	wantRat(t, "limit", a.limit, "41600/3")
	wantRat(t, "grantable", a.grant.amount, "5600/3")
}

func TestModelRates(t *testing.T) { // WE-05, WE-41
	t.Parallel()
	p := granted("1", "CIGO", "mancanza_lavoro", "2022-01-03", "2023-01-08")
	wantRat(t, "53 weeks granted", open(company("a", 5, p).at("2023-06-30"), today).additional().rate, "12")
	p.Fruiti, p.Flussi = ptr(240), ptr(true)
	wantRat(t, "48 weeks used", open(company("a", 5, p).at("2023-06-30"), today).additional().rate, "9")
}

func TestModelSizesFis(t *testing.T) { // WE-13
	t.Parallel()
	for n, want := range map[string]string{"5": "13", "5.00": "13", "5.01": "26", "6": "26"} {
		f := company("fis", 5).at("2023-06-30")
		f.Azienda.Dipendenti = ptr(json.Number(n))
		wantRat(t, n, open(f, today).aisBiennio().limit, want)
	}
}

func TestModelPausesAfterCrisi(t *testing.T) { // art. 22 c. 2
	t.Parallel()
	for al, want := range map[string]string{"2022-12-31": "2023-09-01", "2022-06-30": "2022-11-01"} {
		got := freeFrom(span{date(2022, 1, 1), parseDay(al)})
		wantDay(t, al, &got, want)
	}
}

func TestAWeekIsNeverMoreThanItsDays(t *testing.T) {
	t.Parallel()
	p := granted("1", "CIGO", "mancanza_lavoro", "2024-01-08", "2024-01-14")
	p.Flussi, p.Giornate = ptr(true), &[]string{"2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11", "2024-01-12", "2024-01-13"}
	f := company("a", 5, p).at("2025-01-31")
	wantRat(t, "model", open(f, today).cigoBiennio().counted, "1")
	compare(t, f)
}
