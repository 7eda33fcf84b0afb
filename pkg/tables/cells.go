package tables

import (
	"strconv"
	"time"
)

func count(n int64) string { return strconv.FormatInt(n, 10) }

func optional(n *int64) string {
	if n == nil {
		return ""
	}
	return count(*n)
}

func percent(r *float64) string {
	if r == nil {
		return ""
	}
	return strconv.FormatFloat(*r*100, 'f', 1, 64) + "%"
}

func mean(r *float64) string {
	if r == nil {
		return ""
	}
	return strconv.FormatFloat(*r, 'f', 1, 64)
}

// clockOr is Clock, but empty for an unknown time.
func clockOr(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return Clock(t)
}

// Clock shows a time to the second.
func Clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
