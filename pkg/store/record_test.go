package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/sqlite"
	"trunkline/pkg/store/storetest"
)

const mac = pbx.MAC("68692e0b0001")

var received = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func openTable(t *testing.T) *sqlite.Table {
	t.Helper()
	table, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	return table
}

// sent is an event and its receipt.
type sent struct {
	receipt store.Origin
	event   pbx.Event
}

// day is an invented day of one PBX. It has every kind of event, restatements, repetitions, and
// receipts in the same millisecond.
func day(random *rand.Rand) []sent {
	start, _ := pbx.ParseLocalTime("2026-11-23 11:00:00")
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	var all []sent
	for range 120 {
		id := fmt.Sprintf("1795431600.%d", random.IntN(6))
		at := start + pbx.LocalTime(random.IntN(3))
		events := []pbx.Event{
			&pbx.CallRecord{UUID: id, Queue: pick("630", ""), Agent: pick("100", "101", ""), Start: at, TalkingTime: pbx.IntOf(int64(random.IntN(3)))},
			&pbx.CDR{UniqueID: id, Start: at, Destination: pick("1", "2#"), Disposition: pick("ANSWERED", "BUSY")},
			&pbx.IVRStep{UUID: id, IVRID: pick("610", "611"), Start: at, Key: pick("0", "1")},
			&pbx.DialBegin{Leg: pbx.Leg{UniqueID: id, DestUniqueID: pick("1.2", "1.3"), DestChannel: pick("SIP/1", "SIP/2")}},
			&pbx.DialEnd{Leg: pbx.Leg{UniqueID: id, DestChannel: pick("SIP/1", "SIP/2")}, DialStatus: pick("ANSWER", "BUSY")},
			&pbx.Hangup{UniqueID: pick(id, "1.2"), CallerIDNum: pick("1", "2")},
			&pbx.ExtensionStatus{Exten: pick("801", "802"), StatusText: pick("Idle", "InUse", "Ringing")},
			&pbx.Unrecognised{Name: "x"},
		}
		all = append(all, sent{
			store.Origin{MAC: mac, At: received.Add(time.Duration(random.IntN(20)) * time.Millisecond), Index: random.IntN(2)},
			events[random.IntN(len(events))],
		})
	}
	return all
}

// items returns all items of a PBX, except its last event.
func items(t *testing.T, table store.Table) string {
	t.Helper()
	var out strings.Builder
	for item, err := range table.Query(t.Context(), store.Range{PK: string(mac)}) {
		if err != nil {
			t.Fatal(err)
		}
		if item.SK == "HEARD" {
			continue
		}
		fmt.Fprintln(&out, item.SK, item.Version, item.Expires, string(item.Doc))
	}
	return out.String()
}

func TestItIsKeptWhenAPBXWasHeardAndByWhichKey(t *testing.T) {
	s := store.New(openTable(t), time.Now)
	for _, c := range []struct {
		key     string
		after   time.Duration
		byKey   string
		heardAt time.Duration
	}{
		{"k1", 0, "k1", 0},
		{"k1", 14 * time.Minute, "k1", 0},
		{"k2", 14 * time.Minute, "k2", 14 * time.Minute}, // its URL was replaced
		{"k2", 20 * time.Minute, "k2", 14 * time.Minute},
		{"k1", 10 * time.Minute, "k2", 14 * time.Minute}, // redriven late
		{"k2", 29 * time.Minute, "k2", 29 * time.Minute},
		{"", 45 * time.Minute, "", 45 * time.Minute},
	} {
		if _, err := s.Record(t.Context(), store.Origin{MAC: mac, KID: c.key, At: received.Add(c.after)}, &pbx.Hangup{}); err != nil {
			t.Fatal(err)
		}
		heard, err := s.LastEvent(t.Context(), mac)
		if err != nil || heard.KID != c.byKey || !heard.Last.Equal(received.Add(c.heardAt)) {
			t.Errorf("%q after %v: %+v, %v", c.key, c.after, heard, err)
		}
	}
}

// A machine may start for the first time with a wrong clock. Then nothing shows that it is wrong.
func TestWhatAWrongClockHeardHidesNoSilence(t *testing.T) {
	table := openTable(t)
	hear := func(now, at time.Time) time.Time {
		t.Helper()
		s := store.New(table, func() time.Time { return now })
		if _, err := s.Record(t.Context(), store.Origin{MAC: mac, KID: "k1", At: at}, &pbx.Hangup{}); err != nil {
			t.Fatal(err)
		}
		heard, err := s.LastEvent(t.Context(), mac)
		if err != nil {
			t.Fatal(err)
		}
		return heard.Last
	}
	years := received.AddDate(9, 0, 0)
	for _, c := range []struct {
		what          string
		now, at, want time.Time
	}{
		{"by a clock years ahead", years, years, years},
		{"by the right one", received, received, received},
		{"by that of another machine, which is a little ahead", received.Add(time.Minute), received.Add(time.Minute), received.Add(time.Minute)},
		{"by the first again", received.Add(time.Second), received.Add(time.Second), received.Add(time.Minute)},
		{"handed on late", received.Add(time.Minute), received.Add(-time.Hour), received.Add(time.Minute)},
	} {
		if got := hear(c.now, c.at); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

func record(t *testing.T, table store.Table, all []sent) {
	t.Helper()
	recordIn(t, store.New(table, time.Now), all)
}

func recordIn(t *testing.T, s *store.Store, all []sent) {
	t.Helper()
	for _, one := range all {
		if _, err := s.Record(t.Context(), one.receipt, one.event); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRecordsAreAFunctionOfTheSetOfEventsReceived(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 1))
		all := day(random)
		first := openTable(t)
		record(t, first, all)
		want := items(t, first)
		for range 3 {
			again := append(slices.Clone(all), all[:random.IntN(len(all))]...)
			random.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
			second := openTable(t)
			record(t, second, again)
			if got := items(t, second); got != want {
				t.Fatalf("seed %d: in another order\n%s\nwant\n%s", seed, got, want)
			}
		}
	}
}

func collect[E pbx.Event](t *testing.T, records func(func(store.Record[E], error) bool)) []store.Record[E] {
	t.Helper()
	var all []store.Record[E]
	for r, err := range records {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func call(t *testing.T, uuid, start string, talk int64) *pbx.CallRecord {
	t.Helper()
	at, err := pbx.ParseLocalTime(start)
	if err != nil {
		t.Fatal(err)
	}
	return &pbx.CallRecord{UUID: uuid, Queue: "630", Start: at, TalkingTime: pbx.IntOf(talk)}
}

func TestTheFactFirstReceivedLastIsCurrent(t *testing.T) {
	table := openTable(t)
	s := store.New(table, time.Now)
	one, two := call(t, "1.1", "2026-11-23 11:00:00", 1), call(t, "1.1", "2026-11-23 11:00:00", 2)
	for i, e := range []pbx.Event{one, two, one} { // the first is only repeated
		if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received.Add(time.Duration(i) * time.Second)}, e); err != nil {
			t.Fatal(err)
		}
	}
	got := collect(t, s.CallRecords(t.Context(), mac, pbx.UTC, store.Span{}))
	if len(got) != 1 || got[0].Event.TalkingTime != pbx.IntOf(2) || got[0].Restatements != 1 ||
		!got[0].Received.Equal(received.Add(time.Second)) || got[0].MAC != mac || got[0].Kind != pbx.KindCallRecord {
		t.Errorf("got %+v", got)
	}
}

// After an upgrade, the decoder may know a member that it did not know before.
func TestAnEventThatIsUnderstoodBetterRestatesItsCall(t *testing.T) {
	s := store.New(openTable(t), time.Now)
	before, after := call(t, "1.1", "2026-11-23 11:00:00", 1), call(t, "1.1", "2026-11-23 11:00:00", 1)
	before.Extra = []pbx.Member{{Name: "score", Value: "5"}}
	after.Score = pbx.IntOf(5)
	for i, e := range []pbx.Event{before, after} { // the PBX sends the same again
		if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received.Add(time.Duration(i) * time.Second)}, e); err != nil {
			t.Fatal(err)
		}
	}
	got := collect(t, s.CallRecords(t.Context(), mac, pbx.UTC, store.Span{}))
	if len(got) != 1 || got[0].Event.Score != pbx.IntOf(5) || len(got[0].Event.Extra) != 0 || got[0].Restatements != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestACallBelongsToTheDayItBeganByThePBXsClock(t *testing.T) {
	s := store.New(openTable(t), time.Now)
	for i, start := range []string{"1970-01-01 00:00:00", "2026-11-22 23:59:59", "2026-11-23 00:00:00", "2026-11-23 23:59:59", "2026-11-24 00:00:00"} {
		if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received}, call(t, fmt.Sprint(i), start, 0)); err != nil {
			t.Fatal(err)
		}
	}
	day := func(s string) pbx.Day {
		d, err := pbx.ParseDay(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		first, last pbx.Day
		want        string
	}{
		{day("2026-11-23"), day("2026-11-23"), "2 3"}, {day("2026-11-22"), day("2026-11-23"), "1 2 3"},
		{0, day("2026-11-22"), "0 1"}, {day("2026-11-24"), 0, "4"}, {0, 0, "0 1 2 3 4"}, {day("1970-01-01"), day("1970-01-01"), "0"},
		{day("2026-11-25"), 0, ""},
	} {
		var got []string
		for _, r := range collect(t, s.CallRecords(t.Context(), mac, pbx.UTC, store.Days(c.first, c.last))) {
			got = append(got, r.Event.UUID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v to %v: %v, want %s", c.first, c.last, got, c.want)
		}
	}
}

func TestTheStateOfAnExtensionIsTheLatestAndItsLogHasAll(t *testing.T) {
	s := store.New(openTable(t), func() time.Time { return received.Add(time.Hour) })
	for _, minute := range []int{2, 0, 1} {
		e := &pbx.ExtensionStatus{Exten: "808", StatusText: fmt.Sprint("state ", minute)}
		if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received.Add(time.Duration(minute) * time.Minute)}, e); err != nil {
			t.Fatal(err)
		}
	}
	states := func(records []store.Record[*pbx.ExtensionStatus]) (all []string) {
		for _, r := range records {
			all = append(all, r.Event.StatusText)
		}
		return all
	}
	if got := states(collect(t, s.Extensions(t.Context(), mac))); !slices.Equal(got, []string{"state 2"}) {
		t.Errorf("now %q", got)
	}
	if got := states(collect(t, s.ExtensionLog(t.Context(), mac, "808"))); !slices.Equal(got, []string{"state 2", "state 1", "state 0"}) {
		t.Errorf("log %q", got)
	}
}

func TestWhatHasExpiredIsNoLongerShown(t *testing.T) {
	now := received
	s := store.New(openTable(t), func() time.Time { return now })
	for _, e := range []pbx.Event{&pbx.Hangup{UniqueID: "1"}, &pbx.ExtensionStatus{Exten: "808"}} {
		if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received}, e); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		after     time.Duration
		live, log int
	}{{0, 1, 1}, {24*time.Hour - time.Second, 1, 1}, {24 * time.Hour, 0, 1}, {30 * 24 * time.Hour, 0, 0}} {
		now = received.Add(c.after)
		live, err := s.LiveCalls(t.Context(), mac)
		log := collect(t, s.ExtensionLog(t.Context(), mac, "808"))
		states := collect(t, s.Extensions(t.Context(), mac))
		if err != nil || len(live) != c.live || len(log) != c.log || len(states) != 1 {
			t.Errorf("after %v: %d live, %d logged, %d states, %v", c.after, len(live), len(log), len(states), err)
		}
	}
}

func TestACallInProgressIsAsFarAsItsLegsTell(t *testing.T) {
	begin := func(leg string) pbx.Event {
		return &pbx.DialBegin{Leg: pbx.Leg{UniqueID: "c", DestUniqueID: "u" + leg, DestChannel: "SIP/" + leg, CallerIDNum: "85322361", DestCallerIDNum: leg}}
	}
	end := func(leg, status string) pbx.Event {
		return &pbx.DialEnd{Leg: pbx.Leg{UniqueID: "c", DestChannel: "SIP/" + leg}, DialStatus: status}
	}
	linked := func(id, leg string) pbx.Event {
		return &pbx.DialBegin{Leg: pbx.Leg{UniqueID: id, LinkedID: "c", DestUniqueID: "u" + leg, DestChannel: "SIP/" + leg}}
	}
	bridge := func(id, call string) pbx.Event { return &pbx.BridgeEnter{UniqueID: id, LinkedID: call} }
	hangup := func(id string) pbx.Event { return &pbx.Hangup{UniqueID: id} }
	for name, c := range map[string]struct {
		events []pbx.Event
		want   store.CallState
	}{
		"one leg rings":                       {[]pbx.Event{begin("1")}, store.CallRinging},
		"two ring, one was busy":              {[]pbx.Event{begin("1"), begin("2"), end("1", "BUSY")}, store.CallRinging},
		"answered":                            {[]pbx.Event{begin("1"), end("1", "ANSWER")}, store.CallAnswered},
		"the end overtook the beginning":      {[]pbx.Event{end("1", "ANSWER"), begin("1")}, store.CallAnswered},
		"one of two was answered":             {[]pbx.Event{begin("1"), begin("2"), end("1", "ANSWER"), end("2", "CANCEL")}, store.CallAnswered},
		"the leg was connected":               {[]pbx.Event{begin("1"), bridge("u1", "c")}, store.CallAnswered},
		"the caller was connected":            {[]pbx.Event{begin("1"), bridge("c", "c")}, store.CallAnswered},
		"another call was connected":          {[]pbx.Event{begin("1"), bridge("d", "d")}, store.CallRinging},
		"connected, and hung up":              {[]pbx.Event{begin("1"), bridge("u1", "c"), hangup("u1")}, store.CallEnded},
		"legs of two channels are one call":   {[]pbx.Event{begin("1"), linked("x", "2"), end("1", "NOANSWER")}, store.CallRinging},
		"an unnamed leg rings":                {[]pbx.Event{&pbx.DialBegin{Leg: pbx.Leg{UniqueID: "c", CallerIDNum: "85322361"}}}, store.CallRinging},
		"nobody answered, the caller goes on": {[]pbx.Event{begin("1"), begin("2"), end("1", "NOANSWER"), end("2", "NOANSWER")}, store.CallBegun},
		"the caller hung up":                  {[]pbx.Event{begin("1"), hangup("c")}, store.CallEnded},
		"who answered hung up":                {[]pbx.Event{begin("1"), begin("2"), end("1", "ANSWER"), hangup("u1")}, store.CallEnded},
		"one of two that ring was hung up":    {[]pbx.Event{begin("1"), begin("2"), hangup("u1")}, store.CallRinging},
		"the only leg was hung up":            {[]pbx.Event{begin("1"), hangup("u1")}, store.CallEnded},
		"another call was hung up":            {[]pbx.Event{begin("1"), hangup("d")}, store.CallRinging},
	} {
		t.Run(name, func(t *testing.T) {
			s := store.New(openTable(t), func() time.Time { return received })
			for _, e := range c.events {
				if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received}, e); err != nil {
					t.Fatal(err)
				}
			}
			calls, err := s.LiveCalls(t.Context(), mac)
			i := slices.IndexFunc(calls, func(c store.LiveCall) bool { return c.UniqueID == "c" })
			if err != nil || i < 0 || calls[i].State != c.want || calls[i].Caller != "85322361" {
				t.Errorf("got %+v, %v, want %s", calls, err, c.want)
			}
		})
	}
}

func TestARecordToldInUTCIsGivenByThePBXsClockWhateverItsZoneIsSetTo(t *testing.T) {
	s := store.New(openTable(t), func() time.Time { return received })
	leg := &pbx.CDR{UniqueID: "1780515827.110", StartFromID: true, InUTC: true, Destination: "104"}
	leg.Start = pbx.LocalTimeOf(time.Date(2026, 6, 3, 19, 43, 47, 0, time.UTC))
	step := &pbx.IVRStep{UUID: "1.1", IVRID: "6", Start: leg.Start, End: leg.Start + 9, InUTC: true}
	call := &pbx.CallRecord{UUID: "1.1", Start: leg.Start, InUTC: true}
	plain := &pbx.CallRecord{UUID: "1.2", Start: leg.Start}
	shanghai, _ := pbx.ParseZone("Asia/Shanghai")
	for _, zone := range []pbx.Zone{{}, shanghai} { // the zone is set in between, and the events come again
		for _, e := range []pbx.Event{leg, step, call, plain} {
			if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received, Zone: zone}, e); err != nil {
				t.Fatal(err)
			}
		}
	}
	third, fourth := leg.Start.Day(), leg.Start.Day()+1
	for _, c := range []struct {
		zone  pbx.Zone
		day   pbx.Day
		start string
	}{{pbx.Zone{}, third, "2026-06-03T19:43:47"}, {shanghai, fourth, "2026-06-04T03:43:47"}, {shanghai, third, ""}, {pbx.UTC, fourth, ""}} {
		legs := collect(t, s.CDRs(t.Context(), mac, c.zone, store.Days(c.day, c.day)))
		steps := collect(t, s.IVRSteps(t.Context(), mac, c.zone, store.Days(c.day, c.day)))
		if c.start == "" {
			if len(legs) != 0 || len(steps) != 0 {
				t.Errorf("%s of %s: %d, %d", c.day, c.zone, len(legs), len(steps))
			}
			continue
		}
		if len(legs) != 1 || legs[0].Event.Start.String() != c.start || !legs[0].Event.StartFromID || legs[0].Event.InUTC || legs[0].Restatements != 0 {
			t.Errorf("%s of %s: %+v", c.day, c.zone, legs)
		}
		if len(steps) != 1 || steps[0].Event.Start.String() != c.start || steps[0].Event.End != steps[0].Event.Start+9 {
			t.Errorf("%s of %s: %+v", c.day, c.zone, steps)
		}
	}
	if calls := collect(t, s.CallRecords(t.Context(), mac, shanghai, store.Span{})); len(calls) != 2 || calls[0].Event.UUID != "1.2" || calls[1].Event.Start != calls[0].Event.Start+8*3600 {
		t.Errorf("%+v", calls)
	}
	var days []string
	for day, err := range s.RecordedDays(t.Context(), mac, shanghai, store.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		days = append(days, day.String())
	}
	if want := []string{"2026-06-03", "2026-06-04", "2026-06-04", "2026-06-04"}; !slices.Equal(days, want) {
		t.Errorf("recorded on %s", days)
	}
}

func TestAgentsSignsAreKeptByTheirReceiptAndAreNoRepeats(t *testing.T) {
	s := store.New(openTable(t), func() time.Time { return received })
	login := &pbx.AgentLogin{Sign: pbx.Sign{Agent: "101", AgentSent: "SIP/101"}}
	logoff := &pbx.AgentLogoff{Sign: pbx.Sign{Agent: "101"}}
	for _, of := range []struct {
		after time.Duration
		event pbx.Event
	}{{0, login}, {0, login}, {8 * time.Hour, logoff}, {24 * time.Hour, login}} {
		if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received.Add(of.after)}, of.event); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for sign, err := range s.Signs(t.Context(), mac, received, received.Add(48*time.Hour)) {
		if err != nil || sign.Hash == "" {
			t.Fatal(sign, err)
		}
		got = append(got, fmt.Sprint(sign.Agent, " ", sign.Login, " ", sign.At.Sub(received.UTC().Truncate(time.Millisecond))))
	}
	if want := []string{"101 true 0s", "101 false 8h0m0s", "101 true 24h0m0s"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for sign := range s.Signs(t.Context(), mac, received.Add(time.Hour), received.Add(2*time.Hour)) {
		t.Errorf("%+v", sign)
	}
	days := 0
	for _, err := range s.RecordedDays(t.Context(), mac, pbx.UTC, store.Span{}) {
		if days++; err != nil {
			t.Fatal(err)
		}
	}
	if days != 2 {
		t.Errorf("recorded on %d days", days)
	}
}

func TestSettingsComeBackAsTheyWereSet(t *testing.T) {
	s := store.New(openTable(t), time.Now)
	if got, err := s.Device(t.Context(), mac); err != nil || !reflect.DeepEqual(got, store.Device{}) {
		t.Errorf("none set: %+v, %v", got, err)
	}
	for _, want := range []store.Device{{Name: "Reception <1>", Disabled: true, MinGeneration: 3, Aliases: []pbx.MAC{"68692e0b00ff"}}, {}} {
		if err := s.SetDevice(t.Context(), mac, want); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Device(t.Context(), mac); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
}

// A record that can't be read is not hidden by another reading of its event.
func TestAnUnreadableReadingIsAnError(t *testing.T) {
	start, _ := pbx.ParseLocalTime("2026-11-23 11:00:00")
	for damaged := range 2 {
		table := storetest.NewMemory()
		records := store.New(table, func() time.Time { return received })
		for _, extra := range [][]pbx.Member{nil, {{Name: "later", Value: "x"}}} {
			call := &pbx.CallRecord{UUID: "1795431600.1", Start: start, Common: pbx.Common{Extra: extra}}
			if _, err := records.Record(t.Context(), store.Origin{MAC: mac, At: received}, call); err != nil {
				t.Fatal(err)
			}
		}
		var facts []store.Item
		for item, err := range table.Query(t.Context(), store.Prefix(string(mac), "CALL#")) {
			if err != nil {
				t.Fatal(err)
			}
			facts = append(facts, item)
		}
		item := facts[damaged]
		item.Version, item.Doc = item.Version+"x", []byte(`{"event":7}`)
		if err := table.Put(t.Context(), item, store.Condition{}); err != nil {
			t.Fatal(err)
		}
		var failed error
		for _, failed = range records.CallRecords(t.Context(), mac, pbx.UTC, store.Span{}) {
		}
		if failed == nil {
			t.Errorf("%s is damaged, and the call is read", item.SK)
		}
	}
}
