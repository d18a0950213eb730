package archive

import (
	"errors"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/internal/fault"
)

// LawInForce is the day d.lgs. 148/2015 came into force (art. 44): no counter is asked for a day before it.
var LawInForce = calendar.Of(2015, 9, 24)

// ErrUnita is a production unit that the company does not have.
var ErrUnita = fault.New(fault.NotFound, "unita_produttiva_not_found", "The matricola has no production unit of that number.")

// Ask is what is asked of the archive about one production unit.
type Ask struct {
	Day calendar.Day // the reference day
	// LastTreatment is the last day granted to the company anywhere, nil when the archive knows none:
	// then a rule presumes it from the history.
	LastTreatment *calendar.Day
	Richiesta     *fact.Facts // the richiesta of a what-if, read by an envelope of the same vocabulary; else nil
}

// caseSlots are where the facts of a case go.
type caseSlots struct {
	periodo                                                 *fact.Group
	fascia                                                  *fact.Group
	ore, lavoratori                                         int // of a fascia
	day, matricola, codiceFiscale, settore, fondo           int // of the root
	dipendenti, ultimo, progressivo, giorni, mesi, organico int
	periodi, richiestaAl                                    int
	nota, attiva                                            int // of the unit; -1 in a vocabulary without them
	numero                                                  int // of a periodo
}

func newCaseSlots(voc *fact.Vocabulary) caseSlots {
	root, fascia := voc.Root, voc.Root.Field("unita_produttiva.organico_medio").Element
	return caseSlots{
		periodo: voc.Groups["periodo"], fascia: fascia, ore: fascia.Slot("ore_settimanali"), lavoratori: fascia.Slot("lavoratori"),
		day: root.Slot("data_riferimento"), matricola: root.Slot("azienda.matricola"), codiceFiscale: root.Slot("azienda.codice_fiscale"),
		settore: root.Slot("azienda.settore"), fondo: root.Slot("azienda.fondo"), dipendenti: root.Slot("azienda.dipendenti_semestre"),
		ultimo: root.Slot("azienda.fine_ultimo_trattamento"), progressivo: root.Slot("unita_produttiva.progressivo"),
		giorni: root.Slot("unita_produttiva.giorni_settimana"), mesi: root.Slot("unita_produttiva.mesi_attivita"),
		organico: root.Slot("unita_produttiva.organico_medio"), periodi: root.Slot("periodi"), richiestaAl: root.Slot("richiesta.al"),
		nota: root.Slot("unita_produttiva.nota"), attiva: root.Slot("unita_produttiva.attiva"), numero: voc.Groups["periodo"].Slot("numero"),
	}
}

// Case is the facts of one production unit, out of the archive: the company as it was classified on
// the day asked, the unit as it was then, and its whole history, whatever its outcome, in the order given. What
// the archive does not know stays unknown; no history at all is known to be none.
//
// A unit that the company does not have is ErrUnita.
func (r *Reader) Case(pos *Posizione, unita string, history []Provvedimento, ask Ask) (*fact.Facts, error) {
	u := pos.unit(unita)
	if u == nil {
		return nil, ErrUnita
	}
	if ask.Richiesta != nil && ask.Richiesta.Vocabulary != r.voc {
		return nil, errors.New("the richiesta was read with another vocabulary than the archive is")
	}
	f := &fact.Facts{Vocabulary: r.voc, Root: r.voc.Root.New()}
	if ask.Richiesta != nil {
		copy(f.Root, ask.Richiesta.Root)
		f.Findings = ask.Richiesta.Findings
	}
	// The last day requested is the reference day already; saying it again would report its defects twice.
	if last := &f.Root[r.at.richiestaAl]; !last.IsKnown() || last.Day() != ask.Day {
		f.Root[r.at.day] = fact.OfDay(ask.Day)
	}
	r.company(f.Root, pos, ask)
	r.unit(f.Root, u, ask.Day)
	rows, err := r.periods(history)
	f.Root[r.at.periodi] = fact.OfRows(rows)
	return f, err
}

// unit is the production unit of that number, or nil.
func (p *Posizione) unit(progressivo string) *Unita {
	for i := range p.Unita {
		if p.Unita[i].Progressivo == progressivo {
			return &p.Unita[i]
		}
	}
	return nil
}

// company writes the facts of the company as they were on the day.
func (r *Reader) company(root fact.Record, pos *Posizione, ask Ask) {
	root[r.at.matricola] = fact.OfText(pos.Matricola)
	root[r.at.codiceFiscale] = fact.OfText(pos.CodiceFiscale)
	for i := range pos.Inquadramenti {
		q := &pos.Inquadramenti[i]
		if !q.Has(ask.Day) {
			continue
		}
		root[r.at.settore] = fact.OfText(q.Settore)
		if q.Fondo != "" {
			root[r.at.fondo] = fact.OfText(q.Fondo)
		}
	}
	if d := latest(pos.Dipendenti, ask.Day, func(d *Dipendenti) calendar.Day { return d.Dal }); d != nil {
		root[r.at.dipendenti] = fact.OfRat(d.Media)
	}
	if ask.LastTreatment != nil {
		root[r.at.ultimo] = fact.OfDay(*ask.LastTreatment)
	}
}

// unit writes the facts of the production unit as they were on the day.
func (r *Reader) unit(root fact.Record, u *Unita, on calendar.Day) {
	root[r.at.progressivo] = fact.OfText(u.Progressivo)
	if g := latest(u.GiorniSettimana, on, func(g *GiorniSettimana) calendar.Day { return g.Dal }); g != nil {
		root[r.at.giorni] = fact.OfInt(int64(g.Giorni))
	}
	if o := latest(u.Organico, on, func(o *Organico) calendar.Day { return o.Dal }); o != nil {
		root[r.at.organico] = fact.OfRows(r.staff(o.Fasce))
	}
	if months, young := monthsActive(u.Attiva.From, on); young {
		root[r.at.mesi] = fact.OfInt(int64(months))
	}
}

func (r *Reader) staff(fasce []Fascia) []fact.Record {
	return records(fasce, func(f *Fascia) fact.Record {
		row := r.at.fascia.New()
		row[r.at.ore], row[r.at.lavoratori] = fact.OfRat(f.OreSettimanali), fact.OfRat(f.Lavoratori)
		return row
	})
}

// latest is the last row that began on or before the day; rows are in the order of their days.
func latest[T any](rows []T, on calendar.Day, from func(*T) calendar.Day) (found *T) {
	for i := range rows {
		if from(&rows[i]) > on {
			break
		}
		found = &rows[i]
	}
	return found
}

// semester is how many months a unit must have worked for averages over six months.
const semester = 6

// monthsActive is the whole months a unit has worked by that day; young tells that they are fewer
// than the six of a semester. A unit that has not begun yet has none.
func monthsActive(since, on calendar.Day) (months int, young bool) {
	if since.AddMonths(semester) <= on {
		return 0, false
	}
	for months < semester-1 && since.AddMonths(months+1) <= on {
		months++
	}
	return months, true
}

// periods are the rows of the history, read once straight out of what is stored.
func (r *Reader) periods(history []Provvedimento) ([]fact.Record, error) {
	stored, out := fact.NewStored(r.at.periodo, len(history)), make([]fact.Record, len(history))
	for i := range history {
		row, err := stored.Read(history[i].Corpo)
		if err != nil {
			return nil, damaged(history[i].Numero, err)
		}
		out[i] = row
	}
	return out, nil
}
