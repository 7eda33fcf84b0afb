package fleet

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

func TestBodiesOfAWeekDecodeToTheirEvents(t *testing.T) {
	c := Config{Seed: 6, PBXs: 2, First: day(t, "2026-06-01"), Days: 7, CallsPerDay: 100}
	kinds := map[pbx.Kind]int{}
	for _, p := range c.All() {
		for e := range p.Events() {
			kinds[e.Event.Kind()]++
			for _, d := range Dialects() {
				body := Body(e.Event, d)
				if got := decode(t, body); !reflect.DeepEqual(got, e.Event) {
					t.Fatalf("dialect %d: %s\ndecodes to %+v\nnot to     %+v", d, body, got, e.Event)
				}
				if strict := d == JSON || d == Numbers; strict != json.Valid(body) && d != Form {
					t.Fatalf("dialect %d: strict JSON: %t: %s", d, !strict, body)
				}
			}
		}
	}
	if len(kinds) != 7 {
		t.Errorf("not all kinds of events: %v", kinds)
	}
}

func TestBodiesKeepAnyText(t *testing.T) {
	at := time.UnixMicro(1534993059000012).UTC()
	start := pbx.LocalTimeOf(at)
	nasty := "it's \"5\" \\ // 100% + /* 队列 */ & a=b\n\t\x00}"
	extra := []pbx.Member{{Name: "sip Trunk's", Value: nasty}, {Name: "", Value: ""}}
	common := pbx.Common{MAC: "020000000001", Extra: extra}
	leg := pbx.Leg{UniqueID: "1", DestUniqueID: "2", DestChannel: nasty, Timestamp: at, DestExten: nasty}
	named := append([]pbx.Member{{Name: "mac", Value: "02-00-00-00-00-01"}}, extra...)
	for _, e := range []pbx.Event{
		&pbx.CallRecord{UUID: nasty, Start: start, IVRName: nasty, HangupSide: nasty, Common: common},
		&pbx.CDR{UniqueID: nasty, Start: start, CallerID: nasty, Recording: nasty, Common: common},
		&pbx.IVRStep{UUID: nasty, IVRID: nasty, Called: nasty, Start: start, Duration: pbx.IntOf(0), Common: common},
		&pbx.DialBegin{Leg: leg, DialString: nasty, Common: common},
		&pbx.DialEnd{Leg: leg, DialStatus: nasty, Common: common},
		&pbx.Hangup{UniqueID: nasty, CallerIDName: nasty, Common: common},
		&pbx.ExtensionStatus{Exten: nasty, Status: pbx.IntOf(-1), Common: common},
		&pbx.Unrecognised{Name: nasty, Common: pbx.Common{MAC: "020000000001", Extra: named}},
	} {
		for _, d := range Dialects() {
			body := Body(e, d)
			if got := decode(t, body); !reflect.DeepEqual(got, e) {
				t.Errorf("dialect %d: %s\ndecodes to %+v\nnot to     %+v", d, body, got, e)
			}
		}
	}
}

func TestVendorDialectLooksLikeTheVendorsPage(t *testing.T) {
	body := string(Body(&pbx.Hangup{UniqueID: "1325747409.260"}, Vendor))
	for _, want := range []string{"event: \"hangup\"\n", "uniqueid: '1325747409.260',", "// unique ID"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in %s", want, body)
		}
	}
}
