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
	// recentDays is of how many UTC days the quarantine is looked at, the present one included.
	recentDays = 7
	// recentAtMost is how many of its objects are read, recentWithin for how long, and
	// recentAtOnce how many side by side.
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

// recent is what was refused of late.
type recent struct {
	events  int
	more    bool   // there are more that were not looked at
	since   string // the UTC day of the first
	pbxs    map[pbx.MAC]bool
	reasons map[string]int
}

// recentlyRefused counts what was refused since a day, as far as it may look.
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
	if r.since == "" { // names are in the order of days
		r.since, _, _ = strings.Cut(strings.TrimPrefix(one.name, archive.QuarantinePrefix+"dt="), "/")
	}
}

var (
	placed = regexp.MustCompile(`line \d+, column \d+: `)
	// single is what reasons say of one event alone: its ID, a MAC, and quoted values. A member's
	// name is none of these.
	single = regexp.MustCompile(`[0-9a-f]{12}-\d{13}-[0-9a-f]{32}|\b[0-9a-f]{12}\b|(?:member )?"(?:[^"\\]|\\.)*"|'(?:\\.[^']*|[^'\\])'`)
)

// alike is a reason without what it says of one event alone.
func alike(reason string) string {
	return single.ReplaceAllStringFunc(placed.ReplaceAllString(reason, ""), func(s string) string {
		if strings.HasPrefix(s, "member ") {
			return s
		}
		return "…"
	})
}

// mostOften is the reason for most of them, the first by its text where there are several.
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
	return Wrong("look at them with `pbxctl quarantine list --from "+r.since+"`, put right what keeps them out, and run "+
		"`pbxctl quarantine release --all`; discard those that are no events",
		"%s%d events of %d PBXs could not be read, or were another's, since %s, most of them (%d) because: %s",
		least, r.events, len(r.pbxs), r.since, r.reasons[most], most)
}
