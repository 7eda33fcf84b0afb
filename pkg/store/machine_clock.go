package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

const (
	// maxAhead is how far a clock may jump ahead, perhaps since the server was off, before it is
	// in doubt. A wrong clock can expire or seal this much too early.
	maxAhead = 7 * 24 * time.Hour
	// maxBehind is how far a clock may be set back before it is in doubt, as NTP may do.
	maxBehind = time.Hour
	// near is how far the time of a call may lie from the clock that it confirms. It allows for
	// zones, and for calls that are reported late.
	near = 48 * time.Hour
)

// Clock is a machine's clock that does no harm if it is wrong. It keeps the time in the table. A
// machine's clock that is then a week ahead, or an hour behind, is in doubt. Meanwhile Clock counts on
// from the last trusted time. So receipts keep their order, and nothing is marked, sealed or expired
// too early.
//
// The doubt ends when the machine's clock is right again, or when an operator accepts it
// (AcceptClock). If the clock is ahead, PBXs can confirm it: more than half of those that send events
// meanwhile must report calls of its time. Then the server was off, and its clock is right.
type Clock struct {
	table   Table
	machine func() time.Time
	passed  func() time.Duration

	mu sync.Mutex
	at time.Time     // the last trusted time; zero: any time is trusted
	by time.Duration // the value of passed at that time
}

// Doubt is what is wrong with a machine's clock.
type Doubt struct {
	Shows time.Time // what the machine's clock shows
	Goes  time.Time // the time that Clock uses instead
}

// String says what is wrong.
func (d Doubt) String() string {
	return fmt.Sprintf("this machine's clock shows %s, and it should be about %s", d.Shows.UTC().Format(time.RFC3339), d.Goes.UTC().Format(time.RFC3339))
}

// clockDoc is what the table keeps.
type clockDoc struct {
	At       time.Time `json:"at"`
	Accepted bool      `json:"accepted,omitempty"` // by an operator, and not used yet
}

// OpenClock reads the time that was kept last. passed returns how long the program has been running,
// by a clock that nobody can set.
func OpenClock(ctx context.Context, t Table, machine func() time.Time, passed func() time.Duration) (*Clock, error) {
	doc, _, err := readClock(ctx, t)
	if err != nil {
		return nil, err
	}
	return &Clock{table: t, machine: machine, passed: passed, at: doc.At, by: passed()}, nil
}

func readClock(ctx context.Context, t Table) (doc clockDoc, version string, err error) {
	version, err = New(t, nil).load(ctx, clockKey, &doc)
	if version != "" && err != nil {
		return clockDoc{}, version, nil // it is invalid, and is written again
	}
	return doc, version, wrap(err, "read the time that was kept")
}

// AcceptClock accepts the time that a machine's clock shows. A Clock uses it from its next Keep on.
func AcceptClock(ctx context.Context, t Table, shows time.Time) error {
	err := New(t, nil).save(ctx, clockKey, ownVersion(millis(shows)), clockDoc{shows.UTC(), true}, Condition{})
	return wrap(err, "accept the clock")
}

// Now returns the machine's time, or in doubt the time counted from the last trusted one.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	shows, goes := c.look()
	if doubtful(shows, goes) {
		return goes
	}
	c.at, c.by = shows, c.passed()
	return shows
}

// look returns what the machine's clock shows, and what it should show. Both are the same if any time
// is trusted.
func (c *Clock) look() (shows, goes time.Time) {
	shows = c.machine()
	if c.at.IsZero() {
		return shows, shows
	}
	// Round(0) drops the monotonic reading, so that only the shown times are compared.
	return shows, c.at.Round(0).Add(c.passed() - c.by)
}

func doubtful(shows, goes time.Time) bool {
	ahead := shows.Round(0).Sub(goes)
	return ahead > maxAhead || ahead < -maxBehind
}

// Doubt returns what is wrong with the machine's clock; false if it is trusted.
func (c *Clock) Doubt() (Doubt, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	shows, goes := c.look()
	return Doubt{shows, goes}, doubtful(shows, goes)
}

// Keep writes the time to the table, and checks whether a doubt has ended. Call it every minute. An
// error for which each.Only is true names PBXs that could not be read.
func (c *Clock) Keep(ctx context.Context) error {
	doc, version, err := readClock(ctx, c.table)
	if err != nil {
		return err
	}
	if doc.Accepted {
		c.trust(doc.At)
	}
	var skipped error
	if d, doubted := c.Doubt(); doubted && d.Shows.After(d.Goes) {
		confirmed, err := c.confirmed(ctx, d)
		if err != nil && !each.Only(err) {
			return err
		}
		if skipped = err; confirmed {
			c.trust(d.Shows)
		}
	}
	now := c.Now()
	err = New(c.table, nil).save(ctx, clockKey, ownVersion(millis(now)), clockDoc{At: now.UTC()}, stillAt(version))
	// If an operator accepted the clock meanwhile, that document stays.
	return errors.Join(skipped, wrap(orThere(err), "keep the time"))
}

func (c *Clock) trust(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.by = at, c.passed()
}

// confirmed reports whether PBXs confirm the machine's clock. More than half of those that have sent
// events since the doubt began must have reported calls of its time. PBXs that can't be read do not
// count; the error names them.
func (c *Clock) confirmed(ctx context.Context, d Doubt) (bool, error) {
	c.mu.Lock()
	since := c.at
	c.mu.Unlock()
	s := New(c.table, func() time.Time { return since }) // nothing has expired
	sending, confirming := 0, 0
	pbxs := each.Loop[pbx.MAC]{Of: "PBXs that may confirm the clock", Name: each.Text[pbx.MAC]}
	err := pbxs.Do(ctx, s.Fleet(ctx), func(ctx context.Context, mac pbx.MAC) error {
		h, err := s.LastEvent(ctx, mac)
		if err != nil || h.Last.Before(since.Truncate(time.Millisecond)) {
			return err
		}
		reported, err := s.reportedCallNear(ctx, mac, d.Shows, since)
		if err != nil {
			return err
		}
		if sending++; reported {
			confirming++
		}
		return nil
	})
	return confirming*2 > sending, err
}

// reportedCallNear reports whether a PBX has reported a call near a time, since another time.
func (s *Store) reportedCallNear(ctx context.Context, mac pbx.MAC, at, since time.Time) (bool, error) {
	since = since.Truncate(time.Millisecond)
	span := Span{From: pbx.LocalTimeOf(at.UTC().Add(-near)), To: pbx.LocalTimeOf(at.UTC().Add(near))}
	for r, err := range s.CallRecords(ctx, mac, pbx.UTC, span) {
		if err != nil || !r.Received.Before(since) {
			return err == nil, err
		}
	}
	for r, err := range s.CDRs(ctx, mac, pbx.UTC, span) {
		if err != nil || !r.Received.Before(since) {
			return err == nil, err
		}
	}
	return false, nil
}
