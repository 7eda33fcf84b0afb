package kpi

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"trunkline/pkg/extsort"
	"trunkline/pkg/pbx"
)

// Sign is an agent's login or logoff.
type Sign struct {
	Agent string
	Login bool // else a logoff
	At    time.Time
	Hash  string // of its content
}

// Session is the part of a day in which an agent was logged in.
type Session struct {
	Agent  string    `json:"agent"`
	From   time.Time `json:"from"` // not before the beginning of the day
	To     time.Time `json:"to"`   // not after the end of the day
	Unsure bool      `json:"unsure"`
	Rule   string    `json:"rule"` // by which it ends
	signs  []*Sign   // that show it
	interval
	doubled bool // the login was only repeated
}

// SignReach returns the time whose signs are read for the day. It includes signs of sessions that begin
// before the day, or end after it.
func (d *Day) SignReach() (from, to time.Time) {
	return d.zone.End(d.day - 1).Add(-pbx.MaxSession), d.zone.End(d.day).Add(pbx.MaxSession)
}

// span returns the day in seconds since 1970.
func (d *Day) span() interval {
	return interval{d.zone.End(d.day - 1).Unix(), d.zone.End(d.day).Unix()}
}

// AddSign adds a login or a logoff. It ignores one outside SignReach.
func (d *Day) AddSign(s Sign) {
	s.Agent = code(pbx.AgentCode(s.Agent))
	if from, to := d.SignReach(); s.Agent != "" && !s.At.Before(from) && s.At.Before(to) {
		d.signs.Add(&s)
		d.signed[s.Agent] = true
	}
}

// compare orders the signs of one agent by time, a logoff before a login.
func (s *Sign) compare(other *Sign) int {
	return cmp.Or(cmp.Compare(s.Agent, other.Agent), s.At.Compare(other.At), compareBool(s.Login, other.Login), cmp.Compare(s.Hash, other.Hash))
}

// signsOfLife has, for each agent with signs, when the agent was last busy with each record. It is exact to
// the second, and covers only the time in which a session may end.
type signsOfLife struct {
	reach  interval
	agents map[string]*instants
}

func (d *Day) newSignsOfLife() signsOfLife {
	if len(d.signed) == 0 {
		return signsOfLife{}
	}
	from, to := d.SignReach()
	alive := signsOfLife{interval{from.Unix(), to.Add(pbx.MaxSession).Unix()}, map[string]*instants{}}
	for name := range d.signed {
		alive.agents[name] = &instants{}
	}
	return alive
}

func (l signsOfLife) add(records []*record) {
	if len(l.agents) == 0 {
		return
	}
	for _, r := range records {
		if at := r.to + r.wrapUp.Or(0); l.agents[r.agent] != nil && at >= l.reach.from && at <= l.reach.to {
			l.agents[r.agent].add(at)
		}
	}
}

// sessions yields the sessions of each agent with sessions, by agent and time.
func (d *Day) sessions(alive signsOfLife) iter.Seq2[[]Session, error] {
	return func(yield func([]Session, error) bool) {
		sameAgent := func(a, b *Sign) bool { return a.Agent == b.Agent }
		for signs, err := range extsort.Group(d.signs.All(), sameAgent, (*Sign).size, groupRoom) {
			if err != nil {
				yield(nil, err)
				return
			}
			if all := d.sessionsOf(signs, alive.agents[signs[0].Agent]); len(all) > 0 && !yield(all, nil) {
				return
			}
		}
	}
}

// sessionsOf returns the sessions of one agent's signs that overlap the day.
func (d *Day) sessionsOf(signs []*Sign, alive *instants) (all []Session) {
	day := d.span()
	for i, sign := range signs {
		if !sign.Login {
			continue
		}
		s := sessionOf(sign, signs[i+1:], alive)
		begins := s.from >= day.from && s.from < day.to
		if s.interval = s.within(day); s.seconds() > 0 || begins && !s.doubled {
			s.From, s.To = time.Unix(s.from, 0).UTC(), time.Unix(s.to, 0).UTC()
			all = append(all, s)
		}
	}
	return all
}

// sessionOf returns the session that begins with a login. later are the signs after it.
func sessionOf(login *Sign, later []*Sign, alive *instants) Session {
	from := login.At.Unix()
	limit := from + int64(pbx.MaxSession/time.Second)
	s := Session{Agent: login.Agent, signs: []*Sign{login}, Unsure: true}
	if len(later) > 0 && later[0].At.Unix() <= limit {
		s.interval = interval{from, later[0].At.Unix()}
		if later[0].Login {
			s.Rule, s.doubled = "it has no logoff, and ends with the agent's next login", s.seconds() == 0
			return s
		}
		s.Rule, s.Unsure, s.signs = "it ends with the logoff", false, append(s.signs, later[0])
		return s
	}
	s.interval, s.Rule = interval{from, from}, "it has no logoff within 16 hours, and no call after the login"
	if at, ok := alive.last(from, limit); ok {
		s.to, s.Rule = at, "it has no logoff within 16 hours, and ends with the agent's last call"
	}
	return s
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// addSessions adds the sessions of a day, and how long the agent was busy in them. The sessions do not
// overlap.
func (d *agentDay) addSessions(sessions []Session) {
	login := int64(0)
	for _, session := range sessions {
		login += session.seconds()
		d.BusySeconds += d.busy.within(session.interval)
		if session.Unsure {
			d.UnsureSessions++
		}
		for _, sign := range session.signs {
			d.basis.see(sign.Hash, false)
		}
	}
	d.LoginSeconds = pbx.IntOf(login)
}

// addBusy adds when the agent talked, held a call or wrapped one up. Talk and hold end with the record,
// where the wrap-up begins.
func (d *agentDay) addBusy(c *agentCall) {
	if !d.signed {
		return
	}
	for _, r := range c.tried {
		talk := r.talk.Or(0)
		if d.holds {
			talk += r.hold.Or(0)
		}
		d.busy.add(interval{r.to - talk, r.to + r.wrapUp.Or(0)}.within(d.day))
	}
	for _, r := range slices.Concat(c.outbound, c.direct) {
		d.busy.add(interval{r.to - r.talk.Or(0), r.to}.within(d.day))
	}
}
