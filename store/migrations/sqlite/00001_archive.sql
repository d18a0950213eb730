-- +goose Up
-- The archive: companies, provvedimenti, deleghe, who looked at what, and what the service itself keeps.
-- Days are civil days; instants are UTC in microseconds; exact numbers live in the canonical JSON of corpo.

CREATE TABLE posizioni (
    matricola      text    NOT NULL,
    versione       integer NOT NULL,
    codice_fiscale text    NOT NULL,
    denominazione  text    NOT NULL,
    ricerca        text    NOT NULL, -- folded words of the name, for the search box
    sede           text    NOT NULL,
    corpo          text    NOT NULL, -- the whole record, canonical JSON
    digest         text    NOT NULL,
    registrato_il  text NOT NULL,
    superato_il    text,
    registrato_da  text    NOT NULL,
    PRIMARY KEY (matricola, versione)
);
CREATE UNIQUE INDEX posizioni_attuali ON posizioni (matricola) WHERE superato_il IS NULL;
CREATE INDEX posizioni_azienda ON posizioni (codice_fiscale, matricola);
CREATE INDEX posizioni_sede ON posizioni (sede, matricola) WHERE superato_il IS NULL;

CREATE TABLE provvedimenti (
    numero           text    NOT NULL,
    versione         integer NOT NULL,
    matricola        text    NOT NULL,
    unita_produttiva text    NOT NULL,
    sezione          text    NOT NULL, -- autorizzazioni, reiezioni, or empty while under examination
    prestazione      text    NOT NULL,
    causale          text    NOT NULL,
    esito            text    NOT NULL,
    dal              text    NOT NULL,
    al               text    NOT NULL,
    data_emissione   text    NOT NULL,
    ricerca          text    NOT NULL, -- stems of the motivazione, between blanks
    corpo            text    NOT NULL,
    digest           text    NOT NULL,
    registrato_il    text NOT NULL,
    superato_il      text,
    registrato_da    text    NOT NULL,
    PRIMARY KEY (numero, versione)
);
CREATE UNIQUE INDEX provvedimenti_attuali ON provvedimenti (numero) WHERE superato_il IS NULL;
CREATE INDEX provvedimenti_ricerca ON provvedimenti (matricola, data_emissione, numero);
CREATE INDEX provvedimenti_sezione ON provvedimenti (matricola, sezione, data_emissione, numero);
CREATE INDEX provvedimenti_storia ON provvedimenti (matricola, dal, numero);

CREATE TABLE deleghe (
    id          text NOT NULL PRIMARY KEY,
    tipo        text NOT NULL,
    matricola   text NOT NULL,
    delegante   text NOT NULL,
    delegato    text NOT NULL,
    studio      text NOT NULL,
    servizi     text NOT NULL, -- between commas, in their order: ",contatori,provvedimenti,"
    valida_dal  text NOT NULL,
    valida_al   text,
    padre       text REFERENCES deleghe (id),
    creata_il   text NOT NULL,
    creata_da   text NOT NULL,
    revocata_il text,
    revocata_da text NOT NULL
);
CREATE INDEX deleghe_delegato ON deleghe (delegato, matricola, id);
CREATE INDEX deleghe_matricola ON deleghe (matricola, id);
CREATE INDEX deleghe_padre ON deleghe (padre);
CREATE INDEX deleghe_persona ON deleghe (delegato, id);
CREATE INDEX deleghe_delegante ON deleghe (delegante, id);
CREATE INDEX deleghe_titolare ON deleghe (delegato, matricola) WHERE tipo = 'titolare';

CREATE TABLE accessi (
    id             text NOT NULL PRIMARY KEY,
    istante        text NOT NULL,
    giorno         text NOT NULL, -- the civil day in Rome, which searches go by
    persona        text NOT NULL,
    codice_fiscale text NOT NULL,
    ruolo          text NOT NULL,
    base           text NOT NULL,
    delega         text NOT NULL,
    azione         text NOT NULL,
    matricola      text NOT NULL,
    oggetto        text NOT NULL,
    motivo         text NOT NULL,
    esito          text NOT NULL,
    policy         text NOT NULL,
    correlazione   text NOT NULL,
    indirizzo      text NOT NULL
);
CREATE INDEX accessi_matricola ON accessi (matricola, id);
CREATE INDEX accessi_persona ON accessi (persona, id);
CREATE INDEX accessi_delega ON accessi (delega, id);

CREATE TABLE risposte (
    persona     text    NOT NULL,
    chiave      text    NOT NULL, -- Idempotency-Key
    operazione  text    NOT NULL, -- method and path
    richiesta   text    NOT NULL, -- digest of the body
    stato       integer NOT NULL,
    intestazioni text   NOT NULL,
    corpo       blob NOT NULL,
    creata_il   text NOT NULL,
    PRIMARY KEY (persona, chiave)
);
CREATE INDEX risposte_eta ON risposte (creata_il);

CREATE TABLE esportazioni (
    id         text    NOT NULL PRIMARY KEY,
    persona    text    NOT NULL,
    richiesta  text    NOT NULL, -- what was asked, JSON
    stato      text    NOT NULL, -- in_coda, in_corso, pronta, fallita
    righe      integer NOT NULL,
    errore     text    NOT NULL,
    creata_il  text NOT NULL,
    presa_il   text,
    pronta_il  text,
    scade_il   text NOT NULL
);
CREATE INDEX esportazioni_coda ON esportazioni (stato, creata_il);
CREATE INDEX esportazioni_scadenza ON esportazioni (scade_il);

CREATE TABLE esportazioni_parti (
    esportazione text    NOT NULL REFERENCES esportazioni (id) ON DELETE CASCADE,
    numero       integer NOT NULL,
    dati         blob NOT NULL,
    PRIMARY KEY (esportazione, numero)
);

CREATE TABLE importazioni (
    digest      text    NOT NULL PRIMARY KEY, -- of the file
    tipo        text    NOT NULL,
    righe       integer  NOT NULL, -- lines that are done
    conteggi    text    NOT NULL, -- what became of them, JSON
    iniziata_il text NOT NULL,
    aggiornata_il text NOT NULL
);

-- The record of accesses only grows.
-- +goose StatementBegin
CREATE TRIGGER accessi_immutabili BEFORE UPDATE ON accessi
BEGIN
    SELECT RAISE(ABORT, 'accessi: lines are only ever added');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER accessi_non_cancellabili BEFORE DELETE ON accessi
BEGIN
    SELECT RAISE(ABORT, 'accessi: lines are only ever added');
END;
-- +goose StatementEnd
-- A replacement deletes without telling the trigger above.
-- +goose StatementBegin
CREATE TRIGGER accessi_non_sostituibili BEFORE INSERT ON accessi WHEN EXISTS (SELECT 1 FROM accessi WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'accessi: lines are only ever added');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE importazioni;
DROP TABLE esportazioni_parti;
DROP TABLE esportazioni;
DROP TABLE risposte;
DROP TABLE accessi;
DROP TABLE deleghe;
DROP TABLE provvedimenti;
DROP TABLE posizioni;
