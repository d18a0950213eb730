# Gli elenchi: uno si decide una volta per tutte le sue righe. Il verdetto dice quali matricole ne fanno
# parte, e per ciascuna concorda con ciò che direbbe `verdetto`.
package accesso

import rego.v2

# METADATA
# title: Verdetto su un elenco
# entrypoint: true
elenco := {
	"allow": true,
	"titolo": t[0],
	"ambiti": {ambito | some [_, ambito] in vie},
	"tipi": tipi,
	"servizio": input.permesso.servizio,
} if {
	t := min(vie)
} else := {"allow": false, "codice": codice_elenco}

# Come un titolo, ma per tutte le matricole insieme, e con l'ambito.
vie contains [[r.precedenza, 0, 0, ruolo, "", ""], r.ambito] if {
	some ruolo, _ in input.persona.ruoli
	r := input.permesso.ruoli[ruolo]
	r.ambito != ""
	not inadatto(r)
}

vie contains [[r.precedenza, 0, 0, "pdnd", "", ""], "tutte"] if {
	input.persona.garanzia == "voucher"
	r := input.permesso.altri.pdnd
	finalita_ammessa
}

tipi contains tipo if {
	some [[_, _, _, ruolo, _, _], "legami"] in vie
	some tipo, l in input.permesso.legami
	l.ruolo == ruolo
}

codice_elenco := "not_a_list" if {
	input.permesso
	data.tabelle.azioni[input.azione].riguarda != "matricola"
} else := codice
