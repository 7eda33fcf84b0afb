package redrive

import (
	"context"
	"errors"
	"iter"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/store"
)

// Found is what one store keeps for the other.
type Found struct {
	Jobs []Job // one for each shard that keeps anything
	// Table and Archive are how many texts the table keeps, and how many objects the archive, that
	// were received over an hour ago. So a run before should have redriven them. Of each shard only
	// the first ones are counted.
	Table, Archive int
}

const (
	// every is how often the hourly run sends jobs.
	every = time.Hour
	// lookedAt is how many texts or objects of a shard Look reads.
	lookedAt = 100
	// looksAtOnce is how many shards Look reads concurrently.
	looksAtOnce = 8
)

// Look looks into all shards. The error names the shards that it could not read, for which it
// returns no job.
func (r *Redrive) Look(ctx context.Context) (Found, error) {
	var found Found
	var mu sync.Mutex
	shards := each.Loop[Shard]{Of: "shards of the spill that are looked into", Name: each.Text[Shard], AtOnce: looksAtOnce}
	err := shards.Do(ctx, each.Join(each.From(table.shards()), each.From(inArchive.shards())), func(ctx context.Context, s Shard) error {
		some, left, err := r.look(ctx, s)
		mu.Lock()
		defer mu.Unlock()
		if some {
			found.Jobs = append(found.Jobs, Job{s, r.now().Add(every)})
		}
		if keeper, _ := s.split(); keeper == table {
			found.Table += left
		} else {
			found.Archive += left
		}
		return err
	})
	return found, err
}

// look reports whether a shard keeps anything, and how much of it is left by a run before.
func (r *Redrive) look(ctx context.Context, s Shard) (some bool, left int, err error) {
	looked := 0
	spilled := each.Loop[time.Time]{Of: "spilled texts and objects that are counted", Name: each.Text[time.Time]}
	err = spilled.Do(ctx, r.receipts(ctx, s), func(_ context.Context, received time.Time) error {
		if r.now().Sub(received) > every {
			left++
		}
		if looked++; looked == lookedAt {
			return each.ErrEnough
		}
		return nil
	})
	if bad, ok := errors.AsType[*each.Skipped](err); ok { // what can't be read is spilled, too
		looked, left = looked+bad.Count, left+bad.Count
	}
	return looked > 0, left, err
}

// receipts yields when what a shard keeps was received. The zero time means that it is not known.
func (r *Redrive) receipts(ctx context.Context, s Shard) iter.Seq2[time.Time, error] {
	keeper, digit := s.split()
	if keeper == table {
		return each.Choose(r.store.SpilledIn(ctx, digit), func(sp store.Spilled) (time.Time, bool) { return sp.Received, true })
	}
	return each.Choose(objects(ctx, r.bucket, digit), func(name string) (time.Time, bool) { return receivedOf(name), true })
}

// receivedOf returns the time of receipt in the name of a spilled object; zero if it has none.
func receivedOf(name string) time.Time {
	first, _, _ := strings.Cut(path.Base(name), "-")
	ms, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
