package rollup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/parquet-go/parquet-go"

	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// busyDay records calls of 2026-11-23, some calls of the night before, and an agent's session.
func busyDay(t *testing.T, w *world, macs ...pbx.MAC) {
	t.Helper()
	for _, m := range macs {
		for i := range 60 {
			c := call(fmt.Sprintf("2026-11-%02dT%02d:%02d:00", 22+min(i/5, 1), (23+i/5*(1+i/10))%24, i), func(c *pbx.CallRecord) {
				c.Queue, c.Agent = fmt.Sprint(630+i%3), fmt.Sprint(801+i%4)
				c.UUID = fmt.Sprintf("%s%d", strings.TrimSuffix(c.UUID, "1"), i/2)
			})
			if _, err := w.store().Record(t.Context(), store.Origin{MAC: m, At: w.now, Index: i}, c); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// large returns a rollup that holds a few records only, and keeps the others in a folder.
func (w *world) large(folder string) *rollup.Rollup {
	return w.rollup().WithScratch(folder).Holding(2000)
}

func TestALargeDayIsPublishedAsIfItFitInMemory(t *testing.T) {
	task := rollup.Task{MAC: mac, Day: day("2026-11-23")}
	type outcome struct {
		rows  []store.Row
		calls any
	}
	publish := func(over func(*world) *rollup.Rollup) (o outcome) {
		w := newWorld("2026-11-24T12:00:00Z")
		busyDay(t, w, mac)
		if err := over(w).Request(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		if result, err := over(w).Work(t.Context(), task); result != rollup.Published || err != nil {
			t.Fatalf("%s, %v", result, err)
		}
		for row, err := range w.store().Figures().Rows(t.Context(), mac, task.Day) {
			if err != nil {
				t.Fatal(err)
			}
			o.rows = append(o.rows, row)
		}
		o.calls = callsIn(t, w.bucket, task)
		return o
	}
	folder := t.TempDir()
	want, got := publish((*world).rollup), publish(func(w *world) *rollup.Rollup { return w.large(folder) })
	if !reflect.DeepEqual(got, want) || len(want.rows) < 5 {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// callsIn returns the rows of a day's table of calls.
func callsIn(t *testing.T, bucket *archivetest.Memory, task rollup.Task) any {
	t.Helper()
	body, err := bucket.Get(t.Context(), fmt.Sprintf("curated/calls/dt=%s/%s.parquet", task.Day, task.MAC))
	if err != nil {
		t.Fatal(err)
	}
	calls, err := parquet.Read[struct {
		UUID   string  `parquet:"uuid"`
		Queue  *string `parquet:"queue,optional"`
		Start  int64   `parquet:"start_local"`
		Wait   *int64  `parquet:"wait_seconds,optional"`
		Visits int64   `parquet:"visits"`
	}](bytes.NewReader(body), int64(len(body)))
	if err != nil || len(calls) < 10 {
		t.Fatalf("%d calls, %v", len(calls), err)
	}
	return calls
}

func TestALargeDayWithoutAFolderFailsAndStaysDue(t *testing.T) {
	w, task := newWorld("2026-11-24T12:00:00Z"), rollup.Task{MAC: mac, Day: day("2026-11-23")}
	busyDay(t, w, mac)
	r := w.large(filepath.Join(t.TempDir(), "missing"))
	if err := r.Request(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Work(t.Context(), task); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "2026-11-23 of 68692e0b0001") {
		t.Error(err)
	}
	if result, err := w.rollup().Work(t.Context(), task); result != rollup.Published || err != nil {
		t.Errorf("later %s, %v", result, err)
	}
}

// held is a bucket that reports each file to write, and waits.
type held struct {
	*archivetest.Memory
	writes chan string
	may    chan struct{}
}

func (h held) Replace(ctx context.Context, name string, body []byte, tag string) error {
	h.writes <- name
	<-h.may
	return h.Memory.Replace(ctx, name, body, tag)
}

func TestOneLargeDayIsComputedAtATime(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("2026-11-24T12:00:00Z")
		bucket := held{w.bucket, make(chan string, 100), make(chan struct{})}
		r := w.over(w.table, bucket).WithScratch(folder).Holding(2000)
		second := mac
		for i := 2; r.TakeTurns(rollup.Task{MAC: mac, Day: day("2026-11-23")}, rollup.Task{MAC: second, Day: day("2026-11-23")}); i++ {
			second = pbx.MAC(fmt.Sprintf("68692e0b%04x", i))
		}
		busyDay(t, w, mac, second)
		done := make(chan error, 2)
		work := func(ctx context.Context, m pbx.MAC) {
			task := rollup.Task{MAC: m, Day: day("2026-11-23")}
			if err := r.Request(ctx, task); err != nil {
				t.Error(err)
			}
			go func() {
				_, err := r.Work(ctx, task)
				done <- err
			}()
			synctest.Wait()
		}
		work(t.Context(), mac)
		impatient, cancel := context.WithCancel(t.Context())
		work(impatient, second)
		if n := len(bucket.writes); n != 1 {
			t.Errorf("%d files are written at once", n)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("who waited in vain: %v", err)
		}
		work(t.Context(), second)
		close(bucket.may)
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		files := 0
		for range w.bucket.List(t.Context(), "curated/pbx_kpi/", "") {
			files++
		}
		if files != 2 {
			t.Errorf("%d of 2 days are published", files)
		}
	})
}
