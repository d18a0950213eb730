-- +goose Up
-- On PostgreSQL long texts of the log get another compression; SQLite has none.
SELECT 1;

-- +goose Down
SELECT 1;
