package archive

import (
	"regexp"
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/internal/fault"
)

// delegaGroup is the body of a delegation that is granted: who grants it is the caller.
func delegaGroup(voc *fact.Vocabulary) *fact.Group {
	return group("delega", [][2]string{{"valida_dal", "valida_al"}},
		must(fact.Field{Name: "tipo", Type: fact.Code, Label: labels("Tipo di delega", "Kind of delegation", "Art der Vollmacht"), Options: []fact.Option{
			{Code: string(Titolare), Label: labels("Titolare o legale rappresentante", "Owner or legal representative", "Inhaber oder gesetzlicher Vertreter")},
			{Code: string(Dipendente), Label: labels("Dipendente dell’azienda", "Employee of the company", "Beschäftigter des Unternehmens")},
			{Code: string(Intermediario), Label: labels("Intermediario", "Intermediary", "Intermediär")},
			{Code: string(Subdelega), Label: labels("Subdelega di un intermediario", "Sub-delegation by an intermediary", "Untervollmacht eines Intermediärs")},
		}}),
		must(like(voc, "azienda.matricola", "matricola", fact.Text)),
		must(personal("delegato", "codice_fiscale_persona", labels("Codice fiscale del delegato", "Tax code of the delegate", "Steuernummer der bevollmächtigten Person"))),
		text("studio", 200, labels("Studio dell’intermediario", "Firm of the intermediary", "Kanzlei des Intermediärs")),
		rows("servizi", len(Servizi), labels("Servizi", "Services", "Dienste"), fact.NewBare(serviceField())),
		fact.Field{
			Name: "valida_dal", Type: fact.Date, Label: labels("Valida dal", "Good from", "Gültig ab"),
			Help: labels("Se manca, vale da oggi.", "When absent, from today.", "Fehlt die Angabe, ab heute."),
		},
		day("valida_al", labels("Valida fino al", "Good to", "Gültig bis")),
		text("padre", 36, labels("Delega da cui dipende", "Delegation it hangs on", "Übergeordnete Vollmacht")))
}

// loadedGroup is a delegation as the institute loads it: with who granted it.
func loadedGroup(voc *fact.Vocabulary) *fact.Group {
	delegante := must(personal("delegante", "codice_fiscale", labels("Codice fiscale del delegante", "Tax code of who delegates", "Steuernummer der vollmachtgebenden Person")))
	// A file that is loaded again on another day must say the same.
	return requiring(delegaGroup(voc), "valida_dal").Extend("delega", delegante)
}

func personal(name, format string, label fact.Texts) fact.Field {
	return fact.Field{Name: name, Type: fact.Text, Format: format, MaxLen: 16, Personal: true, Label: label}
}

func serviceField() fact.Field {
	word := map[Servizio]fact.Texts{
		ServizioContatori:     labels("Contatori", "Counters", "Zähler"),
		ServizioProvvedimenti: labels("Provvedimenti", "Measures", "Bescheide"),
		ServizioDomande:       labels("Domande", "Applications", "Anträge"),
		ServizioChat:          labels("Chat", "Chat", "Chat"),
		ServizioDeleghe:       labels("Deleghe ai collaboratori", "Delegation to collaborators", "Vollmachten an Mitarbeiter"),
	}
	f := fact.Field{Type: fact.Code, Label: labels("Servizio", "Service", "Dienst")}
	for _, s := range Servizi {
		f.Options = append(f.Options, fact.Option{Code: string(s), Label: word[s]})
	}
	return f
}

// Delega reads a delegation that the caller grants; Delegante is left for whoever knows the caller.
// Without servizi a titolare has them all; any other bond must name some. Every defect comes back at once.
func (r *Reader) Delega(body []byte, opt Options) (*Delega, error) {
	return readDelega(&r.delega, body, opt)
}

// LoadedDelega reads a delegation of a mass upload: like [Reader.Delega], with delegante.
func (r *Reader) LoadedDelega(body []byte, opt Options) (*Delega, error) {
	return readDelega(&r.loaded, body, opt)
}

func readDelega(s *shape, body []byte, opt Options) (*Delega, error) {
	rec, err := fact.DecodeRecord(s.Group, body, opt.fact(func(rec fact.Record) []fault.Detail { return checkDelega(s, rec, opt) }))
	if err != nil {
		return nil, err
	}
	return delegaOf(s, rec, opt.Today), nil
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func checkDelega(s *shape, rec fact.Record, opt Options) []fault.Detail {
	var c complaints
	tipo, padre, servizi := s.get(rec, "tipo"), s.get(rec, "padre"), services(s.get(rec, "servizi"))
	kind := Tipo(tipo.Text)
	switch {
	case kind == Subdelega && !padre.IsKnown():
		c.add(opt, "/padre", "parent_required")
	case tipo.IsKnown() && kind != Subdelega && padre.IsKnown():
		c.add(opt, "/padre", "parent_not_allowed")
	case padre.IsKnown() && !uuid.MatchString(padre.Text):
		c.add(opt, "/padre", "not_a_uuid")
	}
	if tipo.IsKnown() && kind != Titolare && len(s.get(rec, "servizi").Rows()) == 0 {
		c.add(opt, "/servizi", "services_required")
	}
	if kind == Subdelega && slices.Contains(servizi, ServizioDeleghe) {
		c.add(opt, "/servizi", "not_delegable_on")
	}
	return c
}

// delegaOf is the delegation that a checked record says.
func delegaOf(s *shape, rec fact.Record, today calendar.Day) *Delega {
	d := &Delega{
		Tipo: Tipo(s.get(rec, "tipo").Text), Matricola: s.get(rec, "matricola").Text, Delegato: s.get(rec, "delegato").Text,
		Studio: s.get(rec, "studio").Text, Servizi: services(s.get(rec, "servizi")),
		Validity: validity(s.get(rec, "valida_dal"), s.get(rec, "valida_al")), Padre: s.get(rec, "padre").Text,
	}
	if !s.get(rec, "valida_dal").IsKnown() {
		d.From = today
	}
	if s.Field("delegante") != nil {
		d.Delegante = s.get(rec, "delegante").Text
	}
	if d.Tipo == Titolare && len(d.Servizi) == 0 {
		d.Servizi = slices.Clone(Servizi)
	}
	return d
}

// services are those of a list, in their own order.
func services(v *fact.Value) (out []Servizio) {
	for _, s := range Servizi {
		if slices.ContainsFunc(v.Rows(), func(row fact.Record) bool { return row[0].Text == string(s) }) {
			out = append(out, s)
		}
	}
	return out
}
