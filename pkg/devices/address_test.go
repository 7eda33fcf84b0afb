package devices_test

import (
	"strings"
	"testing"

	"trunkline/pkg/devices"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

func TestAnAddressHasTheLowestValidGenerationAndTheFilesLabels(t *testing.T) {
	s := store.New(storetest.NewMemory(), now)
	for mac, d := range map[pbx.MAC]store.Device{reception: {Name: "Reception", Site: "Berlin", MinGeneration: 3}, successor: {Name: "Lab"}} {
		if err := s.SetDevice(t.Context(), mac, d); err != nil {
			t.Fatal(err)
		}
	}
	read := func(labelled bool) (all []devices.Address) {
		t.Helper()
		for a, err := range devices.ReadAddresses(t.Context(), s, []devices.Address{{MAC: reception, Name: "Front"}, {MAC: successor}}, labelled, 2) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, a)
		}
		return all
	}
	if all := read(false); len(all) != 2 || all[0].Name != "Reception" || all[0].Site != "Berlin" || all[0].Least() != 3 || all[1].Least() != 1 {
		t.Errorf("%+v", all)
	}
	if all := read(true); all[0].Name != "Front" || all[0].Site != "" || all[0].Least() != 3 || all[1].Name != "" {
		t.Errorf("with labels: %+v", all)
	}
	if least := (devices.Address{MAC: reception}).Least(); least != 1 {
		t.Errorf("without records: %d", least)
	}
}

func TestAPBXThatWasRemovedHasNoAddress(t *testing.T) {
	s := store.New(storetest.NewMemory(), now)
	if err := s.SetDevice(t.Context(), reception, store.Device{Name: "Reception"}); err != nil {
		t.Fatal(err)
	}
	if err := devices.Change(t.Context(), s, reception, now(), func(d *store.Device) error { d.Disabled = true; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := devices.ReadAddress(t.Context(), s, reception); err != nil {
		t.Errorf("of a disabled PBX: %v", err)
	}
	if err := s.Remove(t.Context(), reception, false); err != nil {
		t.Fatal(err)
	}
	if _, err := devices.ReadAddress(t.Context(), s, reception); err == nil || !strings.Contains(err.Error(), "was removed, and has no valid URL") {
		t.Error(err)
	}
}
