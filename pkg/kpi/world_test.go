package kpi

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

// worldDay is the middle one of the three days on which a world's records start.
const worldDay = pbx.Day(737002)

// world returns a few records of a few calls, in which many values coincide. choose chooses one of n
// things.
func world(choose func(n int) int) []received {
	known := map[string]bool{}
	var records []received
	for range 1 + choose(20) {
		e := someEvent(choose)
		id := identity(e)
		if known[id] {
			continue // a record has one current version
		}
		known[id] = true
		at := time.Date(2018, 11, 7, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 500*(choose(8)/7))
		records = append(records, receive(e, at))
	}
	return records
}

func identity(e pbx.Event) string {
	switch e := e.(type) {
	case *pbx.CallRecord:
		return fmt.Sprint(e.Kind(), e.UUID, "@", e.Queue, "@", e.Agent, "@", e.Start)
	case *pbx.CDR:
		return fmt.Sprint(e.Kind(), e.UniqueID, "@", e.Start, e.Destination)
	case *pbx.IVRStep:
		return fmt.Sprint(e.Kind(), e.UUID, "@", e.Start, e.IVRID)
	}
	panic("no event of a day: " + e.Kind())
}

func someEvent(choose func(n int) int) pbx.Event {
	one := func(of ...string) string { return of[choose(len(of))] }
	seconds := func() pbx.Int {
		known := []int64{0, 9, 10, 20, 21, 1<<31 - 1}
		if i := choose(len(known) + 1); i < len(known) {
			return pbx.IntOf(known[i])
		}
		return pbx.Int{}
	}
	id := one("1541415600.1", "1541415600.2", "x")
	start := someTime(choose)
	switch choose(8) {
	case 0:
		return &pbx.CDR{
			UniqueID: id, Start: start, Destination: one("100", "101"), Disposition: one("ANSWERED", "BUSY", ""),
			CallType: one("inbound", "outbound", "", "?"), Billable: seconds(),
		}
	case 1:
		return &pbx.IVRStep{UUID: id, Start: start, IVRID: one("1", "2"), Key: one("", "1", "2")}
	}
	e := &pbx.CallRecord{
		UUID: id, Queue: one("630", "640", ""), Agent: one("", "100", "101"), Start: start,
		End: start + pbx.LocalTime(10*choose(3)), Caller: one("85322361", "85322361", "", "100", "102"),
		CallType:  one("incoming", "IN", "inbound", "incoming", "IN", "outgoing", "internal", "?"),
		CDRState:  one("queue", "bridged", "queue", "feedback", "ivr", "", "?"),
		MissCause: one("", "MEMBER_CANCEL", "NO_AGENT_LOGIN"),
		QueueTime: seconds(), RingTime: seconds(), HoldTime: seconds(), PauseTime: seconds(),
		Score: []pbx.Int{{}, pbx.IntOf(0), pbx.IntOf(1), pbx.IntOf(5)}[choose(4)],
	}
	if choose(3) == 0 {
		e.TalkingTime = seconds()
	}
	if choose(6) == 0 {
		e.VoicemailState = one("0", "1")
	}
	if choose(8) == 0 {
		e.ForwardType, e.ForwardNumber = one("", "external"), one("", "0171")
	}
	return e
}

// someTime is a time at an edge of a day's reach or of an interval.
func someTime(choose func(n int) int) pbx.LocalTime {
	const hour, minute = 60 * 60, 60
	day := worldDay + pbx.Day(choose(3)) - 1
	times := []pbx.LocalTime{0, 14*minute + 59, 6*hour - 1, 6 * hour, 12 * hour, 23*hour + 45*minute, 24*hour - 1}
	return day.Start() + times[choose(len(times))]
}

// worlds runs a test on many worlds, always the same ones.
func worlds(t *testing.T, test func(t *testing.T, rng *rand.Rand, records []received)) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 0))
		records := world(rng.IntN)
		if test(t, rng, records); t.Failed() {
			t.Fatalf("the world of seed %d: %s", seed, inJSON(records))
		}
	}
}

func (r received) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{r.event.Kind(), r.event, r.Source})
}

func inJSON(v any) string {
	doc, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(doc)
}

// allDays are the days on which a world's records may count, and one more on each side.
func allDays(records []received) map[pbx.Day]computed {
	rows := map[pbx.Day]computed{}
	for day := worldDay - 2; day <= worldDay+2; day++ {
		rows[day] = compute(day, DefaultSettings, testZone, records)
	}
	return rows
}

func TestTheOrderOfRecordsDoesNotMatter(t *testing.T) {
	worlds(t, func(t *testing.T, rng *rand.Rand, records []received) {
		want := inJSON(compute(worldDay, DefaultSettings, testZone, records))
		for range 3 {
			rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			if got := inJSON(compute(worldDay, DefaultSettings, testZone, records)); got != want {
				t.Errorf("got %s, before %s", got, want)
			}
		}
	})
}

func TestRecordsOutsideADaysReachDoNotMatter(t *testing.T) {
	worlds(t, func(t *testing.T, _ *rand.Rand, records []received) {
		d := NewDay(testMAC, worldDay, DefaultSettings, testZone)
		add(d, records, func(pbx.LocalTime) bool { return true })
		if got, want := inJSON(allOf(d)), inJSON(compute(worldDay, DefaultSettings, testZone, records)); got != want {
			t.Errorf("with all records %s, with those of its reach %s", got, want)
		}
	})
}

func TestRowsMayBeComputedTwice(t *testing.T) {
	worlds(t, func(t *testing.T, _ *rand.Rand, records []received) {
		d := NewDay(testMAC, worldDay, DefaultSettings, testZone)
		add(d, records, func(pbx.LocalTime) bool { return true })
		if first, second := inJSON(allOf(d)), inJSON(allOf(d)); first != second {
			t.Errorf("first %s, then %s", first, second)
		}
	})
}

func TestEveryRecordCountsOnOneDay(t *testing.T) {
	worlds(t, func(t *testing.T, _ *rand.Rand, records []received) { checkDaysShareRecords(t, records) })
}

// checkDaysShareRecords checks that each queue's record is in one queue call, on the day that it belongs
// to. Each record must be in one PBX's row, and in one queue's row if it has a queue.
func checkDaysShareRecords(t *testing.T, records []received) {
	t.Helper()
	days, inPBX := map[string][]pbx.Day{}, int64(0)
	inQueues, inQueueRows := int64(0), int64(0)
	for day, rows := range allDays(records) {
		inPBX += rows.PBX.Inputs.Records
		for _, c := range rows.Calls {
			for _, r := range c.records {
				days[r.Hash] = append(days[r.Hash], day)
			}
		}
		for _, q := range rows.Queues {
			inQueueRows += q.Inputs.Records
		}
	}
	counting := inForceOf(records)
	for _, r := range counting {
		if e, ok := r.event.(*pbx.CallRecord); ok && e.Queue != "" {
			inQueues++
			if want := []pbx.Day{dayOf(e, counting)}; !slices.Equal(days[r.Hash], want) {
				t.Errorf("%s counts on %v, not on %v", r.Hash, days[r.Hash], want)
			}
		}
	}
	if inQueueRows != inQueues || inPBX != int64(len(counting)) {
		t.Errorf("queues' rows have %d of %d records, the PBX's %d of %d", inQueueRows, inQueues, inPBX, len(counting))
	}
}

// inForceOf leaves out restated call records, by the rule. A record is restated if overlaps within a night
// link it to a later-received record of its call, queue and agent.
func inForceOf(records []received) (counting []received) {
	visit := make([]int, len(records)) // the same number for all of one visit
	for i := range visit {
		visit[i] = i
	}
	for range records {
		for i, a := range records {
			for j, b := range records {
				if overlap(a.event, b.event) {
					visit[i], visit[j] = min(visit[i], visit[j]), min(visit[i], visit[j])
				}
			}
		}
	}
	for i, r := range records {
		restated := false
		for j, other := range records {
			restated = restated || visit[i] == visit[j] && r.compare(other.Source) < 0
		}
		if !restated {
			counting = append(counting, r)
		}
	}
	return counting
}

func overlap(a, b pbx.Event) bool {
	x, ok := a.(*pbx.CallRecord)
	y, ok2 := b.(*pbx.CallRecord)
	if !ok || !ok2 || x.UUID != y.UUID || x.Queue != y.Queue || x.Agent != y.Agent {
		return false
	}
	const six = 6 * 60 * 60
	return (x.Start-six).Day() == (y.Start-six).Day() &&
		(x.Start == y.Start || x.Start < y.End && y.Start < x.End)
}

// dayOf returns the day of a queue's record, by the rule. For an early record it is the day before if the
// queue call has a record there.
func dayOf(e *pbx.CallRecord, records []received) pbx.Day {
	day := e.Start.Day()
	for _, r := range records {
		other, ok := r.event.(*pbx.CallRecord)
		if ok && e.Start.Early() && other.UUID == e.UUID && other.Queue == e.Queue && other.Start.Day() == day-1 {
			return day - 1
		}
	}
	return day
}

func TestRowsAgreeWithThemselves(t *testing.T) {
	worlds(t, func(t *testing.T, _ *rand.Rand, records []received) { checkRows(t, records) })
}

// checkRows checks what is true of all rows.
func checkRows(t *testing.T, records []received) {
	t.Helper()
	for _, rows := range allDays(records) {
		checkTally(t, rows.PBX.Tally, rows.PBX.Intervals)
		var offered, attempts, ofAgents int64
		checkAgents(t, rows)
		for _, q := range rows.Queues {
			checkTally(t, q.Tally, q.Intervals)
			offered += q.Offered
		}
		for _, c := range rows.Calls {
			if c.Class == ClassQueue {
				offered--
				attempts += c.Attempts
			}
			if (c.Outcome != "") != (c.Class == ClassQueue) || c.Why() == "" {
				t.Errorf("a call of class %s has the outcome %q: %s", c.Class, c.Outcome, c.Why())
			}
		}
		for _, a := range rows.Agents {
			ofAgents += a.Attempts
		}
		if offered != 0 || attempts != ofAgents {
			t.Errorf("queues' rows have %d calls too many; of %d attempts, agents' have %d", offered, attempts, ofAgents)
		}
	}
}

// checkAgents checks what is true of agents' rows.
func checkAgents(t *testing.T, rows computed) {
	t.Helper()
	for _, a := range rows.Agents {
		counts := map[AgentCount]int64{}
		for _, c := range rows.AgentCalls {
			if c.Agent == a.Agent {
				counts[c.As]++
			}
		}
		want := map[AgentCount]int64{
			AgentAnswered: a.Answered, AgentMissed: a.Missed, AgentAnsweredElsewhere: a.AnsweredElsewhere,
			AgentOutbound: a.OutboundCalls, AgentDirect: a.DirectCalls,
		}
		for as, n := range want {
			if counts[as] != n {
				t.Errorf("of agent %s, %d calls count as %s, and the row has %d", a.Agent, counts[as], as, n)
			}
		}
		if a.BusySeconds > a.LoginSeconds.Or(0) {
			t.Errorf("agent %s was busy for %d of %v s", a.Agent, a.BusySeconds, a.LoginSeconds)
		}
	}
}

// checkTally checks what is true of the tally of any row.
func checkTally(t *testing.T, tally Tally, intervals []Interval) {
	t.Helper()
	n := tally.Counts
	if n.Offered != n.Answered+n.Abandoned+n.Voicemail+n.FlowedOut+n.Unknown {
		t.Errorf("the outcomes don't add up: %s", inJSON(n))
	}
	if n.AnsweredWaitUnknown != n.waitUnknown() || n.ShortAbandoned != n.GaveUpWaits.Calls(DefaultSettings.ShortAbandon-1) || tally.Visits < n.Offered {
		t.Errorf("short calls or visits are not those of the calls: %s", inJSON(tally))
	}
	var sum Counts
	for i, interval := range intervals {
		sum = sum.Plus(interval.Counts)
		if interval.Offered == 0 || interval.Minute%15 != 0 || i > 0 && interval.Minute <= intervals[i-1].Minute {
			t.Errorf("interval %d is of minute %d", i, interval.Minute)
		}
	}
	if inJSON(sum) != inJSON(n) {
		t.Errorf("the intervals add up to %s, not %s", inJSON(sum), inJSON(n))
	}
	level := tally.ServiceLevel(Thresholds{20, 10})
	for _, ratio := range []*float64{
		level.AnsweredAndAbandoned, level.ExcludingShortAbandoned, level.OfOffered, level.AnsweredOnly,
		level.ExcludingAbandonedWithinThreshold, level.IncludingFlowOut, level.AbandonedWithinThresholdCountsAsMet,
	} {
		if ratio != nil && !(*ratio >= 0 && *ratio <= 1) {
			t.Errorf("a service level is %v: %s", *ratio, inJSON(n))
		}
	}
}

func TestTalliesOfPartsAddUpToThatOfTheWhole(t *testing.T) {
	worlds(t, func(t *testing.T, rng *rand.Rand, records []received) {
		var calls []*Call
		parts := make([][]*Call, 3)
		for _, day := range []pbx.Day{worldDay - 1, worldDay, worldDay + 1} {
			for _, c := range compute(day, DefaultSettings, testZone, records).Calls {
				if c.Class == ClassQueue {
					i := rng.IntN(len(parts))
					calls, parts[i] = append(calls, c), append(parts[i], c)
				}
			}
		}
		a, b, c := tallyOf(parts[0]), tallyOf(parts[1]), tallyOf(parts[2])
		whole := tallyOf(calls)
		want := inJSON(whole.Tally)
		for _, sum := range []Tally{
			a.Plus(b.Tally).Plus(c.Tally), a.Plus(b.Plus(c.Tally)), c.Plus(b.Tally).Plus(a.Tally), b.Plus(a.Plus(c.Tally)),
			Tally{}.Plus(a.Tally).Plus(b.Plus(c.Tally)).Plus(Tally{}),
		} {
			if got := inJSON(sum); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		intervalsOf := addIntervals(a.intervals, addIntervals(c.intervals, b.intervals))
		if got, want := inJSON(intervalsOf), inJSON(append([]Interval{}, whole.intervals...)); got != want {
			t.Errorf("intervals: got %s, want %s", got, want)
		}
	})
}

// addIntervals adds the counts of the same intervals.
func addIntervals(a, b []Interval) []Interval {
	byMinute := map[int64]Interval{}
	for _, i := range slices.Concat(a, b) {
		byMinute[i.Minute] = Interval{i.Minute, byMinute[i.Minute].Plus(i.Counts)}
	}
	all := make([]Interval, 0, len(byMinute))
	for _, minute := range slices.Sorted(maps.Keys(byMinute)) {
		all = append(all, byMinute[minute])
	}
	return all
}

// tallied returns the tally of calls.
type tallied struct {
	Tally
	intervals []Interval
}

func tallyOf(calls []*Call) (all tallied) {
	var t tallying
	for _, c := range calls {
		t.add(c, DefaultSettings)
	}
	all.Tally, all.intervals = t.tallied()
	return all
}

func TestRowsSurviveJSON(t *testing.T) {
	worlds(t, func(t *testing.T, _ *rand.Rand, records []received) {
		rows := compute(worldDay, DefaultSettings, testZone, records)
		survives(t, rows.PBX, func(r PBX) any { return r.Figures(Thresholds{20, 5}, Published{}) })
		for _, q := range rows.Queues {
			survives(t, q, func(r Queue) any { return r.Figures(Thresholds{20, 5}, Published{}) })
		}
		for _, a := range rows.Agents {
			survives(t, a, func(r Agent) any { return r.Figures(Published{}) })
		}
	})
}

// survives checks that a row stays the same, and shows the same, after JSON.
func survives[R any](t *testing.T, row R, show func(R) any) {
	t.Helper()
	var read R
	if err := json.Unmarshal([]byte(inJSON(row)), &read); err != nil {
		t.Fatal(err)
	}
	if got, want := inJSON(read), inJSON(row); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := inJSON(show(read)), inJSON(show(row)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzDay(f *testing.F) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		choices := make([]byte, 200)
		for i := range choices {
			choices[i] = byte(rng.IntN(256))
		}
		f.Add(choices)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		records := world(func(n int) int {
			if len(choices) == 0 {
				return 0
			}
			choice := int(choices[0])
			choices = choices[1:]
			return choice % n
		})
		checkDaysShareRecords(t, records)
		checkRows(t, records)
	})
}
