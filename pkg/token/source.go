package token

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"trunkline/pkg/pbx"
)

// ErrUnavailable is returned where the fleet's keys can't be read, so that no token
// can be told from another.
var ErrUnavailable = errors.New("the fleet keys can't be read")

// Source verifies tokens with keys that are read from elsewhere: once at first need,
// and again when a token names a key that is not known, at most once in Refresh. So
// a new key is known within Refresh, and a stranger can't make us read at will.
type Source struct {
	Read    func(context.Context) (*Keyring, error)
	Refresh time.Duration
	Now     func() time.Time

	mu     sync.Mutex
	keys   *Keyring
	readAt time.Time
}

// Fixed is a Source of keys that do not change.
func Fixed(k *Keyring) *Source {
	return &Source{Read: func(context.Context) (*Keyring, error) { return k, nil }, Now: func() time.Time { return time.Time{} }}
}

// Verify is Keyring.Verify with the keys of the source, or ErrUnavailable.
func (s *Source) Verify(ctx context.Context, mac pbx.MAC, text string) (Generation, error) {
	keys, err := s.keyring(ctx, nil)
	if err != nil {
		return 0, err
	}
	g, err := keys.Verify(mac, text)
	if err == ErrUnknownKey {
		if keys, err = s.keyring(ctx, keys); err != nil {
			return 0, err
		}
		g, err = keys.Verify(mac, text)
	}
	return g, err
}

// keyring returns the keys, read anew where they are still the lacking ones and were
// read long enough ago. Known keys stay in use where that fails.
func (s *Source) keyring(ctx context.Context, lacking *Keyring) (*Keyring, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	if s.keys != lacking || s.keys != nil && now.Sub(s.readAt) < s.Refresh {
		return s.keys, nil
	}
	keys, err := s.Read(ctx)
	switch {
	case err == nil:
		s.keys, s.readAt = keys, now
	case s.keys == nil:
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	default:
		s.readAt = now
	}
	return s.keys, nil
}
