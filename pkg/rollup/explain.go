package rollup

import (
	"context"
	"iter"

	"trunkline/pkg/each"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// SessionsFigure is the figure of an agent that sessions explain.
const SessionsFigure = "login_seconds"

// AgentFigureNames returns the figures of an agent that can be explained.
func AgentFigureNames() []string { return append(kpi.AgentCountNames(), SessionsFigure) }

// Explanation has the records behind a day's figures. They are read now, and may be newer than the
// published figures.
type Explanation struct {
	Sealed bool // the day is: some of its records may have expired
	day    *kpi.Day
}

// ExplainedCall is a call with the rule by which a queue's row counts it.
type ExplainedCall struct {
	*kpi.Call
	Rule   string `json:"rule"`
	Sealed bool   `json:"sealed"` // the day is: some of its calls may have expired
}

// ExplainedAgentCall is a call that an agent's row counts.
type ExplainedAgentCall struct {
	kpi.AgentCall
	Sealed bool `json:"sealed"` // the day is: some of its calls may have expired
}

// ExplainedSession is a session that an agent's row counts.
type ExplainedSession struct {
	kpi.Session
	Sealed bool `json:"sealed"` // the day is: some of its sessions may have expired
}

// Explain reads the records behind a day's figures. fallback is the zone of PBXs whose zone is unknown.
// The caller closes the Explanation.
func Explain(ctx context.Context, s *store.Store, fallback pbx.Zone, t Task) (*Explanation, error) {
	sealed, err := s.Figures().IsSealed(ctx, t.MAC, t.Day)
	if err != nil {
		return nil, err
	}
	day, err := Read(ctx, s, fallback, t)
	if err != nil {
		return nil, err
	}
	return &Explanation{sealed, day}, nil
}

// Close frees the records.
func (e *Explanation) Close() error { return e.day.Close() }

// Calls yields the calls of a queue that count as a figure.
func (e *Explanation) Calls(queue, figure string) iter.Seq2[ExplainedCall, error] {
	return each.Choose(e.day.Calls(), func(call *kpi.Call) (ExplainedCall, bool) {
		if call.Queue != queue || !call.CountsAs(figure) {
			return ExplainedCall{}, false
		}
		return ExplainedCall{call, call.Why(), e.Sealed}, true
	})
}

// AgentCalls yields the calls of an agent that count as a figure.
func (e *Explanation) AgentCalls(agent, figure string) iter.Seq2[ExplainedAgentCall, error] {
	return each.Choose(e.day.AgentCalls(), func(call kpi.AgentCall) (ExplainedAgentCall, bool) {
		return ExplainedAgentCall{call, e.Sealed}, call.Agent == agent && string(call.As) == figure
	})
}

// Sessions yields the sessions of an agent.
func (e *Explanation) Sessions(agent string) iter.Seq2[ExplainedSession, error] {
	return each.Choose(e.day.Sessions(), func(s kpi.Session) (ExplainedSession, bool) {
		return ExplainedSession{s, e.Sealed}, s.Agent == agent
	})
}
