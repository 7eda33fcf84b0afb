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

// KeptFor is how long keys are in use before they are read again: within that time a key
// opens nothing any more that was retired.
const KeptFor = 5 * time.Minute

// rereadWithin is how long it may take to read keys again while others are at hand.
const rereadWithin = 500 * time.Millisecond

// Source verifies tokens with keys that are read from elsewhere: at first need, when they
// are KeptFor old, and when a token names a key that is not known, for that at most once in
// Refresh. So a new key opens at once, or where strangers try keys, within Refresh; and they
// can't make us read at will. Where keys can't be read again, those at hand stay in use.
type Source struct {
	Read    func(context.Context) (*Keyring, error)
	Refresh time.Duration
	Now     func() time.Time

	mu      sync.Mutex
	keys    *Keyring
	readAt  time.Time
	askedAt time.Time // when they were last read for a key that was not known
}

// Fixed is a Source of keys that do not change.
func Fixed(k *Keyring) *Source {
	return &Source{Read: func(context.Context) (*Keyring, error) { return k, nil }, Now: func() time.Time { return time.Time{} }}
}

// Verify is Keyring.Verify with the keys of the source, or ErrUnavailable.
func (s *Source) Verify(ctx context.Context, mac pbx.MAC, text string) (Proof, error) {
	keys, err := s.keyring(ctx, nil)
	if err != nil {
		return Proof{}, err
	}
	proof, err := keys.Verify(mac, text)
	if err == ErrUnknownKey {
		if keys, err = s.keyring(ctx, keys); err != nil {
			return Proof{}, err
		}
		proof, err = keys.Verify(mac, text)
	}
	return proof, err
}

// keyring returns the keys, read again where that is due. Those that lack a key are given by
// who misses it.
func (s *Source) keyring(ctx context.Context, lacking *Keyring) (*Keyring, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	if s.keys == nil {
		return s.first(ctx, now)
	}
	missed := s.keys == lacking && now.Sub(s.askedAt) >= s.Refresh
	if missed {
		s.askedAt = now
	}
	if !missed && now.Sub(s.readAt) < KeptFor {
		return s.keys, nil
	}
	ctx, cancel := context.WithTimeout(ctx, rereadWithin)
	defer cancel()
	keys, err := s.Read(ctx)
	if err != nil {
		s.readAt = now.Add(s.Refresh - KeptFor) // tried again after Refresh
		return s.keys, nil
	}
	s.keys, s.readAt = keys, now
	return s.keys, nil
}

// Reload reads the keys again, and returns them. Where they can't be read, those at hand stay.
func (s *Source) Reload(ctx context.Context) (*Keyring, error) {
	keys, err := s.Read(ctx)
	if err != nil {
		return nil, err
	}
	s.Use(keys)
	return keys, nil
}

// Use puts keys in use that were read just now.
func (s *Source) Use(keys *Keyring) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.readAt = keys, s.Now()
}

// first reads the keys when there are none yet.
func (s *Source) first(ctx context.Context, now time.Time) (*Keyring, error) {
	keys, err := s.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	s.keys, s.readAt = keys, now
	return keys, nil
}
