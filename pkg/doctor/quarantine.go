package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

const (
	// recentDays is how many UTC days of the quarantine are checked, with the present one.
	recentDays = 7
	// recentAtMost is how many of its objects are read, recentWithin for how long, and
	// recentAtOnce how many concurrently.
	recentAtMost = 10_000
	recentWithin = checkWithin * 3 / 4
	recentAtOnce = 32
)

// Quarantine checks whether events of the last days were refused.
func (c *Checkup) Quarantine(ctx context.Context, bucket archive.Bucket) {
	c.Check(ctx, "quarantine", func(ctx context.Context) (string, error) {
		r, err := recentlyRefused(ctx, bucket, pbx.UTCDay(c.Now())-(recentDays-1))
		if (err == nil || each.Only(err)) && r.events > 0 {
			err = r.fault()
		}
		return fmt.Sprintf("nothing of the last %d days is in it", recentDays), err
	})
}

// recent sums up what was refused lately.
type recent struct {
	events  int
	more    bool   // some were not looked at
	since   string // the UTC day of the first
	pbxs    map[pbx.MAC]bool
	reasons map[string]int
}

// recentlyRefused counts what was refused since a day, within its limits.
func recentlyRefused(ctx context.Context, bucket archive.Bucket, since pbx.Day) (*recent, error) {
	r := &recent{pbxs: map[pbx.MAC]bool{}, reasons: map[string]int{}}
	inTime, cancel := context.WithTimeout(ctx, recentWithin)
	defer cancel()
	read := each.MapAhead(ctx, recentAtOnce, recentAtOnce, archive.Quarantined{First: since}.Names(ctx, bucket), each.Text, func(ctx context.Context, name string) (refused, error) {
		object, err := bucket.Get(ctx, name)
		if errors.Is(err, fs.ErrNotExist) { // released meanwhile
			err = each.ErrNone
		}
		return newRefused(name, object), err
	})
	events := each.Loop[refused]{Of: "events that were refused of late", Name: func(one refused) string { return one.name }}
	return r, events.Do(ctx, read, func(_ context.Context, one refused) error {
		if r.more = r.events == recentAtMost || inTime.Err() != nil; r.more {
			return each.ErrEnough
		}
		r.add(one)
		return nil
	})
}

// refused is an event in quarantine.
type refused struct {
	name   string
	mac    pbx.MAC // empty where it is not known
	reason string
}

func newRefused(name string, object []byte) refused {
	receipt, err := archive.ParseReceipt(object)
	if err != nil {
		return refused{name: name, reason: err.Error()}
	}
	return refused{name, receipt.MAC, receipt.Reason}
}

func (r *recent) add(one refused) {
	r.events++
	r.reasons[alike(one.reason)]++
	if one.mac != "" {
		r.pbxs[one.mac] = true
	}
	if r.since == "" { // names are sorted by day
		r.since, _, _ = strings.Cut(strings.TrimPrefix(one.name, archive.QuarantinePrefix+"dt="), "/")
	}
}

var (
	placed = regexp.MustCompile(`line \d+, column \d+: `)
	// single matches what is specific to one event in a reason: its ID, a MAC, and quoted values.
	// It also matches a member's name, which alike keeps.
	single = regexp.MustCompile(`[0-9a-f]{12}-\d{13}-[0-9a-f]{32}|\b[0-9a-f]{12}\b|(?:member )?"(?:[^"\\]|\\.)*"|'(?:\\.[^']*|[^'\\])'`)
)

// alike returns a reason without what is specific to one event.
func alike(reason string) string {
	return single.ReplaceAllStringFunc(placed.ReplaceAllString(reason, ""), func(s string) string {
		if strings.HasPrefix(s, "member ") {
			return s
		}
		return "…"
	})
}

// mostOften returns the most frequent reason; of several, the first by its text.
func (r *recent) mostOften() string {
	most := ""
	for _, reason := range slices.Sorted(maps.Keys(r.reasons)) {
		if r.reasons[reason] > r.reasons[most] {
			most = reason
		}
	}
	return most
}

func (r *recent) fault() error {
	least, most := "", r.mostOften()
	if r.more {
		least = "at least "
	}
	return Wrong("look at them with `pbxctl quarantine list --day "+r.since+"..`, correct the cause, and run "+
		"`pbxctl quarantine release --all`; discard those that are not events",
		"%s%d events of %d PBXs could not be read, or named another PBX, since %s, most of them (%d) because: %s",
		least, r.events, len(r.pbxs), r.since, r.reasons[most], most)
}
