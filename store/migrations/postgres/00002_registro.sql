-- +goose Up
-- The record of decisions: an append-only Merkle log, what its leaves commit to, and by what it is searched.

-- One row, the head of the log. Whoever appends holds its lock.
CREATE TABLE testa (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    dimensione bigint NOT NULL,
    checkpoint text COLLATE "C" NOT NULL, -- signed; empty while the log is
    chiavi     text COLLATE "C" NOT NULL, -- keyring, JSON; empty until the first leaf
    edizione   text COLLATE "C" NOT NULL, -- root digest of the edition in use; empty while there is none
    firmata_il timestamptz NOT NULL       -- when firme got its last row
);
INSERT INTO testa (id, dimensione, checkpoint, chiavi, edizione, firmata_il) VALUES ('testa', 0, '', '', '', '1970-01-01T00:00:00.000000Z');

CREATE TABLE foglie (
    posizione bigint NOT NULL PRIMARY KEY,
    id        text COLLATE "C" NOT NULL,
    tipo      text COLLATE "C" NOT NULL, -- receipt/v1, access/v1, …
    dati      text COLLATE "C" NOT NULL  -- the leaf, canonical JSON; of a receipt without its versions, which are in insiemi
);
CREATE UNIQUE INDEX foglie_id ON foglie (id);

CREATE TABLE tessere (
    livello integer NOT NULL,
    numero  bigint  NOT NULL,
    dati    bytea   NOT NULL, -- up to 64 hashes
    PRIMARY KEY (livello, numero)
);

CREATE TABLE firme (
    dimensione bigint NOT NULL PRIMARY KEY,
    nota       text COLLATE "C" NOT NULL, -- a signed checkpoint, with the signatures of witnesses
    testimoni  integer NOT NULL
);

CREATE TABLE decisioni (
    posizione        bigint NOT NULL PRIMARY KEY,
    istante          timestamptz NOT NULL,
    classe           bigint NOT NULL,
    matricola        text COLLATE "C" NOT NULL,
    unita_produttiva text COLLATE "C" NOT NULL,
    persona          text COLLATE "C" NOT NULL, -- who asked; empty once erased
    delega           text COLLATE "C" NOT NULL,
    settore          text COLLATE "C" NOT NULL,
    fatti            text COLLATE "C" NOT NULL, -- those that are not personal, canonical JSON
    risultato        text COLLATE "C" NOT NULL  -- the outcome, canonical JSON
);
CREATE INDEX decisioni_classe ON decisioni (classe, posizione);
CREATE INDEX decisioni_matricola ON decisioni (matricola, posizione) WHERE matricola <> '';
CREATE INDEX decisioni_unita ON decisioni (unita_produttiva, posizione) WHERE unita_produttiva <> '';
CREATE INDEX decisioni_persona ON decisioni (persona, posizione) WHERE persona <> '';
CREATE INDEX decisioni_delega ON decisioni (delega, posizione) WHERE delega <> '';

-- Between which leaves the decisions of an hour stand, so that a search by time is one by places.
CREATE TABLE ore (
    ora    bigint NOT NULL PRIMARY KEY, -- since 1970, UTC
    prima  bigint NOT NULL,
    ultima bigint NOT NULL
);

-- What many decisions have in common is kept once: the versions that were applied, with their digests, which are most of a
-- receipt, and whatever has few values. Ids are taken from the content.
CREATE TABLE insiemi (
    id    bigint NOT NULL PRIMARY KEY,
    testo text COLLATE "C" NOT NULL -- JSON
);
CREATE TABLE insiemi_regole (
    regola   text COLLATE "C" NOT NULL,
    versione integer NOT NULL,
    insieme  bigint NOT NULL,
    PRIMARY KEY (regola, versione, insieme)
);
CREATE TABLE classi (
    id              bigint NOT NULL PRIMARY KEY,
    insieme         bigint NOT NULL,
    edizione        text COLLATE "C" NOT NULL,
    edizione_digest text COLLATE "C" NOT NULL,
    tipo            text COLLATE "C" NOT NULL, -- counters, validate
    simulazione     integer NOT NULL,
    esito           text COLLATE "C" NOT NULL
);
CREATE INDEX classi_insieme ON classi (insieme);

-- Personal values with their salts, apart from all that is bound by the log: erasing them leaves every hash as it was.
CREATE TABLE personali (
    foglia bigint NOT NULL PRIMARY KEY,
    valori text COLLATE "C" NOT NULL -- JSON
);
CREATE TABLE cancellazioni (
    foglia   bigint NOT NULL,
    percorso text COLLATE "C" NOT NULL,
    da       bigint NOT NULL, -- position of the leaf that says so
    PRIMARY KEY (foglia, percorso)
);

CREATE TABLE vincoli (
    id        text COLLATE "C" NOT NULL PRIMARY KEY,
    matricola text COLLATE "C" NOT NULL,
    motivo    text COLLATE "C" NOT NULL,
    posto_da  text COLLATE "C" NOT NULL,
    posto_il  timestamptz NOT NULL,
    tolto_da  text COLLATE "C" NOT NULL,
    tolto_il  timestamptz
);
CREATE INDEX vincoli_matricola ON vincoli (matricola, id);

-- How far long jobs over the log are.
CREATE TABLE ripetizioni (
    id            text COLLATE "C" NOT NULL PRIMARY KEY,
    stato         bytea NOT NULL,
    aggiornata_il timestamptz NOT NULL
);

-- Leaves and decisions are only ever added; of a decision nothing changes but who asked, of an activation
-- but who did it, when that is erased.
-- +goose StatementBegin
CREATE FUNCTION registro_solo_aggiunte() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'decisioni' THEN
        IF NEW.persona = '' AND to_jsonb(NEW) - 'persona' = to_jsonb(OLD) - 'persona' THEN
            RETURN NEW;
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'attivazioni' THEN
        IF NEW.da = '' AND to_jsonb(NEW) - 'da' = to_jsonb(OLD) - 'da' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'registro: rows are only ever added';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER foglie_immutabili BEFORE UPDATE OR DELETE ON foglie FOR EACH ROW EXECUTE FUNCTION registro_solo_aggiunte();
CREATE TRIGGER foglie_non_svuotabili BEFORE TRUNCATE ON foglie FOR EACH STATEMENT EXECUTE FUNCTION registro_solo_aggiunte();
CREATE TRIGGER decisioni_immutabili BEFORE UPDATE OR DELETE ON decisioni FOR EACH ROW EXECUTE FUNCTION registro_solo_aggiunte();
CREATE TRIGGER decisioni_non_svuotabili BEFORE TRUNCATE ON decisioni FOR EACH STATEMENT EXECUTE FUNCTION registro_solo_aggiunte();

-- Of a line of the record of accesses nothing changes but what is personal, when that is erased.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION accessi_solo_aggiunte() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    personali text[] := ARRAY['persona', 'codice_fiscale', 'oggetto', 'motivo', 'indirizzo'];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - personali = to_jsonb(OLD) - personali
            AND NEW.persona IN ('', OLD.persona) AND NEW.codice_fiscale IN ('', OLD.codice_fiscale) AND NEW.oggetto IN ('', OLD.oggetto)
            AND NEW.motivo IN ('', OLD.motivo) AND NEW.indirizzo IN ('', OLD.indirizzo) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'accessi: lines are only ever added';
END
$$;
-- +goose StatementEnd

-- +goose Down
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
DROP FUNCTION registro_solo_aggiunte;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION accessi_solo_aggiunte() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'accessi: lines are only ever added';
END
$$;
-- +goose StatementEnd
