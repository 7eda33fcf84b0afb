package fleet

import (
	"iter"
	"slices"
	"strconv"
	"time"

	"trunkline/pkg/pbx"
)

// signs returns when the agents of a PBX log in and off on a day, if its software reports that.
// None is before the day. Those of nights are on the next day.
func (p PBX) signs(day pbx.Day) []Event {
	from, to := p.Zone.End(day-1), p.Zone.End(day)
	if !p.V4 || !from.Before(to) {
		return nil
	}
	s := signing{PBX: p, dice: p.diceOf("agents", int64(day)), from: from, to: to}
	busy := busyTimes(p.calls(day))
	for _, agent := range p.Agents {
		switch turns := busy[agent]; {
		case len(turns) > 0:
			s.shift(agent, turns)
		case s.chance(0.3): // nobody calls
			nine := p.Zone.Time(day.Start() + 9*60*60)
			s.shift(agent, []turn{{nine, nine.Add(8 * time.Hour)}})
		}
	}
	return s.events
}

// turn is the time from the beginning of a call until its agent is free again.
type turn struct{ from, to time.Time }

// busyTimes returns the calls of each agent, as times in their order.
func busyTimes(calls iter.Seq[*call]) map[string][]turn {
	busy := map[string][]turn{}
	for c := range calls {
		for _, e := range c.events {
			if r, ok := e.Event.(*pbx.CallRecord); ok && r.Agent != "" {
				busy[r.Agent] = append(busy[r.Agent], turn{c.began, e.At})
			}
		}
	}
	return busy
}

// signing makes the signs of a day with these bounds.
type signing struct {
	PBX
	dice
	from, to time.Time
	events   []Event
}

// shift logs an agent in some minutes before the first call, and off after the last one. Some stay
// for the night, and some forget to log off.
func (s *signing) shift(agent string, turns []turn) {
	login := turns[0].from.Add(-s.minutes(2, 20))
	if login.Before(s.from) {
		login = s.from
	}
	s.sign(login, agent, true)
	if s.chance(0.05) {
		s.sign(login.Add(s.minutes(1, 30)), agent, true)
	}
	if s.chance(0.6) {
		s.lunch(agent, turns)
	}
	switch n := s.IntN(100); {
	case n < 10:
	case n < 20:
		s.sign(s.to.Add(s.minutes(60, 5*60)), agent, false)
	default:
		over := slices.MaxFunc(turns, func(a, b turn) int { return a.to.Compare(b.to) }).to
		s.sign(over.Add(s.minutes(3, 40)), agent, false)
	}
}

// lunch logs an agent off in the first long pause between calls that begins between eleven and
// three.
func (s *signing) lunch(agent string, turns []turn) {
	over := turns[0].to
	for _, t := range turns[1:] {
		clock := s.Zone.Local(over)
		hour := int(clock-clock.Day().Start()) / 3600
		if hour >= 11 && hour < 15 && t.from.Sub(over) >= 30*time.Minute {
			s.sign(over.Add(s.minutes(1, 5)), agent, false)
			s.sign(t.from.Add(-s.minutes(1, 5)), agent, true)
			return
		}
		if t.to.After(over) {
			over = t.to
		}
	}
}

func (s *signing) minutes(low, high int) time.Duration { return s.millis(low*60_000, high*60_000) }

// sign adds that an agent logs in or off. PBXs write the same agent in several ways.
func (s *signing) sign(at time.Time, agent string, login bool) {
	sign := pbx.Sign{Agent: agent}
	if sent := oneOf(s.dice, "", "SIP/", "Agent/"); sent != "" {
		sign.AgentSent = sent + agent
	}
	if s.chance(0.5) {
		sign.Channel = "SIP/" + agent + "-" + strconv.Itoa(s.between(10, 99))
		sign.UniqueID = s.prefix + strconv.FormatInt(at.Unix()+s.ahead(at), 10) + "." + strconv.Itoa(s.between(1, 9999))
	}
	var e pbx.Event = &pbx.AgentLogoff{Sign: sign}
	if login {
		e = &pbx.AgentLogin{Sign: sign}
	}
	s.events = append(s.events, Event{at.UTC().Truncate(time.Millisecond), e})
}

func isSign(e pbx.Event) bool {
	return e.Kind() == pbx.KindAgentLogin || e.Kind() == pbx.KindAgentLogoff
}
