package pbx

import (
	"fmt"
	"strings"
)

// WrittenDay is a day as people write it: YYYY-MM-DD, today or yesterday. The zero value means
// that no day was written.
type WrittenDay struct {
	Date Day // of a day that does not depend on the clock
	ago  Day // days before tomorrow, if the day depends on the clock; else 0
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *WrittenDay) UnmarshalText(text []byte) (err error) {
	switch string(text) {
	case "today":
		*d = WrittenDay{ago: 1}
	case "yesterday":
		*d = WrittenDay{ago: 2}
	default:
		*d = WrittenDay{}
		if d.Date, err = ParseDay(string(text)); err != nil {
			return fmt.Errorf("%w, today or yesterday", err)
		}
	}
	return nil
}

// Relative reports whether the day depends on the clock.
func (d WrittenDay) Relative() bool { return d.ago > 0 }

// From returns the date, where today is the present day. 0 means that no day was written.
func (d WrittenDay) From(today Day) Day {
	if d.Relative() {
		return today + 1 - d.ago
	}
	return d.Date
}

// WrittenDays are one day or several as people write them: DAY, DAY..DAY, DAY.. or ..DAY. Both ends
// are included. The zero value means that no days were written.
type WrittenDays struct {
	First, Last WrittenDay
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *WrittenDays) UnmarshalText(text []byte) error {
	*d = WrittenDays{}
	first, last, several := strings.Cut(string(text), "..")
	if !several {
		last = first
	}
	if first+last == "" {
		return fmt.Errorf("%.40q names no day: give DAY, DAY..DAY, DAY.. or ..DAY", text)
	}
	for _, end := range []struct {
		text string
		day  *WrittenDay
	}{{first, &d.First}, {last, &d.Last}} {
		if end.text == "" {
			continue
		}
		if err := end.day.UnmarshalText([]byte(end.text)); err != nil {
			return err
		}
	}
	return nil
}

// From returns the first and the last day, where today is the present day. 0 means no bound.
func (d WrittenDays) From(today Day) (first, last Day, err error) {
	first, last = d.First.From(today), d.Last.From(today)
	if last != 0 && last < first {
		return 0, 0, fmt.Errorf("%s..%s ends before it begins", first, last)
	}
	return first, last, nil
}
