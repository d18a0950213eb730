# METADATA
# title: Le tabelle, per azione
# description: |
#   Le tabelle dicono per ogni ruolo e per ogni legame che cosa consente; una domanda nomina un'azione. Qui
#   si volgono, una volta sola, quando il servizio parte: ogni domanda porta con sé la riga della sua azione.
package preparazione

import rego.v2

# METADATA
# title: Permessi di ogni azione, con una matricola e senza
# entrypoint: true
permessi := {
	"con": {azione: permesso(azione, a.riguarda != "niente") | some azione, a in data.tabelle.azioni},
	"senza": {azione: permesso(azione, a.riguarda == "matricola") | some azione, a in data.tabelle.azioni},
}

# su_matricola: se per l'azione serve un titolo sulla matricola.
permesso(azione, su_matricola) := {
	"ruoli": voci(azione, su_matricola, {"token"}),
	"altri": voci(azione, su_matricola, {"pubblico", "sviluppo", "voucher"}),
	"legami": {tipo: object.union(l, voce(data.tabelle.ruoli[l.ruolo], "legami")) |
		su_matricola
		some tipo, l in data.tabelle.legami
		azione in l.azioni
	},
	"tipi": {tipo: {"ruolo": l.ruolo, "padre": l.padre} | some tipo, l in data.tabelle.legami},
	"servizio": data.tabelle.azioni[azione].servizio,
}

voci(azione, su_matricola, origini) := {nome: voce(r, ambito) |
	some nome, r in data.tabelle.ruoli
	r.origine in origini
	ambito := ambito_del_ruolo(nome, azione, su_matricola)
}

# L'ambito in cui il ruolo può l'azione; "" se non si tratta di una matricola. Manca se non la può.
ambito_del_ruolo(nome, azione, false) := "" if azione in data.tabelle.ruoli[nome].azioni

ambito_del_ruolo(nome, azione, true) := r.ambito if {
	r := data.tabelle.ruoli[nome]
	azione in r.azioni
	r.ambito in {"ufficio", "tutte"}
}

ambito_del_ruolo(nome, azione, true) := "legami" if {
	data.tabelle.ruoli[nome].ambito == "legami"
	some l in data.tabelle.legami
	l.ruolo == nome
	azione in l.azioni
}

# Ciò che serve per giudicare se chi domanda può far valere il ruolo.
voce(r, ambito) := {
	"precedenza": r.precedenza,
	"ambito": ambito,
	"ovunque": ambito in {"", "tutte"},
	"sede_esclusa": sede_esclusa(ambito),
	"ammessi": {garanzia: true | some garanzia in garanzie(r, ambito)},
}

# Chi non ha una sede non è in alcun ufficio.
sede_esclusa("ufficio") := ""

sede_esclusa(ambito) := null if ambito != "ufficio"

# Chi può avere il ruolo: chi ha un codice fiscale e un livello di accesso (persona0, …, persona3), o anche
# chi non ha codice fiscale (anonima), o anche un'utenza di servizio. Un legame è intestato a un codice fiscale.
garanzie(r, ambito) := persone(r, ambito) if ambito == "legami"

garanzie(r, ambito) := persone(r, ambito) | {"anonima"} if {
	r.persona
	ambito != "legami"
}

garanzie(r, ambito) := persone(r, ambito) | {"anonima", "utenza"} if {
	not r.persona
	ambito != "legami"
}

# Il livello conta solo sui dati dell'archivio.
persone(r, ambito) := {persona |
	some livello in [0, 1, 2, 3]
	livello >= livello_minimo(r, ambito)
	persona := sprintf("persona%d", [livello])
}

livello_minimo(_, "") := 0

livello_minimo(r, ambito) := r.livello if ambito != ""
