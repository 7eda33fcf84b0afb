package rollup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// An actor is a process that works on the stores. It waits before each of its calls until the
// stage lets it continue, or kills it.
type actor struct {
	stage *stage
	ready chan struct{}
	next  chan order
	dead  bool
}

type order int

const (
	goOn order = iota
	killBefore
	killAfter
)

var errKilled = errors.New("killed")

// call makes one call when the stage says so.
func (a *actor) call(do func() error) error {
	if a.dead {
		return errKilled
	}
	a.ready <- struct{}{}
	switch <-a.next {
	case killBefore:
		a.dead = true
		return errKilled
	case killAfter:
		a.dead = true
		do()
		return errKilled
	}
	return do()
}

// stage lets actors make their calls one after the other, in an order that a seed decides.
type stage struct {
	*world
	random *rand.Rand
	actors []*actor
	ended  sync.WaitGroup
}

// enter starts an actor, and lets it run up to its first call.
func (s *stage) enter(do func(table store.Table, bucket archive.Bucket)) {
	a := &actor{stage: s, ready: make(chan struct{}), next: make(chan order)}
	s.ended.Go(func() {
		do(&stagedTable{a}, &stagedBucket{a})
		close(a.ready)
	})
	if _, acts := <-a.ready; acts {
		s.actors = append(s.actors, a)
	}
}

// play lets the actors act, one at a time, until all have ended. One call in killOneIn is its
// actor's last.
func (s *stage) play(killOneIn int) {
	for len(s.actors) > 0 {
		i := s.random.IntN(len(s.actors))
		if s.random.IntN(4) == 0 {
			s.now = s.now.Add(time.Duration(s.random.IntN(100)) * time.Second)
		}
		v := goOn
		if s.random.IntN(killOneIn) == 0 {
			v = killBefore + order(s.random.IntN(2))
		}
		s.actors[i].next <- v
		if _, acts := <-s.actors[i].ready; !acts {
			s.actors = append(s.actors[:i], s.actors[i+1:]...)
		}
	}
	s.ended.Wait()
}

type stagedTable struct{ *actor }

func (t *stagedTable) Get(ctx context.Context, key store.Key) (item store.Item, err error) {
	err = t.call(func() error { item, err = t.stage.table.Get(ctx, key); return err })
	return item, err
}

func (t *stagedTable) GetMany(ctx context.Context, keys ...store.Key) (found []store.Item, err error) {
	err = t.call(func() error { found, err = t.stage.table.GetMany(ctx, keys...); return err })
	return found, err
}

func (t *stagedTable) Put(ctx context.Context, item store.Item, cond store.Condition) error {
	return t.call(func() error { return t.stage.table.Put(ctx, item, cond) })
}

func (t *stagedTable) Delete(ctx context.Context, key store.Key, cond store.Condition) error {
	return t.call(func() error { return t.stage.table.Delete(ctx, key, cond) })
}

// Query reads pages of two items, so that others may write between them.
func (t *stagedTable) Query(ctx context.Context, r store.Range) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		left := r.Limit
		for {
			var page []store.Item
			err := t.call(func() error {
				r.Limit = 2
				if left > 0 {
					r.Limit = min(2, left)
				}
				for item, err := range t.stage.table.Query(ctx, r) {
					if err != nil {
						return err
					}
					page = append(page, item)
				}
				return nil
			})
			if err != nil {
				yield(store.Item{}, err)
				return
			}
			for _, item := range page {
				if !yield(item, nil) {
					return
				}
			}
			if left -= len(page); len(page) < 2 || left == 0 {
				return
			}
			r = r.After(page[len(page)-1].SK)
		}
	}
}

type stagedBucket struct{ *actor }

func (b *stagedBucket) Put(ctx context.Context, name string, body []byte) error {
	return b.call(func() error { return b.stage.bucket.Put(ctx, name, body) })
}

func (b *stagedBucket) Replace(ctx context.Context, name string, body []byte, tag string) error {
	return b.call(func() error { return b.stage.bucket.Replace(ctx, name, body, tag) })
}

func (b *stagedBucket) Get(ctx context.Context, name string) (body []byte, err error) {
	err = b.call(func() error { body, err = b.stage.bucket.Get(ctx, name); return err })
	return body, err
}

func (b *stagedBucket) Open(context.Context, string) (io.ReadCloser, error) {
	panic("no rollup reads a stream")
}

func (b *stagedBucket) Tag(ctx context.Context, name string) (tag string, err error) {
	err = b.call(func() error { tag, err = b.stage.bucket.Tag(ctx, name); return err })
	return tag, err
}

func (b *stagedBucket) Delete(ctx context.Context, name string) error {
	return b.call(func() error { return b.stage.bucket.Delete(ctx, name) })
}

func (b *stagedBucket) List(ctx context.Context, prefix, after string) iter.Seq2[string, error] {
	panic("no rollup lists a bucket")
}

// works adds an actor that computes a day.
func (s *stage) works(d pbx.Day) {
	s.enter(func(table store.Table, bucket archive.Bucket) {
		s.over(table, bucket).Work(context.Background(), rollup.Task{MAC: mac, Day: d})
	})
}

// receives adds an actor that stores late records, one after the other.
func (s *stage) receives(records ...pbx.Event) {
	s.enter(func(table store.Table, _ archive.Bucket) {
		in := store.New(table, s.clock)
		for _, e := range records {
			if _, err := in.Record(context.Background(), store.Origin{MAC: mac, At: s.now}, e); err != nil {
				return
			}
		}
	})
}

// schedules adds an actor that runs the schedule, whose tasks are lost.
func (s *stage) schedules() {
	s.enter(func(table store.Table, bucket archive.Bucket) {
		s.over(table, bucket).Schedule(context.Background(), &tasks{})
	})
}

// races is how many orders of events each test tries.
const races = 100

func TestNoDayStaysWrongWhateverTheOrderOfCalls(t *testing.T) {
	synctest.Test(t, noDayStaysWrongWhateverTheOrderOfCalls) // workers pause
}

func noDayStaysWrongWhateverTheOrderOfCalls(t *testing.T) {
	d := day("2026-11-23")
	for seed := range uint64(races) {
		w := newWorld("2026-11-23T10:00:00Z")
		w.plain = true
		record(t, w.store(), w.now, call("2026-11-23 17:59:00", nil))
		w.now = instant("2026-11-24T01:00:00Z")
		s := &stage{world: w, random: rand.New(rand.NewPCG(seed, 4))}
		s.schedules()
		late := func(queue string, minute int) pbx.Event {
			return call(fmt.Sprintf("2026-11-23 11:%02d:00", minute), func(c *pbx.CallRecord) { c.Queue = queue })
		}
		s.receives(late("630", 1), late("631", 2))
		s.receives(late("632", 3))
		s.works(d)
		s.works(d)
		if seed%2 == 0 {
			s.works(d)
			s.schedules()
		}
		s.play(30)
		w.hour(t)
		w.hour(t) // a mark may be too young for the first
		w.check(t, d)
		w.checkRestatements(t, d)
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func TestOfTwoWorkersOnOneDayTheNewerFiguresStay(t *testing.T) {
	synctest.Test(t, ofTwoWorkersOnOneDayTheNewerFiguresStay) // workers pause
}

func ofTwoWorkersOnOneDayTheNewerFiguresStay(t *testing.T) {
	d := day("2026-11-23")
	for seed := range uint64(races) {
		w := newWorld("2026-11-23T10:00:00Z")
		w.plain = true
		record(t, w.store(), w.now, call("2026-11-23 17:59:00", nil))
		w.now = instant("2026-11-24T01:00:00Z")
		w.schedule(t)
		s := &stage{world: w, random: rand.New(rand.NewPCG(seed, 5))}
		s.works(d)
		s.receives(call("2026-11-23 11:00:00", nil))
		s.works(d)
		s.works(d)
		s.play(1 << 40) // nobody is killed
		// The last worker may have been refused because of another one. But it never replaces
		// figures by older ones.
		header, err := w.store().Figures().Header(t.Context(), mac, d)
		if err != nil || header.Claimed != 0 && header.Revision == 0 {
			t.Fatalf("seed %d: header %+v, %v", seed, header, err)
		}
		if header.Claimed == 0 {
			if got := revisions(t, w.bucket, d); len(got) == 0 || got[0] != header.Revision {
				t.Fatalf("seed %d: files of %d, header %+v", seed, got, header)
			}
		}
		if w.due(t) == "" && w.published(t, d) != w.expected(t, d) {
			t.Fatalf("seed %d: the day is wrong, and not due", seed)
		}
		w.hour(t)
		w.hour(t)
		w.check(t, d)
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}
