package store_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// keep writes a document as another program might.
func keep(t *testing.T, table store.Table, sk, doc string) {
	t.Helper()
	item := store.Item{Key: store.Key{PK: string(reception), SK: sk}, Version: "1", Doc: []byte(doc)}
	if err := table.Put(t.Context(), item, store.Condition{}); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, table store.Table, sk string) string {
	t.Helper()
	item, err := table.Get(t.Context(), store.Key{PK: string(reception), SK: sk})
	if err != nil {
		t.Fatal(err)
	}
	return string(item.Doc)
}

func TestASettingThatCannotBeReadKeepsNoOtherFromApplying(t *testing.T) {
	berlin, err := pbx.ParseZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	whole := store.Device{Name: "Reception", Site: "Berlin", Zone: berlin, Disabled: true, Aliases: []pbx.MAC{"68692e0b00ff"},
		MinGeneration: 3, ServiceLevel: pbx.IntOf(30), ShortAbandon: pbx.IntOf(5), TalkIncludesHold: true,
		Replaces: "68692e0b00fe", ReplacesFrom: 737000}
	s, table := openStore(t)
	if err := s.SetDevice(t.Context(), reception, whole); err != nil {
		t.Fatal(err)
	}
	written := read(t, table, "DEVICE")
	members := strings.Split(strings.Trim(written, "{}"), ",\"")
	if fields := reflect.TypeFor[store.Device]().NumField() - 1; len(members) != fields {
		t.Fatalf("%d members of %d: %s", len(members), fields, written)
	}
	for i, member := range members {
		name, _, _ := strings.Cut(strings.TrimPrefix(member, `"`), `"`)
		for _, text := range []string{"[7]", "null", `{"a":1}`} {
			others := slices.Clone(members)
			others[i] = `"` + name + `":` + text
			if i > 0 {
				others[i] = name + `":` + text
			}
			doc := "{" + strings.Join(others, `,"`) + "}"
			keep(t, table, "DEVICE", doc)
			got, err := s.Device(t.Context(), reception)
			if err != nil || len(got.Unreadable) != 1 || string(got.Unreadable[name]) != text || !errors.Is(got.Check(name), store.ErrNotUnderstood) {
				t.Errorf("%s is %s: %+v, %v", name, text, got, err)
			}
			differ := 0
			for i := range reflect.TypeFor[store.Device]().NumField() - 1 {
				if !reflect.DeepEqual(reflect.ValueOf(got).Field(i).Interface(), reflect.ValueOf(whole).Field(i).Interface()) {
					differ++
				}
			}
			if differ > 1 {
				t.Errorf("%s is %s: others are lost: %+v", name, text, got)
			}
			if !got.Disabled || got.MinGeneration < 3 {
				t.Errorf("%s is %s: a disabled PBX is enabled: %+v", name, text, got)
			}
		}
	}
}

func TestAPBXStaysDisabledIfItsSettingsCannotBeRead(t *testing.T) {
	s, table := openStore(t)
	for doc, want := range map[string]store.Device{
		`{"name":"x"}`:                         {},
		`{"zone":"localtime"}`:                 {},
		`{"disabled":false}`:                   {},
		`{"disabled":"yes"}`:                   {Disabled: true},
		`{"disabled":null,"zone":"Mars"}`:      {Disabled: true},
		`{"min_generation":"2"}`:               {MinGeneration: math.MaxUint32},
		`{"min_generation":4294967296}`:        {MinGeneration: math.MaxUint32},
		`{"disabled":true,"zone":"right/UTC"}`: {Disabled: true},
	} {
		keep(t, table, "DEVICE", doc)
		got, err := s.Device(t.Context(), reception)
		if err != nil || got.Disabled != want.Disabled || got.MinGeneration != want.MinGeneration {
			t.Errorf("%s: %+v, %v", doc, got, err)
		}
	}
}

func TestOfAliasesThoseThatCanBeReadApply(t *testing.T) {
	s, table := openStore(t)
	keep(t, table, "DEVICE", `{"aliases":[5,"68692e0b00ff",null,"68692e0b00fe"]}`)
	got, err := s.Device(t.Context(), reception)
	if want := []pbx.MAC{"68692e0b00ff", "68692e0b00fe"}; err != nil || !slices.Equal(got.Aliases, want) || got.Check("aliases") == nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatCannotBeReadStaysUntilItIsSetAgain(t *testing.T) {
	s, table := openStore(t)
	keep(t, table, "DEVICE", `{"disabled":"yes","later":{"a":[1]},"name":"Foyer","zone":"localtime"}`)
	change := func(apply func(*store.Device), want string) {
		t.Helper()
		if _, err := s.ChangeDevice(t.Context(), reception, func(d *store.Device) error { apply(d); return nil }); err != nil {
			t.Fatal(err)
		}
		if got := read(t, table, "DEVICE"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	change(func(d *store.Device) { d.Name = "Reception" }, `{"disabled":"yes","later":{"a":[1]},"name":"Reception","zone":"localtime"}`)
	change(func(d *store.Device) { d.Zone, d.Unreadable = pbx.UTC, d.Unreadable.Without("zone") },
		`{"disabled":"yes","later":{"a":[1]},"name":"Reception","zone":"UTC"}`)
	change(func(d *store.Device) { d.Disabled, d.Unreadable = false, d.Unreadable.Without("disabled") },
		`{"later":{"a":[1]},"name":"Reception","zone":"UTC"}`)
}

func TestSettingsThatAreNoObjectAreNotUnderstood(t *testing.T) {
	s, table := openStore(t)
	keep(t, table, "SEEN", `{"zone":"localtime"}`)
	keep(t, table, "HEARD", `{"last":5}`)
	if _, err := s.Seen(t.Context(), reception); !errors.Is(err, store.ErrNotUnderstood) {
		t.Error(err)
	}
	if _, err := s.LastEvent(t.Context(), reception); !errors.Is(err, store.ErrNotUnderstood) {
		t.Error(err)
	}
	table.Close()
	if _, err := s.Device(t.Context(), reception); err == nil || errors.Is(err, store.ErrNotUnderstood) {
		t.Errorf("a table that is closed: %v", err)
	}
}

func TestANameThatCannotBeReadKeepsNoOtherFromBeingRead(t *testing.T) {
	s, table := openStore(t)
	const bad = `{"id":"631","kind":"queue","name":"Sales","opens":"Mon"}`
	keep(t, table, "NAMES", `{"names":[5,{"id":"100","kind":"agent","name":"Ana"},{"id":"630","kind":"queue","name":"Support"},`+bad+`]}`)
	names, err := s.Names(t.Context(), reception)
	if err != nil || names.Find(naming.Agent, "100").Name != "Ana" || names.Find(naming.Queue, "630").Name != "Support" {
		t.Errorf("%+v, %v", names, err)
	}
	if sales := names.Find(naming.Queue, "631"); sales.Name != "Sales" || sales.Unreadable.Text("opens") != "Mon" {
		t.Errorf("%+v", sales)
	}
	if _, err := name(t.Context(), s, reception, store.Name{Kind: naming.Agent, ID: "100", Name: "Bea"}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, table, "NAMES"); !strings.Contains(got, bad) || !strings.Contains(got, "[5,") || !strings.Contains(got, "Bea") {
		t.Errorf("after a change of another: %s", got)
	}
	if _, err := name(t.Context(), s, reception, support(t), store.Name{Kind: naming.Queue, ID: "631", Name: "Sales"}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, table, "NAMES"); strings.Contains(got, `"Mon"`) {
		t.Errorf("after it was set again: %s", got)
	}
}
