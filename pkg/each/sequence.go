package each

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// ErrNone is returned by the read of Map and MapAhead for a value to be left out, such as an object
// that was deleted after it was listed. It is not reported.
var ErrNone = errors.New("the value is left out")

// Map yields the results of read for the values of a sequence, in its order. If read fails for a
// value, Map yields a *Bad of its name, and goes on. Map ends after any other error of the sequence,
// after a Stop of read, and when ctx ends.
func Map[T, U any](ctx context.Context, all iter.Seq2[T, error], name func(T) string, read func(context.Context, T) (U, error)) iter.Seq2[U, error] {
	return func(yield func(U, error) bool) {
		for thing, err := range all {
			r := reading[T, U]{thing: thing, err: err}
			r.read(ctx, name, read)
			if !r.yield(yield) {
				return
			}
		}
	}
}

// MapAhead is Map that reads atOnce values concurrently. It reads ahead values before it yields the
// first of them.
func MapAhead[T, U any](
	ctx context.Context, atOnce, ahead int, all iter.Seq2[T, error], name func(T) string, read func(context.Context, T) (U, error),
) iter.Seq2[U, error] {
	return func(yield func(U, error) bool) {
		batch := make([]*reading[T, U], 0, ahead)
		flush := func() bool {
			Concurrently(atOnce, len(batch), func(i int) { batch[i].read(ctx, name, read) })
			for _, r := range batch {
				if !r.yield(yield) {
					return false
				}
			}
			batch = batch[:0]
			return true
		}
		for thing, err := range all {
			if batch = append(batch, &reading[T, U]{thing: thing, err: err}); len(batch) == ahead && !flush() {
				return
			}
		}
		flush()
	}
}

// reading is a value of a sequence, and the result of read for it.
type reading[T, U any] struct {
	thing T
	value U
	err   error
}

func (r *reading[T, U]) read(ctx context.Context, name func(T) string, read func(context.Context, T) (U, error)) {
	if r.err != nil {
		return
	}
	r.value, r.err = read(ctx, r.thing)
	if s, ok := errors.AsType[stop](r.err); ok {
		r.err = s.error
	} else if r.err != nil && ctx.Err() == nil && !errors.Is(r.err, ErrNone) {
		r.err = &Bad{Name: name(r.thing), Err: r.err}
	}
}

// yield yields the result, and reports whether to go on.
func (r *reading[T, U]) yield(yield func(U, error) bool) bool {
	if errors.Is(r.err, ErrNone) {
		return true
	}
	if r.err != nil {
		var none U
		r.value = none
	}
	return yield(r.value, r.err) && (r.err == nil || isBad(r.err))
}

// Join yields the values of some sequences, one sequence after the other, until one of them ends
// with an error.
func Join[T any](parts ...iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, part := range parts {
			for thing, err := range part {
				if !yield(thing, err) || err != nil && !isBad(err) {
					return
				}
			}
		}
	}
}

// Merge yields the values of sequences that are in order, all of them in that order. Of equal values it
// yields the one of the first sequence. An error is yielded once it is read, and ends Merge unless it
// is a *Bad.
func Merge[T any](compare func(a, b T) int, parts ...iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var heads []*head[T]
		for _, part := range parts {
			next, stop := iter.Pull2(part)
			defer stop()
			h := &head[T]{next: next}
			if heads = append(heads, h); !h.advance(yield) {
				return
			}
		}
		for least := first(heads, compare); least != nil; least = first(heads, compare) {
			value := least.value
			if !yield(value, nil) {
				return
			}
			for _, h := range heads {
				if h.more && compare(h.value, value) == 0 && !h.advance(yield) {
					return
				}
			}
		}
	}
}

// head is the next value of a sequence.
type head[T any] struct {
	next  func() (T, error, bool)
	value T
	more  bool
}

// advance reads the next value. It yields the errors before it, and reports whether to go on.
func (h *head[T]) advance(yield func(T, error) bool) bool {
	for {
		var err error
		if h.value, err, h.more = h.next(); !h.more || err == nil {
			return true
		}
		var none T
		if !yield(none, err) || !isBad(err) {
			return false
		}
	}
}

// first returns the head of the lowest value; nil after the last value.
func first[T any](heads []*head[T], compare func(a, b T) int) (least *head[T]) {
	for _, h := range heads {
		if h.more && (least == nil || compare(h.value, least.value) < 0) {
			least = h
		}
	}
	return least
}

// Where yields the wanted values of a sequence, and all its errors.
func Where[T any](all iter.Seq2[T, error], wanted func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for thing, err := range all {
			if (err != nil || wanted(thing)) && !yield(thing, err) {
				return
			}
		}
	}
}

// Choose yields what choose makes of the values that it wants, and all errors of the sequence.
func Choose[T, U any](all iter.Seq2[T, error], choose func(T) (u U, wanted bool)) iter.Seq2[U, error] {
	return func(yield func(U, error) bool) {
		for thing, err := range all {
			var u U
			wanted := err != nil
			if err == nil {
				u, wanted = choose(thing)
			}
			if wanted && !yield(u, err) {
				return
			}
		}
	}
}

// Of yields the given values.
func Of[T any](values ...T) iter.Seq2[T, error] { return From(slices.Values(values)) }

// From yields values without errors.
func From[T any](values iter.Seq[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for value := range values {
			if !yield(value, nil) {
				return
			}
		}
	}
}

// Text names a value by its text, as fmt.Sprint writes it.
func Text[T any](value T) string { return fmt.Sprint(value) }

func isBad(err error) bool {
	_, ok := errors.AsType[*Bad](err)
	return ok
}

// Doing adds what was being done to the errors of a sequence. A *Bad stays as it is.
func Doing[T any](doing string, all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for thing, err := range all {
			if err != nil && !isBad(err) {
				err = fmt.Errorf("%s: %w", doing, err)
			}
			if !yield(thing, err) {
				return
			}
		}
	}
}

// Flat yields the elements of the values of a sequence.
func Flat[T any](all iter.Seq2[[]T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for some, err := range all {
			if err != nil {
				var none T
				if !yield(none, err) {
					return
				}
				continue
			}
			for _, thing := range some {
				if !yield(thing, nil) {
					return
				}
			}
		}
	}
}
