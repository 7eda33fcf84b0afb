package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"trunkline/infra/fleet"
	"trunkline/pkg/archive/dir"
	"trunkline/pkg/config"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/sqlite"
)

const (
	manyPBXs  = 1_000
	callsEach = 20
)

// scale is a folder with a table and a bucket. By its clock the first day has closed.
type scale struct {
	table  *sqlite.Table
	bucket *dir.Bucket
	store  *store.Store
}

func openScale(ctx context.Context, folder string) (*scale, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	table, err := sqlite.Open(ctx, filepath.Join(folder, "records.db"))
	if err != nil {
		return nil, err
	}
	bucket, err := dir.Open(filepath.Join(folder, "archive"))
	return &scale{table, bucket, store.New(table, func() time.Time { return received() })}, err
}

func received() time.Time { return time.Date(2026, 10, 1, 23, 59, 0, 0, time.UTC) }

func (s *scale) rollup() *rollup.Rollup {
	now := func() time.Time { return received().Add(time.Hour) }
	return rollup.New(store.New(s.table, now), s.bucket, config.DefaultSchedule(), now)
}

// call is one of many calls of a day.
func call(n, of int) *pbx.CallRecord {
	start := first().Start() + pbx.LocalTime(n*86_000/of)
	return &pbx.CallRecord{
		UUID: fmt.Sprintf("%d.%d", pbx.UTC.Time(start).Unix(), n), Queue: fmt.Sprint(630 + n%8), Agent: fmt.Sprint(800 + n%40), Start: start,
		End: start + 90, CallType: "IN", CDRState: []string{"bridged", "queue"}[n%5/4], Caller: fmt.Sprint(5550000000 + n),
		QueueTime: pbx.IntOf(int64(n % 301)), TalkingTime: pbx.IntOf(int64((1 - n%5/4) * (n%600 + 1))), Duration: pbx.IntOf(90),
	}
}

// prepareLarge records a PBX's day of many calls.
func prepareLarge(folder string, calls int) (result, error) {
	ctx := context.Background()
	s, err := openScale(ctx, folder)
	if err != nil {
		return result{}, err
	}
	defer s.table.Close()
	records := make([]fact, calls)
	for n := range records {
		records[n] = fact{event: call(n, calls), received: received()}
	}
	began := time.Now()
	err = record(ctx, s.store, fleet.PBX{MAC: "020000000001"}, records)
	return result{Seconds: time.Since(began).Seconds(), Records: int64(calls)}, err
}

// large rolls up the day of prepareLarge.
func large(folder string, calls int) (result, error) {
	ctx := context.Background()
	s, err := openScale(ctx, folder)
	if err != nil {
		return result{}, err
	}
	defer s.table.Close()
	task := rollup.Task{MAC: "020000000001", Day: first()}
	r := s.rollup()
	if err := r.Request(ctx, task); err != nil {
		return result{}, err
	}
	began := time.Now()
	done, err := r.Work(ctx, task)
	if err == nil && done != rollup.Published {
		err = fmt.Errorf("the day is %s", done)
	}
	return result{Seconds: time.Since(began).Seconds(), Records: int64(calls)}, err
}

// prepareMany records a day of 1,000 PBXs.
func prepareMany(folder string) (result, error) {
	ctx := context.Background()
	s, err := openScale(ctx, folder)
	if err != nil {
		return result{}, err
	}
	defer s.table.Close()
	began := time.Now()
	var writers errgroup.Group
	writers.SetLimit(64)
	for i := range manyPBXs {
		writers.Go(func() error {
			for n := range callsEach {
				_, err := s.store.Record(ctx, store.Origin{MAC: macOf(i), At: received(), Zone: pbx.UTC}, call(n, callsEach))
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = writers.Wait()
	return result{Seconds: time.Since(began).Seconds(), Records: manyPBXs * callsEach}, err
}

func macOf(i int) pbx.MAC { return pbx.MAC(fmt.Sprintf("0200%08x", i)) }

// many runs the schedule for the day of prepareMany, and all tasks that it sends.
func many(folder string) (result, error) {
	ctx := context.Background()
	s, err := openScale(ctx, folder)
	if err != nil {
		return result{}, err
	}
	defer s.table.Close()
	r := s.rollup()
	began := time.Now()
	var published atomic.Int64
	_, err = r.Schedule(ctx, workers{r, &published})
	if err == nil && published.Load() != manyPBXs {
		err = fmt.Errorf("%d days were published", published.Load())
	}
	return result{Seconds: time.Since(began).Seconds(), Records: manyPBXs * callsEach}, err
}

// workers do tasks, a few at a time.
type workers struct {
	*rollup.Rollup
	published *atomic.Int64
}

func (w workers) Send(ctx context.Context, tasks []rollup.Task) error {
	var all errgroup.Group
	all.SetLimit(16)
	for _, task := range tasks {
		all.Go(func() error {
			result, err := w.Work(ctx, task)
			if err == nil && result == rollup.Published {
				w.published.Add(1)
			}
			return err
		})
	}
	return all.Wait()
}
