package archive

import (
	"slices"
	"strings"
	"unicode"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/internal/fault"
)

// maxVersions is the highest version a measure can have: one can't be corrected more often than that.
const maxVersions = 1_000_000

// ownFields are what a provvedimento has beside the facts of a period: whose it is, when it was
// issued and why, and which version of it this is.
func ownFields(voc *fact.Vocabulary) []fact.Field {
	return []fact.Field{
		must(like(voc, "azienda.matricola", "matricola", fact.Text)),
		must(like(voc, "unita_produttiva.progressivo", "unita_produttiva", fact.Text)),
		must(day("data_emissione", labels("Data di emissione", "Day of issue", "Ausstellungstag"))),
		{
			Name: "motivazione", Type: fact.Text, MaxLen: 4000, Personal: true, // it may name people
			Label: labels("Motivazione", "Reasons", "Begründung"),
		},
		{
			Name: "lavoratori", Type: fact.Integer, Min: bound(0), Max: bound(10_000_000),
			Label: labels("Lavoratori interessati", "Workers concerned", "Betroffene Beschäftigte"),
		},
		text("protocollo", 64, labels("Protocollo della domanda", "Number of the application", "Aktenzeichen des Antrags")),
		{
			Name: "versione", Type: fact.Integer, Min: bound(1), Max: bound(maxVersions),
			Label: labels("Versione", "Version", "Version"),
			Help: labels("Se manca è la 1; ogni rettifica è la versione seguente.",
				"When absent it is 1; each correction is the next version.",
				"Fehlt sie, ist es die 1; jede Berichtigung ist die nächste Version."),
		},
		{
			Name: "correzione", Type: fact.Text, MaxLen: 1000, Personal: true,
			Label: labels("Motivo della rettifica", "Why it is corrected", "Grund der Berichtigung"),
			Help: labels("Obbligatorio dalla versione 2; nella prima non c’è nulla da rettificare.",
				"Required from version 2 on; in the first there is nothing to correct.",
				"Ab Version 2 erforderlich; in der ersten gibt es nichts zu berichtigen."),
		},
	}
}

// provvedimentoGroup is a row of periodi with what surrounds it. The fields of the row come first, so
// that the beginning of a record is that row.
func provvedimentoGroup(voc *fact.Vocabulary) *fact.Group {
	row := requiring(voc.Groups["periodo"], "numero", "prestazione", "esito", "dal", "al")
	g := row.Extend("provvedimento", ownFields(voc)...)
	for _, f := range g.Fields {
		f.Path = f.Name
	}
	return g
}

// Provvedimento reads one version of a measure, strictly: every defect comes back at once, with its
// pointer, as a *fault.Fault. Corpo is canonical: the same content, however written, has the same Digest.
func (r *Reader) Provvedimento(body []byte, opt Options) (*Provvedimento, error) {
	rec, err := fact.DecodeRecord(r.provvedimento.Group, body, opt.fact(func(rec fact.Record) []fault.Detail {
		return r.checkProvvedimento(rec, opt)
	}))
	if err != nil {
		return nil, err
	}
	return r.FromRecord(rec), nil
}

// checkProvvedimento looks for what no declaration of a field says.
func (r *Reader) checkProvvedimento(rec fact.Record, opt Options) []fault.Detail {
	var c complaints
	get := func(name string) *fact.Value { return r.provvedimento.get(rec, name) }
	if v := get("numero"); v.IsKnown() && !goodNumero(v.Text) {
		c.add(opt, "/numero", "bad_numero")
	}
	if v := get("data_emissione"); v.IsKnown() && v.Day() > opt.Today {
		c.add(opt, "/data_emissione", "issued_in_future", v.Day(), opt.Today)
	}
	versione, correzione := get("versione"), get("correzione")
	switch first := !versione.IsKnown() || versione.Num == 1; {
	case first && correzione.IsKnown():
		c.add(opt, "/correzione", "correction_of_nothing")
	case !first && !correzione.IsKnown():
		c.add(opt, "/correzione", "correction_without_reason", versione.Num)
	}
	if r.rules != nil {
		c = append(c, r.rules.Check(rec, opt.Language)...)
	}
	return c
}

// goodNumero tells whether a numero can be read by people and stand in an address: visible characters, with blanks
// only between them. Clients take "." and ".." in an address for steps, and never ask for them.
func goodNumero(s string) bool {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	return s != "." && s != ".." && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, hidden)
}

// FromRecord is the measure that a checked record says, its days used in order and each once.
func (r *Reader) FromRecord(rec fact.Record) *Provvedimento {
	get := func(name string) *fact.Value { return r.provvedimento.get(rec, name) }
	if v := get("versione"); !v.IsKnown() {
		*v = fact.OfInt(1)
	}
	if v := get("giornate_fruite"); v.IsKnown() {
		v.SetDays(slices.Compact(sorted(v.Days())))
	}
	p := &Provvedimento{
		Numero: get("numero").Text, Versione: int(get("versione").Num), Matricola: get("matricola").Text,
		UnitaProduttiva: get("unita_produttiva").Text, Prestazione: get("prestazione").Text, Causale: get("causale").Text,
		Esito: get("esito").Text, Dal: get("dal").Day(), Al: get("al").Day(), DataEmissione: get("data_emissione").Day(),
		Motivazione: get("motivazione").Text, Correzione: get("correzione").Text,
		Corpo: fact.AppendRecord(nil, r.provvedimento.Group, rec, true),
	}
	p.Digest = digestOf(p.Corpo)
	p.Stems = Stems(p.Motivazione)
	return p
}

func sorted(days []calendar.Day) []calendar.Day {
	out := slices.Clone(days)
	slices.Sort(out)
	return out
}

// Record is the whole record of a measure that was stored; facts that the edition of the reader does
// not know any more are left out of it.
func (r *Reader) Record(p *Provvedimento) (fact.Record, error) {
	return fact.NewStored(r.provvedimento.Group, 1).Read(p.Corpo)
}

// Group is the fields of a provvedimento, in their order, with their words.
func (r *Reader) Group() *fact.Group { return r.provvedimento.Group }

// opening are the fields of a stored measure that are columns of its own value; it depends on no edition.
var opening = newShape(group("provvedimento", nil,
	text("numero", 0, nil), text("prestazione", 0, nil), text("causale", 0, nil), text("esito", 0, nil), day("dal", nil), day("al", nil),
	text("matricola", 0, nil), text("unita_produttiva", 0, nil), day("data_emissione", nil), text("motivazione", 0, nil),
	fact.Field{Name: "versione", Type: fact.Integer}, text("correzione", 0, nil)))

// Open fills the fields of p out of its Corpo, without any edition. It fails when Corpo is none.
func (p *Provvedimento) Open() error {
	rec, err := fact.NewStored(opening.Group, 1).Read(p.Corpo)
	if err != nil {
		return damaged(p.Numero, err)
	}
	get := func(name string) *fact.Value { return opening.get(rec, name) }
	p.Numero, p.Versione, p.Matricola = get("numero").Text, int(get("versione").Num), get("matricola").Text
	p.UnitaProduttiva, p.Prestazione, p.Causale = get("unita_produttiva").Text, get("prestazione").Text, get("causale").Text
	p.Esito, p.Dal, p.Al, p.DataEmissione = get("esito").Text, get("dal").Day(), get("al").Day(), get("data_emissione").Day()
	p.Motivazione, p.Correzione = get("motivazione").Text, get("correzione").Text
	return nil
}
