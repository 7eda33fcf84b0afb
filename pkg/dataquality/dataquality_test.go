package dataquality

import (
	"slices"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

func at(t *testing.T, s string) pbx.LocalTime {
	t.Helper()
	local, err := pbx.ParseLocalTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return local
}

func begin(id, dest string) pbx.Event {
	return &pbx.DialBegin{Leg: pbx.Leg{UniqueID: id, DestUniqueID: dest}}
}

func TestCallsWithEventsButWithoutARecordAreNamed(t *testing.T) {
	events := []pbx.Event{
		begin("1.1", "1.2"), begin("1.1", "1.3"), &pbx.Hangup{UniqueID: "1.3"}, &pbx.CallRecord{UUID: "1.1"}, &pbx.CallRecord{UUID: "1.1", Queue: "630"}, // complete
		begin("2.1", "2.2"), &pbx.Hangup{UniqueID: "2.1"}, // its record is missing
		&pbx.Hangup{UniqueID: "3.1"},                   // so is that one
		&pbx.CDR{UniqueID: "4.1"},                      // nothing else came for it
		&pbx.ExtensionStatus{Exten: "1"},               // no call
		begin("5.1", "5.2"), &pbx.CDR{UniqueID: "5.1"}, // it goes on
	}
	for range 20 { // in any order
		calls := NewCalls()
		for _, e := range events {
			calls.Add(e)
		}
		got := calls.Completeness()
		if got.Begun != 3 || got.HungUp != 3 || got.Recorded != 3 || !slices.Equal(got.Missing, []string{"2.1", "3.1"}) || got.Unannounced != 1 {
			t.Fatalf("%+v", got)
		}
		events = append(events[1:], events[0])
	}
}

func TestAPBXIsFlaggedThatIsSilentForLongerThanEver(t *testing.T) {
	monday := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	var calls, few pbx.Activity
	var last time.Time
	for day := range 12 { // of two weeks, and a weekend
		if day%7 < 5 {
			for hour := range 10 {
				last = monday.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
				if calls = calls.Then(pbx.Begun(pbx.LocalTimeOf(last))); calls.Calls < enoughCalls {
					few = calls
				}
			}
		}
	}
	const weekend = 63 * time.Hour // from Friday 17:00 to Monday 08:00
	for silent, flag := range map[time.Duration]bool{time.Hour: false, weekend: false, weekend + time.Hour: false, weekend + 61*time.Minute: true} {
		got := SilenceOf(calls, last, last.Add(silent))
		if got.Flag != flag || got.Habit != weekend || got.For != silent {
			t.Errorf("after %s: %+v", silent, got)
		}
	}
	if got := SilenceOf(few, last, last.AddDate(1, 0, 0)); got.Flag || got.Habit != 0 {
		t.Errorf("a habit was derived from too few calls: %+v", got)
	}
}

// good returns a record for which all assumptions hold.
func good(t *testing.T) Record {
	zone, err := pbx.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	start := at(t, "2018-11-05 19:05:31")
	return Record{&pbx.CallRecord{
		UUID: "1541415929.807", Queue: "630", Agent: "100", Start: start, End: start + 40, CallType: "IN", CDRState: "bridged",
		Duration: pbx.IntOf(40), QueueTime: pbx.IntOf(7), RingTime: pbx.IntOf(7), TalkingTime: pbx.IntOf(30), MissCause: "MEMBER_CANCEL",
	}, zone.Time(start + 45), zone}
}

func TestEachAssumptionIsViolatedByItsOwnRecord(t *testing.T) {
	broken := map[string]func(*Record){
		"uuid_tells_time":      func(r *Record) { r.UUID = "call-7" },
		"start_fits_uuid":      func(r *Record) { r.UUID = "1541415000.1"; r.UUID = "1541405929.807" },
		"ends_after_start":     func(r *Record) { r.End, r.Duration = r.Start-1, pbx.Int{} },
		"ring_within_queue":    func(r *Record) { r.RingTime = pbx.IntOf(8) },
		"duration_is_whole":    func(r *Record) { r.Duration = pbx.IntOf(30) },
		"wait_within_duration": func(r *Record) { r.QueueTime = pbx.IntOf(41) },
		"talk_has_agent":       func(r *Record) { r.Agent = "" },
		"known_state":          func(r *Record) { r.CDRState = "parked" },
		"known_type":           func(r *Record) { r.CallType = "transfer" },
		"known_miss_cause":     func(r *Record) { r.MissCause = "OTHER" },
		"known_members":        func(r *Record) { r.Extra = []pbx.Member{{Name: "x"}} },
		"clock_is_right":       func(r *Record) { r.Received, r.Zone = r.Received.AddDate(9, 0, 0), pbx.Zone{} },
		"arrives_soon":         func(r *Record) { r.Received = r.Received.Add(time.Hour) },
	}
	if len(broken) != len(assumptions) {
		t.Errorf("%d of %d assumptions are tested", len(broken), len(assumptions))
	}
	for _, a := range assumptions {
		t.Run(a.Name, func(t *testing.T) {
			review := NewReview()
			review.Add(good(t))
			r := good(t)
			broken[a.Name](&r)
			r.HangupSide = "caller" // of newer firmware, which is reviewed separately
			review.Add(r)
			for _, f := range review.Findings() {
				want := 0
				if f.Dialect == Newer && f.Assumption == a.Name {
					want = 1
				}
				if f.Violated != want || want == 1 && (f.Share != 1 || f.Example != r.UUID) || f.Dialect == Older && f.Checked != 1 {
					t.Errorf("%+v, want %d", f, want)
				}
			}
		})
	}
}

func TestMembersThatCantBeReadAreCountedByName(t *testing.T) {
	unreadable := func(name, value string) pbx.Common {
		return pbx.Common{Unreadable: []pbx.Member{{Name: name, Value: value}}}
	}
	v := NewReview()
	v.AddMembers(&pbx.CallRecord{Common: unreadable("score", "N/A")}, "1.1")
	v.AddMembers(&pbx.CallRecord{Common: unreadable("Score", "*")}, "1.2")
	v.AddMembers(&pbx.CallRecord{}, "1.3")
	v.AddMembers(&pbx.CallRecord{}, "1.4")
	v.AddMembers(&pbx.CDR{Common: unreadable("duration", "-1")}, "1.5")
	got := v.Findings()
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	if f := got[0]; f.Assumption != "readable_cc_cdr_score" || f.Checked != 4 || f.Violated != 2 || f.Share != 0.5 || f.Example != "1.2" ||
		f.Says != `Score of cc_cdr can be read, not "*"` {
		t.Errorf("%+v", f)
	}
	if f := got[1]; f.Assumption != "readable_cdr_duration" || f.Checked != 1 || f.Violated != 1 || f.Example != "1.5" {
		t.Errorf("%+v", f)
	}
}

func TestWhatARecordDoesNotTellIsNotChecked(t *testing.T) {
	review := NewReview()
	review.Add(Record{&pbx.CallRecord{UUID: "call-7", Start: at(t, "2018-11-05 19:05:31"), CDRState: "queue"}, time.Now(), pbx.Zone{}})
	checked := map[string]int{}
	for _, f := range review.Findings() {
		checked[f.Assumption] = f.Checked
	}
	for _, name := range []string{"start_fits_uuid", "ends_after_start", "ring_within_queue", "duration_is_whole", "wait_within_duration", "talk_has_agent", "known_miss_cause", "arrives_soon"} {
		if checked[name] != 0 {
			t.Errorf("%s is checked", name)
		}
	}
}
