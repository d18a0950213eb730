-- +goose Up
-- Editions of the rules with their whole text, and which was in use when.

CREATE TABLE edizioni (
    digest        text NOT NULL PRIMARY KEY, -- root digest, as decisions name it
    nome          text NOT NULL, -- of a draft: bozza- and the beginning of its digest, until it gets one
    pubblicata_il text NOT NULL,
    voci          integer NOT NULL, -- how many versions it has
    posizione     integer NOT NULL -- of the leaf that gave the name
);
CREATE UNIQUE INDEX edizioni_nome ON edizioni (nome);

-- The policies that decided with it; a release of the service may bring others.
CREATE TABLE edizioni_policy (
    edizione  text NOT NULL REFERENCES edizioni (digest),
    policy    text NOT NULL, -- digest
    posizione integer NOT NULL,        -- of the leaf that says so
    PRIMARY KEY (edizione, policy)
);

-- The files that the leaves of editions name. What editions share is kept once.
CREATE TABLE edizioni_testi (
    digest text NOT NULL PRIMARY KEY,
    testo  text NOT NULL
);

-- Which version of what an edition has: a version that was published once is never another one.
CREATE TABLE edizioni_voci (
    genere   text NOT NULL,
    id       text NOT NULL,
    versione integer NOT NULL,
    digest   text NOT NULL, -- of meaning
    PRIMARY KEY (genere, id, versione)
);

CREATE TABLE attivazioni (
    id        text NOT NULL PRIMARY KEY,
    edizione  text NOT NULL REFERENCES edizioni (digest),
    istante   text NOT NULL,
    da        text NOT NULL, -- person, or empty
    motivo    text NOT NULL,
    posizione integer NOT NULL
);
CREATE UNIQUE INDEX attivazioni_posizione ON attivazioni (posizione);

-- Who took what into use is only ever added to; nothing changes but who it was, when that is erased.
-- +goose StatementBegin
CREATE TRIGGER attivazioni_immutabili BEFORE UPDATE ON attivazioni WHEN NEW.da <> '' OR NEW.id IS NOT OLD.id OR NEW.edizione IS NOT OLD.edizione
    OR NEW.istante IS NOT OLD.istante OR NEW.motivo IS NOT OLD.motivo OR NEW.posizione IS NOT OLD.posizione
BEGIN
    SELECT RAISE(ABORT, 'registro: rows are only ever added');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER attivazioni_non_cancellabili BEFORE DELETE ON attivazioni
BEGIN
    SELECT RAISE(ABORT, 'registro: rows are only ever added');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE attivazioni;
DROP TABLE edizioni_voci;
DROP TABLE edizioni_testi;
DROP TABLE edizioni_policy;
DROP TABLE edizioni;
