package maintenance_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/compact"
	"trunkline/pkg/config"
	"trunkline/pkg/each"
	"trunkline/pkg/local"
	"trunkline/pkg/maintenance"
	"trunkline/pkg/pbx"
	"trunkline/pkg/redrive"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/telemetry"
)

const mac = pbx.MAC("68692e0b0001")

// worked is a queue whose days are computed, and shards redriven, at once. It keeps the compaction jobs.
type worked struct {
	r    *rollup.Rollup
	jobs *[]compact.Job
	*maintenance.Worker
}

func (w worked) Redrive(ctx context.Context, jobs []redrive.Job) error {
	return local.Queue{Worker: w.Worker}.Redrive(ctx, jobs)
}

func (w worked) Pack(_ context.Context, jobs []compact.Job) error {
	*w.jobs = append(*w.jobs, jobs...)
	return nil
}

func (w worked) Send(ctx context.Context, tasks []rollup.Task) (err error) {
	for _, t := range tasks {
		_, workErr := w.r.Work(ctx, t)
		err = errors.Join(err, workErr)
	}
	return err
}

// world is an hourly run over two stores, at a time that stands still.
type world struct {
	bucket archive.Bucket
	store  *store.Store
	now    time.Time
	log    strings.Builder
	jobs   []compact.Job
}

func newWorld(table store.Table, bucket archive.Bucket) *world {
	w := &world{bucket: bucket, now: time.Date(2026, 11, 9, 0, 30, 0, 0, time.UTC)}
	w.store = store.New(table, w.clock)
	return w
}

func (w *world) clock() time.Time { return w.now }

func (w *world) run(ctx context.Context, now func() time.Time) error {
	w.log.Reset()
	r := rollup.New(w.store, w.bucket, config.DefaultSchedule(), now)
	worker := maintenance.New(w.store, archive.NewDirect(w.bucket), w.bucket, r, telemetry.OperationsMetrics(&w.log, "Trunkline", now), now)
	return worker.Run(ctx, worked{r, &w.jobs, worker})
}

// call records a call that begins at a given time, of a PBX whose clock stands in UTC.
func (w *world) call(t *testing.T, mac pbx.MAC, at time.Time) {
	t.Helper()
	e := &pbx.CallRecord{UUID: fmt.Sprintf("%d.1", at.Unix()), Queue: "630", Start: pbx.LocalTimeOf(at), CallType: "IN", CDRState: "queue"}
	if _, err := w.store.Record(t.Context(), store.Origin{MAC: mac, At: at, Zone: pbx.UTC}, e); err != nil {
		t.Fatal(err)
	}
}

// week records a call every hour from 08:00 to 17:00 on five days, the last of which is a Friday.
func (w *world) week(t *testing.T, mac pbx.MAC) {
	t.Helper()
	for day := 2; day <= 6; day++ {
		for hour := 8; hour <= 17; hour++ {
			w.call(t, mac, time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC))
		}
	}
}

func (w *world) logs(t *testing.T, want string) {
	t.Helper()
	if err := w.run(t.Context(), w.clock); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(w.log.String(), want) {
		t.Errorf("at %s: want %s in\n%s", w.now, want, w.log.String())
	}
}

func TestAPBXThatIsSilentForLongerThanEverIsReported(t *testing.T) {
	w := newWorld(storetest.NewMemory(), archivetest.NewMemory())
	w.week(t, mac)
	for _, c := range []struct {
		now  time.Time
		want string
	}{
		{time.Date(2026, 11, 7, 0, 30, 0, 0, time.UTC), `"macs":[],"silent":0`}, // the longest silence was from 17:00 to 08:00
		{time.Date(2026, 11, 7, 9, 0, 0, 0, time.UTC), `"macs":[],"silent":0`},
		{time.Date(2026, 11, 7, 9, 1, 0, 0, time.UTC), `"macs":["68692e0b0001"],"silent":1`},
		{time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), `"macs":["68692e0b0001"],"silent":1`},
		{time.Date(2026, 12, 5, 0, 0, 0, 0, time.UTC), `"macs":[],"silent":0`}, // its habit is not known any more
	} {
		w.now = c.now
		w.logs(t, c.want)
	}
}

func TestWhatOperatorsNameIsPublished(t *testing.T) {
	w := newWorld(storetest.NewMemory(), archivetest.NewMemory())
	if err := w.store.SetDevice(t.Context(), mac, store.Device{Name: "Reception", Site: "Berlin"}); err != nil {
		t.Fatal(err)
	}
	w.logs(t, `"msg":"dimensions","pbxs":1,"replaced":["dim_site"`)
	if _, err := w.bucket.Tag(t.Context(), "curated/dim_site/fleet.parquet"); err != nil {
		t.Error(err)
	}
	w.logs(t, `"msg":"dimensions","pbxs":1,"replaced":null`)
}

func TestEachKindOfEventHasATurnAtPackingUntilTheNextHour(t *testing.T) {
	w := newWorld(storetest.NewMemory(), archivetest.NewMemory())
	if err := w.run(t.Context(), w.clock); err != nil {
		t.Fatal(err)
	}
	var kinds []pbx.Kind
	for _, job := range w.jobs {
		if kinds = append(kinds, job.Kind); !job.Until.Equal(w.now.Add(time.Hour)) {
			t.Errorf("at %s: %+v", w.now, job)
		}
	}
	if !slices.Equal(kinds, pbx.Kinds()) {
		t.Errorf("%v", kinds)
	}
}

func TestAPBXThatIsDisabledMayBeSilent(t *testing.T) {
	w := newWorld(storetest.NewMemory(), archivetest.NewMemory())
	w.week(t, mac)
	if err := w.store.SetDevice(t.Context(), mac, store.Device{Disabled: true}); err != nil {
		t.Fatal(err)
	}
	w.logs(t, `"macs":[],"silent":0`)
}

func TestAPBXThatWasNeverHeardIsNotSilent(t *testing.T) {
	w := newWorld(storetest.NewMemory(), archivetest.NewMemory())
	if err := w.store.SetDevice(t.Context(), mac, store.Device{Name: "ordered"}); err != nil {
		t.Fatal(err)
	}
	w.logs(t, `"macs":[],"silent":0`)
}

func TestWhatCannotBeHandedOnIsCounted(t *testing.T) {
	full := archivetest.NewFaulty(archivetest.NewMemory(), func(c archivetest.Call) archivetest.Fault {
		if c.Method == "Put" {
			return archivetest.Fails
		}
		return archivetest.None
	})
	w := newWorld(storetest.NewMemory(), full)
	e := archive.Envelope{MAC: mac, Received: w.now, Body: []byte("{}"), Event: &pbx.CallRecord{}}
	lines, err := archive.Lines([]archive.Envelope{e})
	if err == nil {
		err = w.store.Spill(t.Context(), mac, w.now, lines)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.run(t.Context(), w.clock); err == nil {
		t.Error("it is not reported that the archive is down")
	}
	if !strings.Contains(w.log.String(), `"spill_left":0,`) || !strings.Contains(w.log.String(), `"not_handed_on":1,`) {
		t.Errorf("what was received just now counts as left, or is not tried:\n%s", w.log.String())
	}
	w.now = w.now.Add(2 * time.Hour)
	if err := w.run(t.Context(), w.clock); err == nil {
		t.Error("it is not reported that the archive is still down")
	}
	for _, want := range []string{`"spill_left":1,`, `"kept_by":"table","spill_left":1,`, `"msg":"schedule"`, `"silent":0`} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("want %s in\n%s", want, w.log.String())
		}
	}
}

// quarantine puts into quarantine a hangup that the first version of the decoder refused.
func (w *world) quarantine(t *testing.T) {
	t.Helper()
	e := archive.Envelope{MAC: mac, KID: "k1", Received: w.now, Reason: "line 1, column 1: no", Body: []byte("{event:'hangup', uniqueid:'1.1'}")}
	if err := archive.Keep(t.Context(), w.bucket, e); err != nil {
		t.Fatal(err)
	}
}

func TestWhatAnOlderDecoderRefusedIsTakenIn(t *testing.T) {
	w := newWorld(storetest.NewMemory(), archivetest.NewMemory())
	w.quarantine(t)
	w.logs(t, `"msg":"retry","released":1,"refused_again":0,"failed":0}`)
	for prefix, want := range map[string]int{"raw/kind=hangup/": 1, archive.QuarantinePrefix: 0} {
		found := 0
		for range w.bucket.List(t.Context(), prefix, "") {
			found++
		}
		if found != want {
			t.Errorf("%d objects under %s", found, prefix)
		}
	}
	w.now = w.now.Add(time.Hour)
	if err := w.run(t.Context(), w.clock); err != nil || strings.Contains(w.log.String(), `"msg":"retry"`) {
		t.Errorf("of nothing, it logs\n%s%v", &w.log, err)
	}
}

func TestARetryThatHangsIsToldAndLeavesTimeForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(storetest.NewMemory(), archivetest.NewMemory())
		w.now = time.Now()
		w.quarantine(t)
		w.bucket = archivetest.NewFaulty(w.bucket, func(c archivetest.Call) archivetest.Fault {
			if strings.HasPrefix(c.Name, archive.QuarantinePrefix) && c.Method != "List" {
				return archivetest.Hangs
			}
			return archivetest.None
		})
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		if err := w.run(ctx, time.Now); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if log := w.log.String(); !strings.Contains(log, `"msg":"retry","released":0,"refused_again":0,"failed":1`) || len(w.jobs) != len(pbx.Kinds()) {
			t.Errorf("%d compaction jobs:\n%s", len(w.jobs), log)
		}
	})
}

func TestAStageThatHangsLeavesTimeForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := storetest.NewFaulty(storetest.NewMemory(), func(c storetest.Call) storetest.Fault {
			if c.Key.SK == "HEARD" && c.Method == "Get" || strings.HasPrefix(c.Key.PK, "SPILL") {
				return storetest.Hangs
			}
			return storetest.None
		})
		w := newWorld(table, archivetest.NewMemory())
		w.store = store.New(table, time.Now)
		w.call(t, mac, time.Now().Add(-40*time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		if err := w.run(ctx, time.Now); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if log := w.log.String(); !strings.Contains(log, `"marked":1,"sent":1,"completed":1`) {
			t.Errorf("the schedule did not come to it:\n%s", log)
		}
	})
}

// An event may have marked a day whose name has eleven letters, which no reader accepts.
func TestAMarkThatCannotBeReadStopsNoFiguresAndIsSetRight(t *testing.T) {
	day := pbx.UTCDay(time.Date(2026, 11, 8, 0, 0, 0, 0, time.UTC))
	for name, mark := range map[string]store.Item{
		"of no day":               {Key: store.Key{PK: "DUE#1", SK: "10000-01-01#" + string(mac)}, Version: "1", Doc: []byte(`{"at":"2026-11-08T10:00:00Z"}`)},
		"of no PBX":               {Key: store.Key{PK: "DUE#0", SK: "2026-11-08#x"}, Version: "1", Doc: []byte(`{"at":"2026-11-08T10:00:00Z"}`)},
		"with a garbled document": {Key: store.Key{PK: "DUE#1", SK: "2026-11-08#" + string(mac)}, Version: "1", Doc: []byte(`{"at":5}`)},
	} {
		t.Run(name, func(t *testing.T) {
			table := storetest.NewMemory()
			w := newWorld(table, archivetest.NewMemory())
			other := mac[:len(mac)-1] + "2"
			for _, of := range []pbx.MAC{mac, other} {
				e := &pbx.CallRecord{UUID: "1", Queue: "630", Start: day.Start() + 3600*10, CallType: "IN", CDRState: "queue"}
				if _, err := w.store.Record(t.Context(), store.Origin{MAC: of, At: w.now.Add(-14 * time.Hour), Zone: pbx.UTC}, e); err != nil {
					t.Fatal(err)
				}
			}
			if err := table.Put(t.Context(), mark, store.Condition{}); err != nil {
				t.Fatal(err)
			}
			if err := w.run(t.Context(), w.clock); !each.Only(err) {
				t.Errorf("the first run: %v", err)
			}
			if want := `"msg":"skipped","loop":"marks of days that are due","skipped":1,`; !strings.Contains(w.log.String(), want) {
				t.Errorf("no %s in %s", want, &w.log)
			}
			if h, err := w.store.Figures().Header(t.Context(), other, day); h.Revision != 1 || err != nil {
				t.Errorf("another PBX: %+v, %v", h, err)
			}
			w.now = w.now.Add(time.Hour)
			if err := w.run(t.Context(), w.clock); err != nil {
				t.Errorf("the second run: %v", err)
			}
			if h, err := w.store.Figures().Header(t.Context(), mac, day); h.Revision != 1 || err != nil {
				t.Errorf("its own PBX: %+v, %v", h, err)
			}
		})
	}
}
