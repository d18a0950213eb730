# La delega di cui si domanda: che cosa si può conferire, e sotto che cosa.
package accesso

import rego.v2

# METADATA
# title: Perché la delega della domanda non si può conferire o revocare in forza di questo legame
# description: Una subdelega non è mai più ampia né più lunga della delega da cui dipende, e non si subdelega oltre.
impedimento(b) := "delega_tipo" if {
	input.azione in {"deleghe.conferisci", "deleghe.subdelega"}
	not nasce_qui
} else := "delega_tipo" if {
	input.azione == "deleghe.revoca"
	not revocabile
} else := "delega_not_yours" if {
	input.azione == "deleghe.subdelega"
	not input.delega.padre in {"", b.id}
} else := "subdelega_wider" if {
	input.azione == "deleghe.subdelega"
	some servizio, _ in input.delega.servizi
	not subdelegabile(servizio, b)
} else := "subdelega_longer" if {
	input.azione == "deleghe.subdelega"
	not entro(input.delega, b)
}

nasce_qui if data.tabelle.legami[input.delega.tipo].nasce == input.azione

revocabile if data.tabelle.legami[input.delega.tipo].nasce != ""

subdelegabile(servizio, b) if {
	b.servizi[servizio]
	servizio != data.tabelle.azioni["deleghe.subdelega"].servizio
}

entro(d, b) if {
	d.dal >= b.dal
	d.al <= b.al
}
