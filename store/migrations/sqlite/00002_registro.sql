-- +goose Up
-- The record of decisions: an append-only Merkle log, what its leaves commit to, and by what it is searched.

-- One row, the head of the log. Whoever appends holds its lock.
CREATE TABLE testa (
    id         text NOT NULL PRIMARY KEY,
    dimensione integer NOT NULL,
    checkpoint text NOT NULL, -- signed; empty while the log is
    chiavi     text NOT NULL, -- keyring, JSON; empty until the first leaf
    edizione   text NOT NULL, -- root digest of the edition in use; empty while there is none
    firmata_il text NOT NULL       -- when firme got its last row
);
INSERT INTO testa (id, dimensione, checkpoint, chiavi, edizione, firmata_il) VALUES ('testa', 0, '', '', '', '1970-01-01T00:00:00.000000Z');

CREATE TABLE foglie (
    posizione integer NOT NULL PRIMARY KEY,
    id        text NOT NULL,
    tipo      text NOT NULL, -- receipt/v1, access/v1, …
    dati      text NOT NULL  -- the leaf, canonical JSON; of a receipt without its versions, which are in insiemi
);
CREATE UNIQUE INDEX foglie_id ON foglie (id);

CREATE TABLE tessere (
    livello integer NOT NULL,
    numero  integer  NOT NULL,
    dati    blob   NOT NULL, -- up to 64 hashes
    PRIMARY KEY (livello, numero)
);

CREATE TABLE firme (
    dimensione integer NOT NULL PRIMARY KEY,
    nota       text NOT NULL, -- a signed checkpoint, with the signatures of witnesses
    testimoni  integer NOT NULL
);

CREATE TABLE decisioni (
    posizione        integer NOT NULL PRIMARY KEY,
    istante          text NOT NULL,
    classe           integer NOT NULL,
    matricola        text NOT NULL,
    unita_produttiva text NOT NULL,
    persona          text NOT NULL, -- who asked; empty once erased
    delega           text NOT NULL,
    settore          text NOT NULL,
    fatti            text NOT NULL, -- those that are not personal, canonical JSON
    risultato        text NOT NULL  -- the outcome, canonical JSON
);
CREATE INDEX decisioni_classe ON decisioni (classe, posizione);
CREATE INDEX decisioni_matricola ON decisioni (matricola, posizione) WHERE matricola <> '';
CREATE INDEX decisioni_unita ON decisioni (unita_produttiva, posizione) WHERE unita_produttiva <> '';
CREATE INDEX decisioni_persona ON decisioni (persona, posizione) WHERE persona <> '';
CREATE INDEX decisioni_delega ON decisioni (delega, posizione) WHERE delega <> '';

-- Between which leaves the decisions of an hour stand, so that a search by time is one by places.
CREATE TABLE ore (
    ora    integer NOT NULL PRIMARY KEY, -- since 1970, UTC
    prima  integer NOT NULL,
    ultima integer NOT NULL
);

-- What many decisions have in common is kept once: the versions that were applied, with their digests, which are most of a
-- receipt, and whatever has few values. Ids are taken from the content.
CREATE TABLE insiemi (
    id    integer NOT NULL PRIMARY KEY,
    testo text NOT NULL -- JSON
);
CREATE TABLE insiemi_regole (
    regola   text NOT NULL,
    versione integer NOT NULL,
    insieme  integer NOT NULL,
    PRIMARY KEY (regola, versione, insieme)
);
CREATE TABLE classi (
    id              integer NOT NULL PRIMARY KEY,
    insieme         integer NOT NULL,
    edizione        text NOT NULL,
    edizione_digest text NOT NULL,
    tipo            text NOT NULL, -- counters, validate
    simulazione     integer NOT NULL,
    esito           text NOT NULL
);
CREATE INDEX classi_insieme ON classi (insieme);

-- Personal values with their salts, apart from all that is bound by the log: erasing them leaves every hash as it was.
CREATE TABLE personali (
    foglia integer NOT NULL PRIMARY KEY,
    valori text NOT NULL -- JSON
);
CREATE TABLE cancellazioni (
    foglia   integer NOT NULL,
    percorso text NOT NULL,
    da       integer NOT NULL, -- position of the leaf that says so
    PRIMARY KEY (foglia, percorso)
);

CREATE TABLE vincoli (
    id        text NOT NULL PRIMARY KEY,
    matricola text NOT NULL,
    motivo    text NOT NULL,
    posto_da  text NOT NULL,
    posto_il  text NOT NULL,
    tolto_da  text NOT NULL,
    tolto_il  text
);
CREATE INDEX vincoli_matricola ON vincoli (matricola, id);

-- How far long jobs over the log are.
CREATE TABLE ripetizioni (
    id            text NOT NULL PRIMARY KEY,
    stato         blob NOT NULL,
    aggiornata_il text NOT NULL
);

-- Leaves and decisions are only ever added; of a decision nothing changes but who asked, when that is erased. A replacement
-- deletes without telling the triggers for deletions.
-- +goose StatementBegin
CREATE TRIGGER foglie_immutabili BEFORE UPDATE ON foglie
BEGIN
    SELECT RAISE(ABORT, 'registro: rows are only ever added');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER foglie_non_cancellabili BEFORE DELETE ON foglie
BEGIN
    SELECT RAISE(ABORT, 'registro: rows are only ever added');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER foglie_non_sostituibili BEFORE INSERT ON foglie WHEN EXISTS (SELECT 1 FROM foglie WHERE posizione = NEW.posizione OR id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'registro: rows are only ever added');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER decisioni_immutabili BEFORE UPDATE ON decisioni WHEN NEW.persona <> ''
    OR NEW.posizione IS NOT OLD.posizione
    OR NEW.istante IS NOT OLD.istante
    OR NEW.classe IS NOT OLD.classe
    OR NEW.matricola IS NOT OLD.matricola
    OR NEW.unita_produttiva IS NOT OLD.unita_produttiva
    OR NEW.delega IS NOT OLD.delega
    OR NEW.settore IS NOT OLD.settore
    OR NEW.fatti IS NOT OLD.fatti
    OR NEW.risultato IS NOT OLD.risultato
BEGIN
    SELECT RAISE(ABORT, 'registro: rows are only ever added');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER decisioni_non_cancellabili BEFORE DELETE ON decisioni
BEGIN
    SELECT RAISE(ABORT, 'registro: rows are only ever added');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER decisioni_non_sostituibili BEFORE INSERT ON decisioni WHEN EXISTS (SELECT 1 FROM decisioni WHERE posizione = NEW.posizione)
BEGIN
    SELECT RAISE(ABORT, 'registro: rows are only ever added');
END;
-- +goose StatementEnd

-- Of a line of the record of accesses nothing changes but what is personal, when that is erased.
DROP TRIGGER accessi_immutabili;
-- +goose StatementBegin
CREATE TRIGGER accessi_immutabili BEFORE UPDATE ON accessi WHEN NEW.id IS NOT OLD.id
    OR NEW.istante IS NOT OLD.istante
    OR NEW.giorno IS NOT OLD.giorno
    OR NEW.ruolo IS NOT OLD.ruolo
    OR NEW.base IS NOT OLD.base
    OR NEW.delega IS NOT OLD.delega
    OR NEW.azione IS NOT OLD.azione
    OR NEW.matricola IS NOT OLD.matricola
    OR NEW.esito IS NOT OLD.esito
    OR NEW.policy IS NOT OLD.policy
    OR NEW.correlazione IS NOT OLD.correlazione
    OR NEW.persona NOT IN ('', OLD.persona)
    OR NEW.codice_fiscale NOT IN ('', OLD.codice_fiscale)
    OR NEW.oggetto NOT IN ('', OLD.oggetto)
    OR NEW.motivo NOT IN ('', OLD.motivo)
    OR NEW.indirizzo NOT IN ('', OLD.indirizzo)
BEGIN
    SELECT RAISE(ABORT, 'accessi: lines are only ever added');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER accessi_immutabili;
-- +goose StatementBegin
CREATE TRIGGER accessi_immutabili BEFORE UPDATE ON accessi
BEGIN
    SELECT RAISE(ABORT, 'accessi: lines are only ever added');
END;
-- +goose StatementEnd
DROP TABLE ripetizioni;
DROP TABLE vincoli;
DROP TABLE cancellazioni;
DROP TABLE personali;
DROP TABLE classi;
DROP TABLE insiemi_regole;
DROP TABLE insiemi;
DROP TABLE ore;
DROP TABLE decisioni;
DROP TABLE firme;
DROP TABLE tessere;
DROP TABLE foglie;
DROP TABLE testa;
