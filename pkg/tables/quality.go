package tables

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/dataquality"
	"trunkline/pkg/devices"
	"trunkline/pkg/doctor"
	"trunkline/pkg/listing"
)

// Findings shows which assumptions do not hold.
func Findings() listing.Columns[dataquality.PBXFinding] {
	return listing.Columns[dataquality.PBXFinding]{
		Heads: []string{"MAC", "FIRMWARE", "CHECKED", "VIOLATED", "SHARE", "ASSUMPTION", "EXAMPLE"},
		Cells: func(f dataquality.PBXFinding) []string {
			return []string{string(f.MAC), string(f.Dialect), strconv.Itoa(f.Checked), strconv.Itoa(f.Violated), percent(&f.Share), f.Says, f.Example}
		},
	}
}

// Silences shows how long PBXs are silent.
func Silences() listing.Columns[devices.Silence] {
	return listing.Columns[devices.Silence]{
		Heads: []string{"MAC", "NAME", "LAST HEARD", "SILENT FOR", "HABIT", ""},
		Cells: func(s devices.Silence) []string {
			last, lasts, habit, flag := "never", "", "", ""
			if s.Last != nil {
				last, lasts = Clock(*s.Last), hours(s.Seconds)
			}
			if s.Habit != nil {
				habit = hours(*s.Habit)
			}
			switch {
			case s.Flag && s.Last == nil:
				flag = "never heard"
			case s.Flag:
				flag = "longer than ever"
			}
			return []string{string(s.MAC), s.Name, last, lasts, habit, flag}
		},
	}
}

// hours shows seconds as hours and minutes.
func hours(seconds int64) string {
	return (time.Duration(seconds) * time.Second).Truncate(time.Minute).String()
}

// Reported shows what a PBX reported on a day. It names at most ten calls that may be missing.
func Reported() listing.Columns[dataquality.Reported] {
	return listing.Columns[dataquality.Reported]{
		Heads: []string{"DAY", "BEGUN", "HUNG UP", "RECORDED", "UNANNOUNCED", "POSSIBLY MISSING"},
		Cells: func(t dataquality.Reported) []string {
			missing := strings.Join(t.Missing[:min(len(t.Missing), 10)], " ")
			if more := len(t.Missing) - 10; more > 0 {
				missing += fmt.Sprintf(" and %d more", more)
			}
			return []string{t.Day.String(), strconv.Itoa(t.Begun), strconv.Itoa(t.HungUp), strconv.Itoa(t.Recorded), strconv.Itoa(t.Unannounced), cmp.Or(missing, "none")}
		},
	}
}

// PrintResult prints the result of a check: a line, for programs an object.
func PrintResult(out io.Writer, v doctor.Result, asJSON bool) {
	v.Found, v.Do = oneLine(v.Found), oneLine(v.Do)
	switch {
	case asJSON:
		listing.JSON(out).Encode(v)
	case v.OK:
		fmt.Fprintf(out, "ok      %-15s %s\n", v.Check, v.Found)
	default:
		fmt.Fprintf(out, "FAILED  %-15s %s: %s\n", v.Check, v.Found, v.Do)
	}
}

// oneLine is a text that others wrote as one line that steers no terminal.
func oneLine(s string) string {
	if s == "" {
		return ""
	}
	return listing.Plain(strings.Join(strings.Fields(s), " "))
}
