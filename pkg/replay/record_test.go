package replay

import (
	"reflect"
	"testing"
	"time"

	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

func TestARecordKeepsAllMembersOfItsReceipt(t *testing.T) {
	was := archivetest.FullReceipt(t)
	r := origin(was, pbx.UTC)
	for field, value := range reflect.ValueOf(r).Fields() {
		if value.IsZero() {
			t.Errorf("%s is missing", field.Name)
		}
	}
	if r.MAC != was.MAC || r.KID != was.KID || !r.At.Equal(was.Received) || r.Index != was.Index {
		t.Errorf("%+v of %+v", r, was)
	}
}

func TestARecorderReadsSettingsAgainAfterAMinute(t *testing.T) {
	now := time.Date(2026, 11, 24, 1, 30, 0, 0, time.UTC)
	reads := 0
	table := storetest.NewFaulty(storetest.NewMemory(), func(c storetest.Call) storetest.Fault {
		if c.Method == "Get" {
			reads++
		}
		return storetest.None
	})
	clock := func() time.Time { return now }
	r := NewRecorder(store.New(table, clock), clock)
	for _, c := range []struct {
		after time.Duration
		again bool
	}{{0, true}, {deviceFor - 1, false}, {1, true}, {deviceFor - 1, false}} {
		now = now.Add(c.after)
		before := reads
		if _, err := r.device(t.Context(), "68692e0b0001"); err != nil {
			t.Fatal(err)
		}
		if again := reads > before; again != c.again {
			t.Errorf("at %s: settings are read: %t, want %t", now.Format(time.TimeOnly), again, c.again)
		}
	}
}
