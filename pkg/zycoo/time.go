package zycoo

import (
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// Times lie from firstTime on and before endTime: in years that every store and tool can
// keep.
var (
	firstTime = pbx.LocalTimeOf(time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC))
	endTime   = pbx.LocalTimeOf(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
)

// parseTime reads 2018-11-05 19:05:31, with - or /, a blank or T, and a fraction of a
// second, which is dropped. Where Z or an offset such as +08:00 stands behind it, it is an
// instant: then the time is that of a clock in UTC. Years are those from 1970 to 2099.
func parseTime(s string) (t pbx.LocalTime, inUTC, ok bool) {
	var offset int64
	if len(s) != len("2018-11-05 19:05:31") {
		if s, offset, inUTC, ok = cutOffset(s); !ok {
			return 0, false, false
		}
	}
	if len(s) > 10 && s[4] == '/' && s[7] == '/' {
		s = s[:4] + "-" + s[5:7] + "-" + s[8:]
	}
	t, err := pbx.ParseLocalTime(s)
	if err != nil {
		return 0, false, false
	}
	if t -= pbx.LocalTime(offset); t < firstTime || t >= endTime {
		return 0, false, false
	}
	return t, inUTC, true
}

// cutOffset takes the offset from UTC away that stands behind a time, in seconds.
func cutOffset(s string) (clock string, offset int64, there, ok bool) {
	const date = len("2018-11-05")
	if len(s) <= date {
		return s, 0, false, true
	}
	if clock, isUTC := strings.CutSuffix(strings.ToUpper(s), "Z"); isUTC {
		return strings.TrimSpace(clock), 0, true, true
	}
	i := strings.LastIndexAny(s, "+-")
	if i <= date {
		return s, 0, false, true
	}
	for _, form := range []string{"-07:00", "-0700", "-07"} {
		if at, err := time.Parse(form, s[i:]); err == nil {
			_, seconds := at.Zone()
			if seconds < -12*3600 || seconds > 14*3600 {
				return s, 0, false, false
			}
			return strings.TrimSpace(s[:i]), int64(seconds), true, true
		}
	}
	return s, 0, false, false
}

// clocks remembers which times of an event were read, and which of them are instants.
type clocks struct {
	n    int
	read [3]struct {
		at    *pbx.LocalTime
		inUTC bool
		m     *member
	}
}

func (c *clocks) add(at *pbx.LocalTime, inUTC bool, m *member) {
	r := &c.read[c.n]
	r.at, r.inUTC, r.m = at, inUTC, m
	c.n++
}

// alignTimes reports whether the times of an event are in UTC: whether its start is an instant.
// A time of the other sort can't be compared with the start, and is unknown.
func (d *decoder) alignTimes(start *pbx.LocalTime, inUTC bool) bool {
	read := d.times.read[:d.times.n]
	for _, r := range read {
		if r.at == start {
			inUTC = r.inUTC
		}
	}
	for _, r := range read {
		if r.inUTC != inUTC {
			*r.at = 0
			d.misreads(r.m)
		}
	}
	return inUTC
}

// startFromID gives a plain record without a start the time in its id.
func startFromID(e *pbx.CDR) {
	named, ok := pbx.NamedAt(e.UniqueID)
	if e.Start == 0 && ok && pbx.LocalTimeOf(named) < endTime {
		e.Start, e.StartFromID = pbx.LocalTimeOf(named), true
	}
}
