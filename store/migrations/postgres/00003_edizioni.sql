-- +goose Up
-- Editions of the rules with their whole text, and which was in use when.

CREATE TABLE edizioni (
    digest        text COLLATE "C" NOT NULL PRIMARY KEY, -- root digest, as decisions name it
    nome          text COLLATE "C" NOT NULL, -- of a draft: bozza- and the beginning of its digest, until it gets one
    pubblicata_il timestamptz NOT NULL,
    voci          integer NOT NULL, -- how many versions it has
    posizione     bigint NOT NULL -- of the leaf that gave the name
);
CREATE UNIQUE INDEX edizioni_nome ON edizioni (nome);

-- The policies that decided with it; a release of the service may bring others.
CREATE TABLE edizioni_policy (
    edizione  text COLLATE "C" NOT NULL REFERENCES edizioni (digest),
    policy    text COLLATE "C" NOT NULL, -- digest
    posizione bigint NOT NULL,        -- of the leaf that says so
    PRIMARY KEY (edizione, policy)
);

-- The files that the leaves of editions name. What editions share is kept once.
CREATE TABLE edizioni_testi (
    digest text COLLATE "C" NOT NULL PRIMARY KEY,
    testo  text COLLATE "C" NOT NULL
);

-- Which version of what an edition has: a version that was published once is never another one.
CREATE TABLE edizioni_voci (
    genere   text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL,
    versione integer NOT NULL,
    digest   text COLLATE "C" NOT NULL, -- of meaning
    PRIMARY KEY (genere, id, versione)
);

CREATE TABLE attivazioni (
    id        text COLLATE "C" NOT NULL PRIMARY KEY,
    edizione  text COLLATE "C" NOT NULL REFERENCES edizioni (digest),
    istante   timestamptz NOT NULL,
    da        text COLLATE "C" NOT NULL, -- person, or empty
    motivo    text COLLATE "C" NOT NULL,
    posizione bigint NOT NULL
);
CREATE UNIQUE INDEX attivazioni_posizione ON attivazioni (posizione);

-- Who took what into use is only ever added to.
CREATE TRIGGER attivazioni_immutabili BEFORE UPDATE OR DELETE ON attivazioni FOR EACH ROW EXECUTE FUNCTION registro_solo_aggiunte();
CREATE TRIGGER attivazioni_non_svuotabili BEFORE TRUNCATE ON attivazioni FOR EACH STATEMENT EXECUTE FUNCTION registro_solo_aggiunte();

-- +goose Down
DROP TABLE attivazioni;
DROP TABLE edizioni_voci;
DROP TABLE edizioni_testi;
DROP TABLE edizioni_policy;
DROP TABLE edizioni;
