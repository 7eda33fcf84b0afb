package replay_test

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/infra/fleet"
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/zycoo"
)

// ofEachKind are bodies with an event of each kind: alone, in arrays, and in GBK.
var ofEachKind = []string{
	"{event:'cc_cdr', uuid:'1795161600.1', queueCode:'630', startTime:'2026-11-20 08:00:00', callType:'IN', cdrState:'queue'}",
	"{event:'cdr', uniqueid:'1795161600.1', starttime:'2026-11-20 08:00:00', destination:'630'}",
	"{event:'ivr', uuid:'1795161600.1', ivrId:'610', startTime:'2026-11-20 08:00:00'}",
	"{event:'dialbegin', uniqueid:'1795161600.1', destuniqueid:'1795161600.2'}",
	"{event:'dialend', uniqueid:'1795161600.1', destchannel:'SIP/801-1', dialstatus:'ANSWER'}",
	"{event:'hangup', uniqueid:'1795161600.1', calleridname:'\xb9\xa4'}",
	"{event:'extensionstatus', exten:'808', statustext:'Idle'}",
	"{Event:'Cdr', UniqueID:'1795161600.9', Linkedid:'1795161600.1', Duration:'27'}",
	"{Event:'BridgeEnter', Uniqueid:'1795161600.2', Linkedid:'1795161600.1'}",
	"{Event:'AgentLogin', Agent:'SIP/801'}",
	"Event: AgentLogoff\r\nAgent: 801\r\n",
	"{event:'survey', answer:5}",
	"[{event:'hangup', uniqueid:'7'}, {event:'extensionstatus', exten:'809', statustext:'InUse'}, {event:'hangup', uniqueid:'9'}]",
}

// sites are the two stores.
type sites struct {
	table  *storetest.Memory
	bucket *archivetest.Memory
	now    time.Time
}

func newSites() *sites {
	return &sites{storetest.NewMemory(), archivetest.NewMemory(), instant("2026-11-20T13:00:00Z")}
}

func (s *sites) clock() time.Time { return s.now }

func (s *sites) store() *store.Store { return store.New(s.table, s.clock) }

// receive takes bodies in, a second apart.
func (s *sites) receive(t testing.TB, bodies ...string) {
	t.Helper()
	for i, body := range bodies {
		at := instant("2026-11-20T12:00:00Z").Add(time.Duration(i) * time.Second)
		receive(t, s.table, s.bucket, fleet.Delivery{MAC: mac, At: at, Body: []byte(body)})
	}
}

// refuse puts in quarantine what version 1 is said to have refused.
func (s *sites) refuse(t testing.TB, receipts ...archive.Receipt) {
	t.Helper()
	for _, r := range receipts {
		e := r.Refused("line 1, column 1: version 1 can't read this", 0).Envelope(nil) // which notes no version
		if err := archive.Keep(context.Background(), s.bucket, e); err != nil {
			t.Fatal(err)
		}
	}
}

// receipt is one of a body, at a second of the day.
func receipt(second, index int, body string) archive.Receipt {
	at := instant("2026-11-20T12:00:00Z").Add(time.Duration(second) * time.Second)
	return archive.Receipt{MAC: mac, KID: "k1", Received: at, Index: index, Body: []byte(body)}
}

// objects are the lines of all objects under a prefix, each with its folder, in their order.
func (s *sites) objects(t testing.TB, prefix string) string {
	t.Helper()
	var all []string
	for name, err := range s.bucket.List(context.Background(), prefix, "") {
		if err != nil {
			t.Fatal(err)
		}
		object, err := s.bucket.Get(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(object)) {
			all = append(all, path.Dir(name)+" "+line)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

// receipts are those of the objects under a prefix.
func (s *sites) receipts(t testing.TB, prefix string) (all []archive.Receipt) {
	t.Helper()
	for line := range strings.Lines(s.objects(t, prefix)) {
		_, object, _ := strings.Cut(line, " ")
		r, err := archive.ParseReceipt([]byte(object))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// retry is a run, of which this is wanted. An hour later comes the next.
func (s *sites) retry(t testing.TB, want replay.Retried) {
	t.Helper()
	if got, err := replay.Retry(t.Context(), s.store(), archive.NewDirect(s.bucket), s.bucket, s.clock); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	s.now = s.now.Add(time.Hour)
}

// like fails the test where records or raw/ are not those of another place.
func (s *sites) like(t testing.TB, want *sites) {
	t.Helper()
	if got, want := s.objects(t, "raw/"), want.objects(t, "raw/"); got != want {
		t.Errorf("the archive has\n%s\nwant\n%s", got, want)
	}
	if got, want := records(s.table), records(want.table); got != want {
		t.Errorf("the table has\n%s\nwant\n%s", got, want)
	}
}

// ways are those out of quarantine.
var ways = map[string]func(t testing.TB, s *sites){
	"hourly": func(t testing.TB, s *sites) {
		if _, err := replay.Retry(t.Context(), s.store(), archive.NewDirect(s.bucket), s.bucket, s.clock); err != nil {
			t.Error(err)
		}
	},
	"released": func(t testing.TB, s *sites) {
		for name := range s.bucket.List(t.Context(), archive.QuarantinePrefix, "") {
			if err := replay.Release(t.Context(), s.store(), archive.NewDirect(s.bucket), s.bucket, name); err != nil && !errors.Is(err, replay.ErrHeld) {
				t.Error(err)
			}
		}
	},
}

func TestWhatAnOlderDecoderRefusedBecomesWhatItWouldHaveBeen(t *testing.T) {
	accepted := newSites()
	accepted.receive(t, ofEachKind...)
	kinds := map[pbx.Kind]bool{}
	for _, r := range accepted.receipts(t, "raw/") {
		kinds[r.Kind] = true
	}
	if len(kinds) != len(pbx.Kinds()) {
		t.Fatalf("only %v", kinds)
	}
	for name, leave := range ways {
		t.Run(name, func(t *testing.T) {
			s := newSites()
			s.refuse(t, accepted.receipts(t, "raw/")...)
			leave(t, s)
			s.like(t, accepted)
			if left := s.objects(t, archive.QuarantinePrefix); left != "" {
				t.Errorf("left: %s", left)
			}
		})
	}
}

// Of an array that could not be read to its end, all after the last good event was refused as
// one.
func TestTheRestOfAnArrayBecomesItsEvents(t *testing.T) {
	const array = "[{event:'hangup', uniqueid:'7'}, {event:'hangup', uniqueid:'8'},\n{event:'ivr'}, {event:'survey'}]"
	accepted := newSites()
	accepted.receive(t, array)
	rest := strings.TrimPrefix(array, "[{event:'hangup', uniqueid:'7'}")
	for name, leave := range ways {
		for what, quarantine := range map[string]archive.Receipt{
			"from its beginning": receipt(0, 0, array), "after its first": receipt(0, 1, rest), "where a comma was missing": receipt(0, 1, rest[1:]),
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				s := newSites()
				if quarantine.Index > 0 {
					receive(t, s.table, s.bucket, fleet.Delivery{MAC: mac, At: quarantine.Received, Body: []byte("[{event:'hangup', uniqueid:'7'}]")})
				}
				s.refuse(t, quarantine)
				leave(t, s)
				s.like(t, accepted)
				got, want := s.receipts(t, archive.QuarantinePrefix), accepted.receipts(t, archive.QuarantinePrefix)
				if len(got) != 1 || len(want) != 1 || got[0].ID != want[0].ID || got[0].Index != 2 || got[0].Decoder != zycoo.Version {
					t.Errorf("refused is %+v, want %+v", got, want)
				}
			})
		}
	}
}

func TestWhatIsRefusedAgainIsTriedOncePerVersion(t *testing.T) {
	s := newSites()
	s.receive(t, "{of this version")
	s.refuse(t, receipt(1, 0, "{event:'hangup'}"), receipt(2, 0, "{event:'hangup', uniqueid:'1', mac:'68692e0b00ff'}"), receipt(3, 0, ofEachKind[0]))
	newer := receipt(4, 0, ofEachKind[1]).Refused("no", zycoo.Version+1).Envelope(nil)
	if err := archive.Keep(t.Context(), s.bucket, newer); err != nil {
		t.Fatal(err)
	}
	if err := s.bucket.Put(t.Context(), archive.QuarantinePrefix+"dt=2026-11-19/a.json", []byte("no envelope")); err != nil {
		t.Fatal(err)
	}
	s.retry(t, replay.Retried{Released: 1, Refused: 3})
	var found []string
	for _, name := range strings.Split(strings.TrimSpace(s.objects(t, archive.QuarantinePrefix+"dt=2026-11-20/")), "\n") {
		_, object, _ := strings.Cut(name, " ")
		r, err := archive.ParseReceipt([]byte(object))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, fmt.Sprint(r.Decoder, " ", r.Reason))
	}
	for i, want := range []string{"line 1", `line 1, column 1: member "uniqueid": is missing`, "the body names the MAC 68692e0b00ff", "no"} {
		version := zycoo.Version
		if want == "no" {
			version++
		}
		if i >= len(found) || !strings.HasPrefix(found[i], fmt.Sprint(version, " ", want)) {
			t.Errorf("the reasons are %q", found)
			break
		}
	}
	// An hour later one looks again, for what an older version refused until its last container ended.
	s.refuse(t, receipt(5, 0, ofEachKind[2]))
	s.retry(t, replay.Retried{Released: 1, Refused: 1})
	s.refuse(t, receipt(6, 0, ofEachKind[3]))
	for range 3 {
		s.retry(t, replay.Retried{})
	}
	reads := archivetest.NewFaulty(s.bucket, func(archivetest.Call) archivetest.Fault { return archivetest.None })
	if _, err := replay.Retry(t.Context(), s.store(), archive.NewDirect(reads), reads, s.clock); err != nil || reads.Calls() != 1 {
		t.Errorf("when all is tried, a run makes %d calls, %v", reads.Calls(), err)
	}
}

func TestAMarkOfAnotherVersionIsIgnored(t *testing.T) {
	for _, mark := range []string{"", "?", fmt.Sprintf(`{"decoder":%d,"through":true}`, zycoo.Version-1), fmt.Sprintf(`{"decoder":%d,"through":true}`, zycoo.Version+1)} {
		s := newSites()
		s.refuse(t, receipt(0, 0, ofEachKind[0]))
		if err := s.bucket.Put(t.Context(), "retried/quarantine.json", []byte(mark)); err != nil {
			t.Fatal(err)
		}
		s.retry(t, replay.Retried{Released: 1})
	}
}

// While the archive was down, the table kept what an older version refused.
func TestWhatIsSpilledMayYetHaveToBeTried(t *testing.T) {
	s := newSites()
	late := receipt(0, 0, ofEachKind[0])
	if err := s.store().Spill(t.Context(), mac, late.Received, []byte("it")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.retry(t, replay.Retried{})
	}
	for sp, err := range s.store().AllSpilled(t.Context()) {
		if err := errors.Join(err, s.store().Unspill(t.Context(), sp)); err != nil {
			t.Fatal(err)
		}
	}
	s.refuse(t, late)
	s.retry(t, replay.Retried{Released: 1})
}

func TestWhatFailsStaysAndStopsNothingElse(t *testing.T) {
	s := newSites()
	for i := range 40 {
		s.refuse(t, receipt(i, 0, fmt.Sprintf("{event:'cc_cdr', uuid:'1795161600.%d', startTime:'2026-11-20 08:00:00'}", i)))
	}
	poisoned := store.New(storetest.NewFaulty(s.table, func(c storetest.Call) storetest.Fault {
		if strings.Contains(c.Key.SK, "1795161600.7#") {
			return storetest.Fails
		}
		return storetest.None
	}), s.clock)
	run := func(want replay.Retried, fails bool) {
		t.Helper()
		got, err := replay.Retry(t.Context(), poisoned, archive.NewDirect(s.bucket), s.bucket, s.clock)
		if got != want || errors.Is(err, storetest.ErrInjected) != fails {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		s.now = s.now.Add(time.Hour)
	}
	run(replay.Retried{Released: 39, Failed: 1}, true)
	for range 22 {
		run(replay.Retried{Failed: 1}, true)
	}
	run(replay.Retried{Refused: 1}, false)
	run(replay.Retried{}, false)
	left := s.receipts(t, archive.QuarantinePrefix)
	if len(left) != 1 || !strings.HasPrefix(left[0].Reason, "not recorded: ") || left[0].Decoder != zycoo.Version {
		t.Errorf("left is %+v", left)
	}
}

func TestWhileTheTableIsDownNoTryCounts(t *testing.T) {
	s := newSites()
	s.refuse(t, receipt(0, 0, ofEachKind[0]))
	broken := store.New(storetest.NewFaulty(s.table, func(storetest.Call) storetest.Fault { return storetest.Fails }), s.clock)
	for range 30 {
		if got, err := replay.Retry(t.Context(), broken, archive.NewDirect(s.bucket), s.bucket, s.clock); err == nil || got != (replay.Retried{Failed: 1}) {
			t.Errorf("%+v, %v", got, err)
		}
		s.now = s.now.Add(time.Hour)
	}
	s.retry(t, replay.Retried{Released: 1})
}

func TestARunThatEndsIsGoneOnWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSites()
		for i := range 100 {
			s.refuse(t, receipt(i, 0, ofEachKind[5]))
		}
		slow := store.New(storetest.NewFaulty(s.table, func(c storetest.Call) storetest.Fault {
			if c.Method == "Get" && c.Key.SK == "DEVICE" {
				time.Sleep(20 * time.Second)
			}
			return storetest.None
		}), time.Now)
		var all replay.Retried
		for runs := 1; all.Released < 100; runs++ {
			ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
			done, err := replay.Retry(ctx, slow, archive.NewDirect(s.bucket), s.bucket, time.Now)
			cancel()
			if err != nil || done.Released > 32 || runs > 4 {
				t.Fatalf("run %d: %+v, %v", runs, done, err)
			}
			all.Released += done.Released
		}
	})
}

func TestWhereverARetryStopsNothingIsLostOrDoubled(t *testing.T) {
	const (
		anothers = "{event:'hangup', uniqueid:'8', mac:'68692e0b00ff'}"
		array    = "[{event:'hangup', uniqueid:'7'},{event:'hangup'}," + anothers + ",{event:'extensionstatus', exten:'809', statustext:'InUse'}]"
	)
	want := newSites()
	want.receive(t, ofEachKind[0], ofEachKind[7], array, "{broken", anothers)
	build := func() *sites {
		s := newSites()
		s.refuse(t, receipt(0, 0, ofEachKind[0]), receipt(1, 0, ofEachKind[7]), receipt(2, 0, array), receipt(3, 0, "{broken"), receipt(4, 0, anothers))
		return s
	}
	run := func(s *sites, next func() int) {
		table := storetest.NewFaulty(s.table, func(storetest.Call) storetest.Fault { return storetest.Fault(next()) })
		bucket := archivetest.NewFaulty(s.bucket, func(archivetest.Call) archivetest.Fault { return archivetest.Fault(next()) })
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		replay.Retry(ctx, store.New(table, time.Now), archive.NewDirect(bucket), bucket, time.Now)
	}
	synctest.Test(t, func(t *testing.T) {
		var made counter
		run(build(), made.next(0, 0, false))
		calls := made.n
		for call := 1; call <= calls; call++ {
			for fault := 1; fault <= 4; fault++ { // fails; fails but persisted; hangs; throttled
				for _, dies := range []bool{false, true} {
					s, made := build(), counter{}
					run(s, made.next(call, fault, dies))
					for range 3 {
						time.Sleep(time.Hour)
						if _, err := replay.Retry(t.Context(), store.New(s.table, time.Now), archive.NewDirect(s.bucket), s.bucket, time.Now); err != nil {
							t.Fatal(err)
						}
					}
					s.like(t, want)
					if got, want := s.objects(t, archive.QuarantinePrefix), want.objects(t, archive.QuarantinePrefix); got != want {
						t.Errorf("refused is\n%s\nwant\n%s", got, want)
					}
					if t.Failed() {
						t.Fatalf("after fault %d at call %d of %d, dies %t", fault, call, calls, dies)
					}
				}
			}
		}
		t.Logf("%d calls of the stores", calls)
		if calls < 20 {
			t.Errorf("only %d calls", calls)
		}
	})
}

// counter counts calls, and has one of them go wrong.
type counter struct {
	mu sync.Mutex
	n  int
}

// next has the given call go wrong, and if the process dies, all after it.
func (c *counter) next(call, fault int, dies bool) func() int {
	return func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.n++; c.n == call {
			return fault
		}
		if call > 0 && c.n > call && dies {
			return int(storetest.Fails)
		}
		return 0
	}
}

func TestWhatIsDiscardedWhileItIsTriedStaysAway(t *testing.T) {
	s := newSites()
	s.refuse(t, receipt(0, 0, "{broken"))
	bucket := archivetest.NewFaulty(s.bucket, func(c archivetest.Call) archivetest.Fault {
		if c.Method == "Replace" {
			if err := s.bucket.Delete(t.Context(), c.Name); err != nil {
				t.Error(err)
			}
		}
		return archivetest.None
	})
	if got, err := replay.Retry(t.Context(), s.store(), archive.NewDirect(bucket), bucket, s.clock); got != (replay.Retried{Failed: 1}) || !errors.Is(err, archive.ErrChanged) {
		t.Errorf("%+v, %v", got, err)
	}
	s.retry(t, replay.Retried{})
	if left := s.objects(t, archive.QuarantinePrefix); left != "" {
		t.Errorf("left: %s", left)
	}
}

// Else the mark would grow with them.
func TestWithManyThatFailARunBeginsNoOthers(t *testing.T) {
	s := newSites()
	for i := range 200 {
		s.refuse(t, receipt(i, 0, ofEachKind[0]))
	}
	broken := store.New(storetest.NewFaulty(s.table, func(c storetest.Call) storetest.Fault {
		if strings.HasPrefix(c.Key.SK, "CALL#") {
			return storetest.Fails
		}
		return storetest.None
	}), s.clock)
	for range 2 {
		if got, err := replay.Retry(t.Context(), broken, archive.NewDirect(s.bucket), s.bucket, s.clock); got != (replay.Retried{Failed: 128}) || err == nil {
			t.Errorf("%+v, %v", got, err)
		}
	}
	s.retry(t, replay.Retried{Released: 200})
}

func TestNothingOfAReceiptIsLostOnItsWayOut(t *testing.T) {
	was := archivetest.FullReceipt(t)
	for name, leave := range ways {
		t.Run(name, func(t *testing.T) {
			s := newSites()
			if err := archive.Keep(t.Context(), s.bucket, was.Envelope(nil)); err != nil {
				t.Fatal(err)
			}
			leave(t, s)
			is := s.receipts(t, "raw/")
			if len(is) != 1 {
				t.Fatalf("%+v", is)
			}
			if got := fmt.Sprint(archivetest.Differences(was, is[0])); got != "[Reason Decoder]" || is[0].Reason != "" || is[0].Decoder != 0 {
				t.Errorf("%+v differs in %s", is[0], got)
			}
			if heard, err := s.store().LastEvent(t.Context(), was.MAC); err != nil || heard.KID != was.KID || !heard.Last.Equal(was.Received) {
				t.Errorf("heard %+v, %v", heard, err)
			}
		})
	}
}
