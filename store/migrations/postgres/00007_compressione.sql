-- +goose Up
-- Long texts of the log are compressed by lz4, where the server was built with it: by the usual way that alone costs as much as all
-- the rest of an insert. What is stored already stays as it is.
-- +goose StatementBegin
DO $$
BEGIN
    ALTER TABLE decisioni ALTER COLUMN fatti SET COMPRESSION lz4, ALTER COLUMN risultato SET COMPRESSION lz4;
    ALTER TABLE foglie ALTER COLUMN dati SET COMPRESSION lz4;
    ALTER TABLE personali ALTER COLUMN valori SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'lz4 is not there: long texts are compressed by pglz';
END
$$;
-- +goose StatementEnd

-- +goose Down
ALTER TABLE decisioni ALTER COLUMN fatti SET COMPRESSION DEFAULT, ALTER COLUMN risultato SET COMPRESSION DEFAULT;
ALTER TABLE foglie ALTER COLUMN dati SET COMPRESSION DEFAULT;
ALTER TABLE personali ALTER COLUMN valori SET COMPRESSION DEFAULT;
