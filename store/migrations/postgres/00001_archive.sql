-- +goose Up
-- The archive: companies, provvedimenti, deleghe, who looked at what, and what the service itself keeps.
-- Days are civil days; instants are UTC in microseconds; exact numbers live in the canonical JSON of corpo.

CREATE TABLE posizioni (
    matricola      text COLLATE "C"    NOT NULL,
    versione       integer NOT NULL,
    codice_fiscale text COLLATE "C"    NOT NULL,
    denominazione  text COLLATE "C"    NOT NULL,
    ricerca        text COLLATE "C"    NOT NULL, -- folded words of the name, for the search box
    sede           text COLLATE "C"    NOT NULL,
    corpo          text COLLATE "C"    NOT NULL, -- the whole record, canonical JSON
    digest         text COLLATE "C"    NOT NULL,
    registrato_il  timestamptz NOT NULL,
    superato_il    timestamptz,
    registrato_da  text COLLATE "C"    NOT NULL,
    PRIMARY KEY (matricola, versione)
);
CREATE UNIQUE INDEX posizioni_attuali ON posizioni (matricola) WHERE superato_il IS NULL;
CREATE INDEX posizioni_azienda ON posizioni (codice_fiscale, matricola);
CREATE INDEX posizioni_sede ON posizioni (sede, matricola) WHERE superato_il IS NULL;

CREATE TABLE provvedimenti (
    numero           text COLLATE "C"    NOT NULL,
    versione         integer NOT NULL,
    matricola        text COLLATE "C"    NOT NULL,
    unita_produttiva text COLLATE "C"    NOT NULL,
    sezione          text COLLATE "C"    NOT NULL, -- autorizzazioni, reiezioni, or empty while under examination
    prestazione      text COLLATE "C"    NOT NULL,
    causale          text COLLATE "C"    NOT NULL,
    esito            text COLLATE "C"    NOT NULL,
    dal              date    NOT NULL,
    al               date    NOT NULL,
    data_emissione   date    NOT NULL,
    ricerca          text COLLATE "C"    NOT NULL, -- stems of the motivazione, between blanks
    corpo            text COLLATE "C"    NOT NULL,
    digest           text COLLATE "C"    NOT NULL,
    registrato_il    timestamptz NOT NULL,
    superato_il      timestamptz,
    registrato_da    text COLLATE "C"    NOT NULL,
    PRIMARY KEY (numero, versione)
);
CREATE UNIQUE INDEX provvedimenti_attuali ON provvedimenti (numero) WHERE superato_il IS NULL;
CREATE INDEX provvedimenti_ricerca ON provvedimenti (matricola, data_emissione, numero);
CREATE INDEX provvedimenti_sezione ON provvedimenti (matricola, sezione, data_emissione, numero);
CREATE INDEX provvedimenti_storia ON provvedimenti (matricola, dal, numero);

CREATE TABLE deleghe (
    id          text COLLATE "C" NOT NULL PRIMARY KEY,
    tipo        text COLLATE "C" NOT NULL,
    matricola   text COLLATE "C" NOT NULL,
    delegante   text COLLATE "C" NOT NULL,
    delegato    text COLLATE "C" NOT NULL,
    studio      text COLLATE "C" NOT NULL,
    servizi     text COLLATE "C" NOT NULL, -- between commas, in their order: ",contatori,provvedimenti,"
    valida_dal  date NOT NULL,
    valida_al   date,
    padre       text COLLATE "C" REFERENCES deleghe (id),
    creata_il   timestamptz NOT NULL,
    creata_da   text COLLATE "C" NOT NULL,
    revocata_il timestamptz,
    revocata_da text COLLATE "C" NOT NULL
);
CREATE INDEX deleghe_delegato ON deleghe (delegato, matricola, id);
CREATE INDEX deleghe_matricola ON deleghe (matricola, id);
CREATE INDEX deleghe_padre ON deleghe (padre);
CREATE INDEX deleghe_persona ON deleghe (delegato, id);
CREATE INDEX deleghe_delegante ON deleghe (delegante, id);
CREATE INDEX deleghe_titolare ON deleghe (delegato, matricola) WHERE tipo = 'titolare';

CREATE TABLE accessi (
    id             text COLLATE "C" NOT NULL PRIMARY KEY,
    istante        timestamptz NOT NULL,
    giorno         date NOT NULL, -- the civil day in Rome, which searches go by
    persona        text COLLATE "C" NOT NULL,
    codice_fiscale text COLLATE "C" NOT NULL,
    ruolo          text COLLATE "C" NOT NULL,
    base           text COLLATE "C" NOT NULL,
    delega         text COLLATE "C" NOT NULL,
    azione         text COLLATE "C" NOT NULL,
    matricola      text COLLATE "C" NOT NULL,
    oggetto        text COLLATE "C" NOT NULL,
    motivo         text COLLATE "C" NOT NULL,
    esito          text COLLATE "C" NOT NULL,
    policy         text COLLATE "C" NOT NULL,
    correlazione   text COLLATE "C" NOT NULL,
    indirizzo      text COLLATE "C" NOT NULL
);
CREATE INDEX accessi_matricola ON accessi (matricola, id);
CREATE INDEX accessi_persona ON accessi (persona, id);
CREATE INDEX accessi_delega ON accessi (delega, id);

CREATE TABLE risposte (
    persona     text COLLATE "C"    NOT NULL,
    chiave      text COLLATE "C"    NOT NULL, -- Idempotency-Key
    operazione  text COLLATE "C"    NOT NULL, -- method and path
    richiesta   text COLLATE "C"    NOT NULL, -- digest of the body
    stato       integer NOT NULL,
    intestazioni text COLLATE "C"   NOT NULL,
    corpo       bytea NOT NULL,
    creata_il   timestamptz NOT NULL,
    PRIMARY KEY (persona, chiave)
);
CREATE INDEX risposte_eta ON risposte (creata_il);

CREATE TABLE esportazioni (
    id         text COLLATE "C"    NOT NULL PRIMARY KEY,
    persona    text COLLATE "C"    NOT NULL,
    richiesta  text COLLATE "C"    NOT NULL, -- what was asked, JSON
    stato      text COLLATE "C"    NOT NULL, -- in_coda, in_corso, pronta, fallita
    righe      integer NOT NULL,
    errore     text COLLATE "C"    NOT NULL,
    creata_il  timestamptz NOT NULL,
    presa_il   timestamptz,
    pronta_il  timestamptz,
    scade_il   timestamptz NOT NULL
);
CREATE INDEX esportazioni_coda ON esportazioni (stato, creata_il);
CREATE INDEX esportazioni_scadenza ON esportazioni (scade_il);

CREATE TABLE esportazioni_parti (
    esportazione text COLLATE "C"    NOT NULL REFERENCES esportazioni (id) ON DELETE CASCADE,
    numero       integer NOT NULL,
    dati         bytea NOT NULL,
    PRIMARY KEY (esportazione, numero)
);

CREATE TABLE importazioni (
    digest      text COLLATE "C"    NOT NULL PRIMARY KEY, -- of the file
    tipo        text COLLATE "C"    NOT NULL,
    righe       bigint  NOT NULL, -- lines that are done
    conteggi    text COLLATE "C"    NOT NULL, -- what became of them, JSON
    iniziata_il timestamptz NOT NULL,
    aggiornata_il timestamptz NOT NULL
);

-- The record of accesses only grows.
-- +goose StatementBegin
CREATE FUNCTION accessi_solo_aggiunte() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'accessi: lines are only ever added';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER accessi_immutabili BEFORE UPDATE OR DELETE ON accessi
    FOR EACH ROW EXECUTE FUNCTION accessi_solo_aggiunte();
CREATE TRIGGER accessi_non_svuotabili BEFORE TRUNCATE ON accessi
    FOR EACH STATEMENT EXECUTE FUNCTION accessi_solo_aggiunte();

-- +goose Down
DROP TABLE importazioni;
DROP TABLE esportazioni_parti;
DROP TABLE esportazioni;
DROP TABLE risposte;
DROP TABLE accessi;
DROP TABLE deleghe;
DROP TABLE provvedimenti;
DROP TABLE posizioni;
DROP FUNCTION accessi_solo_aggiunte;
