package main

import (
	"fmt"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// period is a time in which a zone's clock has the same offset from UTC.
type period struct {
	from, to int64 // in seconds since 1970, to excluded
	ahead    int64 // seconds east of UTC
}

// The first and the last instant that a record may tell, and those between which zones are
// looked through.
const (
	firstInstant = -99_999_999_999
	lastInstant  = 999_999_999_999
)

var firstLooked, lastLooked = time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// periodsOf are the periods of a zone, in their order. No two changes of a zone come within
// a day.
func periodsOf(name string) ([]period, error) {
	zone, err := pbx.ParseZone(name)
	if err != nil {
		return nil, err
	}
	ahead := func(at int64) int64 { return zone.Local(time.Unix(at, 0)).Unix() - at }
	const day = 24 * 60 * 60
	periods := []period{{firstInstant, lastInstant, ahead(firstLooked)}}
	for at := firstLooked; at < lastLooked; at += day {
		before, after := ahead(at), ahead(at+day)
		if before == after {
			continue
		}
		low, high := at, at+day
		for high-low > 1 {
			if middle := (low + high) / 2; ahead(middle) == before {
				low = middle
			} else {
				high = middle
			}
		}
		periods[len(periods)-1].to = high
		periods = append(periods, period{high, lastInstant, after})
	}
	return periods, nil
}

// insertPeriods is the statement that makes periods rows.
func insertPeriods(zone string, periods []period) string {
	var values []string
	for _, p := range periods {
		values = append(values, fmt.Sprintf("(%s, %d, %d, %d)", quote(zone), p.from, p.to, p.ahead))
	}
	return "insert into period values " + strings.Join(values, ", ")
}
