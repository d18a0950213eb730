package importing_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"omnia/archive"
	"omnia/archive/importing"
)

// Whatever a line is, it is refused at its place, and those around it are taken.
func TestHostileLines(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"10 MB":                     strings.Repeat("x", 10<<20),
		"10 MB of a text":           measure(strings.Repeat("9", 10<<20), ""),
		"NULs":                      strings.Repeat("\x00", 1000),
		"a NUL in a text":           measure(`9\u0000`, ""),
		"not UTF-8":                 measure("9\xff\xfe", ""),
		"UTF-16":                    "\xff\xfe{\x00}\x00",
		"deep nesting":              strings.Repeat("[", 100_000),
		"deep objects":              strings.Repeat(`{"a":`, 100_000),
		"another byte order mark":   "\xef\xbb\xbf" + measure(9, ""),
		"two objects":               measure(9, "") + measure(10, ""),
		"a list":                    "[" + measure(9, "") + "]",
		"a huge number":             measure(9, `,"lavoratori":1e999999999`),
		"a key twice":               measure(9, `,"numero":"10"`),
		"a bare text":               `"; DROP TABLE provvedimenti; --"`,
		"a lone carriage return":    measure(9, "")[:20] + "\r" + measure(9, "")[20:] + "\r x",
		"a million unknown members": "{" + strings.Repeat(`"a":1,`, 100_000) + `"b":1}`,
		"a vertical tab":            "\v",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			opt := options(importing.Provvedimenti, 1)
			opt.Errors = 3
			r := run(t, m, lines(measure(1, ""), line, measure(2, "")), opt)
			if r.Creati != 2 || m.versions["1"] == nil || m.versions["2"] == nil {
				t.Errorf("the lines around it: %s", short(r))
			}
			if name == "a vertical tab" { // a blank to us
				return
			}
			if r.Errati != 1 || len(r.Errors) == 0 || r.Errors[0].Line != 2 {
				t.Errorf("%s", short(r))
			}
			if n := len(r.Errors[0].Detail); n > 1000 {
				t.Errorf("the message has %d bytes", n)
			}
		})
	}
}

// A text without a line feed is one line, and held to the limit of one.
func TestATextWithoutALineFeedNeedsNoMemory(t *testing.T) {
	t.Parallel()
	r := run(t, newMemory(), io.LimitReader(&repeated{line: "x"}, 200<<20), options(importing.Provvedimenti, importing.All))
	if r.Lines != 1 || r.Errors[0].Code != "line_too_long" {
		t.Errorf("%s", short(r))
	}
}

func TestLinesAtTheLimit(t *testing.T) {
	t.Parallel()
	fill := func(size int, end string) string {
		line := measure(1, "")
		return "{" + strings.Repeat(" ", size-len(line)) + line[1:] + end
	}
	for _, end := range []string{"\n", "\r\n"} {
		if r := run(t, newMemory(), strings.NewReader(fill(1<<20, end)), options(importing.Provvedimenti, 1)); r.Creati != 1 {
			t.Errorf("a line of the limit: %s", short(r))
		}
		if r := run(t, newMemory(), strings.NewReader(fill(1<<20+3, end)), options(importing.Provvedimenti, 1)); r.Errati != 1 {
			t.Errorf("a line beyond the limit: %s", short(r))
		}
	}
}

func TestHostileCSV(t *testing.T) {
	t.Parallel()
	const head = "matricola,tipo,delegato,studio,servizi,valida_dal,valida_al,delegante\n"
	good := func(matricola string) string {
		return matricola + ",intermediario,CLNMRC68H14H501Y,,chat,2026-02-01,,80078750587\n"
	}
	for name, line := range map[string]string{
		"an open quote":          `0000000009,"intermediario,CLNMRC68H14H501Y` + "\n",
		"a quote inside":         `0000000009,inter"mediario,CLNMRC68H14H501Y,,chat,2026-02-01,,80078750587` + "\n",
		"a cell too many":        strings.TrimSuffix(good("0000000009"), "\n") + ",x\n",
		"only commas":            strings.Repeat(",", 100_000) + "\n",
		"JSON in a cell":         `"{""a"":1}",intermediario,CLNMRC68H14H501Y,,chat,2026-02-01,,80078750587` + "\n",
		"a formula for a person": "0000000009,intermediario,=cmd(),,chat,2026-02-01,,80078750587\n",
		"a NUL":                  "0000000009,inter\x00mediario,CLNMRC68H14H501Y,,chat,2026-02-01,,80078750587\n",
		"not UTF-8":              "0000000009,intermediario,CLNMRC68H14H501Y,\xe0,chat,2026-02-01,,80078750587\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			r := run(t, m, strings.NewReader(head+good("0000000001")+line+good("0000000002")), options(importing.Deleghe, 1))
			if r.Creati != 2 || r.Errati != 1 || r.Errors[0].Line != 3 {
				t.Errorf("%s\n%s", short(r), asJSON(t, r.Errors))
			}
		})
	}
}

// FuzzImport holds the report to the text: every line has one outcome, and the number of an error is that of a line.
func FuzzImport(f *testing.F) {
	f.Add([]byte(measure(1, "")+"\n"+measure(1, `,"lavoratori":4`)), 1, false)
	f.Add([]byte("\xef\xbb\xbf\r\n{}\n\n\x00"), 0, false)
	f.Add([]byte(deleghe), 2, true)
	f.Add([]byte(delegheNDJSON), 2, true)
	f.Add([]byte(`a;"b`+"\n;"), 3, true)
	f.Add([]byte("{}\r\r\n\n{}\r\n"), 3, false) // a line that is empty after one that ends with a carriage return
	f.Fuzz(func(t *testing.T, text []byte, batch int, csv bool) {
		kind := importing.Provvedimenti
		if csv {
			kind = importing.Deleghe
		}
		m := newMemory()
		opt := options(kind, max(0, batch%100))
		r := run(t, m, bytes.NewReader(text), opt)
		if n := int64(bytes.Count(text, []byte("\n")) + 1); r.Lines > n {
			t.Errorf("%d lines of %d", r.Lines, n)
		}
		if (r.Errati > 0) != (len(r.Errors) > 0) && r.Conflitti+r.Salti == 0 {
			t.Errorf("%d bad lines with %d errors", r.Errati, len(r.Errors))
		}
		if int64(len(m.versions)+len(m.deleghe)) != r.Creati {
			t.Errorf("%d stored, but %s", len(m.versions)+len(m.deleghe), short(r))
		}
		again := run(t, m, bytes.NewReader(text), opt)
		if again.Creati != 0 && r.Clean() {
			t.Errorf("the same text again creates %d", again.Creati)
		}
		opt.Workers = 3
		if other := run(t, newMemory(), bytes.NewReader(text), opt); short(other) != short(r) {
			t.Errorf("three workers report\n%s\nnot\n%s", short(other), short(r))
		}
	})
}

func BenchmarkRun(b *testing.B) {
	var text strings.Builder
	for i := range 20_000 {
		text.WriteString(measure(fmt.Sprintf("2025-%08d", i), `,"lavoratori":12`))
		text.WriteByte('\n')
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		m := &sink{}
		if _, err := importing.Run(b.Context(), readers(), m, strings.NewReader(text.String()), options(importing.Provvedimenti, 1000)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*20_000/b.Elapsed().Seconds(), "lines/s")
}

// sink takes everything at no cost.
type sink struct{ memory }

func (s *sink) Within(ctx context.Context, do func(context.Context) error) error { return do(ctx) }

func (s *sink) WriteProvvedimenti(_ context.Context, list []archive.Provvedimento, _ bool) ([]archive.Written, error) {
	out := make([]archive.Written, len(list))
	for i := range out {
		out[i] = archive.Created
	}
	return out, nil
}
