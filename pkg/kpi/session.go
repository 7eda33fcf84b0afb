package kpi

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"trunkline/pkg/pbx"
)

// Sign is an agent's login or logoff.
type Sign struct {
	Agent string
	Login bool // else a logoff
	At    time.Time
	Hash  string // of its content, its identity in it
}

// Session is the part of a day in which an agent was logged in.
type Session struct {
	Agent  string    `json:"agent"`
	From   time.Time `json:"from"` // not before the day begins
	To     time.Time `json:"to"`   // not after it ends
	Unsure bool      `json:"unsure"`
	Rule   string    `json:"rule"` // by which it ends
	signs  []Sign    // that it was seen in
	interval
	doubled bool // the login was only told again
}

// SignReach is the time whose signs are read for a day in a zone: also those of sessions that
// begin before it, or end after it.
func (d *Day) SignReach() (from, to time.Time) {
	return d.zone.End(d.day - 1).Add(-pbx.MaxSession), d.zone.End(d.day).Add(pbx.MaxSession)
}

// AddSign adds a login or a logoff. One of another time is left out.
func (d *Day) AddSign(s Sign) {
	s.Agent = code(pbx.AgentCode(s.Agent))
	if from, to := d.SignReach(); s.Agent != "" && !s.At.Before(from) && s.At.Before(to) {
		d.signs = append(d.signs, s)
	}
}

// addSessions adds the day's sessions to the rows of their agents, and returns them by agent
// and time. records are those that the day reads.
func (w *work) addSessions(records []*record) (all []Session) {
	if len(w.signs) == 0 {
		return nil
	}
	alive := signsOfLife(records)
	byAgent := map[string][]Sign{}
	for _, s := range w.signs {
		byAgent[s.Agent] = append(byAgent[s.Agent], s)
	}
	for _, name := range slices.Sorted(maps.Keys(byAgent)) {
		if sessions := w.sessions(byAgent[name], alive[name]); len(sessions) > 0 {
			w.agent(name).addSessions(sessions, w.settings)
			all = append(all, sessions...)
		}
	}
	return all
}

// signsOfLife is when agents were last busy with each of the records.
func signsOfLife(records []*record) map[string][]int64 {
	alive := map[string][]int64{}
	for _, r := range records {
		if r.agent != "" {
			alive[r.agent] = append(alive[r.agent], r.to+r.wrapUp.Or(0))
		}
	}
	return alive
}

// sessions are those of one agent's signs that the day has a part of.
func (d *Day) sessions(signs []Sign, alive []int64) (all []Session) {
	slices.SortFunc(signs, func(a, b Sign) int {
		return cmp.Or(a.At.Compare(b.At), compareBool(a.Login, b.Login), cmp.Compare(a.Hash, b.Hash))
	})
	day := interval{d.zone.End(d.day - 1).Unix(), d.zone.End(d.day).Unix()}
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

// sessionOf is the session that begins with a login; later are the signs after it.
func sessionOf(login Sign, later []Sign, alive []int64) Session {
	from := login.At.Unix()
	limit := from + int64(pbx.MaxSession/time.Second)
	s := Session{Agent: login.Agent, signs: []Sign{login}, Unsure: true}
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
	for _, at := range alive {
		if at > s.to && at <= limit {
			s.to, s.Rule = at, "it has no logoff within 16 hours, and ends with the agent's last call"
		}
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

// addSessions adds the sessions of a day, and how long the agent was busy in them.
func (d *agentDay) addSessions(sessions []Session, s Settings) {
	login := int64(0)
	busy := d.busy(s)
	var within []interval
	for _, session := range sessions {
		login += session.seconds()
		if session.Unsure {
			d.UnsureSessions++
		}
		for _, sign := range session.signs {
			d.basis.see(sign.Hash, false)
		}
		for _, i := range busy {
			within = append(within, i.within(session.interval))
		}
	}
	d.LoginSeconds, d.BusySeconds = pbx.IntOf(login), covered(within)
}

// busy is when the agent talked, held a call or wrapped one up: talk and hold end with the
// record, and the wrap-up begins there.
func (d *agentDay) busy(s Settings) (all []interval) {
	for _, r := range d.queue {
		talk := r.talk.Or(0)
		if !s.TalkIncludesHold {
			talk += r.hold.Or(0)
		}
		all = append(all, interval{r.to - talk, r.to + r.wrapUp.Or(0)})
	}
	for _, r := range d.without {
		all = append(all, interval{r.to - r.talk.Or(0), r.to})
	}
	return all
}
