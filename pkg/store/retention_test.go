package store_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

func local(t *testing.T, s string) pbx.LocalTime {
	t.Helper()
	at, err := pbx.ParseLocalTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// clock is a time that a test sets.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func TestARecordExpiresByItsDayAndIsKeptAWhileWhereItComesLate(t *testing.T) {
	const never = ""
	start := local(t, "2026-11-23 23:59:59")
	for name, c := range map[string]struct {
		days     int
		event    pbx.Event
		received string
		want     map[string]string // by the first part of the key
	}{
		"a call":                {35, &pbx.CallRecord{UUID: "1", Start: start}, "2026-11-23T16:00:00Z", map[string]string{"CALL": "2026-12-30T00:00:00Z"}},
		"a plain record":        {35, &pbx.CDR{UniqueID: "1", Start: start}, "2026-11-23T16:00:00Z", map[string]string{"CDR": "2026-12-30T00:00:00Z"}},
		"an IVR step":           {400, &pbx.IVRStep{UUID: "1", Start: start}, "2026-11-23T16:00:00Z", map[string]string{"IVR": "2027-12-30T00:00:00Z"}},
		"a call forever":        {0, &pbx.CallRecord{UUID: "1", Start: start}, "2026-11-23T16:00:00Z", map[string]string{"CALL": never}},
		"one that comes late":   {35, &pbx.CallRecord{UUID: "1", Start: start}, "2027-01-05T10:00:00.7Z", map[string]string{"CALL": "2027-02-04T10:00:00Z"}},
		"a clock of 1970":       {35, &pbx.CDR{UniqueID: "1", Start: local(t, "1970-01-01 00:00:00")}, "2026-11-23T16:00:00Z", map[string]string{"CDR": "2026-12-23T16:00:00Z"}},
		"a clock that is ahead": {35, &pbx.CDR{UniqueID: "1", Start: local(t, "2099-12-31 00:00:00")}, "2026-11-23T16:00:00Z", map[string]string{"CDR": "2100-02-06T00:00:00Z"}},
		"no start":              {35, &pbx.CallRecord{UUID: "1"}, "2026-11-23T23:00:00+14:00", map[string]string{"CALL": "2026-12-30T00:00:00Z"}},
		"a leg":                 {35, &pbx.Hangup{UniqueID: "1"}, "2026-11-23T16:00:00Z", map[string]string{"LIVE": "2026-11-24T16:00:00Z"}},
		"an extension":          {35, &pbx.ExtensionStatus{Exten: "808"}, "2026-11-23T16:00:00Z", map[string]string{"EXT": never, "EXTLOG": "2026-12-23T16:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			table := openTable(t)
			at := instant(t, c.received)
			s := store.New(table, func() time.Time { return at }).Keeping(c.days)
			if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: at}, c.event); err != nil {
				t.Fatal(err)
			}
			for item, err := range table.Query(t.Context(), store.Range{PK: string(mac)}) {
				if err != nil {
					t.Fatal(err)
				}
				kind, _, _ := strings.Cut(item.SK, "#")
				want, expected := c.want[kind]
				if !expected {
					continue
				}
				got := never
				if !item.Expires.IsZero() {
					got = item.Expires.UTC().Format(time.RFC3339)
				}
				if delete(c.want, kind); got != want {
					t.Errorf("%s expires %q, want %q", kind, got, want)
				}
			}
			if len(c.want) > 0 {
				t.Errorf("missing are %v", c.want)
			}
		})
	}
}

func TestRecordsThatExpireAreAFunctionOfTheEventsReceivedAndOfWhen(t *testing.T) {
	for seed := range uint64(2) {
		random := rand.New(rand.NewPCG(seed, 2))
		all := day(random)
		for i := range all { // some arrive late, and twice
			all[i].receipt.At = all[i].receipt.At.Add(time.Duration(random.IntN(3)) * 12 * time.Hour)
		}
		for _, after := range []time.Duration{48 * time.Hour, 31 * 24 * time.Hour, 37 * 24 * time.Hour} {
			now := received.Add(after)
			var want string
			for order := range 3 {
				again := append(slices.Clone(all), all[:random.IntN(len(all))]...)
				if order > 0 {
					random.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
				}
				table := openTable(t)
				writer := &clock{now}
				if order == 0 {
					writer.Time = received // at this time nothing has expired
				}
				recordIn(t, store.New(table, writer.now).Keeping(35), again)
				if _, err := table.Sweep(t.Context(), now); err != nil {
					t.Fatal(err)
				}
				if got := items(t, table); order == 0 {
					want = got
				} else if got != want {
					t.Fatalf("seed %d, %v later:\n%s\nwant\n%s", seed, after, got, want)
				}
			}
			if calls := strings.Contains(want, "CALL#"); calls != (after < 37*24*time.Hour) {
				t.Errorf("seed %d, %v later: calls are there: %t", seed, after, calls)
			}
		}
	}
}

func TestWhatHasExpiredIsNotWritten(t *testing.T) {
	table := openTable(t)
	s := store.New(table, func() time.Time { return received.AddDate(5, 0, 0) }).Keeping(35)
	sealed, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received}, call(t, "1.1", "2026-11-23 11:00:00", 1))
	if got := items(t, table); err != nil || sealed || got != "" {
		t.Errorf("%t, %v, there is\n%s", sealed, err, got)
	}
	for member, err := range s.Fleet(t.Context()) {
		if err != nil || member != mac {
			t.Errorf("%s, %v", member, err)
		}
	}
	if marks := due(t, s); marks != "" {
		t.Errorf("due are %s", marks)
	}
}

func TestALateRecordOfASealedDayIsKeptAndFlaggedAndNotMarked(t *testing.T) {
	for name, c := range map[string]struct {
		now, start string
		sealed     bool
		due        string
	}{
		"the last second before":            {"2026-12-27T23:59:59Z", "2026-11-23 11:00:00", false, "2026-11-23 2026-11-24"},
		"the day is sealed, not the next":   {"2026-12-28T00:00:00Z", "2026-11-23 11:00:00", true, "2026-11-24"},
		"both are sealed":                   {"2026-12-29T00:00:00Z", "2026-11-23 11:00:00", true, ""},
		"early: the day before may have it": {"2026-12-27T00:00:00Z", "2026-11-23 05:59:59", true, "2026-11-23 2026-11-24"},
		"years late":                        {"2031-01-01T00:00:00Z", "2026-11-23 11:00:00", true, ""},
		"a clock of 1970":                   {"2026-11-24T00:00:00Z", "1970-01-01 11:00:00", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			now := instant(t, c.now)
			s := store.New(openTable(t), func() time.Time { return now }).Keeping(35)
			sealed, err := s.Record(t.Context(), store.Origin{MAC: mac, At: now, Zone: pbx.UTC}, call(t, "1.1", c.start, 1))
			if err != nil || sealed != c.sealed || due(t, s) != c.due {
				t.Errorf("sealed %t, due %q, %v; want %t, %q", sealed, due(t, s), err, c.sealed, c.due)
			}
			if kept := collect(t, s.CallRecords(t.Context(), mac, pbx.UTC, store.Span{})); len(kept) != 1 {
				t.Errorf("%d are kept", len(kept))
			}
			now = now.Add(30*24*time.Hour - time.Second)
			if kept := collect(t, s.CallRecords(t.Context(), mac, pbx.UTC, store.Span{})); len(kept) != 1 {
				t.Errorf("%d are kept for 30 days", len(kept))
			}
		})
	}
}

// due returns the due days.
func due(t *testing.T, s *store.Store) string {
	t.Helper()
	var days []string
	for mark, err := range s.Figures().Due(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		days = append(days, mark.Day.String())
	}
	return strings.Join(days, " ")
}

func TestADayStaysSealedThoughRecordsAreKeptForLongerSince(t *testing.T) {
	table := openTable(t)
	c := &clock{received}
	over := func(days int) *store.Store { return store.New(table, c.now).Keeping(days) }
	publish := func(days int) {
		t.Helper()
		s := over(days)
		h, err := s.Figures().Header(t.Context(), mac, figuresDay)
		if err == nil {
			h, err = s.Figures().Claim(t.Context(), mac, figuresDay, h)
		}
		if err == nil {
			_, err = s.Figures().Publish(t.Context(), mac, figuresDay, h, store.Header{Hash: "h", ComputedAt: c.Time})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	sealedFrom := func(days int) string {
		t.Helper()
		for day := figuresDay; day < figuresDay+1000; day++ {
			c.Time = day.UTC()
			if sealed, err := over(days).Figures().IsSealed(t.Context(), mac, figuresDay); err != nil || sealed {
				return day.String()
			}
		}
		return "never"
	}
	check := func(when string, want map[int]string) {
		t.Helper()
		for days, from := range want {
			if got := sealedFrom(days); got != from {
				t.Errorf("%s, with %d days: sealed from %s, want %s", when, days, got, from)
			}
		}
		c.Time = received
	}
	at := func(days pbx.Day) string { return (figuresDay + days).String() }
	check("not published", map[int]string{0: "never", 35: at(35), 100: at(100)})
	publish(0)
	check("published forever", map[int]string{0: "never", 35: at(35), 100: at(100)})
	publish(100)
	check("published with 100 days", map[int]string{0: at(100), 35: at(35), 100: at(100), 400: at(100)})
	publish(35)
	publish(0)
	publish(400)
	check("published with 35 days", map[int]string{0: at(35), 35: at(35), 100: at(35)})
}
