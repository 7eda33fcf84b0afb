package naming

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Hours are the weekly opening hours of a queue by the PBX's clock, without holidays. They are in
// order, and the openings of a day neither overlap nor touch. No Hours: they are not known.
type Hours []Opening

// Opening is a part of a weekday in which calls are taken. One that lasts beyond midnight is
// split into two.
type Opening struct {
	Weekday int // 1, Monday, to 7, Sunday, as in ISO 8601
	Opens   int // minutes since midnight, 0 to 1439
	Closes  int // minutes since midnight, excluded; after Opens, up to 1440
}

const (
	minutesPerDay = 24 * 60
	daysPerWeek   = 7
	// maxHours is the size in bytes of the longest text that is read or written as opening hours.
	maxHours = 400
)

var weekdays = strings.Fields("Mo Tu We Th Fr Sa Su")

// hoursExample stands in errors.
const hoursExample = "Mo-Fr 08:00-18:00; Sa 09:00-13:00"

var errLongHours = fmt.Errorf("opening hours are at most %d bytes, such as %s", maxHours, hoursExample)

// ParseHours reads opening hours such as "Mo-Fr 08:00-18:00; Sa 09:00-13:00", in a subset of
// OpenStreetMap's notation. A rule has days (Mo,We-Fr) and times (08:00-12:00,13:00-17:00). A time
// may last beyond midnight (22:00-06:00). "24/7" is always. Each day may stand in one rule only.
// An empty text gives no Hours.
func ParseHours(s string) (Hours, error) {
	if s = strings.ReplaceAll(strings.TrimSpace(s), "–", "-"); s == "" {
		return nil, nil
	}
	if len(s) > maxHours {
		return nil, errLongHours
	}
	if s == "24/7" {
		s = "Mo-Su 00:00-24:00"
	}
	var all Hours
	var named [daysPerWeek + 1]bool
	for rule := range strings.SplitSeq(strings.TrimSuffix(s, ";"), ";") {
		openings, err := parseRule(rule, &named)
		if err != nil {
			return nil, err
		}
		all = append(all, openings...)
	}
	all, err := all.sorted()
	if len(all.String()) > maxHours {
		return nil, errLongHours
	}
	return all, err
}

// parseRule reads the openings of some days, and marks the days in named. A day that is marked
// already is an error.
func parseRule(rule string, named *[daysPerWeek + 1]bool) (all Hours, err error) {
	rule = strings.ReplaceAll(rule, " ", "")
	at := strings.IndexAny(rule, "0123456789")
	if at <= 0 {
		return nil, fmt.Errorf("%.40q is not days and times such as %s", rule, hoursExample)
	}
	openings, err := parseTimes(rule[at:])
	if err != nil {
		return nil, err
	}
	for part := range strings.SplitSeq(rule[:at], ",") {
		first, last, err := parseDays(part)
		if err != nil {
			return nil, err
		}
		for day := first; ; day = day%daysPerWeek + 1 {
			if named[day] {
				const form = "%s is named twice: write its times in one place, such as %[1]s 08:00-12:00,13:00-17:00"
				return nil, fmt.Errorf(form, weekdays[day-1])
			}
			named[day] = true
			for _, o := range openings {
				all = append(all, on(day, o)...)
			}
			if day == last {
				break
			}
		}
	}
	return all, nil
}

// parseDays reads a day, or a range of days.
func parseDays(s string) (first, last int, err error) {
	from, to, several := strings.Cut(s, "-")
	if !several {
		to = from
	}
	if first, err = parseWeekday(from); err != nil {
		return 0, 0, err
	}
	last, err = parseWeekday(to)
	return first, last, err
}

func parseWeekday(s string) (int, error) {
	for i, name := range weekdays {
		if strings.EqualFold(name, s) {
			return i + 1, nil
		}
	}
	return 0, fmt.Errorf("%.40q is not a day of %s", s, strings.Join(weekdays, " "))
}

var timesForm = regexp.MustCompile(`^(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)$`)

// parseTimes reads the times of a rule, without their weekdays. A time that ends on the next day
// has a Closes of more than 1440 minutes.
func parseTimes(s string) (all Hours, err error) {
	for part := range strings.SplitSeq(s, ",") {
		m := timesForm.FindStringSubmatch(part)
		if m == nil {
			return nil, fmt.Errorf("%.40q is not a time such as 08:00-18:00", part)
		}
		opens, closes := minute(m[1], m[2]), minute(m[3], m[4])
		if opens >= minutesPerDay || closes > minutesPerDay || opens == closes {
			return nil, fmt.Errorf("%q is not a time from 00:00 to 24:00", part)
		}
		if closes < opens {
			closes += minutesPerDay
		}
		all = append(all, Opening{Opens: opens, Closes: closes})
	}
	return all, nil
}

// minute returns the minute of the day. Both texts are digits.
func minute(hours, minutes string) int {
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	return h*60 + m
}

// on returns an opening of a weekday, split at midnight.
func on(day int, o Opening) Hours {
	if o.Closes <= minutesPerDay {
		return Hours{{day, o.Opens, o.Closes}}
	}
	return Hours{{day, o.Opens, minutesPerDay}, {day%daysPerWeek + 1, 0, o.Closes - minutesPerDay}}
}

// sorted returns the openings in order, and joins those that touch.
func (h Hours) sorted() (all Hours, err error) {
	slices.SortFunc(h, func(a, b Opening) int {
		return cmp.Or(cmp.Compare(a.Weekday, b.Weekday), cmp.Compare(a.Opens, b.Opens), cmp.Compare(a.Closes, b.Closes))
	})
	for _, o := range h {
		last := len(all) - 1
		switch {
		case last < 0 || all[last].Weekday != o.Weekday || all[last].Closes < o.Opens:
			all = append(all, o)
		case all[last].Closes > o.Opens:
			return nil, fmt.Errorf("on %s, %s and %s overlap", weekdays[o.Weekday-1], all[last].times(), o.times())
		default:
			all[last].Closes = o.Closes
		}
	}
	return all, nil
}

// String returns the canonical form, which ParseHours reads. Consecutive days of the same times
// share a rule. It is empty where the hours are not known.
func (h Hours) String() string {
	var times [daysPerWeek + 2]string
	for _, o := range h {
		if times[o.Weekday] != "" {
			times[o.Weekday] += ","
		}
		times[o.Weekday] += o.times()
	}
	var rules []string
	for first := 1; first <= daysPerWeek; first++ {
		last := first
		for last < daysPerWeek && times[last+1] == times[first] {
			last++
		}
		if times[first] != "" {
			days := weekdays[first-1]
			if last > first {
				days += "-" + weekdays[last-1]
			}
			rules = append(rules, days+" "+times[first])
		}
		first = last
	}
	return strings.Join(rules, "; ")
}

func (o Opening) times() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", o.Opens/60, o.Opens%60, o.Closes/60, o.Closes%60)
}

// MarshalText returns String.
func (h Hours) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (h *Hours) UnmarshalText(b []byte) (err error) {
	*h, err = ParseHours(string(b))
	return err
}
