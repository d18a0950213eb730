package rulebook_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"testing/fstest"

	"omnia/engine/rulebook"
)

func format(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	out, defects := rulebook.Format(name, data)
	if len(defects) > 0 {
		t.Fatalf("%s can't be formatted:\n%v", name, defects)
	}
	return out
}

func TestFormattingKeepsTheMeaningAndIsStable(t *testing.T) {
	t.Parallel()
	want := digests(mustLoad(t, shipped(t)))
	r := rand.New(rand.NewPCG(7, 7))
	plain, mixed := fstest.MapFS{}, fstest.MapFS{}
	for name, f := range shipped(t) {
		once := format(t, name, f.Data)
		if twice := format(t, name, once); !bytes.Equal(once, twice) {
			t.Errorf("%s: formatting twice gives another text", name)
		}
		plain[name] = &fstest.MapFile{Data: once}
		mixed[name] = &fstest.MapFile{Data: format(t, name, shuffle(t, r, f.Data))}
	}
	sameDigests(t, digests(mustLoad(t, plain)), want)
	sameDigests(t, digests(mustLoad(t, mixed)), want)
}

func TestFormattingKeepsEveryCommentWhereItBelongs(t *testing.T) {
	t.Parallel()
	const before = `# In testa.
parameters:

  # Sopra il primo.
  - title:   {de: 'Grenze', it: Il limite dell'anno, en: "Limit"} # accanto
    # Sopra l'id.
    id: "cigo.limite"


    versions: [{version: 1, # la prima
        valid_from: "2015-09-24",
        # dentro le parentesi
        value: "5 # non è un commento",
        law: [ {article: "12", act: "D148"} ], confidence: DEFAULT}]
  # In fondo.
schema: parameters/v1
# Alla fine.
`
	const want = `# In fondo.
schema: parameters/v1
# In testa.
parameters:
  # Sopra il primo.
  # Sopra l'id.
  - id: cigo.limite
    title: {it: "Il limite dell'anno", en: "Limit", de: "Grenze"} # accanto

    # dentro le parentesi
    versions: [{version: 1, valid_from: "2015-09-24", value: "5 # non è un commento", law: [{act: D148, article: "12"}], confidence: DEFAULT}] # la prima
# Alla fine.
`
	if got := string(format(t, "parameters/x.yaml", []byte(before))); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestFormattingKeepsBlocksOfText(t *testing.T) {
	t.Parallel()
	const before = `schema: presumptions/v1
presumptions:
    - id: a.b
      title: {it: "A", en: "A", de: "A"}
      target: a.b
      versions:
          - version: 1
            valid_from: "2015-09-24"
            value: >-   # piegato
               uno == 1

               && due == 2
            law: [{act: D148}]
            confidence: CONFIRMED
`
	const want = `schema: presumptions/v1
presumptions:
  - id: a.b
    title: {it: "A", en: "A", de: "A"}
    target: a.b
    versions:
      - version: 1
        valid_from: "2015-09-24"
        value: >- # piegato
          uno == 1

          && due == 2
        law: [{act: D148}]
        confidence: CONFIRMED
`
	if got := string(format(t, "presumptions/x.yaml", []byte(before))); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
