# METADATA
# title: Chi può fare che cosa
# description: |
#   Una domanda (input, descritta in domanda.schema.json) riceve un verdetto. Si nega, salvo che ci sia
#   almeno un titolo; fra più titoli decide il minimo. Che cosa ciascuno può fare sta nelle tabelle, che
#   preparazione.rego volge per azione (input.permesso); qui sta quando vale.
# schemas:
#   - input: schema.domanda
package accesso

import rego.v2

# METADATA
# title: Verdetto su una domanda
# entrypoint: true
verdetto := {"allow": true, "titolo": t} if {
	t := min(titoli)
} else := {"allow": false, "codice": codice}

# Un titolo è [precedenza del ruolo, rango del legame, posto fra i legami, veste, base, delega]. I legami
# arrivano in ordine: prima quello che dura di più, poi per id.

# METADATA
# title: Titoli per ruolo
# description: Su ciò che non riguarda matricole, o su tutte.
titoli contains [r.precedenza, 0, 0, ruolo, "", ""] if {
	some ruolo, _ in input.persona.ruoli
	r := input.permesso.ruoli[ruolo]
	r.ovunque == true
	r.ammessi[input.persona.garanzia]
}

# METADATA
# title: Titoli per ufficio
# description: Sulle matricole della propria sede.
titoli contains [r.precedenza, 0, 0, ruolo, "ufficio", ""] if {
	input.persona.sede == input.sede
	some ruolo, _ in input.persona.ruoli
	r := input.permesso.ruoli[ruolo]
	r.ambito == "ufficio"
	r.ammessi[input.persona.garanzia]
	input.sede != ""
}

# METADATA
# title: Titoli per legame
# description: Il legame vale oggi, consente l'azione e comprende il servizio.
titoli contains [l.precedenza, l.rango, i, b.tipo, l.base, b.id] if {
	some i, b in input.legami
	l := input.permesso.legami[b.tipo]
	l.padre == ""
	vale(b)
	input.persona.ruoli[l.ruolo]
	l.ammessi[input.persona.garanzia]
	b.servizi[input.permesso.servizio]
	not impedimento(b)
}

# METADATA
# title: Titoli per subdelega
# description: Cade con la delega da cui dipende, e non comprende più di quella.
titoli contains [l.precedenza, l.rango, i, b.tipo, l.base, b.id] if {
	some i, b in input.legami
	padre := b.padre
	l := input.permesso.legami[b.tipo]
	l.padre == padre.tipo
	vale(b)
	vale(padre)
	input.persona.ruoli[l.ruolo]
	l.ammessi[input.persona.garanzia]
	servizio := input.permesso.servizio
	b.servizi[servizio]
	padre.servizi[servizio]
	not impedimento(b)
}

# METADATA
# title: Titoli per revocare una delega senza essere titolare
# description: La può revocare chi l'ha conferita, chi la ha (vi rinuncia), chi ha quella da cui dipende.
titoli contains [r.precedenza, 9, 0, veste, "", input.delega.id] if {
	input.azione == "deleghe.revoca"
	revocabile
	some ruolo, _ in input.persona.ruoli
	r := input.permesso.ruoli[ruolo]
	r.ammessi[input.persona.garanzia]
	some veste, chi in {
		"delegante": input.delega.delegante,
		"delegato": input.delega.delegato,
		"delegato_padre": input.delega.padre_delegato,
	}
	chi == input.persona.codice_fiscale
}

# METADATA
# title: Titoli di un'altra amministrazione
# description: Un voucher PDND non ha altri ruoli, e vale per la finalità che dichiara.
titoli contains [r.precedenza, 0, 0, "pdnd", "", ""] if {
	input.persona.garanzia == "voucher"
	r := input.permesso.altri.pdnd
	finalita_ammessa
}

# METADATA
# title: Titoli di chiunque
titoli contains [r.precedenza, 0, 0, "pubblico", "", ""] if r := input.permesso.altri.pubblico

titoli contains [r.precedenza, 0, 0, "sviluppo", "", ""] if {
	input.sviluppo == true
	r := input.permesso.altri.sviluppo
}

finalita_ammessa if {
	f := data.tabelle.finalita[input.persona.finalita]
	input.azione in f.azioni
	f.sviluppo in {false, input.sviluppo}
}

vale(b) if {
	b.revocata == false
	b.dal <= input.oggi
	b.al >= input.oggi
}
