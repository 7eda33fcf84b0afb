package fleet

import (
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

// signed is one sign of an agent.
type signed struct {
	at    time.Time
	login bool
}

// signsOf returns the signs that a PBX reports, by agent.
func signsOf(p PBX) map[string][]signed {
	all := map[string][]signed{}
	for e := range p.Events() {
		switch s := e.Event.(type) {
		case *pbx.AgentLogin:
			all[s.Agent] = append(all[s.Agent], signed{e.At, true})
		case *pbx.AgentLogoff:
			all[s.Agent] = append(all[s.Agent], signed{e.At, false})
		}
	}
	return all
}

func TestAgentsLogInBeforeTheirFirstCallOfTheDay(t *testing.T) {
	for _, p := range v4Fleet(t).All() {
		signs := signsOf(p)
		for d := range p.config.Days {
			from, to := p.Zone.End(p.config.First+pbx.Day(d)-1), p.Zone.End(p.config.First+pbx.Day(d))
			for agent, turns := range busyTimes(p.calls(p.config.First + pbx.Day(d))) {
				logins := 0
				for _, s := range signs[agent] {
					if s.login && !s.at.Before(from) && s.at.Before(to) && !s.at.After(turns[0].from) {
						logins++
					}
				}
				if logins == 0 {
					t.Errorf("%s: agent %s is not logged in at %s", p.MAC, agent, turns[0].from)
				}
			}
		}
	}
}

// Sessions end as they do in the field: for lunch, in the evening, in the night or never.
func TestSessionsOfAWeekHaveEveryCase(t *testing.T) {
	cases := map[string]int{}
	for _, p := range v4Fleet(t).All() {
		for _, signs := range signsOf(p) {
			for i, s := range signs[1:] {
				before := signs[i]
				midnight := p.Zone.Local(before.at).Day() < p.Zone.Local(s.at).Day()
				switch {
				case before.login && !s.login && midnight:
					cases["over midnight"]++
				case before.login && !s.login:
					cases["ended"]++
				case before.login && s.login && midnight:
					cases["forgotten"]++
				case before.login && s.login:
					cases["logged in twice"]++
				case !before.login && s.login && !midnight && s.at.Sub(before.at) < 4*time.Hour:
					cases["lunch"]++
				}
			}
		}
	}
	for _, name := range []string{"over midnight", "ended", "forgotten", "logged in twice", "lunch"} {
		if cases[name] < 3 {
			t.Errorf("%s: %d sessions: %v", name, cases[name], cases)
		}
	}
	t.Log(cases)
}

func TestOnlyPBXsOfV4TellSessions(t *testing.T) {
	c := v4Fleet(t)
	c.PBXs, c.V4, c.Days = 12, 0.25, 1
	told := 0
	for _, p := range c.All() {
		if signs := len(signsOf(p)) > 0; signs != p.V4 {
			t.Errorf("%s: software v4 %t, sessions %t", p.MAC, p.V4, signs)
		}
		if p.V4 {
			told++
		}
	}
	if told != 3 {
		t.Errorf("%d of 12 PBXs are of software v4, want a quarter", told)
	}
}

// The legs of a call have different names, and one name in common.
func TestLegsOfV4AreTiedByLinkedID(t *testing.T) {
	calls := map[string]map[string]bool{}
	for e := range v4Fleet(t).All()[0].Events() {
		l, ok := e.Event.(*pbx.CDR)
		if !ok {
			continue
		}
		if named, ok := pbx.NamedAt(l.UniqueID); !ok || !l.StartFromID || !l.InUTC || pbx.LocalTimeOf(named) != l.Start {
			t.Fatalf("%+v", l)
		}
		if calls[l.LinkedID] == nil {
			calls[l.LinkedID] = map[string]bool{}
		}
		if calls[l.LinkedID][l.UniqueID] {
			t.Errorf("call %s has two legs %s", l.LinkedID, l.UniqueID)
		}
		calls[l.LinkedID][l.UniqueID] = true
	}
	several := 0
	for _, legs := range calls {
		if len(legs) > 1 {
			several++
		}
	}
	if several < 10 {
		t.Errorf("%d of %d calls have several legs", several, len(calls))
	}
}
