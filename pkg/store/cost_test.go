package store

import (
	"testing"

	"trunkline/pkg/pbx"
)

// aCall is a call record with most members that PBXs send.
func aCall() *pbx.CallRecord {
	return &pbx.CallRecord{
		UUID: "1541415929.807", Queue: "630", Agent: "801", Start: 63677041531, End: 63677041590, Caller: "15550001234", Called: "61234567",
		CallType: "IN", CDRState: "bridged", HangupCause: "NORMAL_CLEARING", Duration: pbx.IntOf(59), QueueTime: pbx.IntOf(12), FeedbackTime: pbx.IntOf(0),
		IVRTime: pbx.IntOf(5), RingTime: pbx.IntOf(7), HoldTime: pbx.IntOf(0), PauseTime: pbx.IntOf(0), TalkingTime: pbx.IntOf(42), IVRID: "610",
		IVRName: "main menu", IVRKey: "1", Score: pbx.IntOf(5), TrunkNumber: "61234567", Recording: "/monitor/2018/11/05/1541415929.807.wav",
	}
}

func BenchmarkFact(b *testing.B) {
	o, e, s := Origin{MAC: mac, At: at}, aCall(), New(nil, nil)
	writes, err := s.writesFor(o, e)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"make", func() error { _, err := newFact(o, e); return err }},
		{"make by JSON", func() error { _, err := factByJSON(o, e); return err }},
		{"make and check an item", func() error {
			writes, err := s.writesFor(o, e)
			if err != nil {
				return err
			}
			return writes[0].Check()
		}},
		{"read", func() error { _, err := recordOf[*pbx.CallRecord](writes[0].Item); return err }},
		{"read by JSON", func() error { var doc factDoc[*pbx.CallRecord]; return unmarshal(writes[0].Item, &doc) }},
		{"json.Marshal", func() error { _, err := marshal(e); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
