package curated_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"trunkline/pkg/curated"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

// BenchmarkADayOf200000Calls measures how much memory a very busy day takes, besides its rows.
func BenchmarkADayOf200000Calls(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // do not count garbage
	for _, bench := range []struct {
		name   string
		called func(i int) string
	}{
		{"one number", func(int) string { return "6200" }},
		{"long numbers, all different", func(i int) string { return fmt.Sprintf("%0200d", i) }},
	} {
		d := emptyDay()
		calls := manyCalls(200_000)
		for i, c := range calls {
			c.Called = bench.called(i)
		}
		d.Calls = each(calls)
		b.Run(bench.name, func(b *testing.B) { measure(b, d) })
	}
}

func measure(b *testing.B, d curated.Day) {
	var peak uint64
	var size int
	for b.Loop() {
		peak = max(peak, heapPeak(func() {
			objects, err := curated.Objects(d)
			if err != nil {
				b.Error(err)
				return
			}
			size = len(objects[0].Body)
		}))
	}
	b.ReportMetric(float64(peak)/1e6, "peak-MB")
	b.ReportMetric(float64(size)/1e6, "file-MB")
	runtime.KeepAlive(d)
}

func manyCalls(n int) []*kpi.Call {
	all := make([]*kpi.Call, n)
	for i := range all {
		start := today.Start() + pbx.LocalTime(i*86399/n)
		some := pbx.IntOf(int64(i * 7919 % 600))
		all[i] = &kpi.Call{
			UUID: fmt.Sprintf("%d.%d", 1792800000+i, i), Queue: fmt.Sprint(630 + i%20),
			Class: kpi.ClassQueue, Outcome: kpi.Answered, Start: start, End: start + 200,
			Caller: fmt.Sprintf("0%010d", i*48271%9999999967), Called: "6200",
			AnsweredBy: fmt.Sprint(800 + i%300), Wait: some, Talk: some, Hold: some, WrapUp: some, Ring: some,
			Score: int64(1 + i%5), MissCauses: []string{"NO_AGENT_ANSWER"}, Visits: 1, Attempts: 2, Records: 2,
		}
	}
	return all
}

// heapPeak returns how far the heap grows while do runs.
func heapPeak(do func()) (peak uint64) {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	read := func() uint64 {
		metrics.Read(heap)
		return heap[0].Value.Uint64()
	}
	runtime.GC()
	before, done, stopped := read(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				peak = max(peak, read())
			}
		}
	}()
	do()
	close(done)
	<-stopped
	return peak - before
}
