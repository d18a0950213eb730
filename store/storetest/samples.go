package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/store"
)

// sample is a grant with something in every column; change what the test is about.
func sample(numero string, change ...func(p *archive.Provvedimento)) archive.Provvedimento {
	p := archive.Provvedimento{
		Numero: numero, Versione: 1, Matricola: "7000000001", UnitaProduttiva: "0", Prestazione: "CIGO", Causale: "mancanza_commesse",
		Esito: "accoglimento", Dal: calendar.MustParse("2025-01-06"), Al: calendar.MustParse("2025-03-02"),
		DataEmissione: calendar.MustParse("2025-02-10"), Motivazione: "Mancanza di commesse", RegistratoDa: "archivio",
	}
	for _, c := range change {
		c(&p)
	}
	return sealed(p)
}

// sealed gives p the body and the digest of its content.
func sealed(p archive.Provvedimento) archive.Provvedimento {
	corpo, err := json.Marshal(map[string]any{
		"numero": p.Numero, "versione": p.Versione, "matricola": p.Matricola, "unita_produttiva": p.UnitaProduttiva,
		"prestazione": p.Prestazione, "causale": p.Causale, "esito": p.Esito, "dal": p.Dal, "al": p.Al,
		"data_emissione": p.DataEmissione, "motivazione": p.Motivazione, "correzione": p.Correzione,
	})
	if err != nil {
		panic(err) // texts and days: they always have a JSON
	}
	p.Corpo, p.Digest = corpo, digest(corpo)
	return p
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// company is a company with something in every column.
func company(matricola, codiceFiscale, name string) *archive.Posizione {
	corpo := fmt.Appendf(nil, `{"matricola":%q,"codice_fiscale":%q,"denominazione":%q}`, matricola, codiceFiscale, name)
	return &archive.Posizione{
		Matricola: matricola, CodiceFiscale: codiceFiscale, Denominazione: name, Sede: "7000",
		Corpo: corpo, Digest: digest(corpo), RegistratoDa: "archivio",
	}
}

func version(n int) func(p *archive.Provvedimento) {
	return func(p *archive.Provvedimento) { p.Versione = n }
}

func reason(text string) func(p *archive.Provvedimento) {
	return func(p *archive.Provvedimento) { p.Motivazione = text }
}

func of(matricola string) func(p *archive.Provvedimento) {
	return func(p *archive.Provvedimento) { p.Matricola = matricola }
}

func days(dal, al string) func(p *archive.Provvedimento) {
	return func(p *archive.Provvedimento) {
		p.Dal, p.Al = calendar.MustParse(dal), calendar.MustParse(al)
	}
}

func outcome(esito string) func(p *archive.Provvedimento) {
	return func(p *archive.Provvedimento) { p.Esito = esito }
}

// mustWrite stores the list and wants these outcomes.
func mustWrite(t testing.TB, s *store.Store, want archive.Written, list ...archive.Provvedimento) {
	t.Helper()
	got, err := s.WriteProvvedimenti(t.Context(), list, true)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(list) {
		t.Fatalf("%d outcomes for %d provvedimenti", len(got), len(list))
	}
	for i, w := range got {
		if w != want {
			t.Fatalf("%s version %d: %s, want %s", list[i].Numero, list[i].Versione, w, want)
		}
	}
}
