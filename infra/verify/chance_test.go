package main

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// TestWhateverAPBXReports compares the product's figures with these, for records that no PBX
// would write. They have few calls, queues and agents, so that all combinations occur. Most of
// them lie around midnight and 06:00.
func TestWhateverAPBXReports(t *testing.T) {
	const pbxs = 300
	var all []receipt
	devices := map[pbx.MAC]store.Device{}
	for i := range pbxs {
		odd := oddity{rand.New(rand.NewPCG(1, uint64(i))), macOf(i)}
		for range odd.IntN(60) {
			r := odd.receipt()
			all = append(all, r)
			if c, ok := r.event.(*pbx.CallRecord); ok && odd.IntN(3) == 0 {
				r.event, r.index = odd.twin(*c), odd.IntN(2)
				all = append(all, r)
			}
		}
		device := store.Device{Zone: oddZone(t, i)}
		if i%3 == 0 {
			device.ServiceLevel, device.ShortAbandon, device.TalkIncludesHold = odd.int(30), odd.int(20), odd.IntN(2) == 0
		}
		devices[odd.mac] = device
	}
	expectSame(t, compareWithProduct(t, all, devices))
}

// expectSame fails with the first differences of each column, and also if there was nothing to
// compare.
func expectSame(t *testing.T, r *report) {
	t.Helper()
	shown := map[string]int{}
	for _, d := range r.Differences {
		if shown[d.Table+d.Column]++; shown[d.Table+d.Column] <= 3 {
			t.Error(d)
		}
	}
	if err := r.check(); err != nil {
		t.Error(err)
	}
	t.Log(r.Tables)
}

// oddZone is the zone of the i-th PBX: one whose clock is set back on October 25, most often.
func oddZone(t *testing.T, i int) pbx.Zone {
	t.Helper()
	zones := []string{"Europe/Berlin", "Europe/Berlin", "Atlantic/Azores", "+05:45", ""}
	name := zones[i%len(zones)]
	if name == "" {
		return pbx.Zone{}
	}
	zone, err := pbx.ParseZone(name)
	must(t, err)
	return zone
}

// oddity makes random events of one PBX.
type oddity struct {
	*rand.Rand
	mac pbx.MAC
}

func (o oddity) one(choices ...string) string { return choices[o.IntN(len(choices))] }

func (o oddity) int(below int64) pbx.Int {
	switch o.IntN(60) {
	case 0:
		return pbx.IntOf(7*24*60*60 + o.Int64N(2))
	case 1:
		return pbx.IntOf(-1)
	}
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
	at := []pbx.LocalTime{0, 300, 3600, 7200, 2*3600 + 3590, pbx.EarlyUntil - 1, pbx.EarlyUntil, 9*3600 + 900, 23*3600 + 3000}
	return day + at[o.IntN(len(at))] + pbx.LocalTime(o.IntN(4)*o.IntN(10))
}

// id names a call by a time in the night in which clocks are set back, or by none.
func (o oddity) id() string {
	if o.IntN(8) == 0 {
		return o.one("1.1", "x", "a-1.2")
	}
	named := []int{0, 3600, 5400}[o.IntN(3)]
	at := time.Date(2026, 10, 24, 23, 10, 0, 0, time.UTC).Unix() + int64(named)
	return fmt.Sprintf("%s%d.%d", o.one("", "", "", "", "", "", "", "pbx-"), at, o.IntN(2))
}

// code is one of the ways in which a PBX writes an agent's extension.
func (o oddity) code() string {
	return o.one("", "", "800", "801", "802", "800", "801", "802", "SIP/800", "Local/801@queue/n", "SIP/802-0000001f", "(null)", " 801", "0", "none")
}

func (o oddity) receipt() receipt {
	event := o.event()
	switch event.(type) {
	case *pbx.AgentLogin, *pbx.AgentLogoff:
		// Some signs come at one time, some hours apart.
		at := time.Date(2026, 10, 24, o.IntN(3)*12, 0, o.IntN(3), o.IntN(3)*4e8, time.UTC).Add(time.Duration(o.IntN(50)*o.IntN(2)) * time.Hour)
		return receipt{o.mac, at, o.IntN(2), event}
	}
	at := time.Date(2026, 10, 27, 0, 0, 0, o.IntN(1e9), time.UTC).Add(time.Duration(o.IntN(1e6)) * time.Second)
	if o.IntN(50) == 0 {
		at = at.AddDate(1, 0, o.IntN(10))
	}
	if o.IntN(50) == 0 {
		at = at.AddDate(0, 0, -o.IntN(10))
	}
	return receipt{o.mac, at.Truncate(time.Millisecond), o.IntN(2), event}
}

// twin is another record of a call, received with it, at the same time or seconds later.
func (o oddity) twin(c pbx.CallRecord) *pbx.CallRecord {
	switch o.IntN(3) {
	case 0:
		c.Queue = o.one("630", "631", "632")
	case 1:
		c.Agent = o.one("800", "801", "802")
	case 2: // rings when the first has just ended, so that an answer comes around its end
		if c.Agent = o.one("800", "801", "802"); c.End != 0 {
			c.Start, c.CDRState, c.QueueTime = c.End+pbx.LocalTime(o.IntN(4)), "bridged", pbx.Int{}
			c.End = c.Start + 10
			return &c
		}
	}
	if o.IntN(2) == 0 {
		c.Start += pbx.LocalTime(o.IntN(14))
		c.TalkingTime, c.QueueTime = o.talk(), o.int(5)
	}
	c.CDRState, c.Score = o.one("queue", "bridged", ""), o.int(5)
	return &c
}

func (o oddity) event() pbx.Event {
	start := o.time()
	end := start + pbx.LocalTime([]int{0, 10, 20, 100, 3600, -3}[o.IntN(6)])
	if o.IntN(9) == 0 {
		end = 0
	}
	inUTC := o.IntN(9) == 0
	switch o.IntN(15) {
	case 0:
		return &pbx.CDR{UniqueID: o.id(), LinkedID: o.one("", "", o.id()), Start: start, End: end, InUTC: inUTC, Destination: o.one("", "100"),
			Disposition: o.one("ANSWERED", "answered", "BUSY", ""), Billable: o.int(50), CallType: o.one("inbound", "outbound", "", "odd")}
	case 1:
		return &pbx.IVRStep{UUID: o.id(), IVRID: o.one("7", "8"), Key: o.one("", "1", "2"), Start: start, InUTC: inUTC}
	case 2, 3:
		return &pbx.AgentLogin{Sign: pbx.Sign{Agent: o.code()}}
	case 4:
		return &pbx.AgentLogoff{Sign: pbx.Sign{Agent: o.code()}}
	}
	return &pbx.CallRecord{
		UUID: o.id(), Queue: o.one("", "630", "631", "632", "630", "631", "632", "(null)", "0"),
		Agent: o.code(), Start: start, End: end, InUTC: inUTC, Duration: o.int(90),
		Caller: o.one("", "5551", "5552", "5553", "5554", "5555", "802"), Called: "100",
		CallType:  o.one("IN", "IN", "IN", "IN", "incoming", "Inbound", "OUT", "outgoing", "internal", "", "odd"),
		CDRState:  o.one("queue", "queue", "queue", "queue", "bridged", "feedback", "ivr", "", "Bridged", " queue", "IVR "),
		QueueTime: o.int(40), TalkingTime: o.talk(), HoldTime: o.int(9), PauseTime: o.int(9), RingTime: o.int(9),
		VoicemailState: o.one("", "", "", "0", "0", "1", "No", "(null)"), ForwardType: o.one("", "", "", "", "", "", "", "x", "none"),
		ForwardNumber: o.one("", "", "", "", "", "", "", "", "55", "0", "<unknown>"), Score: pbx.IntOf(max(0, o.Int64N(10)-5)),
		MissCause: o.one("", "", "MEMBER_CANCEL", "MEMBER_CANCEL", "NO_ASSIGN", "no_agent_login", "NO_AGENT_ANSWER", " member_cancel", "(null)"),
	}
}
