package each

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// ErrNone is returned by the read of Map and MapAhead for a value that tells of nothing, such as one
// that was deleted since it was listed: it is left out, and nobody is told.
var ErrNone = errors.New("there is nothing")

// Map yields what read tells of each value of a sequence, in its order. A value that read fails
// for is a *Bad of that name, and the next one follows. After any other error of the sequence, a
// Stop of read, or the end of ctx, Map ends.
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

// MapAhead is Map that reads atOnce values side by side, and ahead values before the first of
// them is yielded.
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

// reading is a value of a sequence, and what was read of it.
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

// yield yields what was read, and reports whether to go on.
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

// Where yields those values of a sequence that are wanted, and its errors.
func Where[T any](all iter.Seq2[T, error], wanted func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for thing, err := range all {
			if (err != nil || wanted(thing)) && !yield(thing, err) {
				return
			}
		}
	}
}

// Of yields some values.
func Of[T any](values ...T) iter.Seq2[T, error] { return From(slices.Values(values)) }

// From yields values, all of which can be read.
func From[T any](values iter.Seq[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for value := range values {
			if !yield(value, nil) {
				return
			}
		}
	}
}

// Text names a value by its usual text.
func Text[T any](value T) string { return fmt.Sprint(value) }

func isBad(err error) bool {
	_, ok := errors.AsType[*Bad](err)
	return ok
}

// Doing says of the errors of a sequence what was being done. A *Bad keeps its name.
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

// Flat yields what is in the values of a sequence.
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
