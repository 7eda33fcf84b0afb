package telemetry

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

// tell reports one of everything that goes well, and one of everything that fails.
func tell(t *testing.T, r Operations) {
	t.Helper()
	day, err := pbx.ParseDay("2018-11-05")
	if err != nil {
		t.Fatal(err)
	}
	failure := errors.New("no network")
	r.Worked(t.Context(), "68692e0b0001", day, "published", nil)
	r.Scheduled(t.Context(), Schedule{PBXs: 3, Marked: 2, Sent: 1, Waiting: 5}, nil)
	r.Redriven(t.Context(), Redrive{Shard: "table/a", Archived: 4, Recorded: 3, Quarantined: 2, NotHandedOn: 1}, nil)
	r.SpillLeft(t.Context(), Spill{Table: 4, Archive: 2}, nil)
	r.SpillLeft(t.Context(), Spill{}, nil)
	r.Silent(t.Context(), []pbx.MAC{"68692e0b0001", "68692e0b0002"}, nil)
	r.Silent(t.Context(), nil, nil)
	r.Described(t.Context(), Dimensions{PBXs: 2, Replaced: []string{"dim_site"}}, nil)
	r.Retried(t.Context(), Retry{Released: 3, RefusedAgain: 2, Failed: 1}, nil)
	r.Retried(t.Context(), Retry{}, nil) // an empty report writes nothing
	r.Packed(t.Context(), Compaction{Kind: pbx.KindHangup, Events: 7, Written: 2, Left: 1, Through: day}, nil)
	r.Worked(t.Context(), "68692e0b0001", day, "", failure)
	r.Scheduled(t.Context(), Schedule{PBXs: 3}, failure)
	r.Redriven(t.Context(), Redrive{Shard: "table/b", NotHandedOn: 5}, failure)
	r.SpillLeft(t.Context(), Spill{}, failure)
	r.Silent(t.Context(), nil, failure)
	r.Retried(t.Context(), Retry{}, failure)
	r.Packed(t.Context(), Compaction{Kind: pbx.KindHangup, Through: day}, failure)
}

func TestEachOperationIsOneLine(t *testing.T) {
	var out strings.Builder
	tell(t, OperationsLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))))
	const want = `level=INFO msg=rollup mac=68692e0b0001 day=2018-11-05 result=published days=1
level=INFO msg=schedule pbxs=3 marked=2 sent=1 completed=1 waiting=5
level=INFO msg=redrive archived=4 recorded=3 quarantined=2 not_handed_on=1 shard=table/a
level=INFO msg=spill spill_left=6 kept_by_table=4 kept_by_archive=2
level=INFO msg=spill kept_by=table spill_left=4
level=INFO msg=spill kept_by=archive spill_left=2
level=INFO msg=spill spill_left=0 kept_by_table=0 kept_by_archive=0
level=INFO msg=silence macs="[68692e0b0001 68692e0b0002]" silent=2
level=INFO msg=silence macs=[] silent=0
level=INFO msg=dimensions pbxs=2 replaced=[dim_site]
level=INFO msg=retry released=3 refused_again=2 failed=1
level=INFO msg=compaction kind=hangup events=7 written=2 left=1 through=2018-11-05
level=ERROR msg=rollup mac=68692e0b0001 day=2018-11-05 result=failed days=1 error="no network"
level=ERROR msg=schedule pbxs=3 marked=0 sent=0 completed=0 waiting=0 error="no network"
level=ERROR msg=redrive archived=0 recorded=0 quarantined=0 not_handed_on=5 shard=table/b error="no network"
level=ERROR msg=spill error="no network"
level=ERROR msg=silence error="no network"
level=ERROR msg=retry released=0 refused_again=0 failed=0 error="no network"
level=ERROR msg=compaction kind=hangup events=0 written=0 left=0 through=2018-11-05 error="no network"
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

func TestEachOperationIsCountedToo(t *testing.T) {
	var out strings.Builder
	tell(t, OperationsMetrics(&out, "Trunkline/test", func() time.Time { return time.UnixMilli(1795507199987) }))
	counted := func(dimensions string, names ...string) string {
		var metrics []string
		for _, name := range names {
			metrics = append(metrics, `{"Name":"`+name+`","Unit":"Count"}`)
		}
		return `"_aws":{"Timestamp":1795507199987,"CloudWatchMetrics":[{"Namespace":"Trunkline/test","Dimensions":` + dimensions +
			`,"Metrics":[` + strings.Join(metrics, ",") + `]}]}`
	}
	days, schedule := counted(`[["result"]]`, "days"), counted(`[[]]`, "pbxs", "marked", "sent", "completed")
	spill := counted(`[[]]`, "archived", "recorded", "quarantined", "not_handed_on")
	kept := counted(`[["kept_by"]]`, "spill_left")
	left, silent := counted(`[[]]`, "spill_left"), counted(`[[]]`, "silent")
	// A silent fleet is a zero, and not a gap.
	pulse := `"level":"INFO","msg":"pulse","outcome":"stored","events":0,` + counted(`[["outcome"]]`, "events") + "}\n"
	want := []string{
		`"level":"INFO","msg":"rollup","mac":"68692e0b0001","day":"2018-11-05","result":"published","days":1,` + days + "}\n",
		`"level":"INFO","msg":"schedule","pbxs":3,"marked":2,"sent":1,"completed":1,` + schedule + `,"waiting":5}` + "\n",
		pulse,
		`"level":"INFO","msg":"redrive","archived":4,"recorded":3,"quarantined":2,"not_handed_on":1,` + spill + `,"shard":"table/a"}` + "\n",
		`"level":"INFO","msg":"spill","spill_left":6,` + left + `,"kept_by_table":4,"kept_by_archive":2}` + "\n",
		`"level":"INFO","msg":"spill","kept_by":"table","spill_left":4,` + kept + "}\n",
		`"level":"INFO","msg":"spill","kept_by":"archive","spill_left":2,` + kept + "}\n",
		`"level":"INFO","msg":"spill","spill_left":0,` + left + `,"kept_by_table":0,"kept_by_archive":0}` + "\n",
		`"level":"INFO","msg":"silence","macs":["68692e0b0001","68692e0b0002"],"silent":2,` + silent + "}\n",
		`"level":"INFO","msg":"silence","macs":null,"silent":0,` + silent + "}\n",
		`"level":"INFO","msg":"dimensions","pbxs":2,"replaced":["dim_site"]` + "}\n",
		`"level":"INFO","msg":"retry","released":3,"refused_again":2,"failed":1` + "}\n",
		`"level":"INFO","msg":"compaction","kind":"hangup","events":7,"written":2,"left":1,"through":"2018-11-05"` + "}\n",
		`"level":"ERROR","msg":"rollup","mac":"68692e0b0001","day":"2018-11-05","result":"failed","days":1,` + days + `,"error":"no network"}` + "\n",
		`"level":"ERROR","msg":"schedule","pbxs":3,"marked":0,"sent":0,"completed":0,` + schedule + `,"waiting":0,"error":"no network"}` + "\n",
		pulse,
		`"level":"ERROR","msg":"redrive","archived":0,"recorded":0,"quarantined":0,"not_handed_on":5,` + spill + `,"shard":"table/b","error":"no network"}` + "\n",
		`"level":"ERROR","msg":"spill","error":"no network"}` + "\n", // what is not known is not counted
		`"level":"ERROR","msg":"silence","error":"no network"}` + "\n",
		`"level":"ERROR","msg":"retry","released":0,"refused_again":0,"failed":0,"error":"no network"}` + "\n",
		`"level":"ERROR","msg":"compaction","kind":"hangup","events":0,"written":0,"left":0,"through":"2018-11-05","error":"no network"}` + "\n",
	}
	lines := strings.SplitAfter(out.String(), "\n")
	if len(lines) != len(want)+1 {
		t.Fatalf("%d lines:\n%s", len(lines)-1, &out)
	}
	for i := range want {
		if !strings.HasSuffix(lines[i], want[i]) {
			t.Errorf("got\n%swant …\n%s", lines[i], want[i])
		}
	}
}

func TestALineNamesAFewOfTheSilentAndCountsAll(t *testing.T) {
	var out strings.Builder
	OperationsMetrics(&out, "Trunkline", time.Now).Silent(t.Context(), make([]pbx.MAC, 10_000), nil)
	if line := out.String(); !strings.Contains(line, `"silent":10000,`) || strings.Count(line, `""`) != namedAtMost {
		t.Errorf("%.500s", line)
	}
}
