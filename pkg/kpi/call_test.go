package kpi

import (
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/zycoo"
	"trunkline/testdata"
)

// vendorsDay is the day of the vendor's own example of a call record.
func vendorsDay(t *testing.T) computed {
	t.Helper()
	body, err := testdata.FS.ReadFile("vendor/cc_cdr.txt")
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := zycoo.Decode(body)
	if err != nil || decoded.Elements[0].Err != nil {
		t.Fatalf("decode: %v, %v", err, decoded)
	}
	e := decoded.Elements[0].Event
	return compute(startOf(e).Day(), DefaultSettings, testZone, []received{receive(e, time.Time{})})
}

func TestTheVendorsCallRecordIsOneShortAbandonedCall(t *testing.T) {
	rows := vendorsDay(t)
	if len(rows.Queues) != 1 || len(rows.Agents) != 1 || len(rows.Calls) != 1 {
		t.Fatalf("%d queues, %d agents and %d calls", len(rows.Queues), len(rows.Agents), len(rows.Calls))
	}
	day := shown(rows)
	for _, line := range []string{
		"pbx: day 2018-11-05 offered 1 abandoned 1 short_abandoned 1",
		`queue 630: day 2018-11-05 queue "630" offered 1 answered 0 abandoned 1 short_abandoned 1`,
		"queue 630: voicemail 0 flowed_out 0 unknown 0 outbound 0 internal 0 unrecognised 0",
		"queue 630: service_level.answered_and_abandoned 0 service_level.excluding_short_abandoned null",
		"queue 630: service_level.of_offered 0 service_level.answered_only null",
		"queue 630: service_level.excluding_abandoned_within_threshold null service_level.including_flow_out 0",
		"queue 630: service_level.abandoned_within_threshold_counts_as_met 1",
		"queue 630: abandonment_rate 1 abandonment_rate_of_offered 1 abandoned_wait_mean_seconds 7",
		"queue 630: asa_seconds null aht_seconds null wrap_up_seconds null wait_p50_seconds null rated 0",
		`queue 630: miss_causes {"MEMBER_CANCEL":1} agents 1 ring_seconds 7 visits 1 intervals.0.start 19:00`,
		"agent 100: answered 0 missed 1 attempts 1 ring_seconds 7 wrap_up_seconds null",
	} {
		readExpectation(t, line).check(t, day)
	}
}

func TestTheAnsweringRecordIsTheEarliestByStartThenAgent(t *testing.T) {
	record := func(queue, agent string, start pbx.LocalTime, wait int64) *pbx.CallRecord {
		return &pbx.CallRecord{
			UUID: "1541415600.1", Queue: queue, Agent: agent, Start: worldDay.Start() + start, CallType: "IN",
			CDRState: "bridged", QueueTime: pbx.IntOf(wait), RingTime: pbx.IntOf(wait),
		}
	}
	for _, tt := range []struct {
		name          string
		first, second *pbx.CallRecord // with the hashes 1 and 2
		want          int64           // its wait and ring
	}{
		{"by start", record("630", "100", 1, 10), record("630", "101", 0, 20), 20},
		{"by agent", record("630", "101", 0, 10), record("630", "100", 0, 20), 20},
	} {
		for _, reversed := range []bool{false, true} {
			d := NewDay(testMAC, worldDay, DefaultSettings, testZone)
			if !reversed {
				d.AddCall(tt.first, Source{Hash: "1"})
			}
			d.AddCall(tt.second, Source{Hash: "2"})
			if reversed {
				d.AddCall(tt.first, Source{Hash: "1"})
			}
			rows := allOf(d)
			if got := rows.Queues[0]; got.Wait.Sum != tt.want || got.Ring.Sum != tt.want {
				t.Errorf("%s: it waited %d and rang %d, not %d", tt.name, got.Wait.Sum, got.Ring.Sum, tt.want)
			}
		}
	}
	// For the whole PBX, the earliest of both queues decides.
	d := NewDay(testMAC, worldDay, DefaultSettings, testZone)
	d.AddCall(record("630", "101", 0, 10), Source{Hash: "1"})
	d.AddCall(record("640", "100", 0, 20), Source{Hash: "2"})
	if got := allOf(d).PBX; got.Ring.Sum != 20 || got.Wait.Sum != 20 {
		t.Errorf("the PBX's call waited %d and rang %d", got.Wait.Sum, got.Ring.Sum)
	}
}

func TestWhyNamesTheRuleAndTheRecord(t *testing.T) {
	want := `it ended in the queue, by its record of 2018-11-05T19:05:31 in the state "queue" with agent 100` +
		"; short, since the caller ended it, before the threshold"
	if got := vendorsDay(t).Calls[0].Why(); got != want {
		t.Errorf("got %s", got)
	}
}
