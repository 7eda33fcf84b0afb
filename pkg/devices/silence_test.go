package devices_test

import (
	"testing"
	"time"

	"trunkline/pkg/devices"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

func TestASilentPBXIsFlaggedUnlessItIsDisabled(t *testing.T) {
	_, s := fleetOf(t)
	silence := func() devices.Silence {
		t.Helper()
		got, err := devices.ReadSilence(t.Context(), s, reception, now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	disable := func(disabled bool) {
		t.Helper()
		if err := s.SetDevice(t.Context(), reception, store.Device{Name: "Reception", Disabled: disabled}); err != nil {
			t.Fatal(err)
		}
	}
	if got := silence(); got.MAC != reception || got.Name != "Reception" || got.Last != nil || !got.Flag {
		t.Errorf("a PBX that never sent anything: %+v", got)
	}
	disable(true)
	if got := silence(); got.Flag {
		t.Errorf("a disabled PBX: %+v", got)
	}
	disable(false)
	if _, err := s.Record(t.Context(), store.Origin{MAC: reception, At: now()}, &pbx.ExtensionStatus{Exten: "808"}); err != nil {
		t.Fatal(err)
	}
	if got := silence(); got.Last == nil || !got.Last.Equal(now()) || got.Seconds != 3600 || got.Habit != nil || got.Flag {
		t.Errorf("a PBX without a habit: %+v", got)
	}
}
