package rollup_test

import (
	"strings"
	"testing"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
)

func TestAFigureIsExplainedByTheRecordsThatItCounts(t *testing.T) {
	w := newWorld("2026-11-24T12:00:00Z")
	abandoned := func(r *pbx.CallRecord) { r.UUID, r.Agent, r.CDRState, r.TalkingTime = "x", "", "queue", pbx.IntOf(0) }
	record(t, w.store(), w.now, call("2026-11-22 10:00:00", nil), call("2026-11-22 11:00:00", abandoned))
	e, err := rollup.Explain(t.Context(), w.store(), pbx.UTC, rollup.Task{MAC: mac, Day: day("2026-11-22")})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	answered := call("2026-11-22 10:00:00", nil)
	for _, c := range []struct{ queue, figure, want string }{
		{answered.Queue, "offered", answered.UUID + " x"}, {answered.Queue, "answered", answered.UUID},
		{answered.Queue, "abandoned", "x"}, {"none", "offered", ""},
	} {
		var found []string
		for call, err := range e.Calls(c.queue, c.figure) {
			if err != nil || call.Rule == "" || call.Sealed {
				t.Errorf("%+v, %v", call, err)
			}
			found = append(found, call.UUID)
		}
		if got := strings.Join(found, " "); got != c.want {
			t.Errorf("%s of %s: %q, want %q", c.figure, c.queue, got, c.want)
		}
	}
	for call, err := range e.AgentCalls(answered.Agent, string(kpi.AgentAnswered)) {
		if err != nil || call.UUID != answered.UUID {
			t.Errorf("of the agent: %+v, %v", call, err)
		}
	}
	for session, err := range e.Sessions(answered.Agent) {
		t.Errorf("a session that nobody reported: %+v, %v", session, err)
	}
}

func TestTheResultsOfDaysAreSummedUp(t *testing.T) {
	for want, counts := range map[string]rollup.Counts{
		"No day that was asked for has records and has closed.": {},
		"1 day: 1 published": {rollup.Published: 1},
		"6 days: 2 published, 1 unchanged, 1 without calls of its own, 1 sealed, 1 failed": {
			rollup.Published: 2, rollup.Unchanged: 1, rollup.Empty: 1, rollup.Sealed: 1, rollup.Failed: 1},
		"3 days: 2 still open, 1 done by another worker": {rollup.StillOpen: 2, rollup.NotDue: 1},
	} {
		if got := counts.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
