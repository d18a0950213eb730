# Perché no: il codice di un rifiuto. Ciò che si dice a chi domanda non dipende dalla matricola, se non
# per chi ha un legame che oggi vale; il resto non deve saperlo nessuno (tabelle/codici.yaml).
package accesso

import rego.v2

codice := "action_unknown" if {
	not input.permesso
} else := "sign_in_required" if {
	not input.persona
} else := per_voucher if {
	input.persona.garanzia == "voucher"
} else := per_matricola if {
	some r in capaci
	r.ammessi[input.persona.garanzia]
	r.sede_esclusa != input.persona.sede
} else := min({[r.precedenza, inadatto(r)] | some r in capaci})[1] if {
	some _ in capaci
} else := "role_not_allowed"

per_voucher := "role_not_allowed" if {
	not input.permesso.altri.pdnd
} else := "purpose_missing" if {
	input.persona.finalita == ""
} else := "purpose_not_allowed"

# I ruoli di chi domanda che, su qualche matricola, potrebbero l'azione.
capaci contains r if {
	some ruolo, _ in input.persona.ruoli
	r := input.permesso.ruoli[ruolo]
}

# Perché non può far valere il ruolo, qualunque sia la matricola.
inadatto(r) := "level_too_low" if {
	not r.ammessi[input.persona.garanzia]
	startswith(input.persona.garanzia, "persona")
} else := "person_required" if {
	not r.ammessi[input.persona.garanzia]
} else := "office_missing" if {
	r.sede_esclusa == input.persona.sede
}

# Quando un ruolo c'è, e manca qualcosa sulla matricola.
per_matricola := "matricola_missing" if {
	input.matricola == "senza"
} else := "delega_missing" if {
	input.azione in {"deleghe.conferisci", "deleghe.subdelega", "deleghe.revoca"}
	not input.delega
} else := senza_legame if {
	count(buoni) == 0
} else := min(impedimenti) if {
	count(impedimenti) > 0
} else := "service_not_delegated" if {
	some b in buoni
	input.permesso.legami[b.tipo]
} else := "delega_not_yours" if {
	input.azione == "deleghe.revoca"
} else := "bond_not_allowed"

senza_legame := "delega_not_yours" if {
	input.azione == "deleghe.revoca"
} else := "bond_not_good" if {
	some _ in input.legami
} else := "no_bond" if {
	some r in capaci
	r.ambito == "legami"
} else := "other_office"

# I legami che oggi valgono, in un ruolo che chi domanda ha, qualunque cosa consentano.
buoni contains b if {
	some b in input.legami
	tipo := input.permesso.tipi[b.tipo]
	input.persona.ruoli[tipo.ruolo]
	vale(b)
	retto(b, tipo.padre)
}

# Una subdelega è retta dalla delega da cui dipende.
retto(_, "")

retto(b, padre) if {
	padre == b.padre.tipo
	vale(b.padre)
}

# Che cosa si oppone ai legami che, di per sé, consentirebbero l'azione.
impedimenti contains impedimento(b) if {
	some b in buoni
	input.permesso.legami[b.tipo]
	b.servizi[input.permesso.servizio]
}
