package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// undivided puts PBXs on the fleet list as versions before did: in one partition.
func undivided(t *testing.T, table store.Table, macs ...pbx.MAC) {
	t.Helper()
	for _, mac := range macs {
		entry(t, table, store.Key{PK: "FLEET", SK: string(mac)})
	}
}

func entry(t *testing.T, table store.Table, key store.Key) {
	t.Helper()
	if err := table.Put(t.Context(), store.Item{Key: key, Version: "1", Doc: []byte(`{}`)}, store.Condition{}); err != nil {
		t.Fatal(err)
	}
}

func fleetOf(t *testing.T, s *store.Store) (all []pbx.MAC, bad int) {
	t.Helper()
	for mac, err := range s.Fleet(t.Context()) {
		if err != nil {
			bad++
			continue
		}
		all = append(all, mac)
	}
	return all, bad
}

func TestTheFleetListIsDividedByTheLastDigitAndReadInOrder(t *testing.T) {
	table := storetest.NewMemory()
	s := store.New(table, func() time.Time { return received })
	var want []pbx.MAC
	for i := range 40 {
		mac := pbx.MAC(fmt.Sprintf("68692e0b00%02x", i))
		want = append(want, mac)
		if i%3 > 0 {
			undivided(t, table, mac)
		}
		if i%3 < 2 {
			if err := s.Register(t.Context(), mac, received); err != nil {
				t.Fatal(err)
			}
		}
	}
	entry(t, table, store.Key{PK: "FLEET#0", SK: "68692e0b0001"}) // in another digit's partition
	entry(t, table, store.Key{PK: "FLEET", SK: "x"})
	if got, bad := fleetOf(t, s); fmt.Sprint(got) != fmt.Sprint(want) || bad != 2 {
		t.Errorf("%d bad entries, and\n%v, want\n%v", bad, got, want)
	}
	parts := map[string]int{}
	for _, item := range table.Items() {
		parts[item.PK]++
	}
	if len(parts) != 17 {
		t.Errorf("partitions %v", parts)
	}
}

func TestARemovedPBXIsOnNeitherFleetList(t *testing.T) {
	for _, remove := range []func(*store.Store) error{
		func(s *store.Store) error { return s.Remove(t.Context(), reception, false) },
		func(s *store.Store) error { return s.Forget(t.Context(), reception) },
	} {
		s, table := openStore(t)
		undivided(t, table, reception)
		if listed, err := s.Listed(t.Context(), reception); err != nil || !listed {
			t.Fatal(listed, err)
		}
		if err := s.Register(t.Context(), reception, received); err != nil {
			t.Fatal(err)
		}
		if err := remove(s); err != nil {
			t.Fatal(err)
		}
		if got, bad := fleetOf(t, s); len(got)+bad > 0 {
			t.Error(got)
		}
	}
}

// pushes is a PBX that pushes events to a new container each time: no cache helps.
type pushes struct {
	*testing.T
	table store.Table
	fault func(storetest.Call) storetest.Fault
	puts  int
}

func (p *pushes) push(kid string, at time.Time) error {
	p.Helper()
	p.puts = 0
	s := store.New(storetest.NewFaulty(p.table, func(c storetest.Call) storetest.Fault {
		if c.Method == "Put" {
			p.puts++
		}
		if p.fault == nil {
			return storetest.None
		}
		return p.fault(c)
	}), func() time.Time { return at })
	sender, err := s.Sender(p.Context(), reception)
	if err != nil {
		p.Fatal(err)
	}
	o := store.Origin{MAC: reception, KID: kid, At: at}
	if sender.Last.Covers(o) {
		return nil
	}
	last, err := s.Note(p.Context(), o, sender.Last)
	if err == nil && !last.Covers(o) {
		p.Errorf("%+v does not cover the event that it is", last)
	}
	return err
}

func TestAReadShowsWhetherANoteIsNeeded(t *testing.T) {
	p := &pushes{T: t, table: storetest.NewMemory()}
	for _, c := range []struct {
		kid  string
		at   time.Duration
		puts int
		why  string
	}{
		{"k1", 0, 2, "the first event: list and last event"},
		{"k1", time.Second, 0, "covered"},
		{"k1", 15*time.Minute - 1, 0, "covered"},
		{"k1", 15 * time.Minute, 1, "the last event is old"},
		{"k2", 16 * time.Minute, 1, "another key"},
		{"k2", 10 * time.Minute, 0, "received before, by a slower container"},
		{"k2", 23 * time.Hour, 2, "the first event of the next UTC day"},
		{"k2", 23*time.Hour + 20*time.Minute, 1, "the last event is old"},
	} {
		if err := p.push(c.kid, received.Truncate(24*time.Hour).Add(2*time.Hour+c.at)); err != nil || p.puts != c.puts {
			t.Errorf("%v, %s: %d writes, want %d (%s), %v", c.at, c.kid, p.puts, c.puts, c.why, err)
		}
	}
}

func TestTwoKeysThatTakeTurnsAreNotedOnceAQuarterOfAnHour(t *testing.T) {
	table, puts := storetest.NewMemory(), 0
	s := store.New(storetest.NewFaulty(table, func(c storetest.Call) storetest.Fault {
		if c.Method == "Put" {
			puts++
		}
		return storetest.None
	}), func() time.Time { return received })
	var last store.LastEvent
	for i := range 100 {
		o := store.Origin{MAC: reception, KID: []string{"k1", "k2"}[i%2], At: received.Add(time.Duration(i) * time.Second)}
		var err error
		if last, err = s.Note(t.Context(), o, last); err != nil {
			t.Fatal(err)
		}
	}
	if puts != 3 { // the list, and the last event by each key
		t.Errorf("%d writes", puts)
	}
}

// Whichever write fails, and even if nobody knows whether it did: the next event puts the PBX on the list.
func TestAPBXDoesNotStayOffTheFleetListWhileItSendsEvents(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.Fails, storetest.FailsButPersisted, storetest.Throttled} {
		for _, of := range []string{"FLEET", "HEARD"} {
			p := &pushes{T: t, table: storetest.NewMemory()}
			p.fault = func(c storetest.Call) storetest.Fault {
				if c.Method == "Put" && (strings.HasPrefix(c.Key.PK, of) || c.Key.SK == of) {
					return fault
				}
				return storetest.None
			}
			if err := p.push("k1", received); err == nil || errors.Is(err, store.ErrUnlisted) != (of == "FLEET") {
				t.Errorf("%s fails (%d): %v", of, fault, err)
			}
			p.fault = nil
			if err := p.push("k1", received.Add(time.Second)); err != nil {
				t.Error(err)
			}
			s := store.New(p.table, time.Now)
			if listed, err := s.Listed(t.Context(), reception); err != nil || !listed {
				t.Errorf("%s failed (%d), and the next event does not list the PBX: %v", of, fault, err)
			}
		}
	}
}

// An entry may get lost, such as by a restore. And another program may have removed the PBX.
func TestALostEntryIsWrittenAgainByTheFirstEventOfAUTCDay(t *testing.T) {
	p := &pushes{T: t, table: storetest.NewMemory()}
	if err := p.push("k1", received); err != nil {
		t.Fatal(err)
	}
	if err := p.table.Delete(t.Context(), store.Key{PK: "FLEET#1", SK: string(reception)}, store.Condition{}); err != nil {
		t.Fatal(err)
	}
	s := store.New(p.table, time.Now)
	if listed, err := s.Listed(t.Context(), reception); err != nil || listed {
		t.Fatal(listed, err)
	}
	if err := p.push("k1", received.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if listed, err := s.Listed(t.Context(), reception); err != nil || !listed {
		t.Errorf("listed: %t, %v", listed, err)
	}
}

func TestASenderIsReadMemberByMember(t *testing.T) {
	for _, c := range []struct {
		device, heard string
		disabled      bool
		last          bool
		notUnderstood bool
	}{
		{"", "", false, false, false},
		{`{"disabled":true}`, `{"kid":"k1","last":"2026-11-24T04:00:00Z"}`, true, true, false},
		{`{"disabled":true}`, `{"last":5}`, true, false, false},
		{`{"zone":5}`, `{"kid":"k1","last":"2026-11-24T04:00:00Z"}`, false, true, false},
	} {
		table := storetest.NewMemory()
		for sk, doc := range map[string]string{"DEVICE": c.device, "HEARD": c.heard} {
			if doc != "" {
				keep(t, table, sk, doc)
			}
		}
		sender, err := store.New(table, time.Now).Sender(t.Context(), reception)
		if sender.Device.Disabled != c.disabled || sender.Last.Last.IsZero() == c.last || errors.Is(err, store.ErrNotUnderstood) != c.notUnderstood {
			t.Errorf("%s, %s: %+v, %v", c.device, c.heard, sender, err)
		}
	}
}
