package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// TestWhateverAPBXReports holds the product's figures against these for records as no PBX
// would write them: few calls, queues and agents, so that everything meets everything, most
// of it around midnight and 06:00.
func TestWhateverAPBXReports(t *testing.T) {
	const pbxs = 300
	var all []receipt
	devices := map[pbx.MAC]store.Device{}
	for i := range pbxs {
		odd := oddity{rand.New(rand.NewPCG(1, uint64(i))), macOf(i)}
		for range odd.IntN(60) {
			all = append(all, odd.receipt())
		}
		if i%3 == 0 {
			devices[odd.mac] = store.Device{ServiceLevel: odd.int(30), ShortAbandon: odd.int(20), TalkIncludesHold: odd.IntN(2) == 0}
		}
	}
	expectSame(t, compareWithProduct(t, all, devices))
}

// expectSame fails for the first differences of each column, and where there was nothing to
// compare.
func expectSame(t *testing.T, r *report) {
	t.Helper()
	shown := map[string]int{}
	for _, d := range r.Differences {
		if shown[d.Table+d.Column]++; shown[d.Table+d.Column] <= 3 {
			t.Error(d)
		}
	}
	if err := r.verdict(); err != nil {
		t.Error(err)
	}
	t.Log(r.Tables)
}

// oddity makes up what one PBX reports.
type oddity struct {
	*rand.Rand
	mac pbx.MAC
}

func (o oddity) one(choices ...string) string { return choices[o.IntN(len(choices))] }

func (o oddity) int(below int64) pbx.Int {
	if o.IntN(5) == 0 {
		return pbx.Int{}
	}
	return pbx.IntOf(o.Int64N(below))
}

// talk is unknown or 0, most often.
func (o oddity) talk() pbx.Int {
	if n := o.Int64N(100); n < 80 {
		return pbx.IntOf(max(0, n-60))
	}
	return pbx.Int{}
}

// time is on one of three days, most often around midnight or 06:00.
func (o oddity) time() pbx.LocalTime {
	day := (on("2026-10-24") + pbx.Day(o.IntN(3))).Start()
	at := []pbx.LocalTime{0, 300, 3600, pbx.EarlyUntil - 1, pbx.EarlyUntil, 9*3600 + 900, 23*3600 + 3000}
	return day + at[o.IntN(len(at))]
}

func (o oddity) receipt() receipt {
	at := time.Date(2026, 10, 27, 0, 0, 0, o.IntN(1e9), time.UTC).Add(time.Duration(o.IntN(1e6)) * time.Second)
	if o.IntN(50) == 0 {
		at = at.AddDate(1, 0, o.IntN(10))
	}
	if o.IntN(50) == 0 {
		at = at.AddDate(0, 0, -o.IntN(10))
	}
	return receipt{o.mac, at.Truncate(time.Millisecond), o.IntN(2), o.event()}
}

func (o oddity) event() pbx.Event {
	start := o.time()
	end := start + pbx.LocalTime(o.IntN(3)*10)
	if o.IntN(9) == 0 {
		end = 0
	}
	switch o.IntN(12) {
	case 0:
		return &pbx.CDR{UniqueID: o.one("1.1", "1.2", "1.3"), Start: start, End: end, Destination: o.one("", "100"),
			Disposition: o.one("ANSWERED", "answered", "BUSY", ""), Billable: o.int(50), CallType: o.one("inbound", "outbound", "", "odd")}
	case 1:
		return &pbx.IVRStep{UUID: o.one("1.1", "1.2", "1.3"), IVRID: o.one("7", "8"), Key: o.one("", "1", "2"), Start: start}
	}
	return &pbx.CallRecord{
		UUID: o.one("1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8"), Queue: o.one("", "630", "631", "632"),
		Agent: o.one("", "", "800", "801", "802"), Start: start, End: end,
		Caller: o.one("", "5551", "5552", "5553", "5554", "5555", "802"), Called: "100",
		CallType:  o.one("IN", "IN", "IN", "IN", "incoming", "Inbound", "OUT", "outgoing", "internal", "", "odd"),
		CDRState:  o.one("queue", "queue", "queue", "queue", "bridged", "feedback", "ivr", ""),
		QueueTime: o.int(40), TalkingTime: o.talk(), HoldTime: o.int(9), PauseTime: o.int(9), RingTime: o.int(9),
		VoicemailState: o.one("", "", "", "0", "0", "1"), ForwardType: o.one("", "", "", "", "", "", "", "x"),
		ForwardNumber: o.one("", "", "", "", "", "", "", "", "55"), Score: pbx.IntOf(max(0, o.Int64N(10)-5)),
		MissCause: o.one("", "", "MEMBER_CANCEL", "MEMBER_CANCEL", "NO_ASSIGN"),
	}
}
