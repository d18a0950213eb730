# Le regole di accesso, caso per caso. Il quadro intero, ruolo per azione per legame, è in testdata/matrice.txt.
package accesso_test

import rego.v2

import data.accesso

# Preparati una volta per tutte le prove.
permessi := data.permessi

test_i_permessi_sono_quelli_della_preparazione if data.preparazione.permessi == permessi

persona(ruoli) := {
	"codice_fiscale": "BSSLRA80T47H501T",
	"ruoli": {ruolo: true | some ruolo in ruoli},
	"sede": "",
	"garanzia": "persona2",
	"finalita": "",
}

impresa := persona(["impresa"])

operatore := object.union(persona(["operatore"]), {"sede": "7000", "garanzia": "persona0"})

voucher := object.union(persona([]), {"garanzia": "voucher", "finalita": "7d1f9a52-0c64-4b8e-9a3d-5e2b6f80c417"})

legame(tipo, servizi) := {
	"id": "0190",
	"tipo": tipo,
	"servizi": object.union({servizio: true | some servizio in servizi}, {"": true}),
	"dal": "2025-01-01",
	"al": "2025-12-31",
	"revocata": false,
}

subdelega := object.union(legame("subdelega", ["contatori", "chat"]), {"padre": legame("intermediario", ["contatori", "deleghe"])})

delega(tipo) := {
	"id": "0191",
	"tipo": tipo,
	"delegante": "x",
	"delegato": "y",
	"servizi": {"contatori": true},
	"dal": "2025-06-01",
	"al": "2025-12-31",
	"padre": "",
	"padre_delegato": "z",
}

sulla_matricola(azione, altro) := object.union(
	{
		"azione": azione,
		"matricola": "con",
		"sede": "7000",
		"oggi": "2025-06-15",
		"sviluppo": false,
		"legami": [],
		"permesso": object.get(permessi.con, azione, false),
	},
	altro,
)

senza_matricola(azione, altro) := object.union(
	sulla_matricola(azione, altro),
	{"matricola": "senza", "permesso": permessi.senza[azione]},
)

titolo(domanda) := t if t := accesso.verdetto.titolo with input as domanda

codice(domanda) := c if c := accesso.verdetto.codice with input as domanda

elenco(domanda) := e if e := accesso.elenco with input as domanda

# Chiunque

test_chiunque_legge_le_regole if {
	titolo(senza_matricola("regole.leggi", {})) == [98, 0, 0, "pubblico", "", ""]
	titolo(senza_matricola("regole.leggi", {"persona": voucher})) == [98, 0, 0, "pubblico", "", ""]
}

test_chiunque_calcola_solo_durante_lo_sviluppo if {
	titolo(senza_matricola("contatori.calcola", {"sviluppo": true})) == [99, 0, 0, "sviluppo", "", ""]
	codice(senza_matricola("contatori.calcola", {})) == "sign_in_required"
}

test_nessuno_apre_una_matricola_senza_autenticarsi if {
	codice(sulla_matricola("matricole.leggi", {"sviluppo": true})) == "sign_in_required"
}

test_un_azione_sconosciuta_e_negata if {
	d := json.remove(sulla_matricola("contatori.leggi", {"persona": impresa}), ["permesso"])
	codice(d) == "action_unknown"
}

# Ruoli

test_un_ruolo_senza_l_azione_e_negato if {
	codice(sulla_matricola("contatori.leggi", {"persona": persona(["esperto"])})) == "role_not_allowed"
	codice(sulla_matricola("contatori.leggi", {"persona": persona([])})) == "role_not_allowed"
}

test_un_ruolo_non_del_token_non_si_dichiara if {
	codice(sulla_matricola("contatori.leggi", {"persona": persona(["pdnd", "pubblico", "sviluppo"])})) == "role_not_allowed"
}

test_il_controllo_legge_ogni_matricola if {
	titolo(sulla_matricola("accessi.leggi", {"persona": persona(["auditor"])})) == [70, 0, 0, "auditor", "", ""]
}

test_l_archivio_scrive_come_utenza_di_servizio if {
	utenza := object.union(persona(["archivio"]), {"garanzia": "utenza"})
	titolo(senza_matricola("provvedimenti.scrivi", {"persona": utenza}))[3] == "archivio"
}

test_un_utenza_di_servizio_non_e_una_persona if {
	utenza := object.union(persona(["auditor"]), {"garanzia": "utenza"})
	codice(sulla_matricola("accessi.leggi", {"persona": utenza})) == "person_required"
}

test_il_portale_calcola_e_non_legge_l_archivio if {
	utenza := object.union(persona(["portale"]), {"garanzia": "utenza"})
	titolo(senza_matricola("validazioni.calcola", {"persona": utenza}))[3] == "portale"
	codice(sulla_matricola("validazioni.calcola", {"persona": utenza})) == "role_not_allowed"
	codice(sulla_matricola("contatori.leggi", {"persona": utenza})) == "role_not_allowed"
}

test_fra_piu_ruoli_decide_la_precedenza if {
	tutti := persona(["auditor", "archivio"])
	titolo(sulla_matricola("matricole.leggi", {"persona": tutti}))[3] == "archivio"
	titolo(sulla_matricola("accessi.leggi", {"persona": tutti}))[3] == "auditor"
}

# Ufficio

test_l_operatore_legge_la_sua_sede if {
	titolo(sulla_matricola("contatori.leggi", {"persona": operatore})) == [30, 0, 0, "operatore", "ufficio", ""]
}

test_l_operatore_non_legge_un_altra_sede if {
	codice(sulla_matricola("contatori.leggi", {"persona": operatore, "sede": "4900"})) == "other_office"
	codice(sulla_matricola("contatori.leggi", {"persona": operatore, "sede": ""})) == "other_office"
}

test_senza_sede_non_si_e_in_alcun_ufficio if {
	senza := object.union(operatore, {"sede": ""})
	codice(sulla_matricola("contatori.leggi", {"persona": senza, "sede": ""})) == "office_missing"
	codice(sulla_matricola("contatori.leggi", {"persona": senza})) == "office_missing"
}

test_l_operatore_non_scrive if {
	codice(sulla_matricola("provvedimenti.scrivi", {"persona": operatore})) == "role_not_allowed"
}

# Legami

test_il_titolare_e_a_casa_sua if {
	titolo(sulla_matricola("contatori.leggi", {"persona": impresa, "legami": [legame("titolare", ["contatori"])]})) == [10, 1, 0, "titolare", "own", "0190"]
}

test_un_legame_buono_basta_per_la_matricola if {
	every tipo in ["titolare", "dipendente", "intermediario"] {
		titolo(sulla_matricola("matricole.leggi", {"persona": impresa, "legami": [legame(tipo, [])]}))[3] == tipo
	}
}

test_il_servizio_deve_esserci if {
	d := {"persona": impresa, "legami": [legame("intermediario", ["provvedimenti"])]}
	titolo(sulla_matricola("provvedimenti.cerca", d))[4] == "delega"
	codice(sulla_matricola("contatori.leggi", d)) == "service_not_delegated"
}

test_il_tipo_di_legame_deve_consentirlo if {
	d := {"persona": impresa, "legami": [legame("dipendente", ["contatori", "deleghe"])]}
	codice(sulla_matricola("deleghe.elenca", d)) == "bond_not_allowed"
}

test_il_primo_e_l_ultimo_giorno_sono_compresi if {
	d := {"persona": impresa, "legami": [legame("dipendente", [])]}
	every oggi in ["2025-01-01", "2025-12-31"] {
		titolo(object.union(sulla_matricola("matricole.leggi", d), {"oggi": oggi}))[3] == "dipendente"
	}
	every oggi in ["2024-12-31", "2026-01-01"] {
		codice(object.union(sulla_matricola("matricole.leggi", d), {"oggi": oggi})) == "bond_not_good"
	}
}

test_un_legame_revocato_non_vale if {
	revocato := object.union(legame("titolare", []), {"revocata": true})
	codice(sulla_matricola("matricole.leggi", {"persona": impresa, "legami": [revocato]})) == "bond_not_good"
}

test_un_legame_vuole_il_suo_ruolo if {
	d := {"persona": operatore, "sede": "4900", "legami": [legame("titolare", ["contatori"])]}
	codice(sulla_matricola("contatori.leggi", d)) == "bond_not_good"
}

test_nulla_lega_alla_matricola if {
	codice(sulla_matricola("matricole.leggi", {"persona": impresa})) == "no_bond"
}

test_senza_matricola_non_c_e_legame if {
	codice(senza_matricola("matricole.leggi", {"persona": impresa})) == "matricola_missing"
}

test_un_accesso_debole_non_apre_l_archivio if {
	debole := object.union(impresa, {"garanzia": "persona1"})
	codice(sulla_matricola("matricole.leggi", {"persona": debole, "legami": [legame("titolare", [])]})) == "level_too_low"
	codice(sulla_matricola("matricole.leggi", {"persona": debole})) == "level_too_low"
	titolo(senza_matricola("contatori.calcola", {"persona": debole}))[3] == "impresa"
}

test_senza_codice_fiscale_non_ci_sono_legami if {
	senza := object.union(impresa, {"garanzia": "anonima"})
	codice(sulla_matricola("matricole.leggi", {"persona": senza, "legami": [legame("titolare", [])]})) == "person_required"
}

test_fra_piu_legami_decide_il_rango_poi_il_posto if {
	legami := [object.union(subdelega, {"id": "1"}), object.union(legame("intermediario", ["contatori"]), {"id": "2"}), legame("dipendente", ["contatori"])]
	titolo(sulla_matricola("contatori.leggi", {"persona": impresa, "legami": legami})) == [10, 2, 1, "intermediario", "delega", "2"]
}

test_chi_risponde_in_chat_vede_con_un_consenso if {
	d := {"persona": object.union(persona(["advisor"]), {"garanzia": "persona0"}), "legami": [legame("conversazione", ["contatori"])]}
	titolo(sulla_matricola("contatori.leggi", d)) == [20, 4, 0, "conversazione", "conversazione", "0190"]
	codice(sulla_matricola("provvedimenti.leggi", d)) == "service_not_delegated"
	codice(sulla_matricola("contatori.simula", d)) == "role_not_allowed"
}

# Subdelega

test_la_subdelega_arriva_dove_arrivano_tutte_e_due if {
	d := {"persona": impresa, "legami": [subdelega]}
	titolo(sulla_matricola("contatori.leggi", d)) == [10, 3, 0, "subdelega", "subdelega", "0190"]
	codice(sulla_matricola("chat.usa", d)) == "service_not_delegated"
	codice(sulla_matricola("provvedimenti.cerca", d)) == "service_not_delegated"
	codice(sulla_matricola("deleghe.elenca", d)) == "bond_not_allowed"
}

test_la_subdelega_cade_con_la_delega if {
	every guasto in [{"revocata": true}, {"al": "2025-06-14"}, {"dal": "2025-06-16"}, {"tipo": "dipendente"}] {
		caduta := object.union(subdelega, {"padre": object.union(subdelega.padre, guasto)})
		codice(sulla_matricola("matricole.leggi", {"persona": impresa, "legami": [caduta]})) == "bond_not_good"
	}
}

test_una_subdelega_senza_delega_non_vale if {
	codice(sulla_matricola("matricole.leggi", {"persona": impresa, "legami": [legame("subdelega", [])]})) == "bond_not_good"
}

test_anche_la_subdelega_ha_i_suoi_giorni if {
	scaduta := object.union(subdelega, {"al": "2025-06-14"})
	codice(sulla_matricola("matricole.leggi", {"persona": impresa, "legami": [scaduta]})) == "bond_not_good"
}

# Conferire

test_il_titolare_conferisce if {
	d := {"persona": impresa, "legami": [legame("titolare", [])], "delega": delega("intermediario")}
	titolo(sulla_matricola("deleghe.conferisci", d))[3] == "titolare"
}

test_non_si_conferisce_ogni_tipo if {
	every tipo in ["titolare", "subdelega", "conversazione", "altro"] {
		d := {"persona": impresa, "legami": [legame("titolare", [])], "delega": delega(tipo)}
		codice(sulla_matricola("deleghe.conferisci", d)) == "delega_tipo"
	}
}

test_la_delega_va_indicata if {
	d := {"persona": impresa, "legami": [legame("titolare", [])]}
	codice(sulla_matricola("deleghe.conferisci", d)) == "delega_missing"
}

test_l_intermediario_non_conferisce if {
	d := {"persona": impresa, "legami": [legame("intermediario", ["deleghe"])], "delega": delega("dipendente")}
	codice(sulla_matricola("deleghe.conferisci", d)) == "bond_not_allowed"
}

# Subdelegare

subdelegando(cambio) := sulla_matricola("deleghe.subdelega", {
	"persona": impresa,
	"legami": [legame("intermediario", ["contatori", "deleghe"])],
	"delega": object.union(delega("subdelega"), cambio),
})

test_l_intermediario_subdelega if {
	titolo(subdelegando({}))[5] == "0190"
	titolo(subdelegando({"padre": "0190"}))[5] == "0190"
}

test_si_subdelega_solo_la_propria_delega if {
	codice(subdelegando({"padre": "0189"})) == "delega_not_yours"
}

test_una_subdelega_non_e_piu_ampia if {
	codice(subdelegando({"servizi": {"provvedimenti": true}})) == "subdelega_wider"
	codice(subdelegando({"servizi": {"contatori": true, "deleghe": true}})) == "subdelega_wider"
}

test_una_subdelega_non_e_piu_lunga if {
	codice(subdelegando({"dal": "2024-12-31"})) == "subdelega_longer"
	codice(subdelegando({"al": "2026-01-01"})) == "subdelega_longer"
	codice(subdelegando({"al": "9999-12-31"})) == "subdelega_longer"
}

test_si_subdelega_solo_con_il_servizio if {
	d := object.union(subdelegando({}), {"legami": [legame("intermediario", ["contatori"])]})
	codice(d) == "service_not_delegated"
}

# Revocare

revocando(tipo, chi, cambio) := sulla_matricola("deleghe.revoca", {
	"persona": object.union(impresa, {"codice_fiscale": chi}),
	"legami": [],
	"delega": object.union(delega(tipo), cambio),
})

test_il_titolare_revoca if {
	d := object.union(revocando("subdelega", "altro", {}), {"legami": [legame("titolare", [])]})
	titolo(d) == [10, 1, 0, "titolare", "own", "0190"]
}

test_revocano_le_parti if {
	titolo(revocando("intermediario", "x", {})) == [10, 9, 0, "delegante", "", "0191"]
	titolo(revocando("intermediario", "y", {})) == [10, 9, 0, "delegato", "", "0191"]
	titolo(revocando("subdelega", "z", {})) == [10, 9, 0, "delegato_padre", "", "0191"]
}

test_nemmeno_un_subdelegato_sa_che_c_e if {
	d := object.union(revocando("dipendente", "w", {}), {"legami": [subdelega]})
	codice(d) == "delega_not_yours"
}

test_gli_altri_non_sanno_che_c_e if {
	codice(revocando("intermediario", "w", {})) == "delega_not_yours"
	d := object.union(revocando("intermediario", "w", {}), {"legami": [legame("dipendente", [])]})
	codice(d) == "delega_not_yours"
}

test_un_titolare_non_si_revoca if {
	codice(revocando("titolare", "x", {})) == "delega_not_yours"
	d := object.union(revocando("titolare", "x", {}), {"legami": [legame("titolare", [])]})
	codice(d) == "delega_tipo"
}

test_chi_revoca_e_una_persona_ben_identificata if {
	debole := object.union(impresa, {"codice_fiscale": "x", "garanzia": "persona1"})
	codice(object.union(revocando("intermediario", "x", {}), {"persona": debole})) == "level_too_low"
}

# Voucher

test_un_voucher_legge_per_la_sua_finalita if {
	d := {"persona": voucher, "sviluppo": true}
	titolo(sulla_matricola("provvedimenti.leggi", d)) == [90, 0, 0, "pdnd", "", ""]
	codice(sulla_matricola("contatori.leggi", d)) == "purpose_not_allowed"
	codice(sulla_matricola("provvedimenti.esporta", d)) == "role_not_allowed"
}

test_una_finalita_di_prova_vale_solo_durante_lo_sviluppo if {
	codice(sulla_matricola("provvedimenti.leggi", {"persona": voucher})) == "purpose_not_allowed"
}

test_un_voucher_senza_finalita_non_legge if {
	senza := object.union(voucher, {"finalita": ""})
	codice(sulla_matricola("provvedimenti.leggi", {"persona": senza, "sviluppo": true})) == "purpose_missing"
}

test_un_voucher_non_ha_altri_ruoli if {
	furbo := object.union(voucher, {"ruoli": {"auditor": true, "impresa": true}})
	codice(sulla_matricola("accessi.leggi", {"persona": furbo, "sviluppo": true})) == "role_not_allowed"
	codice(sulla_matricola("matricole.leggi", {"persona": furbo, "legami": [legame("titolare", [])]})) == "role_not_allowed"
}

# Elenchi

test_l_elenco_di_un_impresa if {
	e := elenco(senza_matricola("contatori.leggi", {"persona": impresa}))
	e.allow == true
	e.ambiti == {"legami"}
	e.tipi == {"titolare", "dipendente", "intermediario", "subdelega"}
	e.servizio == "contatori"
}

test_l_elenco_di_un_operatore_e_di_chi_controlla if {
	elenco(senza_matricola("contatori.leggi", {"persona": operatore})).ambiti == {"ufficio"}
	due := object.union(operatore, {"ruoli": {"operatore": true, "auditor": true}})
	e := elenco(senza_matricola("contatori.leggi", {"persona": due}))
	e.ambiti == {"ufficio", "tutte"}
	e.titolo[3] == "operatore"
}

test_l_elenco_di_un_voucher if {
	elenco(senza_matricola("provvedimenti.cerca", {"persona": voucher, "sviluppo": true})).ambiti == {"tutte"}
	elenco(senza_matricola("provvedimenti.cerca", {"persona": voucher})).codice == "purpose_not_allowed"
}

test_cio_che_non_riguarda_matricole_non_ha_elenco if {
	every azione in ["regole.leggi", "contatori.calcola"] {
		elenco(senza_matricola(azione, {"persona": persona(["portale"])})).codice == "not_a_list"
	}
	elenco(senza_matricola("regole.leggi", {})).codice == "not_a_list"
	elenco(senza_matricola("accessi.leggi", {"persona": impresa})).codice == "role_not_allowed"
	elenco(senza_matricola("contatori.leggi", {})).codice == "sign_in_required"
}
