package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// A removal may be interrupted at any call. The PBX stays disabled, and the removal can be repeated.
func TestARemovalThatIsBrokenOffIsDoneAgain(t *testing.T) {
	for call := 1; ; call++ {
		table, made, broken := storetest.NewMemory(), 0, true
		whole := store.New(table, time.Now)
		if err := whole.SetDevice(t.Context(), reception, store.Device{Name: "x", MinGeneration: 2}); err != nil {
			t.Fatal(err)
		}
		if _, err := name(t.Context(), whole, reception, support(t)); err != nil {
			t.Fatal(err)
		}
		start, _ := pbx.ParseLocalTime("2018-11-05 19:05:31")
		if _, err := whole.Record(t.Context(), store.Origin{MAC: reception, At: time.Now()}, &pbx.CallRecord{UUID: "1", Start: start}); err != nil {
			t.Fatal(err)
		}
		s := store.New(storetest.NewFaulty(table, func(storetest.Call) storetest.Fault {
			if made++; made >= call && broken {
				return storetest.Fails
			}
			return storetest.None
		}), time.Now)
		first := s.Remove(context.Background(), reception, false)
		listed, err := whole.Listed(t.Context(), reception)
		if err != nil || listed != (first != nil) {
			t.Errorf("call %d: %v; listed: %t, %v", call, first, listed, err)
		}
		broken = false
		if err := s.Remove(t.Context(), reception, false); err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, item := range table.Items() {
			left = append(left, item.PK+" "+item.SK[:3])
		}
		if got, want := fmt.Sprint(left), "[68692e0b0001 CAL 68692e0b0001 DEV]"; got != want {
			t.Errorf("call %d: %s is left, want %s", call, got, want)
		}
		if d, err := s.Device(t.Context(), reception); err != nil || !d.Disabled || d.MinGeneration != 2 || d.Name != "" {
			t.Errorf("call %d: %+v, %v", call, d, err)
		}
		if first == nil {
			return
		}
	}
}

func TestAPBXThatWasRemovedIsListedAgainOnceItIsAdded(t *testing.T) {
	s, _ := openStore(t)
	for range 2 {
		if err := s.SetDevice(t.Context(), reception, store.Device{Name: "x"}); err != nil {
			t.Fatal(err)
		}
		if listed, err := s.Listed(t.Context(), reception); err != nil || !listed {
			t.Error(listed, err)
		}
		if err := s.Remove(t.Context(), reception, true); err != nil {
			t.Fatal(err)
		}
	}
}
