// Package tokentest has keys for tests of what verifies tokens.
package tokentest

import (
	"context"
	"time"

	"trunkline/pkg/token"
)

// Fixed returns a Source of keys that do not change.
func Fixed(k *token.Keyring) *token.Source {
	return &token.Source{Read: func(context.Context) (*token.Keyring, error) { return k, nil }, Now: func() time.Time { return time.Time{} }}
}
