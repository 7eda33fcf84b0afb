package store

import (
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

const mac = pbx.MAC("68692e0b0001")

// at is a receipt in the middle of a millisecond.
var at = time.Date(2026, 11, 23, 19, 5, 0, 123_456_789, time.UTC)

func start(t *testing.T, s string) pbx.LocalTime {
	t.Helper()
	parsed, err := pbx.ParseLocalTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// Tables live for years, so keys and versions must never change.
func TestKeysAreFrozen(t *testing.T) {
	local := start(t, "2018-11-05 19:05:31")
	for _, c := range []struct {
		event pbx.Event
		want  string // keys, each with its version's hash if the key shows it
	}{
		{&pbx.CallRecord{UUID: "1541415929.807", Queue: "630", Agent: "100", Start: local},
			"CALL#2018-11-05T19:05:31#1541415929.807#630#100#553ef59e478e08e2900f763ea55a93a9"},
		{&pbx.CDR{UniqueID: "1.2", Start: local, Destination: "0288#5337%"},
			"CDR#2018-11-05T19:05:31#1.2#0288%235337%25#"},
		{&pbx.IVRStep{UUID: "1.2", IVRID: "610", Start: local}, "IVR#2018-11-05T19:05:31#1.2#610#"},
		{&pbx.DialBegin{Leg: pbx.Leg{UniqueID: "1.2", DestUniqueID: "1.3"}}, "LIVE#1.2#begin#1.3"},
		{&pbx.DialEnd{Leg: pbx.Leg{UniqueID: "1.2", DestChannel: "SIP/886"}}, "LIVE#1.2#end#SIP/886"},
		{&pbx.Hangup{UniqueID: "1.2"}, "LIVE#1.2#hangup#"},
		{&pbx.ExtensionStatus{Exten: "808"}, "EXT#808 EXTLOG#808#1795460700123#"},
		{&pbx.CallRecord{UUID: "1.2", Start: local, InUTC: true}, "CALLZ#2018-11-05T19:05:31#1.2###"},
		{&pbx.CDR{UniqueID: "1.2", Start: local, InUTC: true}, "CDRZ#2018-11-05T19:05:31#1.2##"},
		{&pbx.IVRStep{UUID: "1.2", IVRID: "610", Start: local, InUTC: true}, "IVRZ#2018-11-05T19:05:31#1.2#610#"},
		{&pbx.DialBegin{Leg: pbx.Leg{UniqueID: "1.2", DestChannel: "SIP/886"}}, "LIVE#1.2#begin#SIP/886"},
		{&pbx.DialBegin{Leg: pbx.Leg{UniqueID: "1.2"}}, "LIVE#1.2#begin#d9a7b2ceab8dfa51db70dc9e5f88f5a0"},
		{&pbx.DialEnd{Leg: pbx.Leg{UniqueID: "1.2", DestUniqueID: "1.3"}}, "LIVE#1.2#end#1.3"},
		{&pbx.BridgeEnter{UniqueID: "1.3", LinkedID: "1.2"}, "LIVE#1.3#bridge#"},
		{&pbx.AgentLogin{Sign: pbx.Sign{Agent: "101"}}, "SESSION#1795460700123#101#login"},
		{&pbx.AgentLogoff{Sign: pbx.Sign{Agent: "101"}}, "SESSION#1795460700123#101#logoff"},
		{&pbx.Unrecognised{Name: "x"}, ""},
	} {
		writes, err := New(nil, nil).writesFor(Origin{MAC: mac, At: at, Index: 7}, c.event)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range writes {
			if w.PK != string(mac) || !strings.HasPrefix(w.Item.Version, "1795460700123.007.") {
				t.Errorf("%s: partition %s, version %s", c.event.Kind(), w.PK, w.Item.Version)
			}
			if err := w.Check(); err != nil {
				t.Error(err)
			}
			got = append(got, w.SK)
		}
		if keys := strings.Join(got, " "); !strings.HasPrefix(keys, c.want) {
			t.Errorf("%s:\ngot  %s\nwant %s", c.event.Kind(), keys, c.want)
		}
	}
}

func TestPartsOfAKeyAreEscapedAndBounded(t *testing.T) {
	long := strings.Repeat("é#", 16_000)
	e := &pbx.CallRecord{UUID: long, Queue: long + "1", Agent: "a\x00\n\x7fb", Start: start(t, "2018-11-05 19:05:31")}
	k := callRecordKey(mac, e, strings.Repeat("0", hashLength))
	if err := k.Check(); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(k.SK, "#")
	if len(parts) != 6 || parts[2] == parts[3] || parts[4] != "a%00%0a%7fb" || len(parts[2]) > pbx.MaxName {
		t.Errorf("parts %q", parts)
	}
}

func TestWhatDependsOnReceiptAloneIsNoPartOfAHash(t *testing.T) {
	e := &pbx.Hangup{UniqueID: "1", Common: pbx.Common{MAC: mac}}
	first, err := newFact(Origin{MAC: mac, At: at}, e)
	if err != nil {
		t.Fatal(err)
	}
	e.MAC = ""
	second, err := newFact(Origin{MAC: "68692e0b0002", At: at.Add(time.Hour), Index: 9}, e)
	if err != nil || first.hash != second.hash || first.version >= second.version {
		t.Errorf("%+v, %+v, %v", first, second, err)
	}
}

// The largest event that the decoder accepts must fit into an item.
func TestTheLargestEventsFit(t *testing.T) {
	controls := strings.Repeat("\x01", 32<<10)
	for _, e := range []pbx.Event{
		&pbx.Hangup{UniqueID: "1", CallerIDName: controls},
		&pbx.Hangup{UniqueID: "1", Common: pbx.Common{Extra: []pbx.Member{{Name: "x", Value: strings.Repeat(`\u0001`, 32<<10)}}}},
	} {
		writes, err := New(nil, nil).writesFor(Origin{MAC: mac, At: at}, e)
		if err == nil {
			err = writes[0].Check()
		}
		if err != nil {
			t.Error(err)
		}
	}
}
