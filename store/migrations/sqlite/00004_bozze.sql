-- +goose Up
-- Applications being filled in, as they were last written. They hold personal data and are removed when their time is over.

CREATE TABLE bozze (
    id               text    NOT NULL PRIMARY KEY,
    matricola        text    NOT NULL,
    modulo           text    NOT NULL, -- id of the form
    unita_produttiva text    NOT NULL, -- empty while it is not chosen
    passo            text    NOT NULL,
    stato            text    NOT NULL, -- aperta, pronta
    versione         integer NOT NULL,
    fatti            text    NOT NULL, -- what was typed so far, canonical JSON
    digest           text    NOT NULL,
    controllo        text    NOT NULL, -- receipt of the last check, JSON, or empty
    creata_il        text NOT NULL,
    creata_da        text    NOT NULL,
    aggiornata_il    text NOT NULL,
    aggiornata_da    text    NOT NULL,
    scade_il         text NOT NULL
);
CREATE INDEX bozze_matricola ON bozze (matricola, id);
CREATE INDEX bozze_scadenza ON bozze (scade_il);

-- +goose Down
DROP TABLE bozze;
