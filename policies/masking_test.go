package policies

import "testing"

func TestMasksHideWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mask        Mask
		value, want string
	}{
		{MaskNone, "BSSLRA80T47H501T", "BSSLRA80T47H501T"},
		{MaskLast, "BSSLRA80T47H501T", "••••••••••••501T"},
		{MaskLast, "così", "•••ì"},
		{MaskLast, "abc", "•••"},
		{MaskLast, "", ""},
		{MaskInitials, "Rossi, Élodie (verbale 3).pdf", "R. É. v. 3. p."},
		{MaskHidden, "qualcosa", ""},
		{"", "qualcosa", ""},
		{"chiara", "qualcosa", ""},
	} {
		if got := tt.mask.Hide(tt.value); got != tt.want {
			t.Errorf("%s of %q: %q, want %q", tt.mask, tt.value, got, tt.want)
		}
	}
}

// A bond masks as its role does, and whoever has no row sees nothing.
func TestMaskingIsThatOfTheRole(t *testing.T) {
	t.Parallel()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	const worker = "/richiesta/lavoratori/*/codice_fiscale"
	for _, tt := range []struct {
		verdict             Verdict
		fact, report, actor Mask
		own                 bool
	}{
		{Verdict{Allow: true, Ruolo: "titolare"}, MaskLast, MaskHidden, MaskHidden, true},
		{Verdict{Allow: true, Ruolo: "operatore"}, MaskNone, MaskNone, MaskLast, true},
		{Verdict{Allow: true, Ruolo: "auditor"}, MaskNone, MaskNone, MaskNone, true},
		{Verdict{Allow: true, Ruolo: "archivio"}, "", "", "", false},
		{Verdict{Ruolo: "auditor"}, "", "", "", false},
	} {
		m := p.Masking(tt.verdict)
		if m.Of(worker) != tt.fact || m.Of("/richiesta/relazione_tecnica") != tt.report || m.Actor != tt.actor || m.Own != tt.own {
			t.Errorf("%+v: %+v", tt.verdict, m)
		}
	}
	if m := Unmasked(); m.Of(worker) != MaskNone || m.Actor != MaskNone || !m.Own {
		t.Errorf("unmasked: %+v", m)
	}
}
