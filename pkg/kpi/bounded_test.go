package kpi

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

func TestAsManyQueuesAsADayCanHaveStayAsTheyAre(t *testing.T) {
	var r Rows
	for i := range MaxNames {
		r.Queues = append(r.Queues, Queue{Queue: fmt.Sprintf("%05d", i)})
		r.Agents = append(r.Agents, Agent{Agent: fmt.Sprintf("%05d", i)})
	}
	if got := r.Bounded(); len(got.Queues) != MaxNames || len(got.Agents) != MaxNames || got.PBX.QueuesLeftOut != 0 || got.PBX.AgentsLeftOut != 0 {
		t.Errorf("%d queues, %d agents, %d and %d left out", len(got.Queues), len(got.Agents), got.PBX.QueuesLeftOut, got.PBX.AgentsLeftOut)
	}
}

func TestOfTooManyQueuesTheBusiestHaveRowsInTheirOrder(t *testing.T) {
	var r Rows
	for i := range MaxNames + 2 {
		q := Queue{Queue: fmt.Sprintf("%05d", i)}
		q.Inputs.Records = 1 + int64(i%2)
		r.Queues = append(r.Queues, q)
	}
	got := r.Bounded()
	if n := len(got.Queues); n != MaxNames || got.Queues[0].Queue != "00000" || got.Queues[n-1].Queue != "02001" || got.PBX.QueuesLeftOut != 2 {
		t.Errorf("%d queues from %s to %s, %d left out", n, got.Queues[0].Queue, got.Queues[n-1].Queue, got.PBX.QueuesLeftOut)
	}
	if r.PBX.QueuesLeftOut != 0 || len(r.Queues) != MaxNames+2 {
		t.Error("the rows that were given are changed")
	}
}

func TestMenusWithLongNamesAreShortened(t *testing.T) {
	r := Rows{PBX: PBX{IVR: []IVRChoice{{IVR: strings.Repeat("x", 30_000), Key: strings.Repeat("y", 30_000)}}}}
	for _, c := range r.Bounded().PBX.IVR {
		if len(c.IVR) > pbx.MaxName || len(c.Key) > pbx.MaxName {
			t.Errorf("%d and %d bytes", len(c.IVR), len(c.Key))
		}
	}
}

// The table keeps numbers of 15 digits. Sums of the largest durations and scores that are taken
// fit for as many records as a PBX can send in a day: a hundred million.
func TestSumsOfADayFitWhatIsKeptWhateverThePBXSends(t *testing.T) {
	const records, kept = 100_000_000, 999_999_999_999_999
	day := testDay(t, 1000, func(c *pbx.CallRecord) {
		c.End = pbx.LocalTimeOf(time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC))
		longest := pbx.IntOf(pbx.MaxDuration)
		c.Duration, c.QueueTime, c.TalkingTime, c.HoldTime, c.PauseTime, c.RingTime = longest, longest, longest, longest, longest, longest
		c.Score = pbx.IntOf(1000)
	})
	row := allOf(day).PBX
	_, scores := row.Scores.Total()
	for name, sum := range map[string]int64{
		"wait": row.Wait.Sum, "talk": row.Talk.Sum, "hold": row.Hold.Sum, "wrap-up": row.WrapUp.Sum, "ring": row.Ring.Sum,
		"handle time": row.HandleTime, "scores": scores,
	} {
		if sum == 0 || sum/1000 > kept/records || sum/1000 > math.MaxInt64/records {
			t.Errorf("%s: %d for 1,000 records", name, sum)
		}
	}
}

func TestARecordThatEndsInAnotherCenturyHasNoCallWaitForYears(t *testing.T) {
	var calls int
	day := testDay(t, 2, func(c *pbx.CallRecord) {
		calls++
		c.UUID, c.Start = "x", c.Start+pbx.LocalTime(100*calls)
		c.End = pbx.LocalTimeOf(time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC))
		if calls == 1 {
			c.CDRState, c.Agent, c.End = "queue", "802", c.Start+5
		} else {
			c.TalkingTime = pbx.IntOf(5)
		}
	})
	if got := allOf(day).PBX; got.Answered != 1 || got.Wait.Max > 2*pbx.MaxDuration {
		t.Errorf("%d answered after %d s", got.Answered, got.Wait.Max)
	}
}

// A PBX decides how many queues and agents one uuid has. The cost grows at most with their square, so a
// day is computed within seconds, and not within hours.
func TestACallOfThousandsOfQueuesAndAgentsIsComputedInTime(t *testing.T) {
	const many = 2000
	i := 0
	day := testDay(t, many, func(c *pbx.CallRecord) {
		i++
		c.UUID, c.Queue, c.Agent, c.CDRState, c.MissCause = "x", fmt.Sprint("q", i), fmt.Sprint("a", i), "queue", fmt.Sprint("cause", i)
	})
	began := time.Now()
	rows := allOf(day)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	if len(rows.Queues) != many || len(rows.Agents) != many || rows.PBX.Offered != 1 || len(rows.PBX.MissCauses) != causesOfACall {
		t.Errorf("%d queues, %d agents, offered %d, %d causes", len(rows.Queues), len(rows.Agents), rows.PBX.Offered, len(rows.PBX.MissCauses))
	}
}

// testDay returns a day of this many calls, each changed.
func testDay(t *testing.T, calls int, change func(*pbx.CallRecord)) *Day {
	t.Helper()
	start, err := pbx.ParseLocalTime("2026-11-22 12:00:00")
	if err != nil {
		t.Fatal(err)
	}
	d := NewDay("020000000001", start.Day(), DefaultSettings, pbx.UTC)
	for i := range calls {
		c := &pbx.CallRecord{UUID: fmt.Sprint("x", i), Queue: "630", Agent: "801", Start: start, CallType: "IN", CDRState: "bridged"}
		change(c)
		d.AddCall(c, Source{Hash: fmt.Sprint(i), Received: time.Unix(start.Unix(), 0)})
	}
	return d
}
