package rulebook

// open lists what the sources leave open: whatever is not read in the act itself, down to rows and
// schedules that say so for themselves.
func (p *rulesPage) open() {
	p.line("", "## Ciò che resta aperto", "",
		"Tutto ciò che non è `CONFIRMED`. Ogni spiegazione che vi poggia lo dice.", "",
		"| Che cosa | Titolo | Versione | Certezza | Nota |", "|---|---|---|---|---|")
	for _, kind := range []Confidence{Default, Recalled, Confirmed2} {
		for i := range p.ed.Items {
			it := &p.ed.Items[i]
			if it.Version.Confidence == kind {
				p.openLine(it.Kind, it.ID, it.Title.In("it"), life(it.Version), kind, it.Version.Note)
			}
		}
		p.openRows(kind)
		p.openSchedules(kind)
	}
}

func (p *rulesPage) openLine(kind, id, title, life string, c Confidence, note string) {
	p.line("| " + kindNames[kind] + " `" + id + "` | " + escaped(title) + " | " + life + " | `" + string(c) + "` | " + escaped(note) + " |")
}

func (p *rulesPage) openRows(kind Confidence) {
	for _, id := range sortedKeys(p.ed.Tables) {
		t := p.ed.Tables[id]
		for i := range t.Versions {
			v := &t.Versions[i]
			for _, row := range v.Rows {
				if row.Confidence == kind && kind != v.Confidence {
					p.openLine("table", id, row.Label.In("it"), life(&v.Version), kind, "una riga")
				}
			}
		}
	}
}

func (p *rulesPage) openSchedules(kind Confidence) {
	for _, k := range p.ed.Counters {
		for i := range k.Versions {
			v := &k.Versions[i]
			if v.Rate == nil {
				continue
			}
			for _, s := range v.Rate.Schedules {
				if s.Confidence == kind && kind != v.Confidence {
					p.openLine("counter", k.ID, s.Title.In("it"), life(&v.Version), kind, "aliquote «"+s.ID+"»")
				}
			}
		}
	}
}
