package devices_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/devices"
	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

const (
	reception = pbx.MAC("68692e0b0001")
	successor = pbx.MAC("68692e0b0002")
)

func now() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

func TestASettingIsReadAsItIsWritten(t *testing.T) {
	for name, texts := range map[string][]string{
		"name": {"Reception", ""}, "site": {"Köln", ""}, "zone": {"Europe/Berlin", "+05:45", ""},
		"sla_threshold_seconds": {"30", "0", ""}, "short_abandon_seconds": {"86400", ""},
		"talk_includes_hold": {"yes", "no"}, "disabled": {"yes", "no"},
		"aliases": {"00:00:00:00:00:e5 68:69:2e:0b:00:ff", ""}, "min_generation": {"7", ""},
		"replaces": {"00:00:00:00:00:e5", ""}, "replaces_from": {"2026-11-24", ""},
	} {
		var d store.Device
		for _, text := range texts {
			if err := devices.Setting(name).Set(&d, text); err != nil || devices.Setting(name).Get(d) != text {
				t.Errorf("%s: %q is read as %q, %v", name, text, devices.Setting(name).Get(d), err)
			}
		}
		if !devices.IsNew(d) {
			t.Errorf("%s is not unset by an empty text: %+v", name, d)
		}
	}
}

func TestATextThatIsNoSettingIsRefused(t *testing.T) {
	many := strings.Repeat("x", 121)
	for name, text := range map[string]string{
		"name": many, "site": "a\nb", "zone": "Berlin", "sla_threshold_seconds": "-1", "short_abandon_seconds": "86401",
		"talk_includes_hold": "perhaps", "disabled": "y", "aliases": "12", "min_generation": "0", "replaces": "x", "replaces_from": "tomorrow",
	} {
		if err := devices.Setting(name).Set(new(store.Device), text); err == nil {
			t.Errorf("%s: %q is taken", name, text)
		}
	}
}

func TestAnAliasIsAddedOnceAndTakenAway(t *testing.T) {
	var d store.Device
	for range 2 {
		if err := devices.AddAlias(&d, reception, successor); err != nil || !slices.Equal(d.Aliases, []pbx.MAC{successor}) {
			t.Errorf("%v, %v", d.Aliases, err)
		}
	}
	if err := devices.AddAlias(&d, reception, reception); err == nil {
		t.Error("a PBX is an alias of itself")
	}
	if err := devices.RemoveAlias(&d, reception, successor); err != nil || len(d.Aliases) > 0 {
		t.Errorf("%v, %v", d.Aliases, err)
	}
	if err := devices.RemoveAlias(&d, reception, successor); err == nil {
		t.Error("what is no alias is taken away")
	}
	for i := range devices.MaxAliases {
		d.Aliases = append(d.Aliases, pbx.MAC(fmt.Sprintf("%012x", i)))
	}
	if err := devices.AddAlias(&d, reception, successor); err == nil || len(d.Aliases) != devices.MaxAliases {
		t.Error("there is no end of aliases")
	}
}

func TestNoURLThatWasRevokedOpensAgain(t *testing.T) {
	var d store.Device
	if err := devices.RevokeLeast(&d); err != nil || devices.LeastGeneration(d) != 2 {
		t.Errorf("%v, %v", devices.LeastGeneration(d), err)
	}
	if err := devices.Revoke(&d, 5); err != nil || devices.LeastGeneration(d) != 5 {
		t.Errorf("%v, %v", devices.LeastGeneration(d), err)
	}
	if err := devices.Revoke(&d, 4); err == nil || devices.LeastGeneration(d) != 5 {
		t.Error("a revoked URL opens again")
	}
	if err := devices.RevokeLeast(&store.Device{MinGeneration: math.MaxUint32}); err == nil {
		t.Error("there is a generation after the last one")
	}
}

func TestAPBXIsAddedOnce(t *testing.T) {
	s := store.New(storetest.NewMemory(), now)
	named := func(d *store.Device) error { return devices.Setting("name").Set(d, "Reception") }
	if removed, err := devices.Add(t.Context(), s, reception, now(), named); removed || err != nil {
		t.Errorf("%v, %v", removed, err)
	}
	if _, err := devices.Add(t.Context(), s, reception, now(), named); err == nil {
		t.Error("it was added again")
	}
	if err := s.Remove(t.Context(), reception, false); err != nil {
		t.Fatal(err)
	}
	if err := devices.CheckListed(t.Context(), s, reception); err == nil {
		t.Error("a removed PBX is on the fleet list")
	}
	if removed, err := devices.Add(t.Context(), s, reception, now(), named); !removed || err != nil {
		t.Errorf("%v, %v", removed, err)
	}
}

// fleetOf returns a fleet of one PBX, with settings and a name.
func fleetOf(t *testing.T) (*storetest.Memory, *store.Store) {
	t.Helper()
	table := storetest.NewMemory()
	s := store.New(table, now)
	err := s.SetDevice(t.Context(), reception, store.Device{Name: "Reception", Site: "Köln"})
	if err == nil {
		_, err = s.ChangeNames(t.Context(), reception, func(store.Names) (store.Names, error) {
			return store.Names{{Kind: naming.Agent, ID: "800", Name: "Ana"}}, nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return table, s
}

func TestAPBXTakesAnothersPlaceHoweverOftenItIsStopped(t *testing.T) {
	replacement := devices.Replacement{Old: reception, By: successor, Fallback: pbx.UTC, Now: now}
	for failing := 1; ; failing++ {
		table, s := fleetOf(t)
		calls := 0
		faulty := storetest.NewFaulty(table, func(storetest.Call) storetest.Fault {
			if calls++; calls == failing {
				return storetest.Fails
			}
			return storetest.None
		})
		_, failed := replacement.Do(t.Context(), store.New(faulty, now))
		if calls < failing {
			if failed != nil || failing < 10 {
				t.Errorf("after %d calls: %v", calls, failed)
			}
			return
		}
		if failed == nil {
			t.Errorf("call %d failed, and no error was returned", failing)
		}
		done, err := replacement.Do(t.Context(), s)
		if want := (devices.Replaced{From: pbx.UTCDay(now()), OldDisabled: true}); err != nil || done != want {
			t.Errorf("%+v, %v", done, err)
		}
		by, err := devices.Read(t.Context(), s, successor)
		names, namesErr := s.Names(t.Context(), successor)
		if err := errors.Join(err, namesErr); err != nil || by.Name != "Reception" || by.Disabled || by.Replaces != reception ||
			!slices.Equal(by.Aliases, []pbx.MAC{reception}) || names.Find(naming.Agent, "800").Name != "Ana" {
			t.Errorf("after call %d failed: %+v, %+v, %v", failing, by, names, err)
		}
		if old, err := s.Device(t.Context(), reception); err != nil || !old.Disabled || old.Name != "Reception" {
			t.Errorf("%+v, %v", old, err)
		}
	}
}

func TestAPBXIsReplacedByOneOther(t *testing.T) {
	const third = pbx.MAC("68692e0b0077")
	_, s := fleetOf(t)
	replacement := devices.Replacement{Old: reception, By: successor, Fallback: pbx.UTC, Now: now}
	if _, err := replacement.Do(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	replacement.By = third
	if _, err := replacement.Do(t.Context(), s); err == nil || !strings.Contains(err.Error(), string(successor)+" has replaced "+string(reception)+" already") {
		t.Error(err)
	}
	if d, err := s.Device(t.Context(), third); err != nil || !devices.IsNew(d) {
		t.Errorf("it has %+v, %v", d, err)
	}
	replacement.Old = successor
	if _, err := replacement.Do(t.Context(), s); err != nil {
		t.Error(err)
	}
}

func TestAPBXWithSettingsTakesNobodysPlace(t *testing.T) {
	_, s := fleetOf(t)
	if err := s.SetDevice(t.Context(), successor, store.Device{Name: "Another"}); err != nil {
		t.Fatal(err)
	}
	replacement := devices.Replacement{Old: reception, By: successor, Fallback: pbx.UTC, Now: now}
	if _, err := replacement.Do(t.Context(), s); err == nil || !strings.Contains(err.Error(), "has settings already") {
		t.Error(err)
	}
	replacement.From = pbx.UTCDay(now()) + 1
	if _, err := replacement.Do(t.Context(), s); err == nil || !strings.Contains(err.Error(), "--keep-old") {
		t.Error(err)
	}
	if old, err := s.Device(t.Context(), reception); err != nil || old.Disabled {
		t.Errorf("%+v, %v", old, err)
	}
}
