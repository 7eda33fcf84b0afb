package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
	"trunkline/testdata"
)

// A rule is what the definitions say, by an example: events, and what figures they come to.
type rule struct {
	name   string
	device store.Device
	events []any // pbx.Event, or receipt where that matters
	want   []figures
}

// figures are those of one row, as JSON, as far as the rule is about them. Null: there is
// no such row.
type figures struct {
	table table
	row   string // the key without the mac
	want  string
}

// at is when events of 2026-10-24 are received, unless a rule says otherwise.
var at = time.Date(2026, 10, 25, 12, 0, 0, 0, time.UTC)

// call is an inbound call of 2026-10-24, which gave up in queue 630, unless more is said.
func call(uuid, start string, more ...func(*pbx.CallRecord)) *pbx.CallRecord {
	if !strings.Contains(start, " ") {
		start = "2026-10-24 " + start
	}
	local, err := pbx.ParseLocalTime(start)
	if err != nil {
		panic(err)
	}
	c := &pbx.CallRecord{UUID: uuid, Queue: "630", Start: local, End: local, Caller: "5550100", CallType: "IN", CDRState: "queue"}
	for _, change := range more {
		change(c)
	}
	return c
}

func queue(q string) func(*pbx.CallRecord)  { return func(c *pbx.CallRecord) { c.Queue = q } }
func agent(a string) func(*pbx.CallRecord)  { return func(c *pbx.CallRecord) { c.Agent = a } }
func caller(a string) func(*pbx.CallRecord) { return func(c *pbx.CallRecord) { c.Caller = a } }
func state(s string) func(*pbx.CallRecord)  { return func(c *pbx.CallRecord) { c.CDRState = s } }
func kind(s string) func(*pbx.CallRecord)   { return func(c *pbx.CallRecord) { c.CallType = s } }
func missed(s string) func(*pbx.CallRecord) { return func(c *pbx.CallRecord) { c.MissCause = s } }
func voicemail(s string) func(*pbx.CallRecord) {
	return func(c *pbx.CallRecord) { c.VoicemailState = s }
}
func forward(s string) func(*pbx.CallRecord) { return func(c *pbx.CallRecord) { c.ForwardNumber = s } }
func wait(n int64) func(*pbx.CallRecord) {
	return func(c *pbx.CallRecord) { c.QueueTime = pbx.IntOf(n) }
}
func talk(n int64) func(*pbx.CallRecord) {
	return func(c *pbx.CallRecord) { c.TalkingTime = pbx.IntOf(n) }
}
func hold(n int64) func(*pbx.CallRecord) {
	return func(c *pbx.CallRecord) { c.HoldTime = pbx.IntOf(n) }
}
func wrapUp(n int64) func(*pbx.CallRecord) {
	return func(c *pbx.CallRecord) { c.PauseTime = pbx.IntOf(n) }
}
func ring(n int64) func(*pbx.CallRecord) {
	return func(c *pbx.CallRecord) { c.RingTime = pbx.IntOf(n) }
}
func score(n int64) func(*pbx.CallRecord) { return func(c *pbx.CallRecord) { c.Score = pbx.IntOf(n) } }
func lasts(n int) func(*pbx.CallRecord) {
	return func(c *pbx.CallRecord) { c.End = c.Start + pbx.LocalTime(n) }
}

func vendorsRecord() pbx.Event {
	text, err := testdata.FS.ReadFile("vendor/cc_cdr.txt")
	if err != nil {
		panic(err)
	}
	body, err := zycoo.Decode(text)
	if err != nil {
		panic(err)
	}
	return body.Elements[0].Event
}

func rules() []rule {
	const sat, q630, q631 = "2026-10-24", "2026-10-24 630", "2026-10-24 631"
	return []rule{
		{name: "the vendor's own record is a caller who gave up soon",
			events: []any{receipt{at: time.Date(2018, 11, 5, 11, 5, 40, 0, time.UTC), event: vendorsRecord()}},
			want: []figures{
				{queueKPI, "2018-11-05 630", `{"offered":1,"answered":0,"abandoned":1,"short_abandoned":1,"voicemail":0,"flowed_out":0,"unknown":0,
					"service_level":0,"service_level_excluding_short_abandoned":null,"service_level_of_offered":0,"service_level_answered_only":null,
					"service_level_excluding_abandoned_within_threshold":null,"service_level_including_flow_out":0,
					"service_level_abandoned_within_threshold_counts_as_met":1,"service_level_threshold_seconds":20,"short_abandon_threshold_seconds":10,
					"abandonment_rate":1,"abandonment_rate_of_offered":1,"asa_seconds":null,"aht_seconds":null,"talk_seconds":0,"hold_seconds":0,
					"wrap_up_seconds":null,"ring_seconds":7,"longest_wait_seconds":7,"abandoned_wait_mean_seconds":7,"wait_p50_seconds":null,
					"rated":0,"score_mean":null,"miss_causes":{"MEMBER_CANCEL":1},"miss_member_cancel":1,"visits":1,"agents":1,
					"inputs_records":1,"clock_suspect":0}`},
				{pbxKPI, "2018-11-05", `{"offered":1,"abandoned":1,"short_abandoned":1,"agents":1,"ivr_only":0,"direct":0,"cdr_calls":0,"inputs_records":1}`},
				{agentKPI, "2018-11-05 100", `{"answered":0,"missed":1,"attempts":1,"outbound_calls":0,"ring_seconds":7}`},
				{queueIntervals, "2018-11-05 630 19:00", `{"minute":1140,"offered":1,"abandoned":1,"short_abandoned":1}`},
				{waitHistogram, "2018-11-05 630 abandoned 7", `{"calls":1}`},
				{waitHistogram, "2018-11-05 630 gave_up 7", `{"calls":1}`},
			}},
		{name: "talk, bridged or feedback is an answer",
			events: []any{
				call("1.1", "09:00:00", agent("801"), talk(1)), call("1.2", "09:00:00", agent("801"), state("bridged")),
				call("1.3", "09:00:00", agent("801"), state("feedback")), call("1.4", "09:00:00", agent("801"), talk(0))},
			want: []figures{{queueKPI, q630, `{"offered":4,"answered":3,"abandoned":1,"handled":1}`}}},
		{name: "a machine's answer does not count: no agent, and a voicemail or a forward",
			events: []any{
				call("1.1", "09:00:00", talk(9), voicemail("1")), call("1.2", "09:00:00", state("bridged"), forward("100")),
				call("1.3", "09:00:00", agent("801"), talk(9), voicemail("1")), call("1.4", "09:00:00", talk(9), voicemail("0"))},
			want: []figures{{queueKPI, q630, `{"answered":2,"voicemail":1,"flowed_out":1}`}}},
		{name: "a call flows out forward, to a later queue, or to a menu after it waited",
			events: []any{
				call("1.1", "09:00:00", forward("100")),
				call("1.2", "09:00:00", lasts(10)), call("1.2", "09:00:00", queue("631"), lasts(11)),
				call("1.3", "09:00:00", state("ivr"), wait(1)), call("1.4", "09:00:00", state("ivr"), wait(0))},
			want: []figures{
				{queueKPI, q630, `{"flowed_out":3,"unknown":1}`},
				{queueKPI, q631, `{"abandoned":1,"flowed_out":0}`},
				{pbxKPI, sat, `{"offered":4,"flowed_out":2,"abandoned":1,"unknown":1}`}}},
		{name: "voicemail comes before a forward, and an answer before both",
			events: []any{
				call("1.1", "09:00:00", voicemail("1"), forward("100")),
				call("1.2", "09:00:00", voicemail("1")), call("1.2", "09:00:10", agent("801"), talk(5))},
			want: []figures{{queueKPI, q630, `{"answered":1,"voicemail":1,"flowed_out":0,"offered":2}`}}},
		{name: "what no rule knows is unknown, and never dropped",
			events: []any{call("1.1", "09:00:00", state("")), call("1.2", "09:00:00", state("elsewhere"))},
			want:   []figures{{queueKPI, q630, `{"offered":2,"unknown":2}`}}},
		{name: "short means less than 10 s, and that nobody but the caller ended it",
			events: []any{
				call("1.1", "09:00:00", wait(9)), call("1.2", "09:00:00", wait(10)), call("1.3", "09:00:00", wait(9), missed("NO_AGENT_LOGIN")),
				call("1.4", "09:00:00", wait(9), missed("MEMBER_CANCEL")), call("1.5", "09:00:00")},
			want: []figures{
				{queueKPI, q630, `{"abandoned":5,"short_abandoned":2,"abandoned_wait_known":4,"abandoned_wait_mean_seconds":9.25,
					"miss_causes":{"NO_AGENT_LOGIN":1,"MEMBER_CANCEL":1}}`},
				{waitHistogram, "2026-10-24 630 abandoned 9", `{"calls":3}`}, {waitHistogram, "2026-10-24 630 gave_up 9", `{"calls":2}`}}},
		{name: "the thresholds are the PBX's own", device: store.Device{ServiceLevel: pbx.IntOf(5), ShortAbandon: pbx.IntOf(3)},
			events: []any{
				call("1.1", "09:00:00", wait(5), talk(1)), call("1.2", "09:00:00", wait(6), talk(1)), call("1.3", "09:00:00", wait(3)),
				call("1.4", "09:00:00", wait(2))},
			want: []figures{{queueKPI, q630, `{"service_level":0.25,"short_abandoned":1,"service_level_threshold_seconds":5,"short_abandon_threshold_seconds":3}`}}},
		{name: "seven definitions of the service level",
			events: []any{
				call("1.1", "09:00:00", wait(5), talk(1)), call("1.2", "09:00:00", wait(20), talk(1)), call("1.3", "09:00:00", wait(21), talk(1)),
				call("1.4", "09:00:00", wait(3)), call("1.5", "09:00:00", wait(15), missed("NO_ASSIGN")),
				call("1.6", "09:00:00", wait(1), forward("100")), call("1.7", "09:00:00", wait(1), voicemail("1"))},
			want: []figures{{queueKPI, q630, `{"offered":7,"service_level":0.4,"service_level_excluding_short_abandoned":0.5,
				"service_level_of_offered":0.2857142857142857,"service_level_answered_only":0.6666666666666666,
				"service_level_excluding_abandoned_within_threshold":0.6666666666666666,"service_level_including_flow_out":0.3333333333333333,
				"service_level_abandoned_within_threshold_counts_as_met":0.8,"abandonment_rate":0.4,"abandonment_rate_of_offered":0.2857142857142857,
				"asa_seconds":15.333333333333334,"abandoned_wait_mean_seconds":9,"abandoned_wait_longest_seconds":15,"longest_wait_seconds":21}`}}},
		{name: "percentiles are nearest ranks",
			events: tenAnswered(),
			want:   []figures{{queueKPI, q630, `{"wait_p50_seconds":5,"wait_p90_seconds":9,"wait_p95_seconds":10}`}}},
		{name: "wait and ring are the answering record's; talk, hold and wrap-up all records'",
			events: []any{
				call("1.1", "09:00:00", agent("801"), wait(30), ring(8), hold(1), wrapUp(2), missed("NO_AGENT_ANSWER")),
				call("1.1", "09:00:20", agent("802"), wait(25), ring(5), talk(60), hold(3), wrapUp(4)),
				call("1.1", "09:00:20", agent("803"), wait(26), ring(6), talk(10))},
			want: []figures{
				{queueKPI, q630, `{"offered":1,"answered":1,"visits":2,"agents":3,"wait_seconds":25,"ring_seconds":5,"talk_seconds":70,"talk_max_seconds":70,
					"hold_seconds":4,"wrap_up_seconds":6,"aht_seconds":80,"miss_causes":{},"inputs_records":3}`},
				{agentKPI, "2026-10-24 801", `{"answered":0,"missed":1,"attempts":1,"wrap_up_seconds":2}`},
				{agentKPI, "2026-10-24 803", `{"answered":1,"talk_seconds":10,"wrap_up_seconds":null}`}}},
		{name: "else they are the longest",
			events: []any{
				call("1.1", "09:00:00", wait(4), ring(9)), call("1.1", "09:00:01", wait(7), ring(2)),
				call("1.2", "09:00:00", wait(4)), call("1.2", "09:00:01", talk(1))},
			want: []figures{{queueKPI, q630, `{"wait_seconds":11,"wait_max_seconds":7,"ring_seconds":9,"answered_wait_seconds":4,"abandoned_wait_seconds":7}`}}},
		{name: "what was not measured is unknown, never 0",
			events: []any{call("1.1", "09:00:00", state("bridged")), call("1.2", "09:00:00")},
			want: []figures{{queueKPI, q630, `{"answered":1,"abandoned":1,"handled":0,"aht_seconds":null,"asa_seconds":null,"longest_wait_seconds":null,
				"service_level":0,"wait_p50_seconds":null,"abandoned_wait_mean_seconds":null,"abandoned_wait_longest_seconds":null}`}}},
		{name: "hold counts once where talk includes it", device: store.Device{TalkIncludesHold: true},
			events: []any{call("1.1", "09:00:00", talk(60), hold(20), wrapUp(5))},
			want:   []figures{{queueKPI, q630, `{"aht_seconds":65,"talk_seconds":60,"hold_seconds":20,"wrap_up_seconds":5}`}}},
		{name: "outbound, internal and unrecognised calls are counted apart",
			events: []any{
				call("1.1", "09:00:00", kind("OUT"), agent("801"), talk(50)), call("1.2", "09:00:00", kind("internal")), call("1.3", "09:00:00", kind("")),
				call("1.4", "09:00:00", kind("sideways")), call("1.5", "09:00:00", caller("801")), call("1.6", "09:00:00", kind("Incoming")),
				call("1.7", "09:00:00", kind("outgoing")), call("1.7", "09:00:01", wait(4))},
			want: []figures{
				{queueKPI, q630, `{"offered":2,"abandoned":2,"outbound":1,"internal":3,"unrecognised":1,"inputs_records":8,"wait_seconds":4,"talk_seconds":0,"visits":2}`},
				{pbxKPI, sat, `{"offered":2,"outbound":1,"internal":3,"unrecognised":1}`},
				{agentKPI, "2026-10-24 801", `{"answered":0,"missed":0,"attempts":0,"outbound_calls":1,"outbound_talk_seconds":50,"talk_seconds":0}`}}},
		{name: "a caller is internal by the agents of all records that are read for the day",
			events: []any{
				call("1.1", "09:00:00", caller("801")), call("1.2", "09:00:00", caller("802")),
				call("1.3", "2026-10-25 05:59:59", agent("801")), call("1.4", "2026-10-25 06:00:00", agent("802"))},
			want: []figures{{queueKPI, q630, `{"offered":1,"internal":1}`}}},
		{name: "a call belongs to the day on which it began",
			events: []any{
				call("1.1", "23:59:59"), call("1.1", "2026-10-25 00:10:00", agent("801"), talk(5)), // on the day before
				call("1.2", "2026-10-25 00:10:00"), call("1.2", "2026-10-25 07:00:00"), // its own day
				call("1.3", "23:59:59"), call("1.3", "2026-10-25 06:00:00")}, // too late to belong to it
			want: []figures{
				{queueKPI, q630, `{"offered":2,"answered":1,"abandoned":1,"visits":3,"inputs_records":3}`},
				{queueKPI, "2026-10-25 630", `{"offered":2,"abandoned":2,"inputs_records":3}`},
				{queueIntervals, "2026-10-24 630 23:45", `{"offered":2,"answered":1}`},
				{queueIntervals, "2026-10-25 630 00:00", `{"offered":1}`}, {queueIntervals, "2026-10-25 630 06:00", `{"offered":1}`},
				{agentKPI, "2026-10-24 801", `{"answered":1}`}, {agentKPI, "2026-10-25 801", `null`}}},
		{name: "what comes after 06:00 is not read for the day before",
			events: []any{
				call("1.1", "23:59:00"), call("1.1", "2026-10-25 05:59:59", queue("631")),
				call("1.2", "23:59:00"), call("1.2", "2026-10-25 06:00:00", queue("631")),
				cdr("2.1", "23:59:00", "100", "", "BUSY", 0), cdr("2.1", "2026-10-25 06:00:00", "100", "", "BUSY", 0)},
			want: []figures{
				{queueKPI, q630, `{"flowed_out":1,"abandoned":1}`},
				{pbxKPI, sat, `{"offered":2,"cdr_calls":1}`}, {pbxKPI, "2026-10-25", `{"offered":1,"cdr_calls":1}`}}},
		{name: "a queue has its own midnight, the PBX one for the call",
			events: []any{call("1.1", "23:59:00", wait(20)), call("1.1", "2026-10-25 00:10:00", queue("631"), wait(3), talk(5))},
			want: []figures{
				{queueKPI, q630, `{"flowed_out":1}`}, {queueKPI, "2026-10-25 631", `{"answered":1}`}, {queueKPI, q631, `null`},
				{pbxKPI, sat, `{"offered":1,"answered":1,"wait_seconds":23,"visits":2,"inputs_records":2}`}, {pbxKPI, "2026-10-25", `null`}}},
		{name: "a call in two queues is one call, answered if anywhere, else as where it was last",
			events: []any{
				call("1.1", "09:00:00", queue("631"), wait(4), talk(9)), call("1.1", "09:10:00", wait(6)),
				call("1.2", "09:00:00", wait(4), voicemail("1")), call("1.2", "09:10:00", queue("631"), wait(2), missed("NO_ASSIGN")),
				call("1.3", "09:00:00", queue("631"), wait(4)), call("1.3", "09:10:00", wait(2))},
			want: []figures{
				{queueKPI, q630, `{"offered":3,"abandoned":2,"voicemail":1}`}, {queueKPI, q631, `{"offered":3,"answered":1,"flowed_out":1,"abandoned":1}`},
				{pbxKPI, sat, `{"offered":3,"answered":1,"abandoned":2,"short_abandoned":1,"wait_seconds":16,"asa_seconds":4,"visits":6}`}}},
		{name: "the score is the answering record's, else the earliest; 0 is not rated",
			events: []any{
				call("1.1", "09:00:00", score(1)), call("1.1", "09:00:01", talk(5), score(3)),
				call("1.2", "09:00:00", score(0)), call("1.2", "09:00:01", score(4)), call("1.2", "09:00:02", score(5)), call("1.3", "09:00:00", score(0)),
				call("1.4", "09:00:00", queue("632"), score(2)), call("1.4", "09:10:00", queue("631"), score(5))},
			want: []figures{
				{queueKPI, q630, `{"rated":2,"score_sum":7,"score_mean":3.5,"score_distribution":{"3":1,"4":1}}`},
				{pbxKPI, sat, `{"rated":3,"score_distribution":{"2":1,"3":1,"4":1}}`}}},
		{name: "an agent is tried once for a call however often the phone rang",
			events: []any{
				call("1.1", "09:00:00", agent("801"), ring(9)), call("1.1", "09:00:10", agent("801"), ring(4)), call("1.1", "09:00:20", agent("801"), queue("631"), ring(7)),
				call("1.2", "09:00:00", agent("801"), ring(3)), call("1.2", "09:00:10", agent("801"), ring(2), talk(8), score(5))},
			want: []figures{{agentKPI, "2026-10-24 801", `{"answered":1,"missed":1,"attempts":5,"ring_seconds":11,"ring_max_seconds":9,"talk_seconds":8,
				"rated":1,"score_mean":5,"score_distribution":{"5":1},"inputs_records":5}`}}},
		{name: "calls without a queue are the PBX's alone",
			events: []any{
				call("1.1", "09:00:00", queue(""), state("ivr")), call("1.2", "09:00:00", queue("")), call("1.3", "09:00:00", queue(""), kind("OUT")),
				call("1.4", "09:00:00", queue(""), state("ivr")), call("1.4", "09:00:05", wait(3)),
				call("1.5", "09:00:00", queue(""), state("ivr")), call("1.5", "09:00:05", queue(""), state("bridged"))},
			want: []figures{
				{pbxKPI, sat, `{"offered":1,"ivr_only":1,"direct":2,"outbound":1,"wait_seconds":3,"visits":1,"inputs_records":7}`},
				{queueKPI, "2026-10-24 ", `null`}}},
		{name: "plain records are legs of calls", events: []any{
			cdr("2.1", "09:00:00", "100", "inbound", "NO ANSWER", 0), cdr("2.1", "09:00:05", "101", "", "answered", 40), cdr("2.1", "09:00:06", "102", "", "ANSWERED", 30),
			cdr("2.2", "23:59:00", "100", "outbound", "BUSY", 0), cdr("2.2", "2026-10-25 00:01:00", "100", "outbound", "ANSWERED", 5),
			cdr("2.3", "09:00:00", "100", "", "ANSWERED", 1), cdr("2.4", "09:00:00", "100", "sideways", "FAILED", 0)},
			want: []figures{
				{pbxKPI, sat, `{"cdr_calls":4,"cdr_answered":3,"cdr_inbound":1,"cdr_outbound":1,"cdr_internal":1,"cdr_unrecognised":1,"cdr_billable_seconds":46,
					"offered":0,"service_level":null,"longest_wait_seconds":null,"inputs_records":7}`},
				{pbxKPI, "2026-10-25", `null`}}},
		{name: "a menu counts the calls that pressed a key", events: []any{
			menu("3.1", "09:00:00", "7", "1"), menu("3.1", "09:00:05", "7", "1"), menu("3.2", "09:00:00", "7", "1"), menu("3.2", "09:01:00", "8", "")},
			want: []figures{{pbxKPI, sat, `{"ivr":[{"ivr_id":"7","key":"1","calls":2},{"ivr_id":"8","key":"","calls":1}],"inputs_records":4}`}}},
		{name: "of several versions the one first received last counts",
			events: []any{
				later(0, 0, call("1.1", "09:00:00", wait(1))), later(1, 0, call("1.1", "09:00:00", wait(2))), later(2, 0, call("1.1", "09:00:00", wait(1))),
				later(0, 1, call("1.2", "09:00:00", wait(30))), later(0, 0, call("1.2", "09:00:00", wait(40)))},
			want: []figures{{queueKPI, q630, `{"offered":2,"wait_seconds":32,"inputs_records":2}`}}},
		{name: "a PBX whose clock is far off is flagged",
			events: []any{
				call("a", "1970-01-01 09:00:00"), later(-4*24, 0, call("b", "09:00:00")), later(366*24, 0, call("c", "09:00:00")), call("d", "09:00:00"),
				// Named at 09:00:00 UTC on that day.
				call("1792832400.1", "08:58:59"), call("1792832400.2", "08:59:00"),
				call("1792832400.3", "2026-10-25 09:00:00"), call("1792832400.4", "2026-10-25 09:00:01")},
			want: []figures{
				{queueKPI, "1970-01-01 630", `{"offered":1,"clock_suspect":1}`}, {queueKPI, q630, `{"offered":5,"clock_suspect":3}`},
				{queueKPI, "2026-10-25 630", `{"offered":2,"clock_suspect":1}`}}},
		{name: "records of one visit that overlap are one, as it was reported last",
			events: []any{
				later(1, 0, call("1.1", "09:00:00", agent("801"), lasts(30), talk(5))), later(2, 0, call("1.1", "09:00:10", agent("SIP/801"), lasts(30), wait(9))),
				call("1.2", "09:00:00", lasts(10)), call("1.2", "09:00:10", lasts(10)), // they only touch
				call("1.3", "05:59:50", lasts(30)), call("1.3", "06:00:00", lasts(30))}, // not over 06:00
			want: []figures{
				{queueKPI, q630, `{"offered":3,"answered":0,"visits":5,"inputs_records":5}`},
				{agentKPI, "2026-10-24 801", `{"answered":0,"missed":1,"attempts":1}`}}},
		{name: "who comes back to a queue waits from the first start until the answer",
			events: []any{call("1.1", "09:00:00", wait(10), lasts(10)), call("1.1", "09:01:00", agent("801"), wait(5), talk(50), lasts(60))},
			want:   []figures{{queueKPI, q630, `{"answered":1,"wait_seconds":65,"asa_seconds":65,"visits":2}`}, {pbxKPI, sat, `{"wait_seconds":65}`}}},
		{name: "the whole PBX waits once, and not after the first answer",
			events: []any{
				call("1.1", "09:00:00", wait(30), lasts(30)), call("1.1", "09:00:20", queue("631"), agent("801"), wait(30), talk(10), lasts(40)),
				call("1.1", "09:00:40", queue("632"), wait(60), lasts(60))},
			want: []figures{{pbxKPI, sat, `{"answered":1,"wait_seconds":50}`}, {queueKPI, "2026-10-24 632", `{"wait_seconds":60}`}}},
		{name: "of two queues at one time the one that did not answer flowed out",
			events: []any{call("1.1", "09:00:00", lasts(30)), call("1.1", "09:00:00", queue("631"), agent("801"), talk(5), lasts(30))},
			want:   []figures{{queueKPI, q630, `{"flowed_out":1}`}, {queueKPI, q631, `{"answered":1}`}}},
		{name: "an hour that comes twice is told apart by the call's id", device: store.Device{Zone: berlin()},
			events: []any{
				// Named at 02:40 of summer time.
				call("1792888800.1", "2026-10-25 02:50:00", lasts(10)), call("1792888800.1", "2026-10-25 02:10:00", queue("631"), lasts(10)),
				call("1792888800.2", "2026-10-25 02:10:00", wait(5), lasts(10)), call("1792888800.2", "2026-10-25 02:50:00", agent("801"), wait(5), talk(5), lasts(10))},
			want: []figures{
				{queueKPI, "2026-10-25 630", `{"flowed_out":1,"answered":1,"wait_seconds":5}`},
				{queueKPI, "2026-10-25 631", `{"abandoned":1}`},
				{queueIntervals, "2026-10-25 630 02:45", `{"offered":2}`}}},
		{name: "the last record decides whether a caller gave up",
			events: []any{
				call("1.1", "09:00:00", wait(4), missed("NO_AGENT_ANSWER")), call("1.1", "09:00:10", wait(5), missed(" member_cancel")),
				call("1.2", "09:00:00", wait(4)), call("1.2", "09:00:10", wait(5), missed("NO_AGENT_ANSWER")),
				call("1.3", "09:00:00", wait(4), missed("NO_ASSIGN")), call("1.3", "09:00:10", wait(5))},
			want: []figures{{queueKPI, q630, `{"abandoned":3,"short_abandoned":1}`}}},
		{name: "a call is answered elsewhere where each ring lasted until another's answer",
			events: []any{
				call("1.1", "09:00:00", agent("801"), lasts(10)), call("1.1", "09:00:00", agent("802"), wait(12), talk(20), lasts(32)),
				call("1.2", "09:00:00", agent("801"), lasts(9)), call("1.2", "09:00:00", agent("802"), wait(12), talk(20), lasts(32)),
				call("1.3", "09:00:00", agent("801"), lasts(10)), call("1.3", "09:00:20", agent("801"), lasts(10)), call("1.3", "09:00:10", agent("802"), wait(2), talk(20), lasts(22)),
				call("1.4", "09:00:00", agent("801"), lasts(10))},
			want: []figures{
				{agentKPI, "2026-10-24 801", `{"answered":0,"missed":3,"answered_elsewhere":1,"attempts":5}`},
				{agentKPI, "2026-10-24 802", `{"answered":3,"missed":0,"answered_elsewhere":0}`}}},
		{name: "an answer after an unknown wait is in no part of a service level",
			events: []any{call("1.1", "09:00:00", talk(5)), call("1.2", "09:00:00", wait(5), talk(5)), call("1.3", "09:00:00", wait(604801), state("Bridged "))},
			want: []figures{
				{queueKPI, q630, `{"answered":3,"answered_wait_unknown":2,"service_level":1,"service_level_of_offered":1,"service_level_answered_only":1,"abandonment_rate":0}`},
				{queueIntervals, "2026-10-24 630 09:00", `{"answered_wait_unknown":2,"service_level":1}`},
				{pbxKPI, sat, `{"answered_wait_unknown":2}`}}},
		{name: "direct calls are those without a queue",
			events: []any{
				call("1.1", "09:00:00", queue("(null)"), agent("Local/801@queue/n"), talk(40)), call("1.1", "09:01:00", queue(""), agent("801"), talk(2)),
				call("1.2", "09:00:00", queue(""), agent("801")),
				call("1.3", "09:00:00", queue(""), agent("801"), talk(9)), call("1.3", "09:01:00")},
			want: []figures{
				{agentKPI, "2026-10-24 801", `{"direct_calls":2,"direct_talk_seconds":42,"attempts":0,"talk_seconds":0,"inputs_records":3}`},
				{pbxKPI, sat, `{"direct":2,"offered":1}`}}},
		{name: "sessions count on each day that they overlap", device: store.Device{Zone: berlin()},
			events: []any{
				login("801", "2026-10-24T06:00:00Z"), logoff("SIP/801", "2026-10-24T08:00:00Z"), // until 10:00
				login("801", "2026-10-24T21:00:00Z"), logoff("801", "2026-10-25T02:00:00Z"), // 23:00 to 03:00 of a night with two more hours
				call("1.1", "09:00:00", agent("801"), talk(60), wrapUp(12), lasts(60)), call("1.2", "09:01:00", agent("801"), talk(60), lasts(90)),
				login("802", "2026-10-24T06:00:00Z"), call("1.3", "09:00:00", agent("802"), talk(60), wrapUp(12), lasts(60)),
				login("803", "2026-10-24T06:00:00Z"), login("803", "2026-10-24T06:00:00Z"), login("803", "2026-10-24T07:00:00Z"),
				logoff("804", "2026-10-24T07:00:00Z")},
			want: []figures{
				{agentKPI, "2026-10-24 801", `{"login_seconds":10800,"unsure_sessions":0,"busy_seconds":132,"occupancy":0.012222222222222223,"inputs_records":6}`},
				{agentKPI, "2026-10-25 801", `{"login_seconds":14400,"unsure_sessions":0,"busy_seconds":0,"occupancy":0,"answered":0,"inputs_records":2}`},
				{agentKPI, "2026-10-24 802", `{"login_seconds":3672,"unsure_sessions":1,"busy_seconds":72,"inputs_records":2}`},
				{agentKPI, "2026-10-24 803", `{"login_seconds":3600,"unsure_sessions":2,"occupancy":0,"inputs_records":2}`},
				{agentKPI, "2026-10-24 804", `null`}}},
		{name: "what a PBX reports in UTC counts by its own clock", device: store.Device{Zone: berlin()},
			events: []any{call("1.1", "22:30:00", inUTC)},
			want:   []figures{{queueKPI, q630, `null`}, {queueIntervals, "2026-10-25 630 00:30", `{"offered":1}`}}},
		{name: "a linkedid ties legs together",
			events: []any{
				linked("2.1", cdr("2.1", "09:00:00", "100", "inbound", "BUSY", 0)), linked("2.1", cdr("2.2", "09:00:05", "101", "outbound", "ANSWERED", 40)),
				linked("2.1", cdr("2.3", "2026-10-25 00:00:05", "101", "", "BUSY", 0))},
			want: []figures{{pbxKPI, sat, `{"cdr_calls":1,"cdr_answered":1,"cdr_inbound":1,"inputs_records":3}`}, {pbxKPI, "2026-10-25", `null`}}},
		{name: "a call begins with its first record, also where that does not count",
			events: []any{call("1.1", "09:14:00", kind("OUT")), call("1.1", "09:16:00", wait(2))},
			want: []figures{
				{queueIntervals, "2026-10-24 630 09:00", `{"offered":1}`}, {queueIntervals, "2026-10-24 630 09:15", `null`},
				{queueKPI, q630, `{"offered":1,"outbound":0,"visits":1}`}}},
		{name: "an interval is 15 minutes of the PBX's clock",
			events: []any{call("1.1", "09:14:59", wait(30), talk(1)), call("1.2", "09:15:00", wait(2), talk(1)), call("1.3", "09:29:59")},
			want: []figures{
				{queueIntervals, "2026-10-24 630 09:00", `{"offered":1,"answered":1,"service_level":0,"answered_wait_seconds":30}`},
				{queueIntervals, "2026-10-24 630 09:15", `{"minute":555,"offered":2,"answered":1,"abandoned":1,"service_level":0.5}`}}},
	}
}

func tenAnswered() (all []any) {
	for i := range int64(10) {
		all = append(all, call("1."+string(rune('0'+i)), "09:00:00", wait(10-i), talk(1)))
	}
	return all
}

func cdr(id, start, destination, callType, disposition string, billable int64) *pbx.CDR {
	return &pbx.CDR{UniqueID: id, Start: call("", start).Start, Destination: destination, CallType: callType, Disposition: disposition, Billable: pbx.IntOf(billable)}
}

func linked(id string, c *pbx.CDR) *pbx.CDR {
	c.LinkedID = id
	return c
}

func inUTC(c *pbx.CallRecord) { c.InUTC = true }

func login(agent, at string) receipt {
	return receipt{at: instant(at), event: &pbx.AgentLogin{Sign: pbx.Sign{Agent: agent}}}
}

func logoff(agent, at string) receipt {
	return receipt{at: instant(at), event: &pbx.AgentLogoff{Sign: pbx.Sign{Agent: agent}}}
}

func instant(s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return at
}

func berlin() pbx.Zone {
	zone, err := pbx.ParseZone("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}

func menu(uuid, start, ivr, key string) *pbx.IVRStep {
	return &pbx.IVRStep{UUID: uuid, Start: call("", start).Start, IVRID: ivr, Key: key}
}

// later is an event received some hours later than others, at a place of an array.
func later(hours, index int, e pbx.Event) receipt {
	return receipt{at: at.Add(time.Duration(hours) * time.Hour), index: index, event: e}
}

// TestRules computes all examples at once, each as a PBX of its own.
func TestRules(t *testing.T) {
	var all []receipt
	devices := map[pbx.MAC]store.Device{}
	for i, r := range rules() {
		mac := macOf(i)
		devices[mac] = r.device
		for _, e := range r.events {
			one, ok := e.(receipt)
			if !ok {
				one = receipt{at: at, event: e.(pbx.Event)}
			}
			one.mac = mac
			all = append(all, one)
		}
	}
	slices.Reverse(all)
	db := computed(t, all, devices)
	for i, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range r.want {
				got, err := read(t.Context(), db, "select * from "+f.table.name+" where mac = "+quote(string(macOf(i))), f.table.key)
				must(t, err)
				f.expect(t, got[string(macOf(i))+" "+f.row])
			}
		})
	}
}

func (f figures) expect(t *testing.T, got row) {
	want, err := parseRow([]byte(f.want))
	must(t, err)
	if (got == nil) != (want == nil) {
		t.Errorf("%s of %s is %s, not %s", f.table.name, f.row, show(got), show(want))
		return
	}
	for column, v := range want {
		if g, ok := got[column]; !ok || !same(v, g) {
			t.Errorf("%s of %s: %s is %s, not %s", f.table.name, f.row, column, show(g), show(v))
		}
	}
}
