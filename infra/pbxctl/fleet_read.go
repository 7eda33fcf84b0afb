package main

import (
	"context"
	"iter"
	"sync"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

const (
	// workAtOnce is how many PBXs are read or written side by side.
	workAtOnce = 16
	// readAhead is how many PBXs are read before the first of them is shown.
	readAhead = 256
)

// sideBySide calls work with the numbers from 0 to n-1, several at a time, until one fails or
// the context ends.
func sideBySide(ctx context.Context, n int, work func(context.Context, int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, workAtOnce) {
		workers.Go(func() {
			for i := range next {
				if err := work(ctx, i); err != nil {
					stop(err)
				}
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	workers.Wait()
	return context.Cause(ctx)
}

// eachPBX yields what read tells of each PBX of the fleet, in the order of their MACs. After an
// error it ends.
func eachPBX[T any](
	ctx context.Context, s *store.Store, read func(context.Context, *store.Store, pbx.MAC) (T, error),
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var macs []pbx.MAC
		flush := func() bool {
			found := make([]T, len(macs))
			err := sideBySide(ctx, len(macs), func(ctx context.Context, i int) (err error) {
				found[i], err = read(ctx, s, macs[i])
				return err
			})
			macs = macs[:0]
			for each, err := range values(found, err) {
				if !yield(each, err) || err != nil {
					return false
				}
			}
			return true
		}
		for mac, err := range s.Fleet(ctx) {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			if macs = append(macs, mac); len(macs) == readAhead && !flush() {
				return
			}
		}
		flush()
	}
}
