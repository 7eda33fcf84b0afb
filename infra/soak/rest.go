package main

import (
	"context"
	"slices"
	"sync"
)

// rest ends all troubles. Then PBXs send what they have begun, and operators finish their work.
func (w *world) rest(ctx context.Context, pushing *sync.WaitGroup) {
	w.server.trouble(func() { w.terminated(ctx, nil) })
	w.do(ctx, false, "", append([]string{"device", "enable", "--data", w.data}, theSwitched(w, nil)...)...)
	pushing.Wait()
	for range 3 { // one that was cut off, or that a redrive came behind, is to be run again
		w.eraseAgain(ctx)
		w.do(ctx, false, "", "spill", "redrive", "--data", w.data)
	}
	w.do(ctx, true, "", "quarantine", "release", "--all", "--data", w.data)
	got := w.do(ctx, false, "", "rollup", "--all", "--day", w.made().First.String()+"..", "--data", w.data)
	if got.code != 0 {
		w.faults.add("rollup fails at rest", "%d %s", got.code, got.errs)
	}
	if left := w.erasable.again(); len(left) > 0 {
		w.faults.add("erasures fail at rest", "%d callers", len(left))
	}
	if got := w.do(ctx, false, "", "spill", "list", "--json", "--data", w.data); got.out != "" {
		w.faults.add("something is spilled at rest", "%.500s", got.out)
	}
	w.stop()
}

// eraseAgain erases the callers whose erasure failed.
func (w *world) eraseAgain(ctx context.Context) {
	for callers := range slices.Chunk(w.erasable.again(), 50) {
		w.erasable.done(w.erase(ctx, callers...).code == 0, callers...)
	}
}
