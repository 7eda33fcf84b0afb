package archivetest

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync/atomic"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/faulttest"
)

// Fault is how a call fails.
type Fault = faulttest.Fault

// The faults of a call, and their errors.
const (
	None              = faulttest.None
	Fails             = faulttest.Fails
	FailsButPersisted = faulttest.FailsButPersisted
	Hangs             = faulttest.Hangs
	Throttled         = faulttest.Throttled
)

var (
	ErrInjected  = faulttest.ErrInjected
	ErrThrottled = faulttest.ErrThrottled
)

// Call is a call of a Bucket's method.
type Call struct {
	N int // its number, from 1
	// Method is Put, Replace, Get, Open, Read (of what was opened), Tag, List or Delete. A Growing also has
	// Stream and Create, and WriteAt, Truncate, Sync and Close of what was created.
	Method string
	Name   string // of a list, the prefix
}

// Faulty is a Bucket with faults that a test chooses.
type Faulty struct {
	// ListNames is how many names a list yields before its fault; 0: it fails at once.
	ListNames int

	bucket archive.Bucket
	fault  func(Call) Fault
	calls  atomic.Int64
}

// NewFaulty makes a Bucket that calls fault for each call before it passes the call on to bucket.
// Concurrent calls call fault concurrently. A list fails after its first name, unless ListNames
// says another number.
func NewFaulty(bucket archive.Bucket, fault func(Call) Fault) *Faulty {
	return &Faulty{ListNames: 1, bucket: bucket, fault: fault}
}

// Calls returns how many calls were made. A list counts when its loop begins.
func (f *Faulty) Calls() int { return int(f.calls.Load()) }

// Put implements archive.Bucket.
func (f *Faulty) Put(ctx context.Context, name string, body []byte) error {
	return f.call(ctx, "Put", name, func() error { return f.bucket.Put(ctx, name, body) })
}

// Replace implements archive.Bucket.
func (f *Faulty) Replace(ctx context.Context, name string, body []byte, tag string) error {
	return f.call(ctx, "Replace", name, func() error { return f.bucket.Replace(ctx, name, body, tag) })
}

// Tag implements archive.Bucket.
func (f *Faulty) Tag(ctx context.Context, name string) (tag string, err error) {
	err = f.call(ctx, "Tag", name, func() error {
		tag, err = f.bucket.Tag(ctx, name)
		return err
	})
	if err != nil {
		return "", err
	}
	return tag, nil
}

// Get implements archive.Bucket.
func (f *Faulty) Get(ctx context.Context, name string) (body []byte, err error) {
	err = f.call(ctx, "Get", name, func() error {
		body, err = f.bucket.Get(ctx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return body, nil
}

// Open implements archive.Bucket. The first Read of the stream is a call of its own: a fault there
// comes after one byte.
func (f *Faulty) Open(ctx context.Context, name string) (stream io.ReadCloser, err error) {
	err = f.call(ctx, "Open", name, func() error {
		stream, err = f.bucket.Open(ctx, name)
		return err
	})
	if err != nil && stream != nil {
		return nil, errors.Join(err, stream.Close())
	}
	if err != nil {
		return nil, err
	}
	return &faultyStream{ReadCloser: stream, ctx: ctx, next: func() Fault { return f.next("Read", name) }}, nil
}

// faultyStream is a stream with a fault in its first Read.
type faultyStream struct {
	io.ReadCloser
	ctx   context.Context
	next  func() Fault
	begun bool
}

// Read implements io.Reader.
func (s *faultyStream) Read(p []byte) (int, error) {
	if s.begun {
		return s.ReadCloser.Read(p)
	}
	s.begun = true
	fault := s.next()
	if fault == None {
		return s.ReadCloser.Read(p)
	}
	n, err := s.ReadCloser.Read(p[:min(1, len(p))])
	if err != nil {
		return n, err
	}
	return n, fault.Err(s.ctx)
}

// Delete implements archive.Bucket.
func (f *Faulty) Delete(ctx context.Context, name string) error {
	return f.call(ctx, "Delete", name, func() error { return f.bucket.Delete(ctx, name) })
}

// List implements archive.Bucket.
func (f *Faulty) List(ctx context.Context, prefix, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		fault := f.next("List", prefix)
		if fault != None && f.ListNames == 0 {
			yield("", fault.Err(ctx))
			return
		}
		seen := 0
		for name, err := range f.bucket.List(ctx, prefix, after) {
			if !yield(name, err) {
				return
			}
			if _, bad := errors.AsType[*each.Bad](err); bad {
				continue
			}
			if err != nil {
				return
			}
			if seen++; fault != None && seen == f.ListNames {
				break
			}
		}
		if err := fault.Err(ctx); err != nil {
			yield("", err)
		}
	}
}

// call makes one call, or lets it fail.
func (f *Faulty) call(ctx context.Context, method, name string, do func() error) error {
	return f.next(method, name).Call(ctx, do)
}

func (f *Faulty) next(method, name string) Fault {
	return f.fault(Call{int(f.calls.Add(1)), method, name})
}

// Growing is a Bucket with objects that grow.
type Growing interface {
	archive.Bucket
	Create(ctx context.Context, name string) (archive.File, error)
	Stream(ctx context.Context, name string, write func(io.Writer) error) error
}

// FaultyGrowing is a Growing with faults that a test chooses.
type FaultyGrowing struct {
	*Faulty
	growing Growing
}

// NewFaultyGrowing makes a Growing as NewFaulty makes a Bucket. A WriteAt that Fails has written half.
func NewFaultyGrowing(g Growing, fault func(Call) Fault) FaultyGrowing {
	return FaultyGrowing{NewFaulty(g, fault), g}
}

// Stream implements Growing.
func (f FaultyGrowing) Stream(ctx context.Context, name string, write func(io.Writer) error) error {
	return f.call(ctx, "Stream", name, func() error { return f.growing.Stream(ctx, name, write) })
}

// Create implements Growing.
func (f FaultyGrowing) Create(ctx context.Context, name string) (file archive.File, err error) {
	err = f.call(ctx, "Create", name, func() error {
		file, err = f.growing.Create(ctx, name)
		return err
	})
	if err != nil && file != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err != nil {
		return nil, err
	}
	return faultyFile{file, f, name}, nil
}

// faultyFile is an object that grows, with faults. Its calls have no context: one that hangs fails after
// a minute.
type faultyFile struct {
	archive.File
	of   FaultyGrowing
	name string
}

const hangsFor = time.Minute

func (f faultyFile) call(method string, do func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), hangsFor)
	defer cancel()
	return f.of.call(ctx, method, f.name, do)
}

// WriteAt implements io.WriterAt.
func (f faultyFile) WriteAt(p []byte, at int64) (n int, err error) {
	made := false
	err = f.call("WriteAt", func() error {
		made = true
		n, err = f.File.WriteAt(p, at)
		return err
	})
	if err == nil || made {
		return n, err
	}
	n, half := f.File.WriteAt(p[:len(p)/2], at)
	return n, errors.Join(err, half)
}

// Truncate implements archive.File.
func (f faultyFile) Truncate(size int64) error {
	return f.call("Truncate", func() error { return f.File.Truncate(size) })
}

// Sync implements archive.File.
func (f faultyFile) Sync() error { return f.call("Sync", f.File.Sync) }

// Close implements archive.File.
func (f faultyFile) Close() error { return f.call("Close", f.File.Close) }
