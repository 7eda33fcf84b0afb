package rollup

import (
	"fmt"
	"strings"
)

// Counts are how many days had each result.
type Counts map[Result]int

// String sums up the results in a line.
func (c Counts) String() string {
	days := 0
	for _, n := range c {
		days += n
	}
	if days == 0 {
		return "No day that was asked for has records and has closed."
	}
	var parts []string
	for _, r := range []struct {
		Result
		text string
	}{
		{Published, "published"}, {Unchanged, "unchanged"}, {Empty, "without calls of its own"},
		{Sealed, "sealed"}, {StillOpen, "still open"}, {NotDue, "done by another worker"}, {Failed, "failed"},
	} {
		if n := c[r.Result]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, r.text))
		}
	}
	noun := "days"
	if days == 1 {
		noun = "day"
	}
	return fmt.Sprintf("%d %s: %s", days, noun, strings.Join(parts, ", "))
}
