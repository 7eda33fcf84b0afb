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
	// maxAhead is how long a server may have been off, or its clock set forward, before its clock
	// is doubted. So much may expire or be sealed too early by a wrong clock.
	maxAhead = 7 * 24 * time.Hour
	// maxBehind is how far a clock may be set back, as NTP does.
	maxBehind = time.Hour
	// near is how far the time of a call may lie from a clock that it confirms: zones, and
	// calls that are told of late.
	near = 48 * time.Hour
)

// Clock is a machine's clock that does no harm where it is wrong. It remembers in the table how
// late it is, and doubts a machine's clock that is then a week ahead, or an hour behind. In doubt
// it goes on from the time that it trusted last, at the pace of time: so receipts keep their
// order, and nothing is marked, sealed or dropped before its time.
//
// The doubt ends when the machine's clock is right again; when an operator accepts it
// (AcceptClock); or where it is ahead, when more than half of the PBXs that are heard meanwhile
// tell of calls of its time: then the server was off, and its clock is right.
type Clock struct {
	table   Table
	machine func() time.Time
	passed  func() time.Duration

	mu sync.Mutex
	at time.Time     // the last time that is trusted; zero: any is
	by time.Duration // what passed showed then
}

// Doubt is what is wrong with a machine's clock.
type Doubt struct {
	Shows time.Time // what the machine's clock shows
	Goes  time.Time // the time that is gone on from
}

// String says what is wrong.
func (d Doubt) String() string {
	return fmt.Sprintf("this machine's clock shows %s, and it should be about %s", d.Shows.UTC().Format(time.RFC3339), d.Goes.UTC().Format(time.RFC3339))
}

// clockDoc is what the table remembers.
type clockDoc struct {
	At       time.Time `json:"at"`
	Accepted bool      `json:"accepted,omitempty"` // by an operator, and not taken over yet
}

// OpenClock reads how late it was. passed is how long the program runs by a clock that nobody
// can set.
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
		return clockDoc{}, version, nil // it can't be understood, and is written again
	}
	return doc, version, wrap(err, "read how late it is")
}

// AcceptClock has the time that a machine's clock shows be the right one. A Clock takes it over
// at its next Keep.
func AcceptClock(ctx context.Context, t Table, shows time.Time) error {
	err := New(t, nil).save(ctx, clockKey, ownVersion(millis(shows)), clockDoc{shows.UTC(), true}, Condition{})
	return wrap(err, "accept the clock")
}

// Now is the time: the machine's, or in doubt the one that is gone on from.
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

// look returns what the machine's clock shows, and what it should; both are the same where any
// time is trusted.
func (c *Clock) look() (shows, goes time.Time) {
	shows = c.machine()
	if c.at.IsZero() {
		return shows, shows
	}
	// Without the readings of a clock that nobody can set, a difference is that of the times shown.
	return shows, c.at.Round(0).Add(c.passed() - c.by)
}

func doubtful(shows, goes time.Time) bool {
	ahead := shows.Round(0).Sub(goes)
	return ahead > maxAhead || ahead < -maxBehind
}

// Doubt says what is wrong with the machine's clock; false where nothing is.
func (c *Clock) Doubt() (Doubt, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	shows, goes := c.look()
	return Doubt{shows, goes}, doubtful(shows, goes)
}

// Keep remembers in the table how late it is, and looks whether a doubt has ended. Call it every
// minute. An error that each.Only holds of names PBXs that could not be asked.
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
	// Who has accepted it meanwhile goes first.
	return errors.Join(skipped, wrap(orThere(err), "keep how late it is"))
}

func (c *Clock) trust(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.by = at, c.passed()
}

// confirmed reports whether more than half of the PBXs that were heard since the doubt began
// have told of calls of the time that the machine's clock shows. Those of which that can't be read
// don't count; the error names them.
func (c *Clock) confirmed(ctx context.Context, d Doubt) (bool, error) {
	c.mu.Lock()
	since := c.at
	c.mu.Unlock()
	s := New(c.table, func() time.Time { return since }) // nothing has expired
	heard, telling := 0, 0
	pbxs := each.Loop[pbx.MAC]{Of: "PBXs that may confirm the clock", Name: each.Text[pbx.MAC]}
	err := pbxs.Do(ctx, s.Fleet(ctx), func(ctx context.Context, mac pbx.MAC) error {
		h, err := s.LastEvent(ctx, mac)
		if err != nil || h.Last.Before(since.Truncate(time.Millisecond)) {
			return err
		}
		tells, err := s.reportedCallNear(ctx, mac, d.Shows, since)
		if err != nil {
			return err
		}
		if heard++; tells {
			telling++
		}
		return nil
	})
	return telling*2 > heard, err
}

// reportedCallNear reports whether a PBX told of a call near a time, and that was received since another.
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
