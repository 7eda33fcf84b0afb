package tables

import (
	"trunkline/pkg/kpi"
	"trunkline/pkg/listing"
	"trunkline/pkg/rollup"
)

// ExplainedCalls shows calls, and why each of them counts as it does.
func ExplainedCalls() listing.Columns[rollup.ExplainedCall] {
	return listing.Columns[rollup.ExplainedCall]{
		Heads: []string{"START", "UUID", "CALLER", "WAIT", "TALK", "AGENT", "COUNTS AS", "BECAUSE"},
		Cells: func(e rollup.ExplainedCall) []string {
			as := string(e.Outcome)
			if e.Class != kpi.ClassQueue {
				as = string(e.Class)
			}
			return []string{e.Start.String(), e.UUID, e.Caller, e.Wait.String(), e.Talk.String(), e.AnsweredBy, as, e.Rule}
		},
	}
}

// ExplainedAgentCalls shows calls of an agent, and why each of them counts as it does.
func ExplainedAgentCalls() listing.Columns[rollup.ExplainedAgentCall] {
	return listing.Columns[rollup.ExplainedAgentCall]{
		Heads: []string{"START", "UUID", "CALLER", "TALK", "ATTEMPTS", "COUNTS AS", "BECAUSE"},
		Cells: func(e rollup.ExplainedAgentCall) []string {
			return []string{e.Start.String(), e.UUID, e.Caller, e.Talk.String(), count(e.Attempts), string(e.As), e.Rule}
		},
	}
}

// ExplainedSessions shows sessions of an agent, and why each of them counts as it does.
func ExplainedSessions() listing.Columns[rollup.ExplainedSession] {
	return listing.Columns[rollup.ExplainedSession]{
		Heads: []string{"FROM", "TO", "SECONDS", "SURE", "BECAUSE"},
		Cells: func(e rollup.ExplainedSession) []string {
			sure := "yes"
			if e.Unsure {
				sure = "no"
			}
			return []string{Clock(e.From), Clock(e.To), count(int64(e.To.Sub(e.From).Seconds())), sure, e.Rule}
		},
	}
}
