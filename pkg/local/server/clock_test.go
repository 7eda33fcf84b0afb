package server

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

func TestAServerLogsThatItsClockJumpsAndThatItIsRightAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, jump := time.Now(), atomic.Int64{}
		clock, err := store.OpenClock(t.Context(), storetest.NewMemory(),
			func() time.Time { return time.Now().Round(0).Add(time.Duration(jump.Load())) }, func() time.Duration { return time.Since(began) })
		if err != nil {
			t.Fatal(err)
		}
		var log logOf
		ctx, stop := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		watching.Go(func() { watchClock(ctx, clock, "./data", slog.New(slog.NewTextHandler(&log, nil))) })
		says := func(after time.Duration, want ...string) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			var levels []string
			for line := range strings.Lines(log.take()) {
				levels = append(levels, strings.Fields(line)[1])
			}
			if !slices.Equal(levels, want) {
				t.Errorf("after %s: %q, want %q", after, levels, want)
			}
		}
		says(5*time.Minute + time.Second)
		jump.Store(int64(2 * 365 * 24 * time.Hour))
		says(time.Minute, "level=ERROR")
		says(10 * time.Minute)
		says(time.Hour, "level=ERROR")
		jump.Store(0)
		says(time.Minute, "level=INFO")
		stop()
		watching.Wait()
	})
}

// logOf is a log that can be read while it is written.
type logOf struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *logOf) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// take returns what was written since the last call.
func (l *logOf) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}
