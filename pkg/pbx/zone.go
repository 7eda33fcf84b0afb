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

// zoneinfo is the IANA time zone database, as Go distributes it. Package time would
// prefer that of the machine, whose rules may be older.
//
//go:generate sh -c "cp $(go env GOROOT)/lib/time/zoneinfo.zip ."
//go:embed zoneinfo.zip
var zoneinfo []byte

// locations opens the database when the first name is looked up.
var locations = sync.OnceValues(func() (*zip.Reader, error) {
	return zip.NewReader(bytes.NewReader(zoneinfo), int64(len(zoneinfo)))
})

// loadLocation finds a name in the database, and in no file of the machine.
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

// Zone is where a PBX's wall clock stands. The zero Zone is unknown.
type Zone struct{ location *time.Location }

// UTC is the zone of clocks that nothing else is known of.
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

// ZoneAt is the zone of a fixed offset, east of UTC, in whole minutes.
func ZoneAt(offset time.Duration) Zone {
	sign, minutes := '+', int(offset.Minutes())
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return Zone{time.FixedZone(fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60), int(offset.Seconds()))}
}

// Known reports whether there is a zone at all.
func (z Zone) Known() bool { return z.location != nil }

// Or is the zone, or fallback where it is unknown.
func (z Zone) Or(fallback Zone) Zone {
	if !z.Known() {
		return fallback
	}
	return z
}

// Local is what the wall clock shows at an instant.
func (z Zone) Local(t time.Time) LocalTime { return LocalTimeOf(t.In(z.location)) }

// Time is the instant at which the wall clock shows t: the first one, where it is shown
// twice. A time that the clock leaps over is taken as if it had not leapt yet.
func (z Zone) Time(t LocalTime) time.Time { return z.TimeSince(t, time.Time{}) }

// TimeSince is Time; but of a wall clock that is shown twice it is the first instant that
// is not before since, or the second one where both are.
func (z Zone) TimeSince(t LocalTime, since time.Time) time.Time {
	asUTC := t.asUTC()
	var at time.Time
	for period := range z.around(asUTC) {
		in := asUTC.Add(-period.offset)
		if in.Before(period.from) {
			break // it was leapt over, or the instant before was the last that shows it
		}
		if at = in; at.Before(period.to) && !at.Before(since) {
			break
		}
	}
	return at.UTC()
}

// TimeOf is the instant at which something began whose id is <epoch seconds>.<counter> and
// whose wall clock showed t: where it was shown twice, the epoch decides.
func (z Zone) TimeOf(t LocalTime, id string) time.Time {
	named, ok := NamedAt(id)
	if !ok {
		return z.Time(t)
	}
	return z.TimeSince(t, named.Add(-readBefore))
}

// readBefore is how long before something is named its clock may have been read.
const readBefore = time.Minute

// FromUTC is what the wall clock shows when one in UTC shows t. What is unknown stays so.
func (z Zone) FromUTC(t LocalTime) LocalTime {
	if t == 0 {
		return 0
	}
	return z.Local(t.asUTC())
}

// End is when a day is over for good: the first instant after which the wall clock shows
// only later days. A day has 23 to 25 hours where the clock is set forward or back, and
// need not end at a midnight.
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

// Beyond reports whether a day comes after tomorrow, by the clock of the zone at an instant. No PBX
// there can have reached it, even one whose clock is a day ahead.
func (z Zone) Beyond(d Day, at time.Time) bool { return d > z.Local(at).Day()+1 }

const day = 24 * time.Hour

// period is a time in which the offset from UTC is the same.
type period struct {
	from, to time.Time
	offset   time.Duration
}

// around yields the periods, in their order, in which a wall clock may show what a clock
// in UTC shows at t.
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

// String is the zone's name, empty when unknown.
func (z Zone) String() string {
	if !z.Known() {
		return ""
	}
	return z.location.String()
}

// IsZero reports an unknown zone, for the omitzero option of encoding/json.
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
