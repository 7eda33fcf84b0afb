package fleet

import (
	"slices"
	"testing"

	"trunkline/pkg/pbx"
)

type rec = *pbx.CallRecord

// told is all that a PBX reported of one uuid, as an implementation of the rules would read it.
type told struct {
	records []rec
	steps   []*pbx.IVRStep
	legs    []*pbx.CDR
	agents  map[string]bool // of the PBX
}

func (c *told) any(holds func(r rec) bool) bool {
	return slices.ContainsFunc(c.records, holds)
}

// pair reports whether there are two records of the call for which the functions hold, the later
// one second.
func (c *told) pair(holds func(a, b rec) bool) bool {
	return c.any(func(a rec) bool {
		return c.any(func(b rec) bool { return b.Start > a.Start && holds(a, b) })
	})
}

func (c *told) inbound() bool {
	return len(c.records) > 0 && pbx.DirectionOf(c.records[0].CallType) == pbx.Inbound
}

// unanswered reports whether the call was in one queue only, and nobody answered it.
func (c *told) unanswered() bool {
	if !c.inbound() {
		return false
	}
	first := c.records[0]
	return first.Queue != "" && !c.agents[first.Caller] && !c.any(func(r rec) bool {
		return r.Queue != first.Queue || r.TalkingTime.Or(0) > 0 || r.CDRState != "queue" ||
			r.VoicemailState == "1" || r.ForwardType != "" || r.ForwardNumber != ""
	})
}

// abandoned reports whether the caller gave up and the PBX gave a cause.
func (c *told) abandoned(short bool, cause string) bool {
	return c.unanswered() && c.any(func(r rec) bool {
		return r.Agent == "" && r.MissCause == cause && r.QueueTime.Known() && r.QueueTime.Or(0) < 10 == short
	})
}

func answered(r rec) bool {
	in := pbx.DirectionOf(r.CallType) == pbx.Inbound
	return in && r.Queue != "" && r.Agent != "" && r.TalkingTime.Or(0) > 0
}

func message(r rec) bool { return r.VoicemailState == "1" && r.Agent == "" }

func outside(r rec) bool {
	return (r.ForwardType != "" || r.ForwardNumber != "") && r.Agent == ""
}

// one makes a case of what holds of a single record.
func one(holds func(r rec) bool) func(*told) bool {
	return func(c *told) bool { return c.any(holds) }
}

// ofLeg makes a case of what holds of a single leg.
func ofLeg(holds func(*pbx.CDR) bool) func(*told) bool {
	return func(c *told) bool { return slices.ContainsFunc(c.legs, holds) }
}

// two makes a case of what holds of a record and a later one of the same call.
func two(holds func(a, b rec) bool) func(*told) bool {
	return func(c *told) bool { return c.pair(holds) }
}

var cases = []struct {
	name  string
	holds func(*told) bool
}{
	{"answered", one(answered)},
	{"answered within 20 s", one(func(r rec) bool {
		return answered(r) && r.QueueTime.Known() && r.QueueTime.Or(0) <= 20
	})},
	{"answered after 60 s", one(func(r rec) bool { return answered(r) && r.QueueTime.Or(0) > 60 })},
	{"rated", one(func(r rec) bool { return r.CDRState == "feedback" && r.Score.Or(0) > 0 })},
	{"asked, and not rated", one(func(r rec) bool { return r.CDRState == "feedback" && r.Score.Or(-1) == 0 })},
	{"bridged, talk unknown", one(func(r rec) bool {
		return r.Agent != "" && r.CDRState == "bridged" && !r.TalkingTime.Known()
	})},
	{"wait unknown", one(func(r rec) bool { return r.Queue != "" && !r.QueueTime.Known() })},
	{"end unknown", one(func(r rec) bool { return r.End == 0 })},
	{"hold and wrap-up", one(func(r rec) bool { return r.HoldTime.Or(0) > 0 && r.PauseTime.Or(0) > 0 })},
	{"nobody named", one(func(r rec) bool {
		return r.Agent == "" && r.TalkingTime.Or(0) > 0 && !message(r) && !outside(r)
	})},
	{"tried in vain, then answered", func(c *told) bool {
		tried := func(r rec) bool { return r.Agent != "" && r.MissCause == "NO_AGENT_ANSWER" }
		return c.any(answered) && c.any(tried)
	}},
	{"records of one visit that start together", func(c *told) bool {
		return c.any(func(a rec) bool {
			return c.any(func(b rec) bool { return a.Queue == b.Queue && a.Start == b.Start && a.Agent < b.Agent })
		})
	}},

	{"short abandoned, no cause", func(c *told) bool { return c.abandoned(true, "") }},
	{"short abandoned, MEMBER_CANCEL", func(c *told) bool { return c.abandoned(true, "MEMBER_CANCEL") }},
	{"short abandoned, NO_ASSIGN", func(c *told) bool { return c.abandoned(true, "NO_ASSIGN") }},
	{"short abandoned, NO_AGENT_ANSWER", func(c *told) bool { return c.abandoned(true, "NO_AGENT_ANSWER") }},
	{"short abandoned, NO_AGENT_LOGIN", func(c *told) bool { return c.abandoned(true, "NO_AGENT_LOGIN") }},
	{"abandoned, no cause", func(c *told) bool { return c.abandoned(false, "") }},
	{"abandoned, MEMBER_CANCEL", func(c *told) bool { return c.abandoned(false, "MEMBER_CANCEL") }},
	{"abandoned, NO_ASSIGN", func(c *told) bool { return c.abandoned(false, "NO_ASSIGN") }},
	{"abandoned, NO_AGENT_ANSWER", func(c *told) bool { return c.abandoned(false, "NO_AGENT_ANSWER") }},
	{"abandoned, NO_AGENT_LOGIN", func(c *told) bool { return c.abandoned(false, "NO_AGENT_LOGIN") }},
	{"hung up at once", one(func(r rec) bool {
		return r.Queue != "" && r.Agent == "" && r.CDRState == "queue" && r.QueueTime.Or(-1) == 0
	})},

	{"message left", one(message)},
	{"message counted as talk", one(func(r rec) bool { return message(r) && r.TalkingTime.Or(0) > 0 })},
	{"message counted as talk, bridged", one(func(r rec) bool {
		return message(r) && r.CDRState == "bridged"
	})},
	{"forwarded", one(outside)},
	{"forwarded by type only", one(func(r rec) bool { return outside(r) && r.ForwardNumber == "" })},
	{"forwarded by number only", one(func(r rec) bool { return outside(r) && r.ForwardType == "" })},
	{"forwarded and answered outside", one(func(r rec) bool { return outside(r) && r.TalkingTime.Or(0) > 0 })},
	{"overflow", two(func(a, b rec) bool { return a.Queue != b.Queue && a.Agent == "" && answered(b) })},
	{"overflow, then abandoned", func(c *told) bool {
		gaveUp := func(a, b rec) bool { return a.Queue != b.Queue && b.MissCause == "MEMBER_CANCEL" }
		return !c.any(answered) && c.pair(gaveUp)
	}},
	{"back to a menu", one(func(r rec) bool {
		return r.Queue != "" && r.CDRState == "ivr" && r.QueueTime.Or(0) > 0
	})},
	{"unknown state", one(func(r rec) bool { return r.CDRState == "conference" || r.CDRState == "parked" })},
	{"no state", one(func(r rec) bool { return r.Queue != "" && r.CDRState == "" })},

	{"re-entry, answered", two(func(a, b rec) bool {
		return a.Queue == b.Queue && a.Agent == "" && a.CDRState == "queue" && answered(b)
	})},
	{"re-entry, abandoned", func(c *told) bool {
		left := func(a, b rec) bool { return a.Agent == "" && b.Agent == "" }
		return c.unanswered() && c.pair(left)
	}},
	{"one agent rung twice", two(func(a, b rec) bool {
		return a.Queue == b.Queue && a.Agent != "" && a.Agent == b.Agent
	})},
	{"transfer in the queue", two(func(a, b rec) bool {
		return a.Queue == b.Queue && a.Agent != b.Agent && answered(a) && answered(b)
	})},
	{"transfer to another queue", two(func(a, b rec) bool {
		return a.Queue != b.Queue && answered(a) && answered(b)
	})},
	{"over midnight in one queue", two(func(a, b rec) bool {
		return a.Queue != "" && a.Queue == b.Queue && a.Start.Day() < b.Start.Day()
	})},
	{"over midnight to another queue", two(func(a, b rec) bool {
		return a.Queue != "" && b.Queue != "" && a.Queue != b.Queue && a.Start.Day() < b.Start.Day()
	})},
	{"over midnight in one record", one(func(r rec) bool { return r.End != 0 && r.Start.Day() < r.End.Day() })},
	{"at night", one(func(r rec) bool { return answered(r) && r.Start.Early() })},

	{"unknown caller", one(func(r rec) bool { return answered(r) && r.Caller == "" })},
	{"outbound", one(func(r rec) bool { return pbx.DirectionOf(r.CallType) == pbx.Outbound && r.Queue == "" })},
	{"outbound of a queue", one(func(r rec) bool {
		return pbx.DirectionOf(r.CallType) == pbx.Outbound && r.Queue != ""
	})},
	{"internal, no type", one(func(r rec) bool { return r.CallType == "" })},
	{"internal", one(func(r rec) bool { return r.CallType == "internal" })},
	{"odd type", one(func(r rec) bool { return pbx.DirectionOf(r.CallType) == pbx.UnknownDirection })},
	{"consult leg", func(c *told) bool {
		return c.inbound() && c.records[0].Queue != "" && c.agents[c.records[0].Caller]
	}},
	{"menu only", func(c *told) bool {
		return c.inbound() && !c.any(func(r rec) bool { return r.Queue != "" || r.CDRState != "ivr" })
	}},
	{"direct", func(c *told) bool {
		return c.inbound() && c.any(func(r rec) bool { return r.Queue == "" && r.TalkingTime.Or(0) > 0 })
	}},
	{"menu reported", func(c *told) bool { return len(c.steps) > 0 && len(c.records) > 0 }},
	{"menu not reported", func(c *told) bool {
		return len(c.steps) == 0 && c.any(func(r rec) bool { return r.IVRTime.Or(0) > 0 })
	}},
	{"several legs", func(c *told) bool { return len(c.legs) > 1 }},
	{"inbound leg", ofLeg(func(l *pbx.CDR) bool { return l.CallType == "inbound" && l.Billable.Or(0) > 0 })},
	{"outbound leg", ofLeg(func(l *pbx.CDR) bool { return l.CallType == "outbound" && l.Billable.Or(0) > 0 })},
	{"internal leg", ofLeg(func(l *pbx.CDR) bool { return l.CallType == "" })},
	{"leg not answered", ofLeg(func(l *pbx.CDR) bool { return l.Answer == 0 })},
	{"IN", one(func(r rec) bool { return r.CallType == "IN" })},
	{"incoming", one(func(r rec) bool { return r.CallType == "incoming" })},
	{"inbound", one(func(r rec) bool { return r.CallType == "inbound" })},
	{"OUT", one(func(r rec) bool { return r.CallType == "OUT" })},
	{"outgoing", one(func(r rec) bool { return r.CallType == "outgoing" })},
	{"outbound by name", one(func(r rec) bool { return r.CallType == "outbound" })},
	{"named by a system", one(func(r rec) bool { return r.UUID[:3] == "pbx" })},
	{"hangup side", one(func(r rec) bool { return r.HangupSide != "" })},
}

// Whatever the rules tell apart happens in a month of a fleet of twelve.
func TestMonthHasEveryCase(t *testing.T) {
	c := Config{Seed: 8, PBXs: 12, First: day(t, "2026-03-01"), Days: 31, CallsPerDay: 120,
		Zones: []string{"Europe/Berlin", "America/New_York", "Asia/Shanghai"}}
	counts := make([]int, len(cases))
	calls, records := 0, 0
	for _, p := range c.All() {
		for _, call := range reportedBy(p) {
			calls++
			records += len(call.records)
			for i, one := range cases {
				if one.holds(call) {
					counts[i]++
				}
			}
		}
	}
	t.Logf("%d calls with %d records", calls, records)
	for i, one := range cases {
		t.Logf("%7d %s", counts[i], one.name)
		if counts[i] < 10 {
			t.Errorf("%s: %d calls, want at least 10", one.name, counts[i])
		}
	}
}

// reportedBy returns what a PBX reported, by uuid.
func reportedBy(p PBX) map[string]*told {
	calls, agents := map[string]*told{}, map[string]bool{}
	for _, agent := range p.Agents {
		agents[agent] = true
	}
	of := func(id string) *told {
		if calls[id] == nil {
			calls[id] = &told{agents: agents}
		}
		return calls[id]
	}
	for e := range p.Events() {
		switch e := e.Event.(type) {
		case *pbx.CallRecord:
			c := of(e.UUID)
			c.records = append(c.records, e)
		case *pbx.IVRStep:
			c := of(e.UUID)
			c.steps = append(c.steps, e)
		case *pbx.CDR:
			c := of(e.UniqueID)
			c.legs = append(c.legs, e)
		}
	}
	return calls
}

// Some PBXs report neither hold nor wrap-up, ever, and only newer firmware reports legs.
func TestHabitsOfPBXs(t *testing.T) {
	c := Config{Seed: 8, PBXs: 12, First: day(t, "2026-03-02"), Days: 2, CallsPerDay: 100}
	zero := 0
	for _, p := range c.All() {
		wrapsUp, legs := false, false
		for e := range p.Events() {
			switch e := e.Event.(type) {
			case *pbx.CallRecord:
				wrapsUp = wrapsUp || e.HoldTime.Or(0) > 0 || e.PauseTime.Or(0) > 0
			case *pbx.CDR:
				legs = true
			}
		}
		if !wrapsUp {
			zero++
		}
		if legs != p.Newer {
			t.Errorf("%s: newer firmware %t, legs %t", p.MAC, p.Newer, legs)
		}
	}
	if zero == 0 || zero == c.PBXs {
		t.Errorf("%d of %d PBXs report no hold and no wrap-up", zero, c.PBXs)
	}
}
