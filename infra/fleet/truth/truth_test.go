package truth

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

func local(t *testing.T, s string) pbx.LocalTime {
	t.Helper()
	at, err := pbx.ParseLocalTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// talk returns a version of a record of a call that began at a time.
func talk(t *testing.T, start string, seconds int64) *pbx.CallRecord {
	return &pbx.CallRecord{UUID: "1.1", Queue: "630", Agent: "800", Start: local(t, start), CallType: "IN",
		CDRState: "bridged", TalkingTime: pbx.IntOf(seconds)}
}

func TestTheVersionCountsThatWasFirstReceivedLast(t *testing.T) {
	const start = "2026-06-01 10:00:00"
	received := time.Date(2026, 6, 1, 11, 0, 0, 0, time.UTC)
	r := New("020000000001", pbx.UTC)
	for _, seconds := range []int64{10, 20, 10, 20, 10} {
		r.Add(talk(t, start, seconds), received)
	}
	for rows := range r.Rows() {
		if q := rows.Queues[0]; q.Talk.Sum != 20 || q.Offered != 1 || q.Inputs.Records != 1 {
			t.Errorf("%+v", q)
		}
	}
}

func TestDaysHaveRowsWhereAnythingCounts(t *testing.T) {
	received := time.Date(2026, 6, 9, 0, 0, 0, 0, time.UTC)
	r := New("020000000001", pbx.UTC)
	r.Add(talk(t, "2026-06-05 12:00:00", 5), received) // of itself
	r.Add(talk(t, "2026-06-01 23:50:00", 5), received)
	r.Add(talk(t, "2026-06-02 00:10:00", 5), received) // of the day before
	r.Add(talk(t, "1970-01-01 00:10:00", 5), received)
	r.Add(&pbx.Hangup{UniqueID: "1.1"}, received)
	var days []kpi.PBX
	for rows := range r.Rows() {
		days = append(days, rows.PBX)
	}
	if len(days) != 3 || days[0].Day.String() != "1970-01-01" || days[0].ClockSuspect != 1 ||
		days[1].Day.String() != "2026-06-01" || days[1].Visits != 2 || days[2].Day.String() != "2026-06-05" {
		t.Errorf("%+v", days)
	}
}

// A sign has no time but that of its receipt. If it comes again, it is another one, unless it is in
// the same array.
func TestSessionsAreByTheTimeOfReceipt(t *testing.T) {
	r := New("020000000001", pbx.ZoneAt(8*time.Hour))
	at := func(clock string) time.Time { return pbx.ZoneAt(8 * time.Hour).Time(local(t, clock)) }
	login, logoff := &pbx.AgentLogin{Sign: pbx.Sign{Agent: "800"}}, &pbx.AgentLogoff{Sign: pbx.Sign{Agent: "800"}}
	for _, s := range []struct {
		e  pbx.Event
		at string
	}{
		{login, "2026-06-01 22:00:00"}, {login, "2026-06-01 22:00:00"}, {login, "2026-06-01 23:00:00"},
		{logoff, "2026-06-02 01:00:00"},
	} {
		r.Add(s.e, at(s.at))
	}
	type figures struct{ login, unsure int64 }
	got := map[string]figures{}
	for rows := range r.Rows() {
		a := rows.Agents[0]
		got[a.Day.String()] = figures{a.LoginSeconds.Or(-1), a.UnsureSessions}
	}
	if want := map[string]figures{"2026-06-01": {7200, 1}, "2026-06-02": {3600, 0}}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A record whose start is only in its id has its start by the PBX's zone.
func TestCallsOfV4BeginByTheZone(t *testing.T) {
	r := New("020000000001", pbx.ZoneAt(8*time.Hour))
	began := time.Date(2026, 6, 1, 20, 0, 0, 0, time.UTC)
	id := strconv.FormatInt(began.Unix(), 10) + "."
	for _, leg := range []string{"1", "2"} {
		r.Add(&pbx.CDR{UniqueID: id + leg, LinkedID: id + "1", Start: pbx.LocalTimeOf(began), StartFromID: true, InUTC: true}, began)
	}
	for rows := range r.Rows() {
		if rows.PBX.Day.String() != "2026-06-02" || rows.PBX.CDR.Calls != 1 || rows.PBX.Inputs.Records != 2 {
			t.Errorf("%+v", rows.PBX)
		}
		return
	}
	t.Error("there are no rows")
}
