package api

import (
	"net/http"

	"omnia/archive/export"
)

// typeCalendar is the media type of iCalendar.
const typeCalendar = "text/calendar"

// provvedimentiRoutes read and write the measures of the archive, and what follows from them.
func (s *server) provvedimentiRoutes() []route {
	const ofMatricola, one, unitCounters = "/v1/matricole/:matricola/provvedimenti", "/v1/provvedimenti/:numero",
		"/v1/matricole/:matricola/unita-produttive/:progressivo/counters"
	return []route{
		{method: http.MethodGet, path: ofMatricola, produces: asJSON, action: s.searchProvvedimenti, archived: true,
			summary: "cerca i provvedimenti di una matricola"},
		{method: http.MethodGet, path: ofMatricola + "/export", action: s.exportProvvedimenti, archived: true,
			produces: []string{"text/csv", export.XLSX.MediaType(), typeJSON}, summary: "esporta il risultato di una ricerca"},
		{method: http.MethodPost, path: "/v1/provvedimenti", produces: asJSON, action: s.storeProvvedimenti, archived: true, repeats: true,
			bulk: []string{typeNDJSON}, summary: "registra un provvedimento, o molti in NDJSON"},
		{method: http.MethodGet, path: one, produces: asJSON, action: s.showProvvedimento, archived: true,
			summary: "mostra un provvedimento e il suo effetto su ogni contatore"},
		{method: http.MethodPut, path: one, produces: asJSON, action: s.correctProvvedimento, archived: true,
			summary: "rettifica un provvedimento con una nuova versione"},
		{method: http.MethodGet, path: one + "/versioni", produces: asJSON, action: s.listVersions, archived: true,
			summary: "elenca le versioni di un provvedimento"},
		{method: http.MethodGet, path: "/v1/esportazioni/:id", produces: asJSON, action: s.showExport, archived: true,
			summary: "dice a che punto è un’esportazione"},
		{method: http.MethodGet, path: "/v1/esportazioni/:id/file", action: s.exportFile, archived: true,
			produces: []string{"text/csv", export.XLSX.MediaType()}, summary: "dà il file di un’esportazione pronta"},
		{method: http.MethodGet, path: unitCounters, produces: asJSON, action: s.unitCounters, archived: true, decides: true,
			summary: "calcola i contatori di un’unità produttiva dall’archivio"},
		{method: http.MethodPost, path: unitCounters, produces: asJSON, action: s.simulateCounters, archived: true, decides: true,
			summary: "simula una richiesta sull’archivio, senza registrare nulla"},
		{method: http.MethodGet, path: "/v1/counters", produces: asJSON, action: s.listCounters, archived: true, decides: true,
			summary: "elenca i contatori di tutte le proprie unità produttive"},
		{method: http.MethodGet, path: "/v1/alerts", produces: []string{typeJSON, typeCalendar}, action: s.listAlerts, archived: true,
			summary: "elenca gli avvisi sulle proprie matricole"},
		{method: http.MethodGet, path: "/v1/alerts.ics", produces: []string{typeCalendar}, action: s.alertCalendar, archived: true,
			summary: "dà gli avvisi come calendario"},
	}
}
