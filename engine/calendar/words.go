package calendar

import "fmt"

var english = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

// In is the day as people write it: 30-11-2025 in Italian, 30 November 2025 in English,
// 30.11.2025 in German. Anything else is Italian.
func (d Day) In(lang string) string {
	y, m, dd := d.Date()
	switch lang {
	case "en":
		return fmt.Sprintf("%d %s %d", dd, english[m-1], y)
	case "de":
		return fmt.Sprintf("%02d.%02d.%04d", dd, m, y)
	}
	return fmt.Sprintf("%02d-%02d-%04d", dd, m, y)
}
