package devices_test

import (
	"strings"
	"testing"

	"trunkline/pkg/devices"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token"
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
	if all := read(false); len(all) != 2 || all[0].Name != "Reception" || all[0].Site != "Berlin" || generation(t, all[0]) != "3" || generation(t, all[1]) != "1" {
		t.Errorf("%+v", all)
	}
	if all := read(true); all[0].Name != "Front" || all[0].Site != "" || generation(t, all[0]) != "3" || all[1].Name != "" {
		t.Errorf("with labels: %+v", all)
	}
	if least := generation(t, devices.Address{MAC: reception}); least != "1" {
		t.Errorf("without records: %s", least)
	}
	revoked := read(false)[0]
	if err := revoked.Sign(signing(t), "https://x", 2); err == nil || revoked.URL != "" || !strings.Contains(err.Error(), "URLs of 68692e0b0001 below generation 3 were revoked") {
		t.Errorf("a revoked URL: %v", err)
	}
	if err := revoked.Sign(signing(t), "https://x", 4); err != nil || !strings.HasPrefix(revoked.URL, "https://x/v1/pbx/68692e0b0001/k1-4-") {
		t.Errorf("a later URL: %s, %v", revoked.URL, err)
	}
}

func signing(t *testing.T) *token.Keyring {
	t.Helper()
	keys, err := token.ParseKeys("k1:" + strings.Repeat("x", 64))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// generation returns the generation of the URL that a PBX gets.
func generation(t *testing.T, a devices.Address) string {
	t.Helper()
	if err := a.Sign(signing(t), "https://x", 0); err != nil {
		t.Fatal(err)
	}
	return strings.Split(a.URL, "-")[1]
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
