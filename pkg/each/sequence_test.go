package each_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"testing"

	"trunkline/pkg/each"
)

// collected are the values of a sequence, the names of what is bad, and the error that ended it.
func collected[T any](all iter.Seq2[T, error]) (values []T, bad []string, ended error) {
	for value, err := range all {
		if b, ok := errors.AsType[*each.Bad](err); ok {
			bad = append(bad, b.Name)
		} else if err != nil {
			ended = err
		} else {
			values = append(values, value)
		}
	}
	return values, bad, ended
}

func TestSequencesGoOnAfterWhatIsBad(t *testing.T) {
	double := func(_ context.Context, i int) (int, error) {
		switch i {
		case 4:
			return 0, errBad
		case 5:
			return 0, each.ErrNone
		}
		return 2 * i, nil
	}
	for name, all := range map[string]iter.Seq2[int, error]{
		"one by one":    each.Map(t.Context(), numbers([]int{7}, -1), each.Text, double),
		"two at once":   each.MapAhead(t.Context(), 2, 3, numbers([]int{7}, -1), each.Text, double),
		"many at once":  each.MapAhead(t.Context(), 20, 100, numbers([]int{7}, -1), each.Text, double),
		"where all are": each.Where(each.Map(t.Context(), numbers([]int{7}, -1), each.Text, double), func(int) bool { return true }),
		"joined":        each.Join(each.Of[int](), each.Map(t.Context(), numbers([]int{7}, -1), each.Text, double)),
		"said of":       each.Doing("read", each.Map(t.Context(), numbers([]int{7}, -1), each.Text, double)),
	} {
		t.Run(name, func(t *testing.T) {
			values, bad, err := collected(all)
			if !slices.Equal(values, []int{0, 2, 4, 6, 12, 16, 18}) || !slices.Equal(bad, []string{"4", "7"}) || err != nil {
				t.Errorf("%v, bad: %q, %v", values, bad, err)
			}
		})
	}
}

func TestSequencesEndWithAnErrorOfTheirOwn(t *testing.T) {
	same := func(_ context.Context, i int) (int, error) { return i, nil }
	full := errors.New("the disk is full")
	for name, all := range map[string]iter.Seq2[int, error]{
		"mapped":       each.Map(t.Context(), numbers(nil, 3), each.Text, same),
		"mapped ahead": each.MapAhead(t.Context(), 2, 2, numbers(nil, 3), each.Text, same),
		"joined":       each.Join(numbers(nil, 3), numbers(nil, -1)),
		"stopped": each.Map(t.Context(), numbers(nil, -1), each.Text, func(_ context.Context, i int) (int, error) {
			if i == 3 {
				return 0, each.Stop(full)
			}
			return i, nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			if values, bad, err := collected(all); !slices.Equal(values, []int{0, 1, 2}) || len(bad) > 0 || err == nil {
				t.Errorf("%v, bad: %q, %v", values, bad, err)
			}
		})
	}
}

func TestMergedSequencesKeepTheirOrderAndEachValueOnce(t *testing.T) {
	bad := func(yield func(int, error) bool) {
		_ = yield(2, nil) && yield(0, &each.Bad{Name: "x", Err: errBad}) && yield(7, nil)
	}
	values, names, err := collected(each.Merge(cmp.Compare[int], each.Of(1, 4, 7), each.Of[int](), bad, each.Of(1, 3, 9)))
	if fmt.Sprint(values) != "[1 2 3 4 7 9]" || fmt.Sprint(names) != "[x]" || err != nil {
		t.Errorf("%v, bad: %v, %v", values, names, err)
	}
	if values, _, err := collected(each.Merge(cmp.Compare[int], each.Of(0, 1, 2, 3, 4), numbers(nil, 3))); fmt.Sprint(values) != "[0 1 2]" || err == nil {
		t.Errorf("with a sequence that ends early: %v, %v", values, err)
	}
	for value := range each.Merge(cmp.Compare[int], each.Of(1, 2), each.Of(1, 3)) {
		if value == 2 {
			break
		}
	}
}

func TestWhatIsInValuesIsFlat(t *testing.T) {
	bad := func(yield func([]int, error) bool) { yield(nil, &each.Bad{Name: "x", Err: errBad}) }
	values, names, err := collected(each.Flat(each.Join(each.Of([]int{1, 2}), bad, each.Of(nil, []int{3}))))
	if !slices.Equal(values, []int{1, 2, 3}) || !slices.Equal(names, []string{"x"}) || err != nil {
		t.Errorf("%v, bad: %q, %v", values, names, err)
	}
}

func TestALoopThatHasEnoughEndsWithoutAnError(t *testing.T) {
	for _, atOnce := range []int{1, 4} {
		loop := each.Loop[int]{Of: "numbers", Name: each.Text[int], AtOnce: atOnce}
		err := loop.Do(t.Context(), numbers(nil, 5), func(context.Context, int) error { return each.ErrEnough })
		if err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyWhatWasSkippedIsOnlySkipped(t *testing.T) {
	skipped := &each.Skipped{Of: "days", Count: 1, First: []*each.Bad{{Name: "a", Err: errBad}}}
	stopped := &each.Skipped{Of: "marks", Count: 1, Stopped: errBad}
	nested := &each.Skipped{Of: "PBXs", Count: 1, First: []*each.Bad{{Name: "b", Err: fmt.Errorf("read: %w", skipped)}}}
	for name, c := range map[string]struct {
		err  error
		only bool
		in   int
	}{
		"nothing":                      {nil, false, 0},
		"another error":                {errBad, false, 0},
		"one loop":                     {fmt.Errorf("run: %w", skipped), true, 1},
		"two loops":                    {errors.Join(skipped, nil, skipped), true, 2},
		"a loop within one":            {nested, true, 2},
		"a loop that stopped":          {stopped, false, 1},
		"a loop beside one that did":   {errors.Join(skipped, stopped), false, 2},
		"a loop beside another error":  {errors.Join(skipped, errBad), false, 1},
		"what is bad without its loop": {&each.Bad{Name: "a", Err: errBad}, false, 0},
	} {
		if only, in := each.Only(c.err), len(each.In(c.err)); only != c.only || in != c.in {
			t.Errorf("%s: only %t, %d loops, want %t, %d", name, only, in, c.only, c.in)
		}
	}
}

func TestChosenValuesAreMadeAndErrorsStay(t *testing.T) {
	bad := &each.Bad{Name: "3", Err: errors.New("torn")}
	all := func(yield func(int, error) bool) {
		_ = yield(1, nil) && yield(2, nil) && yield(0, bad) && yield(4, nil)
	}
	var got []string
	for text, err := range each.Choose(all, func(n int) (string, bool) { return strconv.Itoa(n * 10), n%2 == 0 }) {
		if err != nil {
			text = err.Error()
		}
		got = append(got, text)
	}
	if want := []string{"20", "3: torn", "40"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for range each.Choose(all, func(n int) (int, bool) { return n, true }) {
		break // which ends the sequence
	}
}
