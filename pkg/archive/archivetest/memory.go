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
