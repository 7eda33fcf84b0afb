package pbx

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io/fs"
	"regexp"
	"sync"
	"time"
)

// zoneinfo is the IANA time zone database from Go's distribution. Package time would prefer the
// machine's database, which may be older.
//
//go:generate sh -c "cp $(go env GOROOT)/lib/time/zoneinfo.zip ."
//go:embed zoneinfo.zip
var zoneinfo []byte

// locations opens the database when the first name is looked up.
var locations = sync.OnceValues(func() (*zip.Reader, error) {
	return zip.NewReader(bytes.NewReader(zoneinfo), int64(len(zoneinfo)))
})

// loadLocation looks up a name in the embedded database only.
func loadLocation(name string) (*time.Location, error) {
	if name == "UTC" {
		return time.UTC, nil
	}
	rules, err := locationRules(name)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(name, rules)
}

func locationRules(name string) ([]byte, error) {
	all, err := locations()
	if err != nil {
		return nil, fmt.Errorf("open the time zone database: %w", err)
	}
	return fs.ReadFile(all, name)
}

// Zone is the time zone of a PBX. The zero Zone is unknown.
type Zone struct{ location *time.Location }

// UTC is the zone of UTC.
var UTC = Zone{time.UTC}

var offsetForm = regexp.MustCompile(`^[+-](0\d|1[0-4]):[0-5]\d$`)

// ParseZone reads a name of the IANA time zone database, such as Europe/Berlin, or an
// offset from UTC, such as +05:45.
func ParseZone(name string) (Zone, error) {
	if offsetForm.MatchString(name) {
		at, err := time.Parse("-07:00", name)
		if err != nil {
			return Zone{}, fmt.Errorf("%q is not an offset from UTC such as +05:45: %w", name, err)
		}
		_, seconds := at.Zone()
		return ZoneAt(time.Duration(seconds) * time.Second), nil
	}
	location, err := loadLocation(name)
	if err != nil {
		return Zone{}, fmt.Errorf("%.40q is not a time zone such as Europe/Berlin, or an offset such as +05:45", name)
	}
	return Zone{location}, nil
}

// ZoneAt returns the zone of a fixed offset, east of UTC, in whole minutes.
func ZoneAt(offset time.Duration) Zone {
	sign, minutes := '+', int(offset.Minutes())
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return Zone{time.FixedZone(fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60), int(offset.Seconds()))}
}

// Known reports whether the zone is known.
func (z Zone) Known() bool { return z.location != nil }

// Or returns the zone, or fallback if it is unknown.
func (z Zone) Or(fallback Zone) Zone {
	if !z.Known() {
		return fallback
	}
	return z
}

// Local returns what the wall clock shows at an instant.
func (z Zone) Local(t time.Time) LocalTime { return LocalTimeOf(t.In(z.location)) }

// Time returns the instant at which the wall clock shows t, or the first of two. If the clock
// skips t, Time uses the offset before the change.
func (z Zone) Time(t LocalTime) time.Time { return z.TimeSince(t, time.Time{}) }

// TimeSince is like Time. If the wall clock shows t twice, it returns the first instant that is not
// before since, or the second if both are before it.
func (z Zone) TimeSince(t LocalTime, since time.Time) time.Time {
	asUTC := t.asUTC()
	var at time.Time
	for period := range z.around(asUTC) {
		in := asUTC.Add(-period.offset)
		if in.Before(period.from) {
			break // the clock skips it, or the instant before was the last that shows it
		}
		if at = in; at.Before(period.to) && !at.Before(since) {
			break
		}
	}
	return at.UTC()
}

// TimeOf returns the instant at which the wall clock showed t. If it showed t twice, the epoch in
// id, <epoch seconds>.<counter>, decides.
func (z Zone) TimeOf(t LocalTime, id string) time.Time {
	named, ok := NamedAt(id)
	if !ok {
		return z.Time(t)
	}
	return z.TimeSince(t, named.Add(-readBefore))
}

// readBefore is how long the clock may have been read before the id was made.
const readBefore = time.Minute

// FromUTC returns what the wall clock shows when a clock in UTC shows t. An unknown time stays
// unknown.
func (z Zone) FromUTC(t LocalTime) LocalTime {
	if t == 0 {
		return 0
	}
	return z.Local(t.asUTC())
}

// End returns when a day is over for good: the first instant from which the wall clock shows only
// later days. A day may have 23 to 25 hours if the clock changes, and need not end at midnight.
func (z Zone) End(d Day) time.Time {
	midnight := (d + 1).Start().asUTC()
	end := midnight.Add(-day)
	for period := range z.around(midnight) {
		// The instants of this period that show the day or an earlier one come before this.
		last := midnight.Add(-period.offset)
		if period.to.Before(last) {
			last = period.to
		}
		if last.After(period.from) {
			end = last
		}
	}
	return end.UTC()
}

// Beyond reports whether a day is later than tomorrow in the zone at an instant. No PBX there can
// have reached it, even if its clock is a day ahead.
func (z Zone) Beyond(d Day, at time.Time) bool { return d > z.Local(at).Day()+1 }

const day = 24 * time.Hour

// period is a time in which the offset from UTC is the same.
type period struct {
	from, to time.Time
	offset   time.Duration
}

// around yields, in order, the periods in which a wall clock may show what a clock in UTC shows at
// t.
func (z Zone) around(t time.Time) func(yield func(period) bool) {
	return func(yield func(period) bool) {
		for at, last := t.Add(-day), t.Add(day); !at.After(last); {
			in := at.In(z.location)
			_, offset := in.Zone()
			from, to := in.ZoneBounds()
			switch {
			case to.IsZero():
				to = last.Add(day)
			case !to.After(at):
				// Package time ends a zone's last rule on December 31 of leap years, and
				// then gives that end to instants that come after it.
				to = at.Add(day)
			}
			if !yield(period{from, to, time.Duration(offset) * time.Second}) {
				return
			}
			at = to
		}
	}
}

// String returns the zone's name, or an empty string if it is unknown.
func (z Zone) String() string {
	if !z.Known() {
		return ""
	}
	return z.location.String()
}

// IsZero reports whether the zone is unknown, for the omitzero option of encoding/json.
func (z Zone) IsZero() bool { return !z.Known() }

// MarshalText is String.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (z *Zone) UnmarshalText(b []byte) (err error) {
	*z = Zone{}
	if len(b) > 0 {
		*z, err = ParseZone(string(b))
	}
	return err
}
