-- +goose Up
-- Applications being filled in, as they were last written. They hold personal data and are removed when their time is over.

CREATE TABLE bozze (
    id               text COLLATE "C"    NOT NULL PRIMARY KEY,
    matricola        text COLLATE "C"    NOT NULL,
    modulo           text COLLATE "C"    NOT NULL, -- id of the form
    unita_produttiva text COLLATE "C"    NOT NULL, -- empty while it is not chosen
    passo            text COLLATE "C"    NOT NULL,
    stato            text COLLATE "C"    NOT NULL, -- aperta, pronta
    versione         integer NOT NULL,
    fatti            text COLLATE "C"    NOT NULL, -- what was typed so far, canonical JSON
    digest           text COLLATE "C"    NOT NULL,
    controllo        text COLLATE "C"    NOT NULL, -- receipt of the last check, JSON, or empty
    creata_il        timestamptz NOT NULL,
    creata_da        text COLLATE "C"    NOT NULL,
    aggiornata_il    timestamptz NOT NULL,
    aggiornata_da    text COLLATE "C"    NOT NULL,
    scade_il         timestamptz NOT NULL
);
CREATE INDEX bozze_matricola ON bozze (matricola, id);
CREATE INDEX bozze_scadenza ON bozze (scade_il);

-- +goose Down
DROP TABLE bozze;
