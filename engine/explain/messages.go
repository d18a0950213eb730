package explain

// msg is a sentence, or a piece of one, that the code may ask for. The words are in the
// catalogue of the edition, under the name given here.
type msg uint8

const (
	shortRoom msg = iota
	shortFull
	shortPaused
	shortPausedOpen
	shortAdmissible
	shortPartly
	shortPartlyAmount
	shortInadmissible
	shortExempt
	shortNotInForce
	shortNotCompany
	shortNotRequest
	shortNotAsked
	shortMissing
	shortFailed
	shortConflict
	shortRate
	shortRateAsked
	shortRateExempt

	factRequest
	factRequestHours
	factRequestExempt
	factState
	factStateNoWindow
	factBases
	factWaived
	norm
	normOpen
	normRate
	fits
	fitsOne
	overLimitWeek
	overLimitWhole
	overRequest
	paused
	pausedOpen
	outside
	stateRoom
	stateFull
	rate
	rateFlat
	rateExempt
	rateLate
	rateUntil
	outcomeAdmissible
	outcomePartly
	outcomePartlyAmount
	outcomeInadmissible
	outcomeExempt
	outcomeMissing
	restOf
	versionWeek
	versionDay
	versionState
	versionSeveral
	versionItem
	since
	between
	startFirst
	startFull
	startBoth
	startNone
	releaseNext
	pauseEnd
	breakdown
	breakdownUncounted
	whyOverLimitWeek
	whyOverLimitWhole
	whyOverRequest
	whyPause
	whyPauseOpen
	whyOutside

	sourceDefault
	sourceSecond
	sourceRecalled
	sourceItem
	sourceBare
	presumed
	presumedItem

	fullPeriod
	fullPeriods
	fullWeek
	fullWeeks
	fullWeeksChange
	fullFits
	fullOverLimit
	fullOverRequest
	fullPause
	fullOutside
	fullRelease
	fullReleases
	fullParameter

	reasonCounted
	reasonCountedPartly
	reasonUsed
	reasonUsedPartly
	reasonNothingLeft
	reasonWeighted
	reasonWaived
	reasonOutside
	reasonNoWindow
	reasonOther
	reasonBeforeLaw
	reasonUnknown
	reasonUnknownData
	reasonUsedNothing

	exceptionCited
	missingRow
	missingRows
	unnumbered
	valueTrue
	valueFalse
	valueCode
	citeArticle
	citeParagraph
	citeParagraphs
	citeAct
	citeArticles
	listComma
	listAnd
	listSemicolon
	listMore
	msgCount
)

// What the trace holds in each place, so that a sentence can't name what is not there.
var (
	always   = of(sTitolo, sNorma, sRif, sVersione, sVersioneDal, sVigenza)
	state    = of(sLimite, sContato, sResiduo)
	window   = of(sFinestraDal, sFinestraAl)
	days     = of(sRichiestaDal, sRichiestaAl)
	asked    = days.with(of(sRichiesto))
	exam     = of(sEsameDal, sEsameAl, sEsameFinestraDal, sEsameFinestraAl, sEsameTotale, sEsameLimite)
	over     = exam.with(of(sEsameEccesso))
	granted  = of(sAmmesso, sAmmessoDal, sAmmessoAl)
	rated    = of(sAliquota, sScaglioni, sContato)
	tier     = of(sSogliaConto, sSogliaDal, sSogliaAl)
	inPeriod = of(sNumero)
	pair     = of(sPrimo, sSecondo)
)

// message is the name of a sentence and what the trace holds where it is used.
type message struct {
	id    string
	slots slots
}

var messages = [msgCount]message{
	shortRoom:         {"counter.short.room", always.with(state)},
	shortFull:         {"counter.short.full", always.with(state)},
	shortPaused:       {"counter.short.paused", always.with(state).with(of(sPausaFine))},
	shortPausedOpen:   {"counter.short.paused_open", always.with(state)},
	shortAdmissible:   {"counter.short.admissible", always.with(asked).with(exam)},
	shortPartly:       {"counter.short.partly_admissible", always.with(asked).with(granted).with(exam).with(of(sPerche))},
	shortPartlyAmount: {"counter.short.partly_admissible_amount", always.with(asked).with(over).with(of(sAmmesso, sPerche))},
	shortInadmissible: {"counter.short.inadmissible", always.with(asked).with(exam).with(of(sPerche))},
	shortExempt:       {"counter.short.exempt", always.with(days).with(of(sEccezioni))},
	shortNotInForce:   {"counter.short.not_in_force", always},
	shortNotCompany:   {"counter.short.not_applicable", always},
	shortNotRequest:   {"counter.short.not_applicable_request", always},
	shortNotAsked:     {"counter.short.not_asked", always},
	shortMissing:      {"counter.short.missing_data", always.with(of(sMancanti))},
	shortFailed:       {"counter.short.rule_failed", always.with(of(sGuasto))},
	shortConflict:     {"counter.short.conflict", always.with(of(sGuasto))},
	shortRate:         {"counter.short.rate", always.with(rated)},
	shortRateAsked:    {"counter.short.rate_requested", always.with(rated).with(days)},
	shortRateExempt:   {"counter.short.rate_exempt", always.with(days).with(of(sEccezioni))},

	factRequest:         {"counter.fact.request", always.with(asked)},
	factRequestHours:    {"counter.fact.request_hours", always.with(asked)},
	factRequestExempt:   {"counter.fact.request_exempt", always.with(days)},
	factState:           {"counter.fact.state", always.with(window).with(of(sContato))},
	factStateNoWindow:   {"counter.fact.state_without_window", always.with(of(sContato))},
	factBases:           {"counter.fact.bases", always.with(of(sContato, sAutorizzato, sFruito))},
	factWaived:          {"counter.fact.waived", always.with(of(sEccezioni))},
	norm:                {"counter.norm", always.with(of(sLimite))},
	normOpen:            {"counter.norm_without_limit", always},
	normRate:            {"counter.norm_rate", always},
	fits:                {"counter.application.fits", always.with(asked).with(exam).with(of(sEsaminate))},
	fitsOne:             {"counter.application.fits_whole", always.with(asked).with(exam)},
	overLimitWeek:       {"counter.application.over_limit", always.with(asked).with(over)},
	overLimitWhole:      {"counter.application.over_limit_whole", always.with(asked).with(over)},
	overRequest:         {"counter.application.over_request", always.with(asked).with(exam).with(of(sMassimoDomanda))},
	paused:              {"counter.application.pause", always.with(of(sPausaFine))},
	pausedOpen:          {"counter.application.pause_open", always},
	outside:             {"counter.application.outside_window", always.with(asked).with(exam)},
	stateRoom:           {"counter.application.room", always.with(state)},
	stateFull:           {"counter.application.full", always.with(state)},
	rate:                {"counter.application.rate", always.with(rated).with(tier)},
	rateFlat:            {"counter.application.rate_flat", always.with(rated)},
	rateExempt:          {"counter.application.rate_exempt", always.with(of(sEccezioni))},
	rateLate:            {"counter.application.rate_delayed", always.with(rated).with(tier).with(of(sLimite))},
	rateUntil:           {"counter.application.rate_until", always.with(rated).with(tier).with(state)},
	outcomeAdmissible:   {"counter.outcome.admissible", always.with(asked)},
	outcomePartly:       {"counter.outcome.partly_admissible", always.with(asked).with(granted)},
	outcomePartlyAmount: {"counter.outcome.partly_admissible_amount", always.with(asked).with(of(sAmmesso, sResto))},
	outcomeInadmissible: {"counter.outcome.inadmissible", always.with(asked)},
	outcomeExempt:       {"counter.outcome.exempt", always.with(days).with(of(sEccezioni))},
	outcomeMissing:      {"counter.outcome.missing_data", always.with(of(sMancanti))},
	restOf:              {"counter.outcome.rest", always.with(asked).with(granted).with(of(sResto, sRestoDal))},
	versionWeek:         {"counter.version.week", always.with(of(sGiorno))},
	versionDay:          {"counter.version.start", always.with(of(sGiorno))},
	versionState:        {"counter.version.state", always.with(of(sGiorno))},
	versionSeveral:      {"counter.version.several", always.with(of(sVersioni))},
	versionItem:         {"counter.version.item", of(sVersione, sVersioneDal, sVigenza)},
	since:               {"counter.version.since", of(sVersioneDal)},
	between:             {"counter.version.between", of(sVersioneDal, sVersioneAl)},
	startFirst:          {"counter.alternative.first", always.with(asked).with(of(sPrimoInizio))},
	startFull:           {"counter.alternative.full", always.with(asked).with(of(sPrimoInizioIntero))},
	startBoth:           {"counter.alternative.both", always.with(asked).with(of(sPrimoInizio, sPrimoInizioIntero))},
	startNone:           {"counter.alternative.none", always.with(asked)},
	releaseNext:         {"counter.release.next", always.with(of(sRientro, sRientroIl))},
	pauseEnd:            {"counter.pause.end", always.with(of(sPausaFine))},
	breakdown:           {"counter.breakdown", of(sCausale, sCausaleLimite, sCausaleContato, sCausaleResiduo)},
	breakdownUncounted:  {"counter.breakdown_uncounted", of(sCausale, sCausaleLimite)},
	whyOverLimitWeek:    {"counter.why.over_limit", always.with(asked).with(over)},
	whyOverLimitWhole:   {"counter.why.over_limit_whole", always.with(asked).with(over)},
	whyOverRequest:      {"counter.why.over_request", always.with(asked).with(of(sMassimoDomanda))},
	whyPause:            {"counter.why.pause", always.with(asked).with(of(sPausaFine))},
	whyPauseOpen:        {"counter.why.pause_open", always.with(asked)},
	whyOutside:          {"counter.why.outside_window", always.with(asked).with(exam)},

	sourceDefault:  {"counter.source.default", of(sVoci)},
	sourceSecond:   {"counter.source.confirmed_second", of(sVoci)},
	sourceRecalled: {"counter.source.recalled", of(sVoci)},
	sourceItem:     {"counter.source.item", of(sFonte, sNota)},
	sourceBare:     {"counter.source.item_without_note", of(sFonte)},
	presumed:       {"counter.presumed", of(sVoci)},
	presumedItem:   {"counter.presumed.item", of(sFonte, sNormaFonte)},

	fullPeriod:      {"counter.full.period", always.with(inPeriod).with(of(sPeriodoDal, sPeriodoAl, sMotivo))},
	fullPeriods:     {"counter.full.periods", always.with(of(sNumeri, sMotivo))},
	fullWeek:        {"counter.full.week", always.with(exam).with(of(sEsito))},
	fullWeeks:       {"counter.full.weeks", always.with(exam).with(of(sEsito, sEsaminate, sSerieAl))},
	fullWeeksChange: {"counter.full.weeks_change", always.with(exam).with(of(sEsito, sEsaminate, sSerieAl, sSerieTotale))},
	fullFits:        {"counter.full.fits", always},
	fullOverLimit:   {"counter.full.over_limit", always.with(exam)},
	fullOverRequest: {"counter.full.over_request", always},
	fullPause:       {"counter.full.pause", always},
	fullOutside:     {"counter.full.outside_window", always},
	fullRelease:     {"counter.full.release", always.with(of(sRientro, sRientroIl))},
	fullReleases:    {"counter.full.releases", always.with(of(sRientro, sRientroIl, sRientroFine, sQuanti))},
	fullParameter:   {"counter.full.parameter", of(sParametro, sValore, sParametroNumero, sVersioneDal, sVigenza, sNormaFonte)},

	reasonCounted:       {"counter.reason.counted", always.with(of(sConteggio))},
	reasonCountedPartly: {"counter.reason.counted_partly", always.with(of(sConteggio, sEccezioni))},
	reasonUsed:          {"counter.reason.counted_used", always.with(of(sConteggio))},
	reasonUsedPartly:    {"counter.reason.counted_used_partly", always.with(of(sConteggio, sEccezioni))},
	reasonNothingLeft:   {"counter.reason.nothing_left", always},
	reasonWeighted:      {"counter.reason.weighted", always.with(of(sConteggio, sMotivo))},
	reasonWaived:        {"counter.reason.waived", always.with(of(sEccezioni))},
	reasonOutside:       {"counter.reason.outside_window", always.with(window)},
	reasonNoWindow:      {"counter.reason.without_window", always},
	reasonOther:         {"counter.reason.other_benefit", always},
	reasonBeforeLaw:     {"counter.reason.before_law", always},
	reasonUnknown:       {"counter.reason.unknown", always},
	reasonUnknownData:   {"counter.reason.unknown_data", always.with(of(sMancanti))},
	reasonUsedNothing:   {"counter.reason.used_nothing", always},

	exceptionCited: {"counter.exception", of(sSigla, sFonte, sNormaFonte)},
	missingRow:     {"counter.missing.row", of(sDato, sNumero)},
	missingRows:    {"counter.missing.rows", of(sDato, sNumeri)},
	unnumbered:     {"counter.period.unnumbered", of(sQuanti)},
	valueTrue:      {"counter.value.true", slots{}},
	valueFalse:     {"counter.value.false", slots{}},
	valueCode:      {"counter.value.code", of(sValore)},
	citeArticle:    {"counter.cite.article", of(sArticolo)},
	citeParagraph:  {"counter.cite.paragraph", of(sArticolo, sComma)},
	citeParagraphs: {"counter.cite.paragraphs", of(sArticolo, sCommi)},
	citeAct:        {"counter.cite.act", of(sArticoli, sAtto)},
	citeArticles:   {"counter.cite.articles", pair},
	listComma:      {"counter.list.comma", pair},
	listAnd:        {"counter.list.and", pair},
	listSemicolon:  {"counter.list.semicolon", pair},
	listMore:       {"counter.list.more", of(sElenco, sQuanti)},
}

// msgByName finds a sentence by its name in the catalogue.
var msgByName = func() map[string]msg {
	m := make(map[string]msg, msgCount)
	for i, x := range messages {
		m[x.id] = msg(i)
	}
	return m
}()
