package importing

import (
	"context"
	"slices"

	"omnia/archive"
	"omnia/internal/fault"
)

// Companies are those that the archive knows.
type Companies interface {
	// Posizioni are the companies of these matricole, as they are now; one that is not stored is left out.
	Posizioni(ctx context.Context, matricole []string) ([]archive.Posizione, error)
}

// Known holds measures to the companies and the production units that the archive knows: nobody would ever find
// a measure of any other. It remembers the companies it met last, so that millions of lines need a question
// for each company at most, and a bounded memory. It is used by one goroutine.
type Known struct {
	companies Companies
	language  string
	most      int                 // companies of one generation
	young     map[string][]string // progressivi by matricola: those met since the last change of generation
	old       map[string][]string // and those of the generation before
}

// generation is how many companies are remembered for sure; at most twice as many are.
const generation = 50_000

// NewKnown remembers nothing yet. Messages are in the language.
func NewKnown(companies Companies, language string) *Known {
	return &Known{companies: companies, language: language, most: generation, young: map[string][]string{}}
}

// Check tells what is wrong with the company or the unit of a measure, nil when nothing is.
func (k *Known) Check(ctx context.Context, p *archive.Provvedimento) (*fault.Detail, error) {
	if err := k.meet(ctx, []string{p.Matricola}); err != nil {
		return nil, err
	}
	return k.judge(p), nil
}

// judge is Check of a measure whose company has just been met.
func (k *Known) judge(p *archive.Provvedimento) *fault.Detail {
	units, there := k.young[p.Matricola]
	switch {
	case !there:
		return k.defect("/matricola", "unknown_matricola", p.Matricola)
	case !slices.Contains(units, p.UnitaProduttiva):
		return k.defect("/unita_produttiva", "unknown_unita_produttiva", p.UnitaProduttiva)
	}
	return nil
}

func (k *Known) defect(pointer, code, value string) *fault.Detail {
	return &fault.Detail{Pointer: pointer, Code: code, Text: sentence(k.language, code, value)}
}

// meet sees to it that these companies are in the young generation, if they are known at all: with one question
// for those that are not remembered. What is not known is asked for again, since it may come.
func (k *Known) meet(ctx context.Context, matricole []string) error {
	if len(k.young)+len(matricole) > k.most {
		k.young, k.old = make(map[string][]string, len(matricole)), k.young
	}
	var missing []string
	for _, m := range matricole {
		if _, there := k.young[m]; there {
			continue
		}
		if units, there := k.old[m]; there {
			k.young[m] = units
		} else {
			missing = append(missing, m)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	found, err := k.companies.Posizioni(ctx, slices.Compact(missing))
	if err != nil {
		return err
	}
	for i := range found {
		if err := found[i].Open(); err != nil {
			return err
		}
		k.young[found[i].Matricola] = progressivi(&found[i])
	}
	return nil
}

func progressivi(p *archive.Posizione) []string {
	out := make([]string, len(p.Unita))
	for i := range p.Unita {
		out[i] = p.Unita[i].Progressivo
	}
	return out
}
