package store_test

import (
	"fmt"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// If a fleet has more PBXs than a writer remembers, few entries are written again.
func TestAWriterRemembersALargeFleet(t *testing.T) {
	const fleet = 10_001
	var puts int
	s := store.New(storetest.NewFaulty(storetest.NewMemory(), func(c storetest.Call) storetest.Fault {
		if c.Method == "Put" {
			puts++
		}
		return storetest.None
	}), func() time.Time { return received })
	round := func() int {
		puts = 0
		for i := range fleet {
			r := store.Origin{MAC: pbx.MAC(fmt.Sprintf("68692e%06x", i)), At: received}
			if _, err := s.Record(t.Context(), r, &pbx.Unrecognised{Name: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		return puts
	}
	if first := round(); first != 2*fleet {
		t.Errorf("%d entries of %d PBXs were written", first, fleet)
	}
	if again := round(); again > fleet/10 {
		t.Errorf("%d entries of %d PBXs were written again", again, fleet)
	}
}

func TestAPBXThatWasRemovedIsListedAgainByItsNextEvent(t *testing.T) {
	for name, remove := range map[string]func(s *store.Store) error{
		"removed":   func(s *store.Store) error { return s.Remove(t.Context(), reception, false) },
		"forgotten": func(s *store.Store) error { return s.Forget(t.Context(), reception) },
	} {
		s, _ := openStore(t)
		event := func() {
			t.Helper()
			if _, err := s.Record(t.Context(), store.Origin{MAC: reception, At: received}, &pbx.Unrecognised{Name: "x"}); err != nil {
				t.Fatal(err)
			}
			if listed, err := s.Listed(t.Context(), reception); err != nil || !listed {
				t.Errorf("%s: listed: %t, %v", name, listed, err)
			}
			if heard, err := s.LastEvent(t.Context(), reception); err != nil || !heard.Last.Equal(received) {
				t.Errorf("%s: heard: %v, %v", name, heard, err)
			}
		}
		event()
		if err := remove(s); err != nil {
			t.Fatal(err)
		}
		event()
	}
}

func TestAPBXThatAnotherProcessRemovedIsListedAgainWithinADay(t *testing.T) {
	table, now := storetest.NewMemory(), received
	server := store.New(table, func() time.Time { return now })
	event := func() {
		t.Helper()
		if _, err := server.Record(t.Context(), store.Origin{MAC: reception, At: now}, &pbx.Unrecognised{Name: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	event()
	operator := store.New(table, func() time.Time { return now })
	if err := operator.Remove(t.Context(), reception, false); err != nil {
		t.Fatal(err)
	}
	now = now.Add(24 * time.Hour)
	event()
	if listed, err := operator.Listed(t.Context(), reception); err != nil || !listed {
		t.Errorf("listed: %t, %v", listed, err)
	}
}
