package token

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"trunkline/pkg/pbx"
)

// ErrUnavailable is returned while the fleet's keys can't be read, so that no token can be
// verified.
var ErrUnavailable = errors.New("the fleet keys can't be read")

// KeptFor is how long keys are used before they are read again. A retired key stops working
// within this time.
const KeptFor = 5 * time.Minute

// rereadWithin limits the reading of keys again. If it fails, the present keys stay.
const rereadWithin = 500 * time.Millisecond

// Source verifies tokens with keys that it reads when the first token arrives, and again when
// they are KeptFor old. It also reads them when a token names an unknown key, at most once per
// Refresh. So a new key works at once, or within Refresh while strangers try unknown keys.
// Strangers can't cause more reads than that. If keys can't be read again, the present ones stay.
type Source struct {
	Read    func(context.Context) (*Keyring, error)
	Refresh time.Duration
	Now     func() time.Time

	mu      sync.Mutex
	keys    *Keyring
	readAt  time.Time
	askedAt time.Time // when an unknown key last caused a read
}

// Verify is Keyring.Verify with the keys of the source. Its error may also be ErrUnavailable.
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

// keyring returns the keys, and reads them again if that is due. lacking are the keys in which the
// caller did not find the key of a token; else it is nil.
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

// Reload reads the keys again, and returns them. If that fails, the present keys stay.
func (s *Source) Reload(ctx context.Context) (*Keyring, error) {
	keys, err := s.Read(ctx)
	if err != nil {
		return nil, err
	}
	s.Use(keys)
	return keys, nil
}

// Use replaces the keys with keys that were read just now.
func (s *Source) Use(keys *Keyring) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.readAt = keys, s.Now()
}

// first reads the keys for the first time.
func (s *Source) first(ctx context.Context, now time.Time) (*Keyring, error) {
	keys, err := s.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	s.keys, s.readAt = keys, now
	return keys, nil
}
