package archivetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/dir"
)

func openDir(t *testing.T) archive.Bucket {
	t.Helper()
	bucket, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	return bucket
}

func always(fault Fault) func(Call) Fault { return func(Call) Fault { return fault } }

func TestADecoratorWithoutFaultsIsAnyOtherBucket(t *testing.T) {
	Run(t, func(t *testing.T) archive.Bucket { return NewFaulty(openDir(t), always(None)) })
}

func TestEachFaultDoesWhatItSays(t *testing.T) {
	for _, c := range []struct {
		fault   Fault
		err     error
		applied bool
	}{
		{None, nil, true},
		{Fails, ErrInjected, false},
		{FailsButPersisted, ErrInjected, true},
		{Throttled, ErrThrottled, false},
	} {
		t.Run(fmt.Sprint(c.fault), func(t *testing.T) {
			s := suite{t.Context(), openDir(t)}
			s.put(t, "old", "x")
			f := NewFaulty(s.bucket, always(c.fault))
			_, getErr := f.Get(s.ctx, "old")
			_, tagErr := f.Tag(s.ctx, "old")
			_, openErr := f.Open(s.ctx, "old")
			for method, err := range map[string]error{
				"get": getErr, "open": openErr, "tag": tagErr, "put": f.Put(s.ctx, "new", nil), "delete": f.Delete(s.ctx, "old"),
				"replace": f.Replace(s.ctx, "newer", nil, ""),
			} {
				if !errors.Is(err, c.err) {
					t.Errorf("%s: %v, want %v", method, err, c.err)
				}
			}
			want := map[bool][]string{true: {"new", "newer"}, false: {"old"}}[c.applied]
			if got := all(t, s.bucket.List(s.ctx, "", "")); !slices.Equal(got, want) {
				t.Errorf("afterwards there are %q, want %q", got, want)
			}
		})
	}
}

func TestAReplacementWhoseAnswerWasLostIsFoundByItsTag(t *testing.T) {
	s := suite{t.Context(), openDir(t)}
	s.put(t, "a", "old")
	old := s.tag(t, "a")
	f := NewFaulty(s.bucket, func(c Call) Fault { return map[int]Fault{1: FailsButPersisted}[c.N] })
	for _, want := range []error{ErrInjected, archive.ErrChanged} {
		if err := f.Replace(s.ctx, "a", []byte("new"), old); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if tag, err := f.Tag(s.ctx, "a"); tag == old || err != nil {
		t.Errorf("the tag is still %s, %v", tag, err)
	}
	s.check(t, "a", "new")
}

func TestAListGoesWrongAfterSomeNames(t *testing.T) {
	s := suite{t.Context(), openDir(t)}
	s.put(t, "a/1", "x")
	s.put(t, "a/2", "x")
	s.put(t, "b", "x")
	for names, want := range []int{0, 1, 2, 2} {
		f := NewFaulty(s.bucket, always(Throttled))
		f.ListNames = names
		if seen, err := drain(f.List(s.ctx, "a/", "")); seen != want || !errors.Is(err, ErrThrottled) {
			t.Errorf("after %d names: %d seen, %v", names, seen, err)
		}
	}
}

func TestCallsAreNumberedAndNamed(t *testing.T) {
	var calls []Call
	f := NewFaulty(openDir(t), func(c Call) Fault {
		calls = append(calls, c)
		return None
	})
	f.Put(t.Context(), "a", nil)
	f.Get(t.Context(), "b")
	drain(f.List(t.Context(), "c", "d"))
	f.Delete(t.Context(), "e")
	f.Tag(t.Context(), "f")
	f.Replace(t.Context(), "g", nil, "h")
	stream, err := f.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, stream)
	want := []Call{
		{1, "Put", "a"}, {2, "Get", "b"}, {3, "List", "c"}, {4, "Delete", "e"}, {5, "Tag", "f"}, {6, "Replace", "g"}, {7, "Open", "a"}, {8, "Read", "a"},
	}
	if !slices.Equal(calls, want) || f.Calls() != len(want) {
		t.Errorf("%d calls: %v, want %v", f.Calls(), calls, want)
	}
}

func TestAHangingCallEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFaulty(nil, always(Hangs)) // which would panic if it were called
		f.ListNames = 0
		for method, call := range map[string]func(context.Context) error{
			"put":     func(ctx context.Context) error { return f.Put(ctx, "a", nil) },
			"replace": func(ctx context.Context) error { return f.Replace(ctx, "a", nil, "") },
			"get":     func(ctx context.Context) error { _, err := f.Get(ctx, "a"); return err },
			"open":    func(ctx context.Context) error { _, err := f.Open(ctx, "a"); return err },
			"tag":     func(ctx context.Context) error { _, err := f.Tag(ctx, "a"); return err },
			"list":    func(ctx context.Context) error { _, err := drain(f.List(ctx, "", "")); return err },
			"delete":  func(ctx context.Context) error { return f.Delete(ctx, "a") },
		} {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Hour {
				t.Errorf("%s: %v after %v", method, err, time.Since(began))
			}
		}
	})
}

func TestAStreamBreaksOffAfterAByte(t *testing.T) {
	s := suite{t.Context(), openDir(t)}
	s.put(t, "a", "body")
	f := NewFaulty(s.bucket, func(c Call) Fault { return map[string]Fault{"Read": Fails}[c.Method] })
	stream, err := f.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if got, err := io.ReadAll(stream); string(got) != "b" || !errors.Is(err, ErrInjected) {
		t.Errorf("%q, %v", got, err)
	}
}
