package api

import (
	"omnia/chat"
	"omnia/internal/fault"
)

// The codes of the chat; those of the conversations themselves are in package chat.
const (
	codeConversationNotFound = "conversation_not_found"
	codeMessageNotFound      = "message_not_found"
	codeNoticeMissing        = "notice_missing"
	codeScore                = "score_out_of_range"
	codeNotANumber           = "not_a_number"
	codeEmptyMessage         = "empty_message"
	codeNoteNotAllowed       = "note_not_allowed"
	codeFileName             = "bad_file_name"
	codeFileType             = "file_type_not_allowed"
	codeChatFlood            = "chat_rate_limited"
	codeTooManyStreams       = "too_many_streams"
	codeTokenTooLong         = "token_too_long"
	codeNotAField            = "not_a_field"
	codeCapacity             = "capacity_out_of_range"
)

// chatProblems explain what can be wrong in the chat.
var chatProblems = []explained{
	{
		Code: codeConversationNotFound, Kind: fault.NotFound,
		Title: texts("Conversazione inesistente", "No such conversation", "Gespräch nicht vorhanden"),
		Text:  texts("La conversazione non esiste, o non è del chiamante.", "The conversation does not exist, or is not the caller’s.", "Das Gespräch gibt es nicht, oder es ist nicht das des Aufrufers."),
		Cure:  texts("Controllare l’identificativo con GET /v1/chat/conversations.", "Look the id up with GET /v1/chat/conversations.", "Die Kennung mit GET /v1/chat/conversations prüfen."),
	},
	{
		Code: codeMessageNotFound, Kind: fault.NotFound,
		Title: texts("Messaggio o allegato inesistente", "No such message or attachment", "Nachricht oder Anhang nicht vorhanden"),
		Text:  texts("Il messaggio o l’allegato non è in questa conversazione.", "The message or attachment is not in this conversation.", "Die Nachricht oder der Anhang ist nicht in diesem Gespräch."),
		Cure:  texts("Controllare l’identificativo nell’elenco dei messaggi.", "Look the id up in the list of messages.", "Die Kennung in der Nachrichtenliste prüfen."),
	},
	{
		Code: codeNoticeMissing, Kind: fault.Invalid,
		Title: texts("Informativa non indicata", "Privacy notice missing", "Datenschutzinformation fehlt"),
		Text:  texts("il consenso vuole la versione dell’informativa mostrata: indicarla in notice.", "consent needs the version of the privacy notice that was shown: give it in notice.", "die Einwilligung braucht die Fassung der angezeigten Datenschutzinformation: in notice angeben."),
		Cure:  texts("Indicare la versione dell’informativa mostrata alla persona.", "Give the version of the notice that was shown to the person.", "Die Fassung angeben, die der Person angezeigt wurde."),
	},
	{
		Code: codeScore, Kind: fault.Invalid,
		Title: texts("Voto fuori scala", "Score out of range", "Note außerhalb der Skala"),
		Text:  texts("il voto va da 1 a 5.", "the score goes from 1 to 5.", "die Note geht von 1 bis 5."),
		Cure:  texts("Scrivere un numero intero da 1 a 5.", "Write a whole number from 1 to 5.", "Eine ganze Zahl von 1 bis 5 angeben."),
	},
	{
		Code: codeNotANumber, Kind: fault.Invalid,
		Title: texts("Numero non leggibile", "Not a number", "Keine Zahl"),
		Text:  texts("è atteso un numero intero non negativo.", "a whole number that is not negative is expected.", "erwartet wird eine nicht negative ganze Zahl."),
		Cure:  texts("Scrivere solo cifre.", "Write digits only.", "Nur Ziffern angeben."),
	},
	{
		Code: codeEmptyMessage, Kind: fault.Invalid,
		Title: texts("Testo vuoto", "Empty text", "Leerer Text"),
		Text:  texts("manca il testo: scrivere qualcosa o allegare un file.", "there is no text: write something, or attach a file.", "der Text fehlt: etwas schreiben oder eine Datei anhängen."),
		Cure:  texts("Scrivere un testo o allegare un file.", "Write a text or attach a file.", "Einen Text schreiben oder eine Datei anhängen."),
	},
	{
		Code: codeNoteNotAllowed, Kind: fault.Invalid,
		Title: texts("Nota non ammessa", "Note not allowed", "Notiz nicht erlaubt"),
		Text:  texts("le note interne sono dei consulenti: togliere note.", "internal notes are for advisers: leave note out.", "interne Notizen sind den Beratern vorbehalten: note weglassen."),
		Cure:  texts("Inviare un messaggio senza note.", "Send a message without note.", "Eine Nachricht ohne note senden."),
	},
	{
		Code: codeFileName, Kind: fault.Invalid,
		Title: texts("Nome del file non ammesso", "Bad file name", "Dateiname nicht erlaubt"),
		Text:  texts("il nome del file manca, è più lungo di 200 caratteri o contiene barre o caratteri di controllo.", "the file name is missing, is longer than 200 characters, or has slashes or control characters.", "der Dateiname fehlt, ist länger als 200 Zeichen oder enthält Schrägstriche oder Steuerzeichen."),
		Cure:  texts("Indicare il solo nome del file nel parametro name.", "Give the bare name of the file in the parameter name.", "Nur den Namen der Datei im Parameter name angeben."),
	},
	{
		Code: codeFileType, Kind: fault.Unsupported,
		Title: texts("Tipo di file non ammesso", "File type not allowed", "Dateityp nicht erlaubt"),
		Text:  texts("Il contenuto del file è %s: si accettano PDF, PNG, JPEG, testo e ZIP.", "The content of the file is %s: PDF, PNG, JPEG, text and ZIP are taken.", "Der Inhalt der Datei ist %s: angenommen werden PDF, PNG, JPEG, Text und ZIP."),
		Cure:  texts("Convertire il file in uno dei tipi ammessi; conta il contenuto, non il nome.", "Convert the file to one of these types; its content counts, not its name.", "Die Datei in einen dieser Typen umwandeln; es zählt der Inhalt, nicht der Name."),
	},
	{
		Code: codeChatFlood, Kind: fault.RateLimited,
		Title: texts("Troppi messaggi", "Too many messages", "Zu viele Nachrichten"),
		Text:  texts("Superato il limite di %d messaggi al minuto.", "Over the limit of %d messages a minute.", "Die Grenze von %d Nachrichten je Minute ist überschritten."),
		Cure:  texts("Attendere i secondi di Retry-After e inviare di nuovo con lo stesso client_id.", "Wait the seconds of Retry-After and send again with the same client_id.", "Die Sekunden aus Retry-After warten und mit derselben client_id erneut senden."),
	},
	{
		Code: codeTooManyStreams, Kind: fault.RateLimited,
		Title: texts("Troppi flussi aperti", "Too many streams", "Zu viele Datenströme"),
		Text:  texts("La persona ha già %d flussi aperti, o l’istanza ne ha troppi.", "The person has %d streams open already, or the instance has too many.", "Die Person hat bereits %d offene Ströme, oder die Instanz hat zu viele."),
		Cure:  texts("Usare un solo flusso per browser e chiudere gli altri.", "Use one stream for each browser and close the others.", "Einen Strom je Browser verwenden und die anderen schließen."),
	},
	{
		Code: codeTokenTooLong, Kind: fault.Invalid,
		Title: texts("Token troppo lungo", "Token too long", "Token zu lang"),
		Text:  texts("Il token non sta in un cookie.", "The token does not fit into a cookie.", "Das Token passt nicht in ein Cookie."),
		Cure:  texts("Leggere il flusso con l’intestazione Authorization, o chiedere un token più breve.", "Read the stream with the header Authorization, or ask for a shorter token.", "Den Strom mit dem Kopffeld Authorization lesen oder ein kürzeres Token anfordern."),
	},
	{
		Code: codeCapacity, Kind: fault.Invalid,
		Title: texts("Capienza fuori scala", "Capacity out of range", "Kapazität außerhalb des Bereichs"),
		Text:  texts("le conversazioni insieme vanno da 1 a %d.", "conversations at a time go from 1 to %d.", "gleichzeitige Gespräche gehen von 1 bis %d."),
		Cure:  texts("Scrivere un numero nella scala.", "Write a number in the range.", "Eine Zahl in diesem Bereich angeben."),
	},
	{
		Code: chat.ErrClosed.Code, Kind: fault.Conflict,
		Title: texts("Conversazione chiusa", "Conversation closed", "Gespräch geschlossen"),
		Text:  texts("La conversazione è chiusa.", "The conversation is closed.", "Das Gespräch ist geschlossen."),
		Cure:  texts("Aprire una nuova conversazione.", "Open a new conversation.", "Ein neues Gespräch eröffnen."),
	},
	{
		Code: chat.ErrReused.Code, Kind: fault.Conflict,
		Title: texts("client_id già usato", "client_id used already", "client_id bereits verwendet"),
		Text:  texts("Con questo client_id è già stato inviato un altro messaggio.", "Another message was sent under this client_id.", "Unter dieser client_id wurde bereits eine andere Nachricht gesendet."),
		Cure:  texts("Usare un nuovo client_id per un nuovo messaggio.", "Use a new client_id for a new message.", "Für eine neue Nachricht eine neue client_id verwenden."),
	},
	{
		Code: chat.ErrTaken.Code, Kind: fault.Conflict,
		Title: texts("Conversazione già presa", "Conversation taken", "Gespräch bereits übernommen"),
		Text:  texts("La conversazione è già di un altro consulente.", "The conversation has another adviser.", "Das Gespräch hat bereits einen anderen Berater."),
		Cure:  texts("Prenderne un’altra dalla coda.", "Take another one from the queue.", "Ein anderes aus der Warteschlange nehmen."),
	},
	{
		Code: chat.ErrNotClosed.Code, Kind: fault.Conflict,
		Title: texts("Conversazione ancora aperta", "Conversation still open", "Gespräch noch offen"),
		Text:  texts("Si valuta una conversazione chiusa.", "A conversation is rated when it is closed.", "Bewertet wird ein geschlossenes Gespräch."),
		Cure:  texts("Chiudere prima la conversazione.", "Close the conversation first.", "Das Gespräch zuerst schließen."),
	},
	{
		Code: chat.ErrRated.Code, Kind: fault.Conflict,
		Title: texts("Conversazione già valutata", "Conversation rated already", "Gespräch bereits bewertet"),
		Text:  texts("La conversazione ha già una valutazione.", "The conversation has a rating already.", "Das Gespräch hat bereits eine Bewertung."),
		Cure:  texts("La valutazione non si cambia.", "A rating is not changed.", "Eine Bewertung wird nicht geändert."),
	},
	{
		Code: chat.ErrNoConsent.Code, Kind: fault.Forbidden,
		Title: texts("Consenso mancante", "Consent missing", "Einwilligung fehlt"),
		Text:  texts("L’impresa non ha dato il consenso a mostrare la pratica, o lo ha ritirato.", "The company has not consented to show the case, or has withdrawn its consent.", "Das Unternehmen hat der Anzeige des Falls nicht zugestimmt oder die Einwilligung widerrufen."),
		Cure:  texts("Chiedere il consenso nella conversazione.", "Ask for consent in the conversation.", "Im Gespräch um die Einwilligung bitten."),
	},
	{
		Code: chat.ErrNotAdviser.Code, Kind: fault.Forbidden,
		Title: texts("Conversazione di altri", "Not your conversation", "Gespräch eines anderen"),
		Text:  texts("La conversazione non è del consulente che chiede.", "The conversation is not that of the adviser who asks.", "Das Gespräch ist nicht das des anfragenden Beraters."),
		Cure:  texts("Prendere la conversazione dalla coda, se vi è.", "Take the conversation from the queue, if it is there.", "Das Gespräch aus der Warteschlange übernehmen, falls es dort ist."),
	},
	{
		Code: chat.ErrNoUpload.Code, Kind: fault.Invalid,
		Title: texts("Allegato sconosciuto", "Unknown attachment", "Unbekannter Anhang"),
		Text:  texts("Un allegato non è stato caricato dal mittente per questa conversazione, o è già stato inviato.", "An attachment was not uploaded by the sender for this conversation, or was sent already.", "Ein Anhang wurde vom Absender nicht für dieses Gespräch hochgeladen oder bereits gesendet."),
		Cure:  texts("Caricare il file e usare l’identificativo che ne risulta.", "Upload the file and use the id that it gets.", "Die Datei hochladen und die erhaltene Kennung verwenden."),
	},
	{
		Code: chat.ErrTooMany.Code, Kind: fault.Conflict,
		Title: texts("Troppe conversazioni aperte", "Too many open conversations", "Zu viele offene Gespräche"),
		Text:  texts("Chi chiede ha già tutte le conversazioni che una persona può avere aperte insieme.", "The caller has as many open conversations as one person may have at a time.", "Der Aufrufer hat bereits so viele offene Gespräche, wie eine Person gleichzeitig haben darf."),
		Cure:  texts("Continuare in una di quelle aperte, o chiuderne una che non serve più.", "Go on in one of those, or close one that is not needed any more.", "In einem der offenen Gespräche weiterschreiben oder eines schließen, das nicht mehr gebraucht wird."),
	},
	{
		Code: chat.ErrAdviserFull.Code, Kind: fault.Conflict,
		Title: texts("Consulente al completo", "Adviser is full", "Berater ausgelastet"),
		Text:  texts("Il consulente indicato ha già tutte le conversazioni che può avere insieme.", "That adviser has as many conversations as they may have at a time.", "Der angegebene Berater führt bereits so viele Gespräche, wie er gleichzeitig führen darf."),
		Cure:  texts("Scegliere un altro consulente o la coda.", "Choose another adviser, or the queue.", "Einen anderen Berater oder die Warteschlange wählen."),
	},
	{
		Code: codeNotAField, Kind: fault.Invalid,
		Title: texts("Campo inesistente", "No such field", "Feld nicht vorhanden"),
		Text:  texts("non è un campo del modulo.", "this is no field of the form.", "das ist kein Feld des Formulars."),
		Cure:  texts("Scrivere il campo come nei rilievi, per esempio richiesta.lavoratori[0].qualifica.", "Write the field as findings do: richiesta.lavoratori[0].qualifica, for instance.", "Das Feld wie in den Hinweisen schreiben, zum Beispiel richiesta.lavoratori[0].qualifica."),
	},
	{
		Code: chat.ErrAdviserAbsent.Code, Kind: fault.Conflict,
		Title: texts("Consulente non in servizio", "Adviser not on duty", "Berater nicht im Dienst"),
		Text:  texts("Il consulente indicato non è in servizio.", "That adviser is not on duty.", "Der angegebene Berater ist nicht im Dienst."),
		Cure:  texts("Scegliere un altro consulente o la coda.", "Choose another adviser, or the queue.", "Einen anderen Berater oder die Warteschlange wählen."),
	},
}
