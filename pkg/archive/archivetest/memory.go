package archivetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"trunkline/pkg/archive"
)

// Memory is a Bucket in memory, for tests that need many of them. Nothing of it is durable.
type Memory struct {
	mu      sync.Mutex
	objects map[string][]byte
}

// NewMemory makes an empty Memory.
func NewMemory() *Memory { return &Memory{objects: map[string][]byte{}} }

// Clone makes a Memory with the same objects.
func (m *Memory) Clone() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{objects: maps.Clone(m.objects)}
}

// Put implements archive.Bucket.
func (m *Memory) Put(ctx context.Context, name string, body []byte) error {
	return m.change(ctx, name, func() error {
		m.objects[name] = slices.Clone(body)
		return nil
	})
}

// Replace implements archive.Bucket.
func (m *Memory) Replace(ctx context.Context, name string, body []byte, tag string) error {
	return m.change(ctx, name, func() error {
		if now, there := m.objects[name]; there && tagOf(now) != tag || !there && tag != "" {
			return archive.ErrChanged
		}
		m.objects[name] = slices.Clone(body)
		return nil
	})
}

// Stream is Put of what write writes.
func (m *Memory) Stream(ctx context.Context, name string, write func(io.Writer) error) error {
	var body bytes.Buffer
	if err := write(&body); err != nil {
		return err
	}
	return m.Put(ctx, name, body.Bytes())
}

// Create makes an empty object that grows. No object may have its name.
func (m *Memory) Create(ctx context.Context, name string) (archive.File, error) {
	err := m.change(ctx, name, func() error {
		if _, there := m.objects[name]; there {
			return fs.ErrExist
		}
		m.objects[name] = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &memoryFile{m, name}, nil
}

// memoryFile is an object that grows.
type memoryFile struct {
	memory *Memory
	name   string
}

// WriteAt implements io.WriterAt.
func (f *memoryFile) WriteAt(p []byte, at int64) (int, error) {
	f.memory.mu.Lock()
	defer f.memory.mu.Unlock()
	was := f.memory.objects[f.name]
	now := make([]byte, max(len(was), int(at)+len(p)))
	copy(now, was)
	f.memory.objects[f.name] = now
	return copy(now[at:], p), nil
}

// Truncate implements archive.File.
func (f *memoryFile) Truncate(size int64) error {
	f.memory.mu.Lock()
	defer f.memory.mu.Unlock()
	f.memory.objects[f.name] = slices.Clone(f.memory.objects[f.name][:size])
	return nil
}

// Sync implements archive.File.
func (f *memoryFile) Sync() error { return nil }

// Close implements archive.File.
func (f *memoryFile) Close() error { return nil }

// Get implements archive.Bucket.
func (m *Memory) Get(ctx context.Context, name string) (body []byte, err error) {
	err = m.change(ctx, name, func() error {
		found, there := m.objects[name]
		if !there {
			return fs.ErrNotExist
		}
		body = append([]byte{}, found...)
		return nil
	})
	return body, err
}

// Open implements archive.Bucket.
func (m *Memory) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	body, err := m.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(archive.Within(ctx, bytes.NewReader(body))), nil
}

// Tag implements archive.Bucket.
func (m *Memory) Tag(ctx context.Context, name string) (string, error) {
	body, err := m.Get(ctx, name)
	if err != nil {
		return "", err
	}
	return tagOf(body), nil
}

// Delete implements archive.Bucket.
func (m *Memory) Delete(ctx context.Context, name string) error {
	return m.change(ctx, name, func() error {
		delete(m.objects, name)
		return nil
	})
}

// List implements archive.Bucket.
func (m *Memory) List(ctx context.Context, prefix, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		m.mu.Lock()
		names := slices.Sorted(maps.Keys(m.objects))
		m.mu.Unlock()
		for _, name := range names {
			if ctx.Err() == nil && strings.HasPrefix(name, prefix) && name > after && !yield(name, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield("", fmt.Errorf("list objects: %w", err))
		}
	}
}

func (m *Memory) change(ctx context.Context, name string, do func() error) error {
	if err := archive.CheckName(name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return do()
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
