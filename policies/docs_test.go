package policies

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The page on who may do what is written from the tables, and stale when they change.
func TestGeneratedPageIsFresh(t *testing.T) {
	t.Parallel()
	tables, err := readTables(files)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../docs/accessi.md", []byte(tables.page()))
}

// page is docs/accessi.md.
func (t *tables) page() string {
	var out strings.Builder
	out.WriteString(`# Chi può fare che cosa

Pagina generata dalle tabelle in ` + "`policies/tabelle`" + ` (` + "`go test ./policies -update`" + `): si cambiano quelle, non questa.
Le regole che le leggono sono in ` + "`policies/*.rego`" + `; ogni caso, cella per cella, è in ` + "`policies/testdata/matrice.txt`" + `.

Ciò che nessuna riga consente è negato. Chi ha più ruoli può ciò che almeno uno consente. Un legame con la matricola vale
nei suoi giorni di calendario a Roma, il primo e l'ultimo compresi, finché non è revocato; la subdelega cade con la delega da
cui dipende e non comprende mai più di quella. Una matricola fuori portata si comporta come una che non esiste.

`)
	t.writeRoles(&out)
	t.writeBonds(&out)
	t.writeGrid(&out)
	t.writeDelegations(&out)
	t.writePurposes(&out)
	t.writeMasking(&out)
	t.writeCodes(&out)
	return out.String()
}

func (t *tables) writeRoles(out *strings.Builder) {
	out.WriteString("## In quale veste si chiede\n\n| Ruolo | Chi è | Da dove viene | Matricole | Persona | Livello |\n|---|---|---|---|---|---|\n")
	origins := map[string]string{"token": "token", "pubblico": "chiunque", "sviluppo": "chiunque, durante lo sviluppo", "voucher": "voucher PDND"}
	scopes := map[string]string{"legami": "quelle a cui è legato", "ufficio": "quelle della sua sede", "tutte": "tutte", "nessuna": "nessuna"}
	for _, name := range t.rolesInOrder() {
		r := t.Ruoli[name]
		person, level := "no", "–"
		if r.Persona {
			person = "sì"
		}
		if r.Livello > 0 {
			level = fmt.Sprintf("almeno %d sui dati dell’archivio", r.Livello)
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s | %s | %s |\n", name, r.Titolo, origins[r.Origine], scopes[r.Ambito], person, level)
	}
	out.WriteString("\n")
}

func (t *tables) writeBonds(out *strings.Builder) {
	out.WriteString("## Che cosa lega una persona a una matricola\n\nFra più legami buoni decide il primo di questo elenco, poi quello che dura di più.\n\n" +
		"| Legame | Chi è | Ruolo | Base | Dipende da | Si conferisce con |\n|---|---|---|---|---|---|\n")
	for _, name := range t.bondsInOrder() {
		l := t.Legami[name]
		fmt.Fprintf(out, "| `%s` | %s | `%s` | %s | %s | %s |\n", name, l.Titolo, l.Ruolo, l.Base, code(l.Padre), code(l.Nasce))
	}
	out.WriteString("\n")
}

func code(name string) string {
	if name == "" {
		return "–"
	}
	return "`" + name + "`"
}

func (t *tables) writeGrid(out *strings.Builder) {
	out.WriteString("## Azioni\n\nDove c’è un servizio, il legame deve comprenderlo. **L**: per legame. **U**: sulle matricole della sede. " +
		"**T**: su tutte. **+**: senza bisogno di una matricola.\n\n| Azione | Servizio |")
	bonds, roles := t.bondsInOrder(), t.rolesInOrder()
	for _, name := range slices.Concat(bonds, roles) {
		fmt.Fprintf(out, " %s |", name)
	}
	out.WriteString("\n|---|---|" + strings.Repeat("---|", len(bonds)+len(roles)) + "\n")
	for _, action := range sortedKeys(t.Azioni) {
		a := t.Azioni[action]
		fmt.Fprintf(out, "| `%s`<br>%s | %s |", action, a.Titolo, code(a.Servizio))
		for _, name := range bonds {
			fmt.Fprintf(out, " %s |", mark(slices.Contains(t.Legami[name].Azioni, action), "L"))
		}
		for _, name := range roles {
			r := t.Ruoli[name]
			fmt.Fprintf(out, " %s |", mark(slices.Contains(r.Azioni, action), how(a, r)))
		}
		out.WriteString("\n")
	}
	out.WriteString("\n`deleghe.revoca` spetta anche, senza essere titolare, a chi ha conferito la delega, a chi la ha (vi rinuncia) e, per una\n" +
		"subdelega, a chi ha la delega da cui dipende. Il titolare viene dai dati dell’INPS: qui non si conferisce e non si revoca.\n\n")
}

func mark(yes bool, how string) string {
	if yes {
		return how
	}
	return ""
}

func how(a azione, r ruolo) string {
	switch {
	case a.Riguarda == "niente", a.Riguarda == "facoltativa" && r.Ambito != "ufficio":
		return "+"
	case a.Riguarda == "facoltativa":
		return "+ U"
	case r.Ambito == "ufficio":
		return "U"
	}
	return "T"
}

func (t *tables) writeDelegations(out *strings.Builder) {
	out.WriteString("## Servizi di una delega\n\n| Servizio | Comprende |\n|---|---|\n")
	for _, name := range sortedKeys(t.Servizi) {
		fmt.Fprintf(out, "| `%s` | %s |\n", name, t.Servizi[name].Titolo)
	}
	out.WriteString("\n")
}

func (t *tables) writePurposes(out *strings.Builder) {
	out.WriteString("## Finalità ammesse per i voucher PDND\n\n| Finalità | Titolo | Azioni | Dove |\n|---|---|---|---|\n")
	for _, id := range sortedKeys(t.Finalita) {
		f := t.Finalita[id]
		where := "ovunque"
		if f.Sviluppo {
			where = "solo durante lo sviluppo"
		}
		fmt.Fprintf(out, "| `%s` | %s | `%s` | %s |\n", id, f.Titolo, strings.Join(f.Azioni, "`, `"), where)
	}
	out.WriteString("\n")
}

func (t *tables) writeCodes(out *strings.Builder) {
	out.WriteString("## Perché un accesso è negato\n\n| Codice | Perché | Chi chiede |\n|---|---|---|\n")
	for _, name := range sortedKeys(t.Codici) {
		c := t.Codici[name]
		told := "vede ciò che vedrebbe se non esistesse"
		if c.Visibile {
			told = "lo sa"
		}
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", name, c.Titolo, told)
	}
}

func (t *tables) rolesInOrder() []string {
	return slices.SortedFunc(slices.Values(sortedKeys(t.Ruoli)), func(a, b string) int { return t.Ruoli[a].Precedenza - t.Ruoli[b].Precedenza })
}

func (t *tables) bondsInOrder() []string {
	return slices.SortedStableFunc(slices.Values(sortedKeys(t.Legami)), func(a, b string) int { return t.Legami[a].Rango - t.Legami[b].Rango })
}

func (t *tables) writeMasking(out *strings.Builder) {
	out.WriteString("## Come si vedono i dati personali delle decisioni\n\n" +
		"| Ruolo | Chi è | Dati personali | Salvo | I propri | Chi ha chiesto |\n|---|---|---|---|---|---|\n")
	for _, name := range t.rolesInOrder() {
		m, ok := t.Maschere[name]
		if !ok {
			continue
		}
		var other []string
		for _, shape := range sortedKeys(m.Salvo) {
			other = append(other, fmt.Sprintf("`%s`: %s", shape, m.Salvo[shape]))
		}
		own := "come gli altri"
		if m.Propri {
			own = "in chiaro"
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s | %s | %s |\n", name, m.Titolo, m.Fatti, strings.Join(other, "; "), own, m.Attore)
	}
	out.WriteString("\n")
}
