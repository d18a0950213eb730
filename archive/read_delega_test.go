package archive_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"omnia/archive"
	"omnia/engine/calendar"
)

// bond is a delegation that is right.
var bond = map[string]any{
	"tipo": "intermediario", "matricola": "0123456789", "delegato": "CLNMRC68H14H501Y", "studio": "Studio Colonna",
	"servizi": []string{"deleghe", "contatori"}, "valida_dal": "2026-01-01", "valida_al": "2027-12-31",
}

const parent = "018f3c6e-7b1a-7c3d-9e4f-5a6b7c8d9e0f"

func TestADelegaIsRead(t *testing.T) {
	t.Parallel()
	r, last := reader(t), calendar.Of(2027, 12, 31)
	for _, tt := range []struct {
		name    string
		changes map[string]any
		want    archive.Delega
	}{
		{"services stand in their order", nil, archive.Delega{
			Tipo: archive.Intermediario, Matricola: "0123456789", Delegato: "CLNMRC68H14H501Y", Studio: "Studio Colonna",
			Servizi: []archive.Servizio{"contatori", "deleghe"}, Validity: archive.Validity{From: calendar.Of(2026, 1, 1), To: &last},
		}},
		{"without days it is good from today, with no end", map[string]any{"valida_dal": nil, "valida_al": nil, "studio": nil}, archive.Delega{
			Tipo: archive.Intermediario, Matricola: "0123456789", Delegato: "CLNMRC68H14H501Y",
			Servizi: []archive.Servizio{"contatori", "deleghe"}, Validity: archive.Validity{From: today},
		}},
		{"a titolare has all services", map[string]any{"tipo": "titolare", "servizi": nil, "studio": nil}, archive.Delega{
			Tipo: archive.Titolare, Matricola: "0123456789", Delegato: "CLNMRC68H14H501Y",
			Servizi: archive.Servizi, Validity: archive.Validity{From: calendar.Of(2026, 1, 1), To: &last},
		}},
		{"a subdelega hangs on another", map[string]any{"tipo": "subdelega", "padre": parent, "servizi": []string{"chat"}, "studio": nil}, archive.Delega{
			Tipo: archive.Subdelega, Matricola: "0123456789", Delegato: "CLNMRC68H14H501Y", Padre: parent,
			Servizi: []archive.Servizio{"chat"}, Validity: archive.Validity{From: calendar.Of(2026, 1, 1), To: &last},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := r.Delega(object(t, bond, tt.changes), options("it"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	loaded, err := r.LoadedDelega(object(t, bond, map[string]any{"delegante": "80078750587"}), options("it"))
	if err != nil || loaded.Delegante != "80078750587" {
		t.Errorf("loaded as %+v, %v", loaded, err)
	}
}

func TestDefectsOfADelegaAreToldAtOnce(t *testing.T) {
	t.Parallel()
	r := reader(t)
	out := map[string]any{}
	for _, lang := range []string{"it", "en", "de"} {
		for name, changes := range map[string]map[string]any{
			"everything wrong":          {"tipo": "amico", "matricola": 5, "delegato": "80078750587", "servizi": []any{"chat", "caffè", "chat", 3}, "valida_al": "2025-01-01", "delegante": "x"},
			"no service":                {"servizi": []string{}},
			"services are absent":       {"servizi": nil},
			"subdelega of nothing":      {"tipo": "subdelega"},
			"subdelega that delegates":  {"tipo": "subdelega", "padre": parent},
			"parent of an intermediary": {"padre": parent},
			"parent that is no id":      {"tipo": "subdelega", "padre": "1 OR 1=1", "servizi": []string{"chat"}},
		} {
			_, err := r.Delega(object(t, bond, changes), options(lang))
			out[name+" ("+lang+")"] = told(t, err)
		}
		_, err := r.LoadedDelega(object(t, bond, map[string]any{"valida_dal": nil}), options(lang))
		out["loaded without delegante and first day ("+lang+")"] = told(t, err)
	}
	golden(t, "delega.json", out)
}

func TestSchemasAreJSON(t *testing.T) {
	t.Parallel()
	out := map[string]any{}
	for name, text := range reader(t).Schemas() {
		var v map[string]any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		properties, ok := v["properties"].(map[string]any)
		if !ok {
			t.Fatalf("%s has no properties", name)
		}
		out[name] = map[string]any{"required": v["required"], "properties": len(properties)}
		if name == "delega" {
			out["servizi"] = properties["servizi"]
		}
	}
	golden(t, "schemas.json", out)
}
