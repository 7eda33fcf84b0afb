package each_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"trunkline/pkg/each"
)

var errBad = errors.New("is no day")

// numbers yields 0 to 9; those in bad can't be read, and after ends the sequence fails.
func numbers(bad []int, ends int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range 10 {
			if i == ends {
				yield(0, errors.New("the table is gone"))
				return
			}
			var err error
			if slices.Contains(bad, i) {
				err = fmt.Errorf("read: %w", &each.Bad{Name: fmt.Sprint(i), Err: errBad})
			}
			if !yield(i, err) {
				return
			}
		}
	}
}

func TestOneBadThingKeepsNoOtherFromBeingDone(t *testing.T) {
	for _, atOnce := range []int{0, 1, 4, 20} {
		for bad := range 10 {
			t.Run(fmt.Sprintf("%d at once, %d unreadable, %d fails", atOnce, bad, 9-bad), func(t *testing.T) {
				var mu sync.Mutex
				var done []int
				var named []string
				loop := each.Loop[int]{Of: "numbers", Name: func(i int) string { return fmt.Sprint(i) }, AtOnce: atOnce,
					Skipped: func(b *each.Bad) { named = append(named, b.Name) }}
				err := loop.Do(t.Context(), numbers([]int{bad}, -1), func(_ context.Context, i int) error {
					if i == 9-bad {
						return errBad
					}
					mu.Lock()
					defer mu.Unlock()
					done = append(done, i)
					return nil
				})
				skipped, ok := errors.AsType[*each.Skipped](err)
				if !ok || skipped.Count != 2 || !errors.Is(err, errBad) || !each.Only(err) {
					t.Errorf("error %v", err)
				}
				slices.Sort(named)
				if want := []string{fmt.Sprint(min(bad, 9-bad)), fmt.Sprint(max(bad, 9-bad))}; !slices.Equal(named, want) {
					t.Errorf("skipped %q, want %q", named, want)
				}
				if len(done) != 8 {
					t.Errorf("done: %v", done)
				}
			})
		}
	}
}

func TestALoopThatSkippedAllHasDoneNothing(t *testing.T) {
	loop := each.Loop[int]{Of: "numbers", Name: func(i int) string { return fmt.Sprint(i) }, AtOnce: 4}
	for fine := range 3 {
		err := loop.Do(t.Context(), numbers([]int{0}, -1), func(_ context.Context, i int) error {
			if i > fine {
				return errBad
			}
			return nil
		})
		if !each.Only(err) || each.Nothing(fmt.Errorf("schedule: %w", err)) != (fine == 0) {
			t.Errorf("%d were done: %v", fine, err)
		}
	}
}

func TestALoopThatDidAllHasNoError(t *testing.T) {
	loop := each.Loop[int]{Of: "numbers", Name: func(i int) string { return fmt.Sprint(i) }}
	var done []int
	err := loop.Do(t.Context(), numbers(nil, -1), func(_ context.Context, i int) error {
		done = append(done, i)
		return nil
	})
	if err != nil || !slices.IsSorted(done) || len(done) != 10 {
		t.Errorf("done %v, error %v", done, err)
	}
}

func TestALoopStopsWhereNothingMoreCanBeDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	full := errors.New("the disk is full")
	for name, c := range map[string]struct {
		ends int
		do   func(int) error
		want string
	}{
		"the sequence ends":     {5, func(int) error { return nil }, "the table is gone"},
		"the body stops it":     {-1, func(int) error { return each.Stop(full) }, full.Error()},
		"its context has ended": {-1, func(int) error { cancel(); return ctx.Err() }, context.Canceled.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := ctx
			if !strings.Contains(name, "context") {
				ctx = t.Context()
			}
			calls := 0
			loop := each.Loop[int]{Of: "numbers", Name: func(i int) string { return fmt.Sprint(i) }}
			err := loop.Do(ctx, numbers([]int{0}, c.ends), func(_ context.Context, i int) error {
				calls++
				return c.do(i)
			})
			if err == nil || !strings.Contains(err.Error(), c.want) || each.Only(err) {
				t.Errorf("error %v", err)
			}
			if skipped, ok := errors.AsType[*each.Skipped](err); !ok || skipped.Count != 1 {
				t.Errorf("what was skipped before is not in the error: %v", err)
			}
			if c.ends < 0 && calls != 1 {
				t.Errorf("%d calls after it was stopped", calls-1)
			}
		})
	}
}

func TestAnErrorNamesSomeOfManySkippedThings(t *testing.T) {
	many := func(yield func(int, error) bool) {
		for i := range 1000 {
			if !yield(i, nil) {
				return
			}
		}
	}
	loop := each.Loop[int]{Of: "days that are due", Name: func(i int) string { return fmt.Sprint("day ", i) }}
	err := loop.Do(t.Context(), many, func(context.Context, int) error { return errBad })
	if text := err.Error(); !strings.HasPrefix(text, "skipped 1000 of the days that are due: day 0: is no day; day 1") || len(text) > 500 {
		t.Errorf("%d characters: %s", len(text), text)
	}
}

func TestALoopGoesOnWithWhatItsCallsHaveFound(t *testing.T) {
	for _, atOnce := range []int{1, 4} {
		found := []int{20, 21, 22}
		var mu sync.Mutex
		var done []int
		loop := each.Loop[int]{Of: "numbers", Name: each.Text[int], AtOnce: atOnce, More: func() iter.Seq2[int, error] {
			if len(found) == 0 {
				return nil
			}
			next := found[0]
			if found = found[1:]; len(done) < 9 {
				t.Errorf("more is asked for when %d are done", len(done))
			}
			return each.Of(next)
		}}
		err := loop.Do(t.Context(), numbers([]int{3}, -1), func(_ context.Context, i int) error {
			mu.Lock()
			defer mu.Unlock()
			if done = append(done, i); i == 21 {
				return each.ErrEnough
			}
			return nil
		})
		slices.Sort(done)
		if want := []int{0, 1, 2, 4, 5, 6, 7, 8, 9, 20, 21}; !slices.Equal(done, want) || !each.Only(err) {
			t.Errorf("done %v, want %v; %v", done, want, err)
		}
	}
}
