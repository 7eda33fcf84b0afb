package eventjson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"trunkline/pkg/eventjson"
	"trunkline/pkg/pbx"
)

// event has a member of each type that a layout can have, not in the order of their names.
type event struct {
	Queue   string        `json:"queue"`
	Agent   string        `json:"agent,omitempty"`
	Hidden  bool          `json:"hidden"`
	Seconds pbx.Int       `json:"seconds,omitzero"`
	Start   pbx.LocalTime `json:"start,omitzero"`
	At      time.Time     `json:"at,omitzero"`
	Extra   []pbx.Member  `json:"extra,omitempty"`
}

func events() map[string]event {
	return map[string]event{
		"empty":              {},
		"plain":              {Queue: "630", Agent: "801", Hidden: true, Seconds: pbx.IntOf(12), Start: 1_600_000_000, At: time.UnixMilli(1_600_000_000_123).UTC()},
		"a zero that is set": {Seconds: pbx.IntOf(0)},
		"escapes":            {Queue: "a\"b\\c\n\t\x01\u2028</script>", Agent: "支持"},
		"unknown members":    {Extra: []pbx.Member{{Name: "x", Value: "1"}, {Name: "", Value: `"`}}},
	}
}

func TestItWritesWhatEncodingJSONWrites(t *testing.T) {
	layout := eventjson.Declared(reflect.TypeFor[event]())
	for name, e := range events() {
		got, ok := layout.Append(nil, reflect.ValueOf(&e).Elem())
		if want := encoded(t, e); !ok || !bytes.Equal(got, want) {
			t.Errorf("%s: %t\ngot  %s\nwant %s", name, ok, got, want)
		}
	}
}

func TestItReadsWhatItWrites(t *testing.T) {
	for _, layout := range []eventjson.Layout{eventjson.Declared(reflect.TypeFor[event]()), eventjson.Sorted(reflect.TypeFor[event]())} {
		for name, e := range events() {
			doc, _ := layout.Append(nil, reflect.ValueOf(&e).Elem())
			var got event
			rest, ok := layout.Read(append(doc, "rest"...), reflect.ValueOf(&got).Elem())
			if !ok && name != "escapes" || ok && (string(rest) != "rest" || !reflect.DeepEqual(got, e)) {
				t.Errorf("%s: %t, rest %q, got %+v, want %+v", name, ok, rest, got, e)
			}
		}
	}
}

func TestMembersAreSortedByTheirNames(t *testing.T) {
	e := events()["plain"]
	doc, _ := eventjson.Sorted(reflect.TypeFor[event]()).Append(nil, reflect.ValueOf(&e).Elem())
	const want = `{"agent":"801","at":"2020-09-13T12:26:40.123Z","hidden":true,"queue":"630","seconds":12,"start":`
	if !bytes.HasPrefix(doc, []byte(want)) {
		t.Errorf("got %s", doc)
	}
}

// What the package does not write itself is left to encoding/json.
func TestWhatItDoesNotKnowIsRefused(t *testing.T) {
	if eventjson.Declared(reflect.TypeFor[struct {
		Map map[string]int `json:"map"`
	}]()).Known() {
		t.Error("a map is known")
	}
	e := event{Seconds: pbx.IntOf(1e15)}
	if doc, ok := eventjson.Declared(reflect.TypeFor[event]()).Append(nil, reflect.ValueOf(&e).Elem()); ok {
		t.Errorf("a number of 16 digits is written: %s", doc)
	}
	for _, doc := range []string{"", "[]", `{"queue":1}`, `{"other":"x"}`, `{"queue":"x"`, `{"agent":"x","queue":"y"}`, `{"queue":"\u0041"}`} {
		var got event
		if _, ok := eventjson.Declared(reflect.TypeFor[event]()).Read([]byte(doc), reflect.ValueOf(&got).Elem()); ok {
			t.Errorf("%s is read as %+v", doc, got)
		}
	}
}

func encoded(t *testing.T, e event) []byte {
	t.Helper()
	var doc bytes.Buffer
	encoder := json.NewEncoder(&doc)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(doc.Bytes())
}
