package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/eventjson"
	"trunkline/pkg/pbx"
	"trunkline/pkg/zycoo"
	"trunkline/testdata"
)

// factByJSON makes a fact with encoding/json alone: the meaning of a stored document.
func factByJSON(o Origin, e pbx.Event) (fact, error) {
	content, err := marshal(e)
	if err != nil {
		return fact{}, err
	}
	if content, err = rewrite(content); err != nil {
		return fact{}, err
	}
	received := o.At.UTC().Truncate(time.Millisecond)
	f := fact{hash: hash(content), received: fmt.Sprintf("%013d", received.UnixMilli())}
	f.version = fmt.Sprintf("%s.%03d.%s", f.received, o.Index, f.hash)
	f.doc, err = marshal(map[string]any{"event": json.RawMessage(content), "index": o.Index, "received": received})
	return f, err
}

// checkFact checks that a fact is the same bytes as by encoding/json, or the same error. It checks that
// the fact is read as encoding/json reads it, and that both are possible in one pass.
func checkFact(t *testing.T, o Origin, e pbx.Event) {
	t.Helper()
	want, wantErr := factByJSON(o, e)
	got, err := newFact(o, e)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%s: %v, want %v: %+v", e.Kind(), err, wantErr, e)
	}
	if err != nil {
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s:\ngot  %s %s\nwant %s %s", e.Kind(), got.version, got.doc, want.version, want.doc)
	}
	if _, _, ok := appendFact(e, o.Index, o.At); !ok {
		t.Errorf("%s is not written in one pass: %+v", e.Kind(), e)
	}
	if !checkRead(t, got.doc, reflect.TypeOf(e)) && !bytes.Contains(got.doc, []byte(`\u`)) {
		t.Errorf("%s is not read in one pass: %s", e.Kind(), got.doc)
	}
}

// checkRead checks that what is read in one pass is what encoding/json reads. It reports whether the
// document is read in one pass.
func checkRead(t *testing.T, doc []byte, event reflect.Type) bool {
	t.Helper()
	var got, want factDoc[any]
	event = event.Elem()
	in := reflect.New(event)
	if !readFact(doc, in.Elem(), &got.Index, &got.Received) {
		return false
	}
	byJSON := reflect.New(event)
	want.Event = byJSON.Interface()
	if err := json.Unmarshal(doc, &want); err != nil || !reflect.DeepEqual(in.Interface(), byJSON.Interface()) ||
		got.Index != want.Index || !got.Received.Equal(want.Received) {
		t.Errorf("%s of %s:\ngot  %+v %+v\nwant %+v, %v", event, doc, in, got, want, err)
	}
	return true
}

// emptyEvents has an event of each kind.
func emptyEvents() []pbx.Event {
	return []pbx.Event{
		&pbx.DialBegin{}, &pbx.DialEnd{}, &pbx.Hangup{}, &pbx.ExtensionStatus{}, &pbx.IVRStep{}, &pbx.CallRecord{}, &pbx.CDR{},
		&pbx.BridgeEnter{}, &pbx.AgentLogin{}, &pbx.AgentLogoff{}, &pbx.Unrecognised{},
	}
}

// vendorBodies are all bodies of testdata.
func vendorBodies(t testing.TB) (bodies [][]byte) {
	t.Helper()
	err := fs.WalkDir(testdata.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".txt") {
			return err
		}
		body, err := testdata.FS.ReadFile(name)
		bodies = append(bodies, body)
		return err
	})
	if err != nil || len(bodies) < 20 {
		t.Fatalf("%d bodies, %v", len(bodies), err)
	}
	return bodies
}

func FuzzAFactIsTheSameBytesAsByJSON(f *testing.F) {
	for _, body := range vendorBodies(f) {
		f.Add(body, int64(1541415940123), 0)
	}
	f.Add([]byte("{event:'hangup',uniqueid:'1<&>',calleridname:'\xff\u2028\\u2029\\x00\\\\\"',x:{y:[1e3,{}]},x:2}"), int64(-1), 999)
	f.Add([]byte("[{event:'\x7f\x01'},{event:'cdr',uniqueid:1,starttime:'9999-12-31 23:59:59'}]"), int64(1)<<50, -3)
	f.Fuzz(func(t *testing.T, body []byte, millis int64, index int) {
		decoded, err := zycoo.Decode(body)
		if err != nil {
			return
		}
		for _, element := range decoded.Elements {
			if at := time.UnixMilli(millis); element.Event != nil && at.UTC().Year() >= 0 && at.UTC().Year() <= 9999 {
				checkFact(t, Origin{At: at, Index: index}, element.Event)
			}
		}
	})
}

func TestFactsOfRandomEventsAreTheSameBytesAsByJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, e := range emptyEvents() {
		if !eventjson.Sorted(reflect.TypeOf(e).Elem()).Known() {
			t.Errorf("%s has a member that no layout can have", e.Kind())
		}
		checkFact(t, Origin{}, e)
		for range 2000 {
			some := reflect.New(reflect.TypeOf(e).Elem())
			fill(random, some.Elem())
			checkFact(t, Origin{At: at.Add(time.Duration(random.Int64N(1e15))), Index: random.IntN(1200)}, some.Interface().(pbx.Event))
		}
	}
}

// oddTexts are what a PBX may write.
var oddTexts = []string{
	"1541415929.807", "SIP/886", "<&>", " ", `"`, `\\`, "\xff", "a\xc3", "\u2028", "\u2029", "é💩", "\ufffd", "\x7f", "\x00", "\b\v\f\r\n\t\x1f", `\u0041`,
	"null", "2018-11-05T19:05:31Z",
}

// fill gives about half of the members of a struct a random value.
func fill(random *rand.Rand, v reflect.Value) {
	for _, field := range reflect.VisibleFields(v.Type()) {
		if field.Anonymous || random.IntN(2) == 0 {
			continue
		}
		switch at := v.FieldByIndex(field.Index).Addr().Interface().(type) {
		case *string:
			*at = oddText(random)
		case *pbx.MAC:
			*at = mac
		case *bool:
			*at = true
		case *pbx.Int:
			*at = pbx.IntOf(random.Int64N(2_000_000) >> random.IntN(30) * int64(1-2*random.IntN(2)))
		case *pbx.LocalTime:
			*at = pbx.LocalTime(random.Int64N(300_000_000_000))
		case *time.Time:
			*at = time.UnixMicro(random.Int64N(1 << 50)).In(time.FixedZone("", random.IntN(3)*1800))
		case *[]pbx.Member:
			for range random.IntN(3) {
				*at = append(*at, pbx.Member{Name: oddText(random), Value: oddText(random)})
			}
		default:
			panic(fmt.Sprintf("%s is a %T", field.Name, at))
		}
	}
}

func oddText(random *rand.Rand) (text string) {
	for range random.IntN(4) {
		text += oddTexts[random.IntN(len(oddTexts))]
	}
	return text
}

func TestWhatNoTableKeepsIsRefusedAsByJSON(t *testing.T) {
	for _, n := range []int64{1e15 - 1, 1 - 1e15, 1e15, -1e15, 1 << 62} {
		checkFact(t, Origin{At: at}, &pbx.CDR{UniqueID: "1", Duration: pbx.IntOf(n)})
	}
	for _, year := range []int{-1, 10_000} {
		e := &pbx.DialBegin{Leg: pbx.Leg{Timestamp: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}}
		if _, err := newFact(Origin{At: at}, e); err == nil {
			t.Errorf("a timestamp in the year %d is kept", year)
		}
		if _, err := newFact(Origin{At: e.Timestamp}, &pbx.Hangup{}); err == nil {
			t.Errorf("a receipt in the year %d is kept", year)
		}
	}
}

func FuzzAFactIsReadAsByJSON(f *testing.F) {
	for _, event := range []string{
		`{"uuid":"1","start":""}`, `{"start":"2018-11-05T19:05:31","uuid":"1"}`, `{"agent":"801","start":"","uuid":"a\"\\b"}`, `{}`, `}`, `null`,
		`{"extra":[]}`, `{"extra":[}]}`, `{"extra":]}`, `{"extra":[{"name":"a","value":"b"},{"name":"","value":""}],"uniqueid":"1","unreadable":[{}]}`,
		`{"duration_seconds":-5,"in_utc":true,"start":"2018-11-05 19:05:31"}`, `{"duration_seconds":null}`, `{"in_utc":false,"in_utc":true}`,
		`{"AGENT":"801"}`, `{"agent":801}`, `{"start":"x"}`, `{"new":{"a":[1]}}`, `{"timestamp":"2018-11-05T19:05:31.5+08:00"}`, `{"timestamp":"x"}`,
	} {
		f.Add([]byte(`{"event":` + event + `,"index":3,"received":"2026-11-24T01:30:00.123Z"}`))
		f.Add([]byte(`{"event":` + event + `,"index":-1,"received":"2026-11-24T09:30:00+08:00"}x`))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, e := range emptyEvents() {
			checkRead(t, doc, reflect.TypeOf(e))
		}
		checkRead(t, doc, reflect.TypeFor[*pbx.Sign]())
	})
}

func TestAFactOfAnotherVersionIsRead(t *testing.T) {
	const doc = `{"event":{"agent":"801","a_new_member":[1],"start":"2018-11-05T19:05:31","uuid":"1"},"index":2,"received":"2026-11-24T01:30:00Z","zz":1}`
	got, err := factOf[*pbx.CallRecord](Item{Doc: []byte(doc)})
	want := &pbx.CallRecord{UUID: "1", Agent: "801", Start: start(t, "2018-11-05 19:05:31")}
	if err != nil || !reflect.DeepEqual(got.Event, want) || got.Index != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}
