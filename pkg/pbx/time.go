package pbx

import (
	"fmt"
	"strings"
	"time"
)

const (
	secondsPerDay = 24 * 60 * 60
	// yearOneToUnix is the number of seconds from 0001-01-01 to 1970-01-01.
	yearOneToUnix = 62135596800
)

// LocalTime is a time by the PBX's own wall clock, without a zone, in seconds since 0001-01-01
// 00:00:00. The zero value is an unknown time. It differs from 1970, which is a valid time.
type LocalTime int64

// Day is a calendar day of a PBX's own clock: days since 0001-01-01. The zero
// value is an unknown day.
type Day int32

// ParseLocalTime reads "2018-11-05 19:05:31", or the same with a T between day
// and time. Fractions of a second are dropped.
func ParseLocalTime(s string) (LocalTime, error) {
	if len(s) > 19 && s[19] == '.' && allDigits(s[20:]) {
		s = s[:19]
	}
	if len(s) != 19 || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, fmt.Errorf("%.40q is not a local time such as 2018-11-05 19:05:31", s)
	}
	day, err := ParseDay(s[:10])
	h, m, sec := number(s[11:13]), number(s[14:16]), number(s[17:19])
	if err != nil || h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59 {
		return 0, fmt.Errorf("%.40q is not a local time such as 2018-11-05 19:05:31", s)
	}
	return day.Start() + LocalTime(h*3600+m*60+sec), nil
}

// ParseDay reads "2018-11-05", from the year 2 on.
func ParseDay(s string) (Day, error) {
	if len(s) == 10 && s[4] == '-' && s[7] == '-' {
		y, m, d := number(s[:4]), number(s[5:7]), number(s[8:10])
		t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
		if y > 1 && t.Year() == y && int(t.Month()) == m && t.Day() == d {
			return DayOf(t), nil
		}
	}
	return 0, fmt.Errorf("%.40q is not a day such as 2018-11-05", s)
}

// DayOf returns the day of t in t's own location.
func DayOf(t time.Time) Day { return LocalTimeOf(t).Day() }

// UTCDay returns the day of t in UTC.
func UTCDay(t time.Time) Day { return DayOf(t.UTC()) }

// LocalTimeOf returns the wall clock time of t in t's own location.
func LocalTimeOf(t time.Time) LocalTime {
	_, offset := t.Zone()
	return LocalTime(t.Unix() + int64(offset) + yearOneToUnix)
}

// Day returns the day of the time.
func (t LocalTime) Day() Day { return Day(t / secondsPerDay) }

// Start returns midnight, when the day begins.
func (d Day) Start() LocalTime { return LocalTime(d) * secondsPerDay }

// UTC returns when the day begins in UTC.
func (d Day) UTC() time.Time { return d.Start().asUTC() }

// EarlyUntil is a time in seconds after midnight. What happens before it may belong to a call of
// the day before.
const EarlyUntil = 6 * 60 * 60

// Early reports whether an event at this time may belong to a call of the day before.
func (t LocalTime) Early() bool { return t-t.Day().Start() < EarlyUntil }

// Unix returns the wall clock in seconds since 1970, as if it were in UTC.
func (t LocalTime) Unix() int64 { return int64(t) - yearOneToUnix }

// asUTC returns the wall clock as if it were in UTC, for arithmetic and formatting.
func (t LocalTime) asUTC() time.Time { return time.Unix(t.Unix(), 0).UTC() }

// String returns the time as 2018-11-05T19:05:31, empty when unknown. Byte order is
// the order of time.
func (t LocalTime) String() string {
	if t == 0 {
		return ""
	}
	return t.asUTC().Format("2006-01-02T15:04:05")
}

// String returns the day as 2018-11-05, empty when unknown. Byte order is the order of
// time.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return d.Start().asUTC().Format(time.DateOnly)
}

// MarshalText is String.
func (t LocalTime) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (t *LocalTime) UnmarshalText(b []byte) (err error) {
	*t = 0
	if len(b) > 0 {
		*t, err = ParseLocalTime(string(b))
	}
	return err
}

// MarshalText is String.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Day) UnmarshalText(b []byte) (err error) {
	*d = 0
	if len(b) > 0 {
		*d, err = ParseDay(string(b))
	}
	return err
}

// number returns the value of a few decimal digits, or -1.
func number(s string) int {
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
