package archive

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/internal/fault"
)

// posizioneShape is the JSON document of a matricola, and its lists within lists.
type posizioneShape struct {
	shape
	inquadramento, dipendenti, unita, giorni, organico, fascia shape
}

// The most rows of each list: far beyond any company, so that a body can't grow without end.
const (
	maxUnits   = 5_000
	maxChanges = 500
	maxFasce   = 200
)

// newPosizioneShape declares the document. With a vocabulary its values are checked as the facts
// they become; without one it only has their names and types, for records that are stored already.
func newPosizioneShape(voc *fact.Vocabulary) *posizioneShape {
	s := &posizioneShape{}
	from, until := labels("Dal", "From", "Ab"), labels("Al", "To", "Bis")
	s.inquadramento = newShape(group("inquadramento", [][2]string{{"dal", "al"}},
		must(day("dal", from)), day("al", until),
		must(like(voc, "azienda.settore", "settore", fact.Code)), like(voc, "azienda.fondo", "fondo", fact.Code)))
	s.dipendenti = newShape(group("dipendenti", nil,
		must(day("dal", from)), must(like(voc, "azienda.dipendenti_semestre", "media", fact.Decimal))))
	s.giorni = newShape(group("giorni_settimana", nil,
		must(day("dal", from)), must(like(voc, "unita_produttiva.giorni_settimana", "giorni", fact.Integer))))
	s.fascia = newShape(fasciaGroup(voc))
	s.organico = newShape(group("organico", nil, must(day("dal", from)),
		must(rows("fasce", maxFasce, labels("Fasce di orario", "Groups of hours", "Arbeitszeitgruppen"), s.fascia.Group))))
	s.unita = newShape(s.unitGroup(voc))
	s.unita.Unique = []*fact.Field{s.unita.Field("progressivo")}
	s.shape = newShape(s.companyGroup(voc))
	return s
}

// fasciaGroup is a row of unita_produttiva.organico_medio, complete.
func fasciaGroup(voc *fact.Vocabulary) *fact.Group {
	fields := []fact.Field{{Name: "ore_settimanali", Type: fact.Decimal}, {Name: "lavoratori", Type: fact.Decimal}}
	if voc != nil {
		declared := voc.Root.Field("unita_produttiva.organico_medio").Element
		for i, f := range fields {
			if d := declared.Field(f.Name); d != nil {
				fields[i] = *d
				fields[i].Path = f.Name
			}
		}
	}
	return group("fascia", nil, must(fields[0]), must(fields[1]))
}

func (s *posizioneShape) unitGroup(voc *fact.Vocabulary) *fact.Group {
	return group("unita_produttiva", [][2]string{{"attiva_dal", "attiva_al"}},
		must(like(voc, "unita_produttiva.progressivo", "progressivo", fact.Text)),
		text("denominazione", 200, labels("Denominazione dell’unità", "Name of the unit", "Name der Einheit")),
		text("comune", 100, labels("Comune", "Municipality", "Gemeinde")),
		must(day("attiva_dal", labels("Attiva dal", "Active from", "Aktiv ab"))),
		day("attiva_al", labels("Attiva fino al", "Active to", "Aktiv bis")),
		rows("giorni_settimana", maxChanges, labels("Giorni di lavoro alla settimana", "Working days a week", "Arbeitstage pro Woche"), s.giorni.Group),
		rows("organico", maxChanges, labels("Organico medio per orario", "Average staff by hours", "Durchschnittliche Belegschaft nach Arbeitszeit"), s.organico.Group))
}

func (s *posizioneShape) companyGroup(voc *fact.Vocabulary) *fact.Group {
	return group("posizione", [][2]string{{"attiva_dal", "attiva_al"}},
		must(like(voc, "azienda.matricola", "matricola", fact.Text)),
		must(like(voc, "azienda.codice_fiscale", "codice_fiscale", fact.Text)),
		must(text("denominazione", 200, labels("Denominazione", "Name", "Name"))),
		must(fact.Field{
			Name: "sede", Type: fact.Text, Format: "codice", MaxLen: 10,
			Label: labels("Sede INPS competente", "INPS office in charge", "Zuständige INPS-Dienststelle"),
		}),
		must(day("attiva_dal", labels("Attiva dal", "Active from", "Aktiv ab"))),
		day("attiva_al", labels("Attiva fino al", "Active to", "Aktiv bis")),
		rows("inquadramenti", maxChanges, labels("Inquadramenti", "Classifications", "Einstufungen"), s.inquadramento.Group),
		rows("dipendenti", maxChanges, labels("Dipendenti in media nel semestre", "Average employees in the semester", "Beschäftigte im Halbjahresdurchschnitt"), s.dipendenti.Group),
		rows("unita_produttive", maxUnits, labels("Unità produttive", "Production units", "Produktionseinheiten"), s.unita.Group))
}

// storedPosizione reads and writes what was checked before; it depends on no edition.
var storedPosizione = newPosizioneShape(nil)

// Posizione reads the document of a matricola, strictly: every defect comes back at once, with its
// pointer, as a *fault.Fault. Corpo is canonical: lists in the order of their days and of progressivo,
// empty ones left out.
func (r *Reader) Posizione(body []byte, opt Options) (*Posizione, error) {
	s := r.posizione
	rec, err := fact.DecodeRecord(s.Group, body, opt.fact(func(rec fact.Record) []fault.Detail { return s.check(rec, opt) }))
	if err != nil {
		return nil, err
	}
	p := s.value(rec)
	p.Seal()
	return p, nil
}

// check looks for rows of which only one can hold on a day.
func (s *posizioneShape) check(rec fact.Record, opt Options) []fault.Detail {
	var c complaints
	s.checkOverlaps(&c, opt, s.get(rec, "inquadramenti").Rows())
	checkStarts(&c, opt, "/dipendenti", s.dipendenti, s.get(rec, "dipendenti").Rows())
	for i, u := range s.get(rec, "unita_produttive").Rows() {
		at := "/unita_produttive/" + strconv.Itoa(i)
		checkStarts(&c, opt, at+"/giorni_settimana", s.giorni, s.unita.get(u, "giorni_settimana").Rows())
		checkStarts(&c, opt, at+"/organico", s.organico, s.unita.get(u, "organico").Rows())
	}
	return c
}

// checkStarts refuses two rows that begin on the same day.
func checkStarts(c *complaints, opt Options, at string, s shape, rows []fact.Record) {
	seen := make(map[calendar.Day]bool, len(rows))
	for i, row := range rows {
		v := s.get(row, "dal")
		if !v.IsKnown() {
			continue
		}
		if seen[v.Day()] {
			c.add(opt, at+"/"+strconv.Itoa(i)+"/dal", "same_start", v.Day())
		}
		seen[v.Day()] = true
	}
}

// checkOverlaps refuses classifications that share a day. Each is held to the one that reaches
// farthest among those that begin before it.
func (s *posizioneShape) checkOverlaps(c *complaints, opt Options, rows []fact.Record) {
	type run struct {
		row      int
		from, to calendar.Day
	}
	var runs []run
	for i, row := range rows {
		from, to := s.inquadramento.get(row, "dal"), s.inquadramento.get(row, "al")
		if !from.IsKnown() {
			continue
		}
		r := run{i, from.Day(), calendar.Max}
		if to.IsKnown() {
			r.to = to.Day()
		}
		runs = append(runs, r)
	}
	slices.SortStableFunc(runs, func(a, b run) int { return cmp.Compare(a.from, b.from) })
	for i, farthest := 1, 0; i < len(runs); i++ {
		if runs[i].from <= runs[farthest].to {
			c.add(opt, "/inquadramenti/"+strconv.Itoa(runs[i].row)+"/dal", "classification_overlap", runs[i].from, runs[farthest].from)
		}
		if runs[i].to > runs[farthest].to {
			farthest = i
		}
	}
}

// value is the company that a record says.
func (s *posizioneShape) value(rec fact.Record) *Posizione {
	p := &Posizione{
		Matricola: s.get(rec, "matricola").Text, CodiceFiscale: s.get(rec, "codice_fiscale").Text,
		Denominazione: s.get(rec, "denominazione").Text, Sede: s.get(rec, "sede").Text, Attiva: s.active(rec),
	}
	for _, row := range s.get(rec, "inquadramenti").Rows() {
		i := &s.inquadramento
		p.Inquadramenti = append(p.Inquadramenti, Inquadramento{
			Validity: validity(i.get(row, "dal"), i.get(row, "al")), Settore: i.get(row, "settore").Text, Fondo: i.get(row, "fondo").Text,
		})
	}
	for _, row := range s.get(rec, "dipendenti").Rows() {
		p.Dipendenti = append(p.Dipendenti, Dipendenti{Dal: s.dipendenti.get(row, "dal").Day(), Media: s.dipendenti.get(row, "media").Rat})
	}
	for _, row := range s.get(rec, "unita_produttive").Rows() {
		p.Unita = append(p.Unita, s.unitOf(row))
	}
	p.sort()
	return p
}

func (s *posizioneShape) unitOf(rec fact.Record) Unita {
	u := &s.unita
	out := Unita{
		Progressivo: u.get(rec, "progressivo").Text, Denominazione: u.get(rec, "denominazione").Text,
		Comune: u.get(rec, "comune").Text, Attiva: u.active(rec),
	}
	for _, row := range u.get(rec, "giorni_settimana").Rows() {
		out.GiorniSettimana = append(out.GiorniSettimana, GiorniSettimana{Dal: s.giorni.get(row, "dal").Day(), Giorni: int(s.giorni.get(row, "giorni").Num)})
	}
	for _, row := range u.get(rec, "organico").Rows() {
		o := Organico{Dal: s.organico.get(row, "dal").Day()}
		for _, f := range s.organico.get(row, "fasce").Rows() {
			o.Fasce = append(o.Fasce, Fascia{OreSettimanali: s.fascia.get(f, "ore_settimanali").Rat, Lavoratori: s.fascia.get(f, "lavoratori").Rat})
		}
		out.Organico = append(out.Organico, o)
	}
	return out
}

// active is the days a company or a unit is active on.
func (s *shape) active(rec fact.Record) Validity {
	return validity(s.get(rec, "attiva_dal"), s.get(rec, "attiva_al"))
}

func validity(from, to *fact.Value) Validity {
	v := Validity{From: from.Day()}
	if to.IsKnown() {
		d := to.Day()
		v.To = &d
	}
	return v
}

// sort puts every list in the order of its days, units by progressivo as a number.
func (p *Posizione) sort() {
	slices.SortFunc(p.Inquadramenti, func(a, b Inquadramento) int { return cmp.Compare(a.From, b.From) })
	slices.SortFunc(p.Dipendenti, func(a, b Dipendenti) int { return cmp.Compare(a.Dal, b.Dal) })
	slices.SortFunc(p.Unita, func(a, b Unita) int { return compareProgressivi(a.Progressivo, b.Progressivo) })
	for i := range p.Unita {
		u := &p.Unita[i]
		slices.SortFunc(u.GiorniSettimana, func(a, b GiorniSettimana) int { return cmp.Compare(a.Dal, b.Dal) })
		slices.SortFunc(u.Organico, func(a, b Organico) int { return cmp.Compare(a.Dal, b.Dal) })
		for _, o := range u.Organico {
			slices.SortFunc(o.Fasce, func(a, b Fascia) int {
				return cmp.Or(b.OreSettimanali.Cmp(a.OreSettimanali), b.Lavoratori.Cmp(a.Lavoratori))
			})
		}
	}
}

// compareProgressivi orders "2" before "10", and "2" before "02".
func compareProgressivi(a, b string) int {
	x, y := strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y), cmp.Compare(len(a), len(b)))
}

// Open fills the fields of p out of its Corpo, without any edition. It fails when Corpo is none.
func (p *Posizione) Open() error {
	s := storedPosizione
	rec, err := fact.NewStored(s.Group, 1).Read(p.Corpo)
	if err != nil {
		return damaged(p.Matricola, err)
	}
	v := s.value(rec)
	p.Matricola, p.CodiceFiscale, p.Denominazione, p.Sede, p.Attiva = v.Matricola, v.CodiceFiscale, v.Denominazione, v.Sede, v.Attiva
	p.Inquadramenti, p.Dipendenti, p.Unita = v.Inquadramenti, v.Dipendenti, v.Unita
	return nil
}

// Seal puts the lists of p in order and writes Corpo and Digest from its fields.
func (p *Posizione) Seal() {
	p.sort()
	p.Corpo = p.AppendJSON(nil)
	p.Digest = digestOf(p.Corpo)
}

// AppendJSON writes the document of the matricola as canonical JSON, from the fields of p. Reading it
// gives the same company.
func (p *Posizione) AppendJSON(dst []byte) []byte {
	return fact.AppendRecord(dst, storedPosizione.Group, storedPosizione.record(p), true)
}

// record is the inverse of value.
func (s *posizioneShape) record(p *Posizione) fact.Record {
	rec := s.New()
	s.set(rec, "matricola", p.Matricola)
	s.set(rec, "codice_fiscale", p.CodiceFiscale)
	s.set(rec, "denominazione", p.Denominazione)
	s.set(rec, "sede", p.Sede)
	s.setDays(rec, "attiva_dal", "attiva_al", p.Attiva)
	s.setRows(rec, "inquadramenti", records(p.Inquadramenti, func(i *Inquadramento) fact.Record {
		row := s.inquadramento.New()
		s.inquadramento.setDays(row, "dal", "al", i.Validity)
		s.inquadramento.set(row, "settore", i.Settore)
		s.inquadramento.set(row, "fondo", i.Fondo)
		return row
	}))
	s.setRows(rec, "dipendenti", records(p.Dipendenti, func(d *Dipendenti) fact.Record {
		row := s.dipendenti.New()
		*s.dipendenti.get(row, "dal"), *s.dipendenti.get(row, "media") = fact.OfDay(d.Dal), fact.OfRat(d.Media)
		return row
	}))
	s.setRows(rec, "unita_produttive", records(p.Unita, s.unitRecord))
	return rec
}

func (s *posizioneShape) unitRecord(u *Unita) fact.Record {
	rec := s.unita.New()
	s.unita.set(rec, "progressivo", u.Progressivo)
	s.unita.set(rec, "denominazione", u.Denominazione)
	s.unita.set(rec, "comune", u.Comune)
	s.unita.setDays(rec, "attiva_dal", "attiva_al", u.Attiva)
	s.unita.setRows(rec, "giorni_settimana", records(u.GiorniSettimana, func(g *GiorniSettimana) fact.Record {
		row := s.giorni.New()
		*s.giorni.get(row, "dal"), *s.giorni.get(row, "giorni") = fact.OfDay(g.Dal), fact.OfInt(int64(g.Giorni))
		return row
	}))
	s.unita.setRows(rec, "organico", records(u.Organico, func(o *Organico) fact.Record {
		row := s.organico.New()
		*s.organico.get(row, "dal") = fact.OfDay(o.Dal)
		*s.organico.get(row, "fasce") = fact.OfRows(records(o.Fasce, s.fasciaRecord))
		return row
	}))
	return rec
}

func (s *posizioneShape) fasciaRecord(f *Fascia) fact.Record {
	row := s.fascia.New()
	*s.fascia.get(row, "ore_settimanali"), *s.fascia.get(row, "lavoratori") = fact.OfRat(f.OreSettimanali), fact.OfRat(f.Lavoratori)
	return row
}

func records[T any](list []T, record func(*T) fact.Record) []fact.Record {
	out := make([]fact.Record, len(list))
	for i := range list {
		out[i] = record(&list[i])
	}
	return out
}

// set writes a text, unless it is empty.
func (s *shape) set(rec fact.Record, name, text string) {
	if text != "" {
		*s.get(rec, name) = fact.OfText(text)
	}
}

// setRows writes a list, unless it is empty.
func (s *shape) setRows(rec fact.Record, name string, rows []fact.Record) {
	if len(rows) > 0 {
		*s.get(rec, name) = fact.OfRows(rows)
	}
}

func (s *shape) setDays(rec fact.Record, from, to string, v Validity) {
	*s.get(rec, from) = fact.OfDay(v.From)
	if v.To != nil {
		*s.get(rec, to) = fact.OfDay(*v.To)
	}
}
