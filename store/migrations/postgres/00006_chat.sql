-- +goose Up
-- Each event has a mark that is made up when it is stored: who names an event by number and mark names that very event, also
-- after the database was restored from a backup and the number was given again.

ALTER TABLE caselle RENAME COLUMN epoca TO segno_prima;                 -- of the event before the oldest one still kept
ALTER TABLE caselle ADD COLUMN segno_ultima text COLLATE "C" NOT NULL DEFAULT '';   -- of the last event
UPDATE caselle SET segno_ultima = segno_prima;

ALTER TABLE eventi ADD COLUMN segno text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE eventi ADD COLUMN consulente integer NOT NULL DEFAULT 0;    -- 1: told to the adviser, not to who opened the conversation
UPDATE eventi SET segno = coalesce((SELECT c.segno_prima FROM caselle AS c WHERE c.persona = eventi.persona), ''),
    consulente = CASE WHEN EXISTS (SELECT 1 FROM conversazioni AS c WHERE c.id = eventi.conversazione AND c.aperta_da <> eventi.persona) THEN 1 ELSE 0 END;

-- The estimate goes by how long the last conversations of a class took.
DROP INDEX conversazioni_attese;
CREATE INDEX conversazioni_durate ON conversazioni (classe, chiusa_il) WHERE presa_il IS NOT NULL AND chiusa_il IS NOT NULL;

-- +goose Down
DROP INDEX conversazioni_durate;
CREATE INDEX conversazioni_attese ON conversazioni (classe, presa_il) WHERE presa_il IS NOT NULL AND fuori_orario = 0;
ALTER TABLE eventi DROP COLUMN consulente;
ALTER TABLE eventi DROP COLUMN segno;
ALTER TABLE caselle DROP COLUMN segno_ultima;
ALTER TABLE caselle RENAME COLUMN segno_prima TO epoca;
