package importing_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"omnia/archive/importing"
)

// of is a line of that company and unit.
func of(numero int, matricola, unita string) string {
	line := strings.Replace(measure(numero, ""), `"0123456789"`, `"`+matricola+`"`, 1)
	return strings.Replace(line, `"unita_produttiva":"0"`, `"unita_produttiva":"`+unita+`"`, 1)
}

func TestAMeasureOfNobodyIsRefused(t *testing.T) {
	t.Parallel()
	text := []string{of(1, "0000000001", "0"), of(2, "9000000001", "0"), of(3, "0000000001", "7"), of(4, "0000000001", "1")}
	for _, tt := range []struct {
		batch int
		want  string
	}{
		{1, "lines 4: creati 2 corretti 0 invariati 0 conflitti 0 salti 0 errati 2 annullati 0; batches 4, refused 2"},
		{importing.All, "lines 4: creati 0 corretti 0 invariati 0 conflitti 0 salti 0 errati 2 annullati 2; batches 1, refused 1"},
	} {
		want := tt.want + "\n2 2 unknown_matricola /matricola\n3 3 unknown_unita_produttiva /unita_produttiva"
		if r := run(t, newMemory(), lines(text...), options(importing.Provvedimenti, tt.batch)); short(r) != want {
			t.Errorf("batches of %d:\n%s\nwant\n%s", tt.batch, short(r), want)
		}
	}
}

// What the rules refuse about a period is refused line by line too, with the code of the rule.
func TestAPeriodThatTheRulesRefuseIsRefused(t *testing.T) {
	t.Parallel()
	covid := `,"regime":"covid19"`
	r := run(t, newMemory(), lines(measure(1, ""), measure(2, covid), measure(3, "")), options(importing.Provvedimenti, 1))
	if want := "errati 1 annullati 0; batches 3, refused 1\n2 2 outside_covid_window /regime"; !strings.HasSuffix(short(r), want) || r.Creati != 2 {
		t.Errorf("got\n%s\nwant\n%s", short(r), want)
	}
	if text := r.Errors[0].Detail; !strings.Contains(text, "03-03-2025") {
		t.Errorf("the message does not say which days: %s", text)
	}
}

// A long text of many companies asks for each of them once, many at a time.
func TestACompanyIsAskedForOnce(t *testing.T) {
	t.Parallel()
	const companies, rounds = 1000, 4
	var text []string
	for i := range companies * rounds {
		text = append(text, of(i, fmt.Sprintf("%010d", i%companies), "0"))
	}
	for _, batch := range []int{importing.All, 10, 10_000} {
		m := newMemory()
		if r := run(t, m, lines(text...), options(importing.Provvedimenti, batch)); !r.Clean() {
			t.Fatal(short(r))
		}
		asked := map[string]int{}
		for _, list := range m.asked {
			for _, matricola := range list {
				asked[matricola]++
			}
		}
		for matricola, n := range asked {
			if n != 1 {
				t.Fatalf("batches of %d: %s was asked for %d times", batch, matricola, n)
			}
		}
		if len(asked) != companies || len(m.asked) > companies/10 {
			t.Errorf("batches of %d: %d companies in %d questions", batch, len(asked), len(m.asked))
		}
	}
}

func TestAnArchiveThatCanNotBeAskedEndsTheImport(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.lookup = errors.New("the database is down")
	r, err := importing.Run(t.Context(), readers(), m, lines(measure(1, "")), options(importing.Provvedimenti, 1))
	if !errors.Is(err, m.lookup) || !r.Incomplete || len(m.versions) != 0 {
		t.Errorf("%v, %s", err, short(r))
	}
}
