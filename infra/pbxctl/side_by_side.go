package main

import (
	"context"
	"sync"
)

// workAtOnce is how many PBXs are read or written side by side.
const workAtOnce = 16

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
