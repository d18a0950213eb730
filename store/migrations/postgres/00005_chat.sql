-- +goose Up
-- INFO CIG: conversations, their messages, and one box of events for each person. Rows are the truth, streams are
-- views of them.

CREATE TABLE conversazioni (
    id          text COLLATE "C" NOT NULL PRIMARY KEY,
    matricola   text COLLATE "C" NOT NULL,
    sede        text COLLATE "C" NOT NULL,
    argomento   text COLLATE "C" NOT NULL,
    bozza       text COLLATE "C" NOT NULL, -- the application it was opened from, or empty
    aperta_da   text COLLATE "C" NOT NULL, -- person
    advisor     text COLLATE "C" NOT NULL, -- who has it, or had it last, or empty
    stato       text COLLATE "C" NOT NULL, -- in_coda, assegnata, chiusa
    classe      text COLLATE "C" NOT NULL, -- of the queue
    priorita    integer NOT NULL,
    fuori_orario integer NOT NULL, -- 1: opened while the service was closed
    aperta_il   timestamptz NOT NULL,
    in_coda_dal timestamptz NOT NULL,
    presa_il    timestamptz,               -- when somebody got it for the first time
    chiusa_il   timestamptz,
    corpo       text COLLATE "C" NOT NULL  -- the whole conversation, JSON
);
CREATE INDEX conversazioni_persona ON conversazioni (aperta_da, id);
CREATE INDEX conversazioni_advisor ON conversazioni (advisor, id);
CREATE INDEX conversazioni_matricola ON conversazioni (matricola, id);
CREATE INDEX conversazioni_coda ON conversazioni (priorita, in_coda_dal, id) WHERE stato = 'in_coda';
CREATE INDEX conversazioni_correnti ON conversazioni (advisor) WHERE stato = 'assegnata';
CREATE INDEX conversazioni_attese ON conversazioni (classe, presa_il) WHERE presa_il IS NOT NULL AND fuori_orario = 0;
CREATE INDEX conversazioni_finite ON conversazioni (chiusa_il) WHERE chiusa_il IS NOT NULL;
CREATE INDEX conversazioni_bozza ON conversazioni (bozza, id);
CREATE INDEX conversazioni_apertura ON conversazioni (aperta_il);

CREATE TABLE messaggi (
    id            text COLLATE "C" NOT NULL PRIMARY KEY,
    conversazione text COLLATE "C" NOT NULL REFERENCES conversazioni (id),
    seq           bigint  NOT NULL, -- 0 of a note
    dopo          bigint  NOT NULL, -- of a note: the message it stands behind
    client_id     text COLLATE "C" NOT NULL, -- empty of what the service says
    tipo          text COLLATE "C" NOT NULL, -- message, notice, note
    autore        text COLLATE "C" NOT NULL,
    autore_nome   text COLLATE "C" NOT NULL,
    testo         text COLLATE "C" NOT NULL,
    ricerca       text COLLATE "C" NOT NULL, -- stems of the text without what names somebody, between blanks
    allegati      text COLLATE "C" NOT NULL, -- JSON
    inviato_il    timestamptz NOT NULL,
    oscurato_da   text COLLATE "C" NOT NULL,
    oscurato_il   timestamptz,
    oscurato_per  text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX messaggi_seq ON messaggi (conversazione, seq) WHERE seq > 0;
CREATE UNIQUE INDEX messaggi_ripetuti ON messaggi (conversazione, autore, client_id) WHERE client_id <> '';
CREATE INDEX messaggi_note ON messaggi (conversazione, dopo, id) WHERE seq = 0;

CREATE TABLE allegati (
    id            text COLLATE "C" NOT NULL PRIMARY KEY,
    conversazione text COLLATE "C" NOT NULL REFERENCES conversazioni (id),
    messaggio     text COLLATE "C" REFERENCES messaggi (id), -- none while it waits for the message that it goes with
    autore        text COLLATE "C" NOT NULL,
    nome          text COLLATE "C" NOT NULL,
    tipo          text COLLATE "C" NOT NULL, -- sniffed
    byte          bigint  NOT NULL,
    digest        text COLLATE "C" NOT NULL,
    caricato_il   timestamptz NOT NULL,
    dati          bytea   NOT NULL
);
CREATE INDEX allegati_conversazione ON allegati (conversazione);
CREATE INDEX allegati_messaggio ON allegati (messaggio);
CREATE INDEX allegati_sospesi ON allegati (caricato_il) WHERE messaggio IS NULL;

CREATE TABLE segni (
    conversazione text COLLATE "C" NOT NULL REFERENCES conversazioni (id),
    persona       text COLLATE "C" NOT NULL,
    consegnato    bigint NOT NULL,
    letto         bigint NOT NULL,
    PRIMARY KEY (conversazione, persona)
);

CREATE TABLE caselle (
    persona       text COLLATE "C" NOT NULL PRIMARY KEY,
    epoca         text COLLATE "C" NOT NULL,
    primo         bigint NOT NULL, -- the oldest event still kept
    ultimo        bigint NOT NULL,
    aggiornata_il timestamptz NOT NULL
);
CREATE INDEX caselle_mosse ON caselle (aggiornata_il);

CREATE TABLE eventi (
    persona       text COLLATE "C" NOT NULL,
    n             bigint NOT NULL,
    tipo          text COLLATE "C" NOT NULL,
    conversazione text COLLATE "C" NOT NULL,
    matricola     text COLLATE "C" NOT NULL,
    dati          text COLLATE "C" NOT NULL,
    istante       timestamptz NOT NULL,
    PRIMARY KEY (persona, n)
);
CREATE INDEX eventi_eta ON eventi (istante);
CREATE INDEX eventi_conversazione ON eventi (conversazione);

CREATE TABLE consulenti (
    persona     text COLLATE "C" NOT NULL PRIMARY KEY,
    nome        text COLLATE "C" NOT NULL,
    sede        text COLLATE "C" NOT NULL,
    argomenti   text COLLATE "C" NOT NULL, -- between commas; empty is all
    capienza    integer NOT NULL,
    disponibile integer NOT NULL, -- 1 says so
    visto_il    timestamptz NOT NULL,
    libero_dal  timestamptz NOT NULL
);

-- One row, locked by whoever gives conversations to advisers.
CREATE TABLE coda (
    id text COLLATE "C" NOT NULL PRIMARY KEY
);
INSERT INTO coda (id) VALUES ('coda');

-- +goose Down
DROP TABLE coda;
DROP TABLE consulenti;
DROP TABLE eventi;
DROP TABLE caselle;
DROP TABLE segni;
DROP TABLE allegati;
DROP TABLE messaggi;
DROP TABLE conversazioni;
