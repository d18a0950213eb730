package rulebook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"omnia/engine/fact"
	"omnia/engine/quantity"
	. "omnia/engine/rulebook"
)

// told is a defect as one line: place, code, sentence and cure.
func told(d Defect) string {
	s := fmt.Sprintf("%d:%d %s: %s", d.Place.Line, d.Place.Col, d.Code, d.Message)
	if d.Hint != "" {
		s += " | " + d.Hint
	}
	return s
}

func tellAll(defects []Defect) (lines []string) {
	for _, d := range defects {
		lines = append(lines, told(d))
	}
	return lines
}

// TestEveryWrongExpressionIsExplained holds what an author reads, word by word: place, code,
// sentence, and the cure after the bar.
func TestEveryWrongExpressionIsExplained(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, tt := range []struct {
		src  string
		want []string
	}{
		{``, []string{
			`1:1 empty_expression: l'espressione è vuota | scrivi una condizione o togli la chiave`,
		}},
		{`azienda.setore == "m"`, []string{
			`1:1 unknown_fact: «azienda.setore» non è un fatto dichiarato | forse intendevi azienda.settore?`,
		}},
		{`settore == "m"`, []string{
			`1:1 unknown_fact: «settore» non è un fatto dichiarato | forse intendevi azienda.settore?`,
		}},
		{`azienda == 3`, []string{
			`1:1 not_a_value: «azienda» è un gruppo di fatti, non un valore | aggiungi un punto e il nome del campo`,
		}},
		{`richiesta.consultazione == 1`, []string{
			`1:1 not_a_value: «richiesta.consultazione» è un gruppo di fatti, non un valore | aggiungi un punto e il nome del campo`,
		}},
		{`lavoratore.qualifica == 1`, []string{
			`1:1 unknown_fact: «lavoratore.qualifica» non è un fatto dichiarato`,
		}},
		{`azienda.settore.codice == 3`, []string{
			`1:1 unknown_fact: «azienda.settore.codice» non è un fatto dichiarato: «azienda.settore» non ha campi | forse intendevi azienda.settore?`,
		}},
		{`azienda.settore == "z"`, []string{
			`1:20 unknown_code: "z" non è un codice di «azienda.settore» | i codici ammessi sono a, b, e, m, n, o, fis, fondo, altro, c, d`,
		}},
		{`azienda.settore in ["m", "fsi"]`, []string{
			`1:26 unknown_code: "fsi" non è un codice di «azienda.settore» | forse intendevi "fis"?`,
		}},
		{`"metteo" == richiesta.causale`, []string{
			`1:1 unknown_code: "metteo" non è un codice di «richiesta.causale» | forse intendevi "meteo"?`,
		}},
		{`azienda.settore in ["m", "m"]`, []string{
			`1:26 duplicate_value: il valore "m" è scritto due volte nell'elenco | toglilo`,
		}},
		{`azienda.settore in []`, []string{
			`1:20 empty_list: l'elenco dopo in è vuoto: la condizione sarebbe sempre falsa | scrivi almeno un valore`,
		}},
		{`azienda.settore in azienda.nome`, []string{
			`1:20 in_without_list: dopo in va un elenco di valori tra parentesi quadre | scrivi i valori uno per uno: azienda.settore in ["m", "n"]`,
		}},
		{`azienda.settore in [azienda.nome]`, []string{
			`1:21 in_not_constant: nell'elenco dopo in vanno solo valori scritti per esteso | per confrontare con un fatto scrivi == e unisci con ||`,
		}},
		{`azienda.mesi in ["m"]`, []string{
			`1:18 type_mismatch: «azienda.mesi» è un numero intero e non può essere "m", che è un testo`,
		}},
		{`azienda.artigiana in [true]`, []string{
			`1:1 type_mismatch: in cerca un testo, un numero o un giorno, ma «azienda.artigiana» è una condizione`,
		}},
		{`periodi in [1]`, []string{
			`1:1 type_mismatch: in cerca un testo, un numero o un giorno, ma «periodi» è un elenco`,
		}},
		{`azienda.mesi / 2 > 3`, []string{
			`1:14 division: la divisione non è ammessa | moltiplica l'altro lato: invece di a / 2 <= b scrivi a <= b * 2; le frazioni di legge vanno nei parametri`,
		}},
		{`azienda.mesi % 2 == 0`, []string{
			`1:14 division: il resto della divisione (%) non è ammesso | le frazioni di legge vanno nei parametri, con valori come "1/3"`,
		}},
		{`azienda.mesi ** 2 > 3`, []string{
			`1:14 power: l'elevamento a potenza non è ammesso | scrivi la moltiplicazione per esteso`,
		}},
		{`azienda.mesi ^ 2 > 3`, []string{
			`1:14 power: l'elevamento a potenza non è ammesso | scrivi la moltiplicazione per esteso`,
		}},
		{`azienda.dipendenti > 15.5`, []string{
			`1:22 float_literal: il numero con decimali 15.5 non è ammesso in un'espressione | mettilo in un parametro con value: "15.5" e la sua fonte, e qui scrivi param("…")`,
		}},
		{`azienda.mesi > 1e3`, []string{
			`1:16 float_literal: il numero con decimali 1e3 non è ammesso in un'espressione | mettilo in un parametro con value: "1e3" e la sua fonte, e qui scrivi param("…")`,
		}},
		{`azienda.mesi > 0x10`, []string{
			`1:16 number_format: il numero 0x10 non è scritto in cifre semplici | scrivi solo cifre: 1000`,
		}},
		{`azienda.mesi > 1_000`, []string{
			`1:16 number_format: il numero 1_000 non è scritto in cifre semplici | scrivi solo cifre: 1000`,
		}},
		{`azienda.mesi > 99999999999999999999`, []string{
			`1:16 number_format: il numero 99999999999999999999 è troppo grande | controlla le cifre`,
		}},
		{`filter(periodi, #.giorni > 3)`, []string{
			`1:1 builtin: la funzione «filter» non è ammessa nelle regole | usa una regola con for_each, o count e sum`,
			`1:17 closure: le funzioni sugli elementi di un elenco (# e .campo) non sono ammesse | usa sum, sum_product o count, o una regola con for_each`,
		}},
		{`count(periodi, .giorni > 3) > 0`, []string{
			`1:16 closure: le funzioni sugli elementi di un elenco (# e .campo) non sono ammesse | usa sum, sum_product o count, o una regola con for_each`,
		}},
		{`any(periodi, {.giorni > 3})`, []string{
			`1:1 builtin: la funzione «any» non è ammessa nelle regole | usa una regola con for_each, o count`,
			`1:15 closure: le funzioni sugli elementi di un elenco (# e .campo) non sono ammesse | usa sum, sum_product o count, o una regola con for_each`,
		}},
		{`$env.azienda`, []string{
			`1:1 env_access: $env non è ammesso | nomina il fatto che ti serve, per esempio azienda.settore`,
		}},
		{`$env["azienda"]`, []string{
			`1:1 env_access: $env non è ammesso | nomina il fatto che ti serve, per esempio azienda.settore`,
			`1:5 index: l'accesso con le parentesi quadre non è ammesso | nomina il fatto con i punti (azienda.settore); per un elenco usa count o sum`,
		}},
		{`now() > data_riferimento`, []string{
			`1:1 builtin: la funzione «now» non è ammessa nelle regole | usa data_riferimento o un altro giorno dei fatti`,
		}},
		{`len(azienda.nome) > 3`, []string{
			`1:1 builtin: la funzione «len» non è ammessa nelle regole | per un elenco usa count(elenco)`,
		}},
		{`date("2020-01-01") > data_riferimento`, []string{
			`1:1 builtin: la funzione «date» non è ammessa nelle regole | scrivi data("2017-09-24")`,
		}},
		{`upper(azienda.nome) == "A"`, []string{
			`1:1 builtin: la funzione «upper» non è ammessa nelle regole | le funzioni ammesse sono add_days, add_months, add_weeks, ceil, count, data, days, floor, has_row, known, max, min, monday, month_end, not_holiday, param, repeated, round_half_up, sum, sum_product, sunday, table, value, weeks, workdays`,
		}},
		{`azienda.nome | trim() == "a"`, []string{
			`1:14 pipe: la barra | non è ammessa | per «oppure» scrivi ||; una funzione si chiama come nome(argomenti)`,
			`1:16 builtin: la funzione «trim» non è ammessa nelle regole | le funzioni ammesse sono add_days, add_months, add_weeks, ceil, count, data, days, floor, has_row, known, max, min, monday, month_end, not_holiday, param, repeated, round_half_up, sum, sum_product, sunday, table, value, weeks, workdays`,
		}},
		{`let x = 3; x > 2`, []string{
			`1:1 variable: le variabili (let) non sono ammesse | scrivi il valore dove serve, o fanne un parametro`,
			`1:7 variable: l'assegnazione = non è ammessa | per un confronto scrivi ==`,
			`1:10 variable: un'espressione è una sola: il punto e virgola non è ammesso | unisci le condizioni con &&`,
		}},
		{`azienda.mesi > 3; true`, []string{
			`1:17 variable: un'espressione è una sola: il punto e virgola non è ammesso | unisci le condizioni con &&`,
		}},
		{`azienda["settore"] == "m"`, []string{
			`1:8 index: l'accesso con le parentesi quadre non è ammesso | nomina il fatto con i punti (azienda.settore); per un elenco usa count o sum`,
		}},
		{`azienda.nome[0:2] == "AB"`, []string{
			`1:13 index: l'accesso con le parentesi quadre non è ammesso | nomina il fatto con i punti (azienda.settore); per un elenco usa count o sum`,
		}},
		{`periodi[0].giorni > 3`, []string{
			`1:8 index: l'accesso con le parentesi quadre non è ammesso | nomina il fatto con i punti (azienda.settore); per un elenco usa count o sum`,
		}},
		{`(1 + 2).unita > 3`, []string{
			`1:9 member: un valore calcolato non ha campi da leggere con il punto | i campi si leggono solo dai fatti: azienda.settore`,
		}},
		{`(1 + 2).f() > 3`, []string{
			`1:9 member: un valore calcolato non ha campi da leggere con il punto | i campi si leggono solo dai fatti: azienda.settore`,
		}},
		{`{"a": 1}`, []string{
			`1:1 map: le parentesi graffe non sono ammesse | per un elenco di valori usa le parentesi quadre dopo in`,
		}},
		{`azienda?.settore == "m"`, []string{
			`1:8 optional_chain: l'accesso facoltativo ?. non è ammesso | scrivi un punto semplice; per sapere se un fatto c'è usa known(fatto)`,
		}},
		{`azienda.nome ?? "x" == "x"`, []string{
			`1:14 coalesce: il valore di riserva ?? non è ammesso: un fatto ignoto resta ignoto | per un valore presunto scrivi una presunzione con la sua fonte`,
		}},
		{`azienda.nome == nil`, []string{
			`1:17 nil: nil non è ammesso | per sapere se un fatto c'è scrivi known(fatto)`,
		}},
		{`azienda.nome == null`, []string{
			`1:17 nil: null non è ammesso | per sapere se un fatto c'è scrivi known(fatto)`,
		}},
		{`azienda.mesi in 1..5`, []string{
			`1:17 in_without_list: dopo in va un elenco di valori tra parentesi quadre | scrivi i valori uno per uno: azienda.settore in ["m", "n"]`,
			`1:18 range: gli intervalli con .. non sono ammessi | scrivi i due confronti: x >= 1 && x <= 5`,
		}},
		{`azienda.nome matches "^a"`, []string{
			`1:14 regex: le espressioni regolari (matches) non sono ammesse | usa startsWith, endsWith, contains o in [ … ]; i formati dei fatti si dichiarano nel vocabolario`,
		}},
		{`if azienda.artigiana { true } else { false }`, []string{
			`1:1 if_else: la forma if … { } else { } non è ammessa | scrivi condizione ? valore : altro valore`,
		}},
		{`azienda.artigiana ?: true`, []string{
			`1:1 if_else: la forma breve ?: non è ammessa | scrivi condizione ? valore : altro valore`,
		}},
		{`::known(azienda.nome)`, []string{
			`1:1 builtin: l'operatore :: non è ammesso | usa le funzioni dell'elenco, senza ::`,
		}},
		{`azienda.nome == b"x"`, []string{
			`1:17 bytes: i testi b"…" non sono ammessi | togli la b: "testo"`,
		}},
		{`azienda.mesi = 3`, []string{
			`1:14 variable: l'assegnazione = non è ammessa | per un confronto scrivi ==`,
		}},
		{`+azienda.mesi > 3`, []string{
			`1:1 plus_sign: il segno + davanti a un valore non è ammesso | toglilo`,
		}},
		{`[1, 2] == 3`, []string{
			`1:1 list_literal: un elenco di valori si può scrivere solo dopo in | scrivi per esempio azienda.settore in ["m", "n"]`,
		}},
		{`azienda.nome == "a`, []string{
			`1:19 syntax: il testo non è chiuso: mancano le virgolette finali | controlla parentesi, virgolette e operatori intorno a questo punto`,
		}},
		{`azienda.mesi > `, []string{
			`1:16 syntax: l'espressione finisce prima del previsto: manca qualcosa, forse una parentesi o un valore | controlla parentesi, virgolette e operatori intorno a questo punto`,
		}},
		{`(azienda.mesi > 3`, []string{
			`1:18 syntax: l'espressione finisce prima del previsto: manca qualcosa, forse una parentesi o un valore | controlla parentesi, virgolette e operatori intorno a questo punto`,
		}},
		{`azienda.mesi > 3)`, []string{
			`1:17 syntax: «)» non è atteso qui | controlla parentesi, virgolette e operatori intorno a questo punto`,
		}},
		{`azienda.mesi > 3 azienda.sedi > 2`, []string{
			`1:18 syntax: la parola «azienda» non è attesa qui: forse manca un operatore (&&, ||, ==) prima | controlla parentesi, virgolette e operatori intorno a questo punto`,
		}},
		{`azienda.mesi & 3`, []string{
			`1:14 syntax: «&» non è atteso qui | controlla parentesi, virgolette e operatori intorno a questo punto`,
		}},
		{`azienda. > 3`, []string{
			`1:12 syntax: dopo il punto manca il nome del campo | controlla parentesi, virgolette e operatori intorno a questo punto`,
		}},
		{`azienda.mesi > 3 ø`, []string{
			`1:18 syntax: la parola «ø» non è attesa qui: forse manca un operatore (&&, ||, ==) prima | controlla parentesi, virgolette e operatori intorno a questo punto`,
		}},
		{`azienda.nome == "\q"`, []string{
			`1:19 syntax: la barra \ nel testo non introduce un carattere valido: per una barra scrivi \\ | controlla parentesi, virgolette e operatori intorno a questo punto`,
		}},
		{`azienda.mesi > 3abc`, []string{
			`1:17 syntax: il numero è scritto male: "3a" | controlla parentesi, virgolette e operatori intorno a questo punto`,
		}},
		{"azienda.nome == \"a\u200b\"", []string{
			`1:19 bad_character: c'è un carattere di controllo invisibile (U+200B) | cancellalo e riscrivi il testo a mano`,
		}},
		{`azienda.nome == "\x01"`, []string{
			`1:17 bad_text: il testo contiene caratteri invisibili | scrivi i caratteri come sono, senza codici`,
		}},
		{`/* aperto`, []string{
			`1:10 syntax: il commento non è chiuso: manca */ | controlla parentesi, virgolette e operatori intorno a questo punto`,
		}},
		{`azienda.mesi`, []string{
			`1:1 wrong_type: qui serve una condizione, ma l'espressione è un numero intero | confronta il valore, per esempio con == o >=`,
		}},
		{`azienda.mesi && true`, []string{
			`1:1 type_mismatch: «azienda.mesi» non è una condizione: è un numero intero | confronta il valore, per esempio con == o >=; per sapere se c'è usa known(…)`,
		}},
		{`!azienda.nome`, []string{
			`1:2 type_mismatch: «azienda.nome» non è una condizione: è un testo | confronta il valore, per esempio con == o >=; per sapere se c'è usa known(…)`,
		}},
		{`-azienda.nome == 3`, []string{
			`1:2 type_mismatch: il segno meno vuole un numero, ma «azienda.nome» è un testo`,
		}},
		{`azienda.mesi == "3"`, []string{
			`1:14 type_mismatch: non si possono confrontare «azienda.mesi», che è un numero intero, e "3", che è un testo | scrivi il numero senza virgolette`,
		}},
		{`azienda.nome < "b"`, []string{
			`1:14 type_mismatch: «azienda.nome» è un testo: si confronta solo con == e !=`,
		}},
		{`azienda.artigiana < true`, []string{
			`1:19 type_mismatch: «azienda.artigiana» è una condizione: si confronta solo con == e !=`,
		}},
		{`azienda.artigiana == "true"`, []string{
			`1:19 type_mismatch: non si possono confrontare «azienda.artigiana», che è una condizione, e "true", che è un testo | scrivi true o false senza virgolette, o soltanto la condizione`,
		}},
		{`richiesta.dal > 3`, []string{
			`1:15 type_mismatch: non si possono confrontare «richiesta.dal», che è un giorno, e «3», che è un numero intero`,
		}},
		{`richiesta.dal > "2020-01-01"`, []string{
			`1:15 type_mismatch: non si possono confrontare «richiesta.dal», che è un giorno, e "2020-01-01", che è un testo | scrivi data("2020-01-01")`,
		}},
		{`richiesta.dal > "ieri"`, []string{
			`1:15 type_mismatch: non si possono confrontare «richiesta.dal», che è un giorno, e "ieri", che è un testo | scrivi un giorno, per esempio data("2017-09-24")`,
		}},
		{`richiesta.dal + 3 > richiesta.al`, []string{
			`1:15 date_arithmetic: con i giorni del calendario non si usa + | usa add_days, add_months, days o weeks`,
		}},
		{`azienda.nome + "x" == "y"`, []string{
			`1:14 type_mismatch: i testi non si uniscono con +`,
		}},
		{`periodi == 3`, []string{
			`1:1 list_as_value: «periodi» è un elenco e non si confronta con un valore | usa count, sum o sum_product`,
		}},
		{`periodi`, []string{
			`1:1 list_as_value: «periodi» è un elenco, non un valore | usa count, sum o sum_product`,
		}},
		{`known(periodi) + 1 > 2`, []string{
			`1:1 type_mismatch: + vuole numeri, ma «known(periodi)» è una condizione`,
		}},
		{`azienda.nome startsWith 3`, []string{
			`1:25 type_mismatch: startsWith vuole due testi, ma «3» è un numero intero`,
		}},
		{`richiesta.ore > richiesta.settimane`, []string{
			`1:15 unit_mismatch: le unità non vanno insieme: «richiesta.ore» è in ore, «richiesta.settimane» è in settimane | porta i due valori alla stessa unità, per esempio con un parametro di conversione`,
		}},
		{`richiesta.ore + richiesta.settimane > 3`, []string{
			`1:15 unit_mismatch: le unità non vanno insieme: «richiesta.ore» è in ore, «richiesta.settimane» è in settimane | porta i due valori alla stessa unità, per esempio con un parametro di conversione`,
		}},
		{`max(richiesta.ore, richiesta.settimane) > 3`, []string{
			`1:1 unit_mismatch: le unità non vanno insieme: «richiesta.ore» è in ore, «richiesta.settimane» è in settimane | porta i due valori alla stessa unità, per esempio con un parametro di conversione`,
		}},
		{`richiesta.ore * richiesta.settimane > richiesta.settimane`, []string{
			`1:37 unit_mismatch: le unità non vanno insieme: «richiesta.ore * richiesta.settimane» è in ore, «richiesta.settimane» è in settimane | porta i due valori alla stessa unità, per esempio con un parametro di conversione`,
		}},
		{`richiesta.ore > param("cigo.settimane")`, []string{
			`1:15 unit_mismatch: le unità non vanno insieme: «richiesta.ore» è in ore, «param("cigo.settimane")» è in settimane | porta i due valori alla stessa unità, per esempio con un parametro di conversione`,
		}},
		{`azienda.artigiana ? 1 : 2`, []string{
			`1:1 wrong_type: qui serve una condizione, ma l'espressione è un numero intero | confronta il valore, per esempio con == o >=`,
		}},
		{`azienda.artigiana ? "a" : 2`, []string{
			`1:27 type_mismatch: i due valori della scelta devono essere dello stesso tipo: "a" è un testo, «2» è un numero intero`,
		}},
		{`azienda.mesi ? true : false`, []string{
			`1:1 type_mismatch: «azienda.mesi» non è una condizione: è un numero intero | confronta il valore, per esempio con == o >=; per sapere se c'è usa known(…)`,
		}},
		{`(azienda.artigiana ? periodi : periodi) == 3`, []string{
			`1:22 type_mismatch: un elenco non è un valore da scegliere`,
		}},
		{`parm("limite") > 3`, []string{
			`1:1 unknown_function: la funzione «parm» non esiste | forse intendevi param?`,
		}},
		{`param("limit") > 3`, []string{
			`1:7 unknown_parameter: il parametro «limit» non esiste | forse intendevi limite?`,
		}},
		{`param(azienda.nome) > 3`, []string{
			`1:7 argument: qui param vuole un testo tra virgolette | si scrive param("id")`,
		}},
		{`param() > 3`, []string{
			`1:1 wrong_arity: param vuole un argomento, qui ne ha 0 | si scrive param("id")`,
		}},
		{`param("a", "b")`, []string{
			`1:1 wrong_arity: param vuole un argomento, qui ne ha 2 | si scrive param("id")`,
		}},
		{`param > 3`, []string{
			`1:1 type_mismatch: «param» è una funzione: mancano le parentesi con gli argomenti | scrivi param("id")`,
		}},
		{`sconosciuta(3) > 2`, []string{
			`1:1 unknown_function: la funzione «sconosciuta» non esiste`,
		}},
		{`azienda.nome.lower() == "a"`, []string{
			`1:1 unknown_function: «azienda.nome.lower» non è una funzione: i fatti non ne hanno | le funzioni si chiamano per nome, con il fatto tra parentesi`,
		}},
		{`known(3)`, []string{
			`1:7 argument: known vuole il nome di un fatto | si scrive known(fatto)`,
		}},
		{`known(azienda.nom)`, []string{
			`1:7 unknown_fact: «azienda.nom» non è un fatto dichiarato | forse intendevi azienda.nome?`,
		}},
		{`known(azienda)`, []string{
			`1:7 not_a_value: «azienda» è un gruppo di fatti, non un valore | aggiungi un punto e il nome del campo`,
		}},
		{`data("2023-02-30") < richiesta.al`, []string{
			`1:6 bad_date: «2023-02-30» non è un giorno del calendario | scrivi anno-mese-giorno: 2017-09-24`,
		}},
		{`data("24/09/2017") < richiesta.al`, []string{
			`1:6 bad_date: «24/09/2017» non è un giorno del calendario | scrivi anno-mese-giorno: 2017-09-24`,
		}},
		{`data(azienda.nome) < richiesta.al`, []string{
			`1:6 argument: qui data vuole un testo tra virgolette | si scrive data("2017-09-24")`,
		}},
		{`add_months(azienda.nome, 3) > richiesta.al`, []string{
			`1:12 type_mismatch: add_months vuole un giorno come primo argomento, ma «azienda.nome» è un testo`,
		}},
		{`add_months(richiesta.al, "3") > richiesta.al`, []string{
			`1:26 type_mismatch: add_months vuole un numero come secondo argomento, ma "3" è un testo`,
		}},
		{`add_days(richiesta.al, richiesta.settimane) > richiesta.al`, []string{
			`1:24 unit_mismatch: add_days vuole giorni, ma «richiesta.settimane» è in settimane`,
		}},
		{`weeks(richiesta.dal, 3) > 2`, []string{
			`1:22 type_mismatch: weeks vuole due giorni, ma «3» è un numero intero`,
		}},
		{`workdays(richiesta.dal, richiesta.al, "5") > 2`, []string{
			`1:39 type_mismatch: workdays vuole un numero di giorni la settimana, ma "5" è un testo`,
		}},
		{`workdays(richiesta.dal, richiesta.al) > 2`, []string{
			`1:1 wrong_arity: workdays vuole 3 argomenti, qui ne ha 2 | si scrive workdays(dal, al, giorni_settimana)`,
		}},
		{`max(1, richiesta.al) > 2`, []string{
			`1:1 type_mismatch: max vuole due numeri o due giorni, ma «1» è un numero intero e «richiesta.al» è un giorno`,
		}},
		{`floor("x") > 2`, []string{
			`1:7 type_mismatch: floor vuole un numero, ma "x" è un testo`,
		}},
		{`round_half_up(azienda.quota, 9) > 2`, []string{
			`1:30 argument: i decimali di round_half_up sono un numero scritto da 0 a 6 | si scrive per esempio round_half_up(x, 2)`,
		}},
		{`round_half_up(azienda.quota, azienda.mesi) > 2`, []string{
			`1:30 argument: i decimali di round_half_up sono un numero scritto da 0 a 6 | si scrive per esempio round_half_up(x, 2)`,
		}},
		{`sum(azienda.nome, "giorni") > 2`, []string{
			`1:5 type_mismatch: sum vuole un elenco, ma «azienda.nome» è un testo`,
		}},
		{`sum(periodi, "giorno") > 2`, []string{
			`1:14 unknown_fact: «giorno» non è un campo di periodi | forse intendevi giorni?`,
		}},
		{`sum(periodi, "causale") > 2`, []string{
			`1:14 type_mismatch: sum somma numeri, ma «causale» è un testo`,
		}},
		{`sum(periodi, giorni) > 2`, []string{
			`1:14 argument: qui sum vuole un testo tra virgolette | si scrive sum(elenco, "campo")`,
		}},
		{`sum(giornate, "x") > 2`, []string{
			`1:5 type_mismatch: «giornate» è un elenco di giorni, senza campi da sommare`,
		}},
		{`count(azienda.mesi) > 2`, []string{
			`1:7 type_mismatch: count vuole un elenco, ma «azienda.mesi» è un numero intero`,
		}},
		{`sum(periodi) > 2`, []string{
			`1:1 wrong_arity: sum vuole 2 argomenti, qui ne ha 1 | si scrive sum(elenco, "campo")`,
		}},
		{`table("causale", "peso", "meteo", true) > 2`, []string{
			`1:7 unknown_table: la tabella «causale» non esiste | forse intendevi causali?`,
		}},
		{`table("causali", "pesi", "meteo", true) > 2`, []string{
			`1:18 unknown_column: la tabella «causali» non ha la colonna di uscita «pesi» | forse intendevi peso?`,
		}},
		{`table("causali", "peso", "meteo") > 2`, []string{
			`1:1 wrong_arity: la tabella «causali» ha 2 ingressi, qui ce ne sono 1 | gli ingressi sono, in ordine: causale, eone`,
		}},
		{`table("causali", "peso", 3, true) > 2`, []string{
			`1:26 type_mismatch: l'ingresso «causale» della tabella «causali» è un testo, ma «3» è un numero intero`,
		}},
		{`table("causali", "peso", "metteo", true) > 2`, []string{
			`1:26 unknown_code: "metteo" non è un codice dell'ingresso «causale» | i codici ammessi sono meteo, mercato, crisi`,
		}},
		{`table(azienda.nome, "peso", "meteo", true) > 2`, []string{
			`1:7 argument: qui table vuole un testo tra virgolette | si scrive table("id", "colonna", ingresso, …)`,
		}},
		{"azienda.setore == \"m\"\n  && azienda.mesi / 2 > 1.5\n  && richiesta.ore > richiesta.settimane", []string{
			`1:1 unknown_fact: «azienda.setore» non è un fatto dichiarato | forse intendevi azienda.settore?`,
			`2:19 division: la divisione non è ammessa | moltiplica l'altro lato: invece di a / 2 <= b scrivi a <= b * 2; le frazioni di legge vanno nei parametri`,
			`2:25 float_literal: il numero con decimali 1.5 non è ammesso in un'espressione | mettilo in un parametro con value: "1.5" e la sua fonte, e qui scrivi param("…")`,
			`3:20 unit_mismatch: le unità non vanno insieme: «richiesta.ore» è in ore, «richiesta.settimane» è in settimane | porta i due valori alla stessa unità, per esempio con un parametro di conversione`,
		}},
	} {
		t.Run(tt.src, func(t *testing.T) {
			c, defects := CompileCondition(tt.src, Place{"prova.yaml", 1, 1}, w.Scope)
			if c != nil {
				t.Errorf("accepted as %s", c.Canonical())
			}
			if got := tellAll(defects); !slices.Equal(got, tt.want) {
				t.Errorf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
			}
		})
	}
}

func TestDefectsStandWhereTheExpressionStands(t *testing.T) {
	t.Parallel()
	w := newWorld()
	_, defects := CompileCondition("azienda.nome == \"à\" &&\n  azienda.setore == \"m\"", Place{"regola.yaml", 7, 13}, w.Scope)
	if len(defects) != 1 || defects[0].Place != (Place{"regola.yaml", 8, 15}) {
		t.Errorf("defects: %+v", defects)
	}
}

func TestRunawayExpressionsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for name, tt := range map[string]struct{ src, code string }{
		"long":                        {strings.Repeat("azienda.artigiana || ", 120) + "true", "too_long"},
		"deep":                        {strings.Repeat("!", 250) + "true", "too_complex"},
		"deep in brackets":            {strings.Repeat("!(", 600) + "true" + strings.Repeat(")", 600), "too_complex"},
		"many nodes":                  {strings.Repeat("1+", 990) + "1 > 2", "too_complex"},
		"comparisons shared twice":    {strings.Repeat("(1 < ", 60) + "1" + strings.Repeat(" < 1)", 60), "too_complex"},
		"short choices shared twice":  {strings.Repeat("(", 190) + "true" + strings.Repeat(" ?: true)", 190), "if_else"},
		"not text":                    {"azienda.nome == \"\xff\"", "bad_encoding"},
		"text that turns its reading": {"azienda.nome == \"\u202e\"", "bad_character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, defects := CompileCondition(tt.src, here, w.Scope)
			if c != nil || !slices.ContainsFunc(defects, func(d Defect) bool { return d.Code == tt.code }) {
				t.Errorf("got %s", strings.Join(tellAll(defects), "\n"))
			}
		})
	}
}

// TestNestingCostsNoMoreThanItsLength would not end if any part were compiled or computed twice at
// each level; the number is too wide for the fast path.
func TestNestingCostsNoMoreThanItsLength(t *testing.T) {
	t.Parallel()
	w := newWorld()
	e := w.blank()
	w.set(e, "azienda.quota", fact.OfRat(quantity.MustParse("12345678901234567890.5")))
	for _, level := range []string{"(%s > 1 ? azienda.quota : 1)", "(%s > 1 ? 3 : 1)", "max(%s, azienda.quota)", "-(%s)", "(azienda.quota - %s)"} {
		src := "azienda.quota"
		for range 60 {
			src = fmt.Sprintf(level, src)
		}
		c, defects := CompileCondition(src+" == azienda.quota", here, w.Scope)
		if len(defects) > 0 {
			t.Fatal(Defects(defects).Error())
		}
		if got := c.Eval(e); got == Unknown || got == Failed {
			t.Errorf("%s is %d", level, got)
		}
	}
}

func TestAnExpressionFitsItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, tt := range []struct {
		src  string
		want Want
		told string
	}{
		{`azienda.mesi + 1`, Want{Kind: WantNumber}, ""},
		{`azienda.mesi + 1`, Want{Kind: WantInteger}, ""},
		{`richiesta.ore`, Want{Kind: WantNumber, Unit: "hour"}, ""},
		{`12`, Want{Kind: WantNumber, Unit: "hour"}, ""},
		{`azienda.artigiana ? "prefisso" : "rifiuto"`, Want{Kind: WantText, Options: []string{"prefisso", "rifiuto"}}, ""},
		{`richiesta.dal`, Want{Kind: WantDate}, ""},
		{`richiesta.dal`, Want{}, ""},
		{`azienda.quota`, Want{Kind: WantInteger}, "1:1 wrong_type: qui serve un numero intero, ma l'espressione è un numero | usa floor, ceil o round_half_up(…, 0)"},
		{`azienda.nome`, Want{Kind: WantNumber}, "1:1 wrong_type: qui serve un numero, ma l'espressione è un testo"},
		{`3`, Want{Kind: WantText}, "1:1 wrong_type: qui serve un testo, ma l'espressione è un numero intero"},
		{`3`, Want{Kind: WantDate}, "1:1 wrong_type: qui serve un giorno, ma l'espressione è un numero intero"},
		{`richiesta.ore`, Want{Kind: WantNumber, Unit: "week"}, "1:1 unit_mismatch: qui serve un numero di settimane, ma l'espressione è in ore"},
		{`azienda.artigiana ? "prefisso" : "rifuto"`, Want{Kind: WantText, Options: []string{"prefisso", "rifiuto"}}, `1:34 unknown_code: "rifuto" non è ammesso qui | i codici ammessi sono prefisso, rifiuto`},
		{`periodi`, Want{}, "1:1 list_as_value: «periodi» è un elenco, non un valore | usa count, sum o sum_product"},
	} {
		_, defects := CompileExpr(tt.src, Place{"prova.yaml", 1, 1}, w.Scope, tt.want)
		if got := strings.Join(tellAll(defects), "\n"); got != tt.told {
			t.Errorf("%s in %+v:\n got %s\nwant %s", tt.src, tt.want, got, tt.told)
		}
	}
}

func TestARowIsSpokenOfOnlyWhereThereIsOne(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.Row = nil
	_, defects := CompileCondition(`periodo.zero_ore`, Place{"prova.yaml", 1, 1}, w.Scope)
	want := "1:1 row_not_in_scope: «periodo.zero_ore» non si può usare qui: non c'è una riga di cui parlare | «periodo» esiste solo nelle regole con for_each, nelle righe di un contatore e simili; per l'elenco intero usa count o sum"
	if got := strings.Join(tellAll(defects), "\n"); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
