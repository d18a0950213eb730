package store

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"omnia/engine/calendar"
)

// Columns of days and instants. Left to the drivers, a time.Time in a date column is stored by SQLite
// as a local midnight with an offset and then never found by equality. So both travel as text of a fixed
// width, which SQLite keeps as it is and sorts rightly, and PostgreSQL reads into date and timestamptz.

// day is a column of civil days.
type day calendar.Day

// Value is YYYY-MM-DD.
func (d day) Value() (driver.Value, error) { return calendar.Day(d).String(), nil }

// Scan reads what either database gives.
func (d *day) Scan(src any) error {
	switch v := src.(type) {
	case time.Time:
		y, m, dd := v.Date()
		*d = day(calendar.Of(y, int(m), dd))
		return nil
	case string:
		return d.read(v)
	case []byte:
		return d.read(string(v))
	}
	return fmt.Errorf("store: %T is no column of days", src)
}

func (d *day) read(s string) error {
	c, err := calendar.Parse(s)
	*d = day(c)
	return err
}

// GormDataType names the column type; the schema itself is in the migrations.
func (day) GormDataType() string { return "day" }

// GormDBDataType is the type in each database.
func (day) GormDBDataType(db *gorm.DB, _ *schema.Field) string { return columnType(db, "date") }

// instant is a column of instants: UTC, in microseconds.
type instant time.Time

// instantForm has a fixed width, so that texts sort as instants do.
const instantForm = "2006-01-02T15:04:05.000000Z"

// Value is an instant as 2006-01-02T15:04:05.000000Z.
func (i instant) Value() (driver.Value, error) { return time.Time(i).UTC().Format(instantForm), nil }

// Scan reads what either database gives.
func (i *instant) Scan(src any) error {
	switch v := src.(type) {
	case time.Time:
		*i = instant(v.UTC())
		return nil
	case string:
		return i.read(v)
	case []byte:
		return i.read(string(v))
	}
	return fmt.Errorf("store: %T is no column of instants", src)
}

func (i *instant) read(s string) error {
	t, err := time.Parse(instantForm, s)
	*i = instant(t.UTC())
	return err
}

// GormDataType names the column type; the schema itself is in the migrations.
func (instant) GormDataType() string { return "instant" }

// GormDBDataType is the type in each database.
func (instant) GormDBDataType(db *gorm.DB, _ *schema.Field) string {
	return columnType(db, "timestamptz")
}

func columnType(db *gorm.DB, onPostgres string) string {
	if db.Name() == string(postgres) {
		return onPostgres
	}
	return "text"
}

// dayOf and dayOr turn columns that may be empty into what the archive has, and back.
func dayOf(d *calendar.Day) *day { return (*day)(d) }

func dayFrom(d *day) *calendar.Day { return (*calendar.Day)(d) }

// instantOf is a column that may be empty.
func instantOf(t *time.Time) *instant {
	if t == nil {
		return nil
	}
	i := instant(t.UTC().Truncate(time.Microsecond))
	return &i
}

func instantFrom(i *instant) *time.Time { return (*time.Time)(i) }

// storable tells whether both databases can hold s, or compare with it: PostgreSQL's text has no NUL and
// is UTF-8. What is not storable can't have been stored, so that a search for it finds nothing.
func storable(texts ...string) bool {
	for _, s := range texts {
		if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
			return false
		}
	}
	return true
}

// likeEscape makes text mean itself in LIKE … ESCAPE '!'.
var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
