package naming

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxThreshold is the highest threshold in seconds: a day.
const MaxThreshold = 24 * 60 * 60

// Target is the service level that a queue should reach: Percent of its calls are answered within
// Seconds. The zero Target: no target is set.
type Target struct {
	Percent int `json:"percent"`
	Seconds int `json:"seconds"`
}

// Check reports what is wrong with a target.
func (t Target) Check() error {
	switch {
	case t == Target{}:
	case t.Percent < 1 || t.Percent > 100:
		return fmt.Errorf("%d is not a percentage from 1 to 100", t.Percent)
	case t.Seconds < 0 || t.Seconds > MaxThreshold:
		return fmt.Errorf("%d is not a number of seconds from 0 to %d", t.Seconds, MaxThreshold)
	}
	return nil
}

// ParseTarget reads what String writes, such as 80/20.
func ParseTarget(s string) (Target, error) {
	if s == "" {
		return Target{}, nil
	}
	percent, seconds, _ := strings.Cut(s, "/")
	p, err := strconv.Atoi(percent)
	n, err2 := strconv.Atoi(seconds)
	if errors.Join(err, err2) != nil {
		return Target{}, fmt.Errorf("%.40q is not a target such as 80/20: 80 %% of calls answered within 20 seconds", s)
	}
	t := Target{p, n}
	return t, t.Check()
}

// String returns the target as 80/20; empty for the zero Target.
func (t Target) String() string {
	if t == (Target{}) {
		return ""
	}
	return fmt.Sprintf("%d/%d", t.Percent, t.Seconds)
}
