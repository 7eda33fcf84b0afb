package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/sqlite"
)

const reception = pbx.MAC("68692e0b0001")

func openStore(t *testing.T) (*store.Store, *sqlite.Table) {
	t.Helper()
	table, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	return store.New(table, time.Now), table
}

func support(t *testing.T) store.Name {
	t.Helper()
	opens, err := naming.ParseHours("Mo-Fr 08:00-18:00; Sa 09:00-13:00")
	if err != nil {
		t.Fatal(err)
	}
	return store.Name{Kind: naming.Queue, ID: "630", Name: "Support", Opens: opens, Target: naming.Target{Percent: 80, Seconds: 20}}
}

// name adds names to those of a PBX.
func name(ctx context.Context, s *store.Store, mac pbx.MAC, names ...store.Name) (store.Names, error) {
	return s.ChangeNames(ctx, mac, func(all store.Names) (store.Names, error) {
		for _, each := range names {
			all = all.With(each)
		}
		return all, nil
	})
}

func TestNamesAreKeptInOrderAndFoundAgain(t *testing.T) {
	s, table := openStore(t)
	agent := store.Name{Kind: naming.Agent, ID: "800", Name: "Ana"}
	did := store.Name{Kind: naming.DID, ID: "+49301234567", Name: "Hotline"}
	if _, err := name(t.Context(), s, reception, support(t), did, agent); err != nil {
		t.Fatal(err)
	}
	names, err := s.Names(t.Context(), reception)
	if want := (store.Names{agent, did, support(t)}); err != nil || !reflect.DeepEqual(names, want) {
		t.Errorf("%+v, %v", names, err)
	}
	if got := names.Find(naming.Queue, "630"); got.Name != "Support" {
		t.Errorf("%+v", got)
	}
	if got := names.Find(naming.Agent, "630"); !reflect.DeepEqual(got, store.Name{Kind: naming.Agent, ID: "630"}) {
		t.Errorf("%+v", got)
	}
	fleet := slices.Collect(func(yield func(pbx.MAC) bool) {
		for mac, err := range s.Fleet(t.Context()) {
			if err != nil || !yield(mac) {
				return
			}
		}
	})
	if !slices.Equal(fleet, []pbx.MAC{reception}) {
		t.Errorf("a PBX with names is not in the fleet: %v", fleet)
	}
	item, err := table.Get(t.Context(), store.Key{PK: string(reception), SK: "NAMES"}) // tables live for years, so the key must not change
	const doc = `{"names":[{"id":"800","kind":"agent","name":"Ana"},{"id":"+49301234567","kind":"did","name":"Hotline"},` +
		`{"id":"630","kind":"queue","name":"Support","opens":"Mo-Fr 08:00-18:00; Sa 09:00-13:00","target":{"percent":80,"seconds":20}}]}`
	if err != nil || string(item.Doc) != doc {
		t.Errorf("%s, %v", item.Doc, err)
	}
}

func TestANameThatSaysNothingIsTakenAway(t *testing.T) {
	s, _ := openStore(t)
	if _, err := name(t.Context(), s, reception, support(t)); err != nil {
		t.Fatal(err)
	}
	if names, err := name(t.Context(), s, reception, store.Name{Kind: naming.Queue, ID: "630"}); len(names) > 0 || err != nil {
		t.Errorf("%+v, %v", names, err)
	}
	if names, err := s.Names(t.Context(), reception); len(names) > 0 || err != nil {
		t.Errorf("%+v, %v", names, err)
	}
}

func TestNamesThatNoItemShouldHoldAreRefused(t *testing.T) {
	s, _ := openStore(t)
	queue := func(id, name string) store.Name { return store.Name{Kind: naming.Queue, ID: id, Name: name} }
	many := func(n, size int) (all []store.Name) {
		for i := range n {
			all = append(all, queue(fmt.Sprintf("%064d", i), strings.Repeat(`"`, size)))
		}
		return all
	}
	agent := support(t)
	agent.Kind = naming.Agent
	for _, c := range []struct {
		names []store.Name
		want  string
	}{
		{many(1001, 1), "a PBX has at most 1000 names, and this one would have 1001"},
		{many(1000, 120), "the names of a PBX may take 196608 bytes, and these 1000 would take"},
		{[]store.Name{queue("630", strings.Repeat("é", 61))}, "has 122 bytes, and may have 120"},
		{[]store.Name{queue(strings.Repeat("6", 65), "x")}, "ID: "},
		{[]store.Name{queue("", "x")}, "a name needs the ID of what it names"},
		{[]store.Name{queue("630", "Sup\x1bport")}, `has a character that can't be seen, after "Sup"`},
		{[]store.Name{queue("630", "\u202etroppuS")}, "a character that can't be seen"},
		{[]store.Name{queue("630", "Sup\xffport")}, "is not UTF-8"},
		{[]store.Name{queue("630", " Support")}, "has blanks around it"},
		{[]store.Name{{Kind: "site", ID: "1", Name: "x"}}, `"site" is not one of queue, agent and did`},
		{[]store.Name{{Kind: naming.Queue, ID: "630", Target: naming.Target{Seconds: 20}}}, "target: 0 is not a percentage"},
		{[]store.Name{agent}, "only a queue has opening hours and a target"},
	} {
		if _, err := name(t.Context(), s, reception, c.names...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, not %s", err, c.want)
		}
	}
	if names, err := s.Names(t.Context(), reception); len(names) > 0 || err != nil {
		t.Errorf("%d names were written, %v", len(names), err)
	}
	if _, err := name(t.Context(), s, reception, many(1000, 20)...); err != nil {
		t.Errorf("a thousand names: %v", err)
	}
}

func TestChangesMadeAtTheSameTimeAreAllKept(t *testing.T) {
	s, _ := openStore(t)
	var changing sync.WaitGroup
	changes := []func(*store.Device){
		func(d *store.Device) { d.Disabled = true },
		func(d *store.Device) { d.Name = "Reception" },
		func(d *store.Device) { d.MinGeneration = 2 },
		func(d *store.Device) { d.Site = "Berlin" },
	}
	for i, apply := range changes {
		changing.Go(func() {
			_, err := s.ChangeDevice(t.Context(), reception, func(d *store.Device) error { apply(d); return nil })
			if err != nil {
				t.Errorf("settings: %v", err)
			}
		})
		changing.Go(func() {
			if _, err := name(t.Context(), s, reception, store.Name{Kind: naming.Agent, ID: fmt.Sprint(i), Name: "x"}); err != nil {
				t.Errorf("names: %v", err)
			}
		})
	}
	changing.Wait()
	d, err := s.Device(t.Context(), reception)
	if want := (store.Device{Name: "Reception", Site: "Berlin", Disabled: true, MinGeneration: 2}); err != nil || !reflect.DeepEqual(d, want) {
		t.Errorf("%+v, %v", d, err)
	}
	if names, err := s.Names(t.Context(), reception); err != nil || len(names) != len(changes) {
		t.Errorf("%+v, %v", names, err)
	}
}

func TestAChangeThatFailsWritesNothing(t *testing.T) {
	s, _ := openStore(t)
	refused := errors.New("refused")
	if _, err := s.ChangeDevice(t.Context(), reception, func(d *store.Device) error { d.Disabled = true; return refused }); !errors.Is(err, refused) {
		t.Error(err)
	}
	if d, err := s.Device(t.Context(), reception); err != nil || d.Disabled {
		t.Errorf("%+v, %v", d, err)
	}
	for mac, err := range s.Fleet(t.Context()) {
		t.Errorf("%s is in the fleet, %v", mac, err)
	}
}

func TestWhatStaysAsItWasIsNotWrittenAgain(t *testing.T) {
	s, table := openStore(t)
	version := func() string {
		item, err := table.Get(t.Context(), store.Key{PK: string(reception), SK: "DEVICE"})
		if err != nil {
			t.Fatal(err)
		}
		return item.Version
	}
	set := func(name string) string {
		if err := s.SetDevice(t.Context(), reception, store.Device{Name: name}); err != nil {
			t.Fatal(err)
		}
		return version()
	}
	first := set("Reception")
	if again := set("Reception"); again != first {
		t.Error("the same settings were written again")
	}
	if other := set("Foyer"); other == first {
		t.Error("others were not written")
	}
}
