package tables

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/dataquality"
	"trunkline/pkg/devices"
	"trunkline/pkg/doctor"
	"trunkline/pkg/each"
	"trunkline/pkg/erase"
	"trunkline/pkg/fleetsheet"
	"trunkline/pkg/kpi"
	"trunkline/pkg/listing"
	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/redrive"
	"trunkline/pkg/replay"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

const mac = pbx.MAC("68692e0b0001")

func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

// line returns the cells of a row, and fails where they are not as many as the heads.
func line[T any](t *testing.T, c listing.Columns[T], row T) string {
	t.Helper()
	cells := c.Cells(row)
	if len(cells) != len(c.Heads) {
		t.Errorf("%d cells under %d heads", len(cells), len(c.Heads))
	}
	return strings.Join(cells, "|")
}

func TestEachKindOfRowHasACellUnderEachHead(t *testing.T) {
	t.Parallel()
	last, day, habit := noon(), int64(25*3600+59), int64(3600)
	share := 0.25
	at := Clock(noon())
	names := store.Names{{Kind: naming.Agent, ID: "100", Name: "Ana"}, {Kind: naming.Queue, ID: "630", Name: "Support"}}
	for name, test := range map[string]struct{ got, want string }{
		"call":      {line(t, Calls(), store.Record[*pbx.CallRecord]{Event: &pbx.CallRecord{UUID: "u", Queue: "630"}, Restatements: 2}), "|u|||630||||||||2"},
		"cdr":       {line(t, CDRs(), store.Record[*pbx.CDR]{Event: &pbx.CDR{UniqueID: "1.1", Source: "100"}}), "|1.1|100||||||0"},
		"step":      {line(t, IVRSteps(), store.Record[*pbx.IVRStep]{Event: &pbx.IVRStep{UUID: "u", Key: "1", Queue: "630"}}), "|u||||1||630"},
		"extension": {line(t, Extensions(), store.Record[*pbx.ExtensionStatus]{Event: &pbx.ExtensionStatus{Exten: "808", StatusText: "InUse"}, Received: noon()}), "808|InUse|" + at},
		"live call": {line(t, LiveCalls(), store.LiveCall{UniqueID: "1.1", State: "ringing", Seen: noon(), Legs: []store.LiveLeg{{Channel: "a", Ringing: true}, {Channel: "b", Outcome: "ANSWER"}}}), at + "|1.1||ringing|a ringing, b ANSWER"},

		"waiting PBX":  {line(t, Devices(), devices.Member{MAC: mac}), "68692e0b0001||||||no|enabled|1|-|-"},
		"disabled PBX": {line(t, Devices(), devices.Member{MAC: mac, Device: store.Device{Name: "R", Disabled: true, MinGeneration: 3}, LastEvent: noon(), KID: "k1"}), "68692e0b0001|R|||||no|disabled|3|" + at + "|k1"},
		"aliases":      {line(t, Aliases(), devices.Aliased{MAC: mac, Aliases: []pbx.MAC{"a", "b"}}), "68692e0b0001|a b"},
		"name":         {line(t, Names(), devices.Name{MAC: mac, Name: names[1]}), "68692e0b0001|queue|630|Support||"},
		"bad name":     {line(t, Names(), devices.Name{MAC: mac, Name: store.Name{Kind: naming.Queue, ID: "630", Unreadable: store.UnreadableMembers{"name": json.RawMessage("7")}}}), "68692e0b0001|queue|630|7||"},
		"key":          {line(t, Keys(), token.ListedKey{KID: "k1"}), "k1|valid"},
		"signing key":  {line(t, Keys(), token.ListedKey{KID: "k2", Signs: true}), "k2|valid; new ones are signed by it"},

		"finding":       {line(t, Findings(), dataquality.PBXFinding{MAC: mac, Finding: dataquality.Finding{Says: "a", Checked: 4, Violated: 1, Share: share, Example: "u"}}), "68692e0b0001||4|1|25.0%|a|u"},
		"never heard":   {line(t, Silences(), devices.Silence{MAC: mac, Flag: true}), "68692e0b0001||never|||never heard"},
		"silent":        {line(t, Silences(), devices.Silence{MAC: mac, Last: &last, Seconds: day, Habit: &habit, Flag: true}), "68692e0b0001||" + at + "|25h0m0s|1h0m0s|longer than ever"},
		"not silent":    {line(t, Silences(), devices.Silence{MAC: mac, Last: &last, Seconds: 60}), "68692e0b0001||" + at + "|1m0s||"},
		"all reported":  {line(t, Reported(), dataquality.Reported{Completeness: dataquality.Completeness{Begun: 3}}), pbx.Day(0).String() + "|3|0|0|0|none"},
		"many missing":  {line(t, Reported(), dataquality.Reported{Completeness: dataquality.Completeness{Missing: strings.Fields("a b c d e f g h i j k l")}}), pbx.Day(0).String() + "|0|0|0|0|a b c d e f g h i j and 2 more"},
		"refused":       {line(t, Refused(), replay.Refused{MAC: mac, Reason: "r", Name: "n", Begins: "b"}), "|68692e0b0001|r|n|b"},
		"spilled":       {line(t, Spilled(), redrive.Spilled{Where: "table", Received: noon(), MAC: mac, Events: 2, Kinds: []string{"a", "b"}, Tries: 1, Bytes: 9}), "table|" + at + "|68692e0b0001|2|a, b|1|9"},
		"place in line": {line(t, KeptAt(), erase.Finding{Where: "raw", MAC: mac, Name: "n", Line: 7, Members: []string{"x", "y"}, Count: 1, Error: "why"}), "68692e0b0001|raw||n|7|x y|1|why"},
		"whole place":   {line(t, KeptAt(), erase.Finding{Where: "CALL", Received: noon(), Count: 2}), "|CALL|" + at + "|||" + "|2|"},

		"call of a queue":     {line(t, ExplainedCalls(), rollup.ExplainedCall{Call: &kpi.Call{UUID: "u", Class: kpi.ClassQueue, Outcome: "answered"}, Rule: "r"}), "|u|||||answered|r"},
		"call counted apart":  {line(t, ExplainedCalls(), rollup.ExplainedCall{Call: &kpi.Call{UUID: "u", Class: "outbound", Outcome: "answered"}, Rule: "r"}), "|u|||||outbound|r"},
		"call of an agent":    {line(t, ExplainedAgentCalls(), rollup.ExplainedAgentCall{AgentCall: kpi.AgentCall{Attempts: 2, As: "missed", Rule: "r"}}), "||||2|missed|r"},
		"session":             {line(t, ExplainedSessions(), rollup.ExplainedSession{Session: kpi.Session{From: noon(), To: noon().Add(time.Minute), Rule: "r"}}), at + "|" + Clock(noon().Add(time.Minute)) + "|60|yes|r"},
		"unsure session":      {line(t, ExplainedSessions(), rollup.ExplainedSession{Session: kpi.Session{From: noon(), To: noon(), Unsure: true}}), at + "|" + at + "|0|no|"},
		"agent without calls": {line(t, Agents(names), kpi.AgentFigures{Agent: "100"}), "100 Ana|0|0|0|0|0|0|0|0||0|||0|"},
		"whole PBX":           {line(t, PBXs(), kpi.PBXFigures{Direct: 4}), "0|0|0|0|0|0|0||||||" + "|0|4|0|0|0|0"},
		"late record":         {line(t, lateRecordColumns(), lateRecord{store.LateRecord{Received: noon(), ID: "1.1", Queue: "630"}, 2}), "2|" + at + "||1.1||630|"},
	} {
		if test.got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", name, test.got, test.want)
		}
	}
}

func TestCallsThatAreCountedApartHaveColumnsWhereAQueueHasAny(t *testing.T) {
	t.Parallel()
	plain, apart := kpi.QueueFigures{Queue: "630"}, kpi.QueueFigures{Queue: "650", Apart: kpi.Apart{Outbound: 2}}
	without := Queues(nil, []kpi.QueueFigures{plain})
	if got := line(t, without, plain); slices.Contains(without.Heads, "OUTBOUND") || !strings.HasPrefix(got, "630|0|") {
		t.Errorf("%s under %s", got, without.Heads)
	}
	with := Queues(nil, []kpi.QueueFigures{plain, apart})
	if got := line(t, with, apart); !strings.HasSuffix(got, "|2|0|0") {
		t.Error(got)
	}
}

// printed returns what a function prints.
func printed(t *testing.T, print func(context.Context, io.Writer) error) string {
	t.Helper()
	var out strings.Builder
	if err := print(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAReportSaysWhatWasDone(t *testing.T) {
	t.Parallel()
	plans := []fleetsheet.Plan{
		{MAC: mac, IsNew: true, Changes: []fleetsheet.Change{{MAC: mac, Column: "name", After: "R"}}},
		{MAC: "68692e0b0002", Shut: []string{"disabled"}},
	}
	found := &erase.Report{}
	found.Add(erase.Finding{Where: "raw", MAC: mac, Count: 2, Note: "quarantined"})
	found.Add(erase.Finding{Where: "DEVICE", MAC: mac, Count: 1, Error: "an operator wrote it"})
	for name, test := range map[string]struct {
		print func(context.Context, io.Writer) error
		want  []string // parts, in their order
	}{
		"import": {
			func(ctx context.Context, out io.Writer) error { return PrintPlans(ctx, out, plans, false) },
			[]string{"68692e0b0001  -     -   name    -       R\n\n1 of 2 PBXs changed, of which 1 are new to the fleet.\n"},
		},
		"import without changes": {
			func(ctx context.Context, out io.Writer) error { return PrintPlans(ctx, out, plans[1:], true) },
			[]string{"0 of 1 PBXs would change.\n"},
		},
		"PBXs that stay disabled": {
			func(_ context.Context, out io.Writer) error { PrintShut(out, plans); return nil },
			[]string{"--reopen follows the file:\n", "  68692e0b0002  disabled\n"},
		},
		"settings": {
			func(_ context.Context, out io.Writer) error {
				PrintUnreadable(out, []devices.Member{{MAC: mac, Unreadable: store.UnreadableMembers{"zone": json.RawMessage(`"\u001b"`)}}})
				return nil
			},
			[]string{"can't be read", "  68692e0b0001  zone: "},
		},
		"erasure": {
			func(ctx context.Context, out io.Writer) error {
				return PrintErasure(ctx, out, found, found.Summary(false, false, 3, noon()), "nowhere")
			},
			[]string{"DEVICE  1      an operator wrote it", "raw     2      erased", "What stays:", "in quarantine now: 1.", "computed again: 3.", " - copies of the folder"},
		},
		"search": {
			func(ctx context.Context, out io.Writer) error {
				return PrintErasure(ctx, out, found, found.Summary(true, false, 0, noon()), "nowhere")
			},
			[]string{"raw     2      found"},
		},
		"search without result": {
			func(ctx context.Context, out io.Writer) error {
				return PrintErasure(ctx, out, &erase.Report{}, erase.Summary{DryRun: true}, "The number is nowhere.")
			},
			[]string{"The number is nowhere.\n"},
		},
		"replay": {
			func(ctx context.Context, out io.Writer) error {
				return PrintReplay(ctx, out, replay.Summary{Objects: 3, Events: 4, Held: 1, Why: "a\x1bb"})
			},
			[]string{"3 objects, 4 events, 1 held back\nThe first of those: a\ufffdb\n"},
		},
		"dry run": {
			func(ctx context.Context, out io.Writer) error {
				return PrintReplay(ctx, out, replay.Summary{DryRun: true, Writes: map[string]int{"DUE": 1, "CALL": 2}})
			},
			[]string{"CALL  2\nDUE   1\nDry run, nothing was written: 0 objects"},
		},
		"check": {
			func(_ context.Context, out io.Writer) error {
				PrintResult(out, doctor.Result{Check: "keys", Found: "two\nlines", Do: "repair\x1b"}, false)
				PrintResult(out, doctor.Result{Check: "clock", OK: true, Found: "right"}, false)
				PrintResult(out, doctor.Result{Check: "clock", OK: true, Found: "right"}, true)
				return nil
			},
			[]string{"FAILED  keys            two lines: repair\ufffd\nok      clock           right\n{\"check\":\"clock\",\"ok\":true,\"found\":\"right\"}\n"},
		},
		"receipt": {
			func(_ context.Context, out io.Writer) error {
				return PrintReceipt(out, "quarantine/x", archive.Receipt{MAC: mac, Received: noon(), Reason: "r", Body: []byte("a\x1b\r\n\nb")})
			},
			[]string{"Name      quarantine/x\nReceived  2026-11-24T12:00:00.000Z\nMAC       68692e0b0001\nFrom      -\n", "Body      6 bytes\n\na\ufffd\n\nb\n"},
		},
	} {
		rest := printed(t, test.print)
		for _, part := range test.want {
			_, after, there := strings.Cut(rest, part)
			if !there {
				t.Errorf("%s: no %q in\n%s", name, part, rest)
			}
			rest = after
		}
	}
}

func TestADayIsPrintedWithItsThresholdsAndRevision(t *testing.T) {
	t.Parallel()
	asked := rollup.Asked{Task: rollup.Task{MAC: mac}, All: true}
	day := rollup.Shown{Latest: kpi.Published{Revision: 2, ComputedAt: noon()}, Thresholds: kpi.Thresholds{ServiceLevel: 20, ShortAbandon: 5}}
	all := printed(t, func(ctx context.Context, out io.Writer) error { return PrintDay(ctx, out, asked, day) })
	want := "answered within 20 s, abandoned short before 5 s; revision 2 (see pbxctl kpi restatements), computed " + Clock(noon()) +
		"\n\nNo queue had calls.\n\nThe whole PBX\n\n\nAgents\nNo agent had calls or sessions.\n"
	if !strings.HasSuffix(all, want) {
		t.Error(all)
	}
	asked.All, asked.Queue = false, "6\x1b0"
	one := printed(t, func(ctx context.Context, out io.Writer) error { return PrintDay(ctx, out, asked, day) })
	if !strings.HasSuffix(one, "\n\nQueue 6\ufffd0 had no calls.\n") {
		t.Error(one)
	}
}

func TestWhatWasDoneInQuarantineIsPrintedByEvent(t *testing.T) {
	t.Parallel()
	attempts := func(did func(replay.Attempt)) error {
		did(replay.Attempt{Name: "a", Done: true})
		did(replay.Attempt{Name: "b\x1b", Why: "still\nrefused"})
		return &each.Skipped{Count: 1}
	}
	var people, programs, none strings.Builder
	err := PrintAttempts(&people, false, "released", attempts)
	if want := "released  a\nnot released  b\ufffd: still\ufffdrefused\n"; people.String() != want || err == nil || !strings.HasPrefix(err.Error(), "1 of 2 not released: ") {
		t.Errorf("%q, %v", people.String(), err)
	}
	if err := PrintAttempts(&programs, true, "released", attempts); err == nil || !strings.HasPrefix(programs.String(), `{"name":"a","done":true}`+"\n") {
		t.Errorf("%q, %v", programs.String(), err)
	}
	if err := PrintAttempts(&none, false, "released", func(func(replay.Attempt)) error { return nil }); err != nil || none.String() != "Nothing is in quarantine.\n" {
		t.Errorf("%q, %v", none.String(), err)
	}
}
