package chat_test

import (
	"testing"

	"omnia/chat"
)

func TestMask(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Il lavoratore RSSMRA80A01H501U è sospeso":        "Il lavoratore [codice fiscale] è sospeso",
		"rssmra80a01h501u":                                "[codice fiscale]",
		"RSS MRA 80A01 H501U":                             "[codice fiscale]",
		"omocodia RSSMRA80A01H50MU":                       "omocodia [codice fiscale]",
		"IT60X0542811101000000123456":                     "[iban]",
		"it60 x054 2811 1010 0000 0123 456":               "[iban]",
		"IT60 X 05428 11101 000000123456 grazie":          "[iban] grazie",
		"IT60-X054-2811-1010-0000-0123-456":               "[iban]",
		"DE89 3704 0044 0532 0130 00":                     "[iban]",
		"GB82WEST12345698765432":                          "[iban]",
		"scrivete a Mario.Rossi@azienda.example":          "scrivete a [indirizzo]",
		"chiamatemi al +39 333 1234567":                   "chiamatemi al [telefono]",
		"chiamatemi al 333-1234567 o allo 030 1234567":    "chiamatemi al [telefono] o allo [telefono]",
		"matricola 4900000001, dal 2025-11-30 al 12-2025": "matricola 4900000001, dal 2025-11-30 al 12-2025",
		"52 settimane, 1.234,56 euro, art. 12 c. 1":       "52 settimane, 1.234,56 euro, art. 12 c. 1",
		"dal 15 alle 18 si può chiedere aiuto":            "dal 15 alle 18 si può chiedere aiuto",
	} {
		if got := chat.Mask(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
