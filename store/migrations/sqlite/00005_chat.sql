-- +goose Up
-- INFO CIG: conversations, their messages, and one box of events for each person. Rows are the truth, streams are
-- views of them.

CREATE TABLE conversazioni (
    id          text NOT NULL PRIMARY KEY,
    matricola   text NOT NULL,
    sede        text NOT NULL,
    argomento   text NOT NULL,
    bozza       text NOT NULL, -- the application it was opened from, or empty
    aperta_da   text NOT NULL, -- person
    advisor     text NOT NULL, -- who has it, or had it last, or empty
    stato       text NOT NULL, -- in_coda, assegnata, chiusa
    classe      text NOT NULL, -- of the queue
    priorita    integer NOT NULL,
    fuori_orario integer NOT NULL, -- 1: opened while the service was closed
    aperta_il   text NOT NULL,
    in_coda_dal text NOT NULL,
    presa_il    text,               -- when somebody got it for the first time
    chiusa_il   text,
    corpo       text NOT NULL  -- the whole conversation, JSON
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
    id            text NOT NULL PRIMARY KEY,
    conversazione text NOT NULL REFERENCES conversazioni (id),
    seq           integer  NOT NULL, -- 0 of a note
    dopo          integer  NOT NULL, -- of a note: the message it stands behind
    client_id     text NOT NULL, -- empty of what the service says
    tipo          text NOT NULL, -- message, notice, note
    autore        text NOT NULL,
    autore_nome   text NOT NULL,
    testo         text NOT NULL,
    ricerca       text NOT NULL, -- stems of the text without what names somebody, between blanks
    allegati      text NOT NULL, -- JSON
    inviato_il    text NOT NULL,
    oscurato_da   text NOT NULL,
    oscurato_il   text,
    oscurato_per  text NOT NULL
);
CREATE UNIQUE INDEX messaggi_seq ON messaggi (conversazione, seq) WHERE seq > 0;
CREATE UNIQUE INDEX messaggi_ripetuti ON messaggi (conversazione, autore, client_id) WHERE client_id <> '';
CREATE INDEX messaggi_note ON messaggi (conversazione, dopo, id) WHERE seq = 0;

CREATE TABLE allegati (
    id            text NOT NULL PRIMARY KEY,
    conversazione text NOT NULL REFERENCES conversazioni (id),
    messaggio     text REFERENCES messaggi (id), -- none while it waits for the message that it goes with
    autore        text NOT NULL,
    nome          text NOT NULL,
    tipo          text NOT NULL, -- sniffed
    byte          integer NOT NULL,
    digest        text NOT NULL,
    caricato_il   text NOT NULL,
    dati          blob    NOT NULL
);
CREATE INDEX allegati_conversazione ON allegati (conversazione);
CREATE INDEX allegati_messaggio ON allegati (messaggio);
CREATE INDEX allegati_sospesi ON allegati (caricato_il) WHERE messaggio IS NULL;

CREATE TABLE segni (
    conversazione text NOT NULL REFERENCES conversazioni (id),
    persona       text NOT NULL,
    consegnato    integer NOT NULL,
    letto         integer NOT NULL,
    PRIMARY KEY (conversazione, persona)
);

CREATE TABLE caselle (
    persona       text NOT NULL PRIMARY KEY,
    epoca         text NOT NULL,
    primo         integer NOT NULL, -- the oldest event still kept
    ultimo        integer NOT NULL,
    aggiornata_il text NOT NULL
);
CREATE INDEX caselle_mosse ON caselle (aggiornata_il);

CREATE TABLE eventi (
    persona       text NOT NULL,
    n             integer NOT NULL,
    tipo          text NOT NULL,
    conversazione text NOT NULL,
    matricola     text NOT NULL,
    dati          text NOT NULL,
    istante       text NOT NULL,
    PRIMARY KEY (persona, n)
);
CREATE INDEX eventi_eta ON eventi (istante);
CREATE INDEX eventi_conversazione ON eventi (conversazione);

CREATE TABLE consulenti (
    persona     text NOT NULL PRIMARY KEY,
    nome        text NOT NULL,
    sede        text NOT NULL,
    argomenti   text NOT NULL, -- between commas; empty is all
    capienza    integer NOT NULL,
    disponibile integer NOT NULL, -- 1 says so
    visto_il    text NOT NULL,
    libero_dal  text NOT NULL
);

-- One row, locked by whoever gives conversations to advisers.
CREATE TABLE coda (
    id text NOT NULL PRIMARY KEY
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
