package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/retry"
)

// stillAt is the condition that a document is as it was when load returned its version.
func stillAt(version string) Condition {
	if version == "" {
		return Absent()
	}
	return Unchanged(version)
}

// change has apply change what the operator has written of a PBX, again where another writer was
// faster. What stays as it was is not written again.
func change[D any](ctx context.Context, s *Store, mac pbx.MAC, k Key, what string, apply func(*D) error) (d D, err error) {
	err = retry.OnConflict(ctx, ErrCondition, func() error {
		d, err = changeOnce(ctx, s, mac, k, what, apply)
		return err
	})
	return d, err
}

func changeOnce[D any](ctx context.Context, s *Store, mac pbx.MAC, k Key, what string, apply func(*D) error) (d D, err error) {
	version, err := s.load(ctx, k, &d)
	if err != nil {
		return d, fmt.Errorf("read the %s of %s: %w", what, mac, err)
	}
	before, err := canonicalOf(d)
	if err != nil {
		return d, err
	}
	if err := apply(&d); err != nil {
		return d, err
	}
	if err := s.Register(ctx, mac, s.now()); err != nil {
		return d, err
	}
	err = s.saveChange(ctx, k, version, before, d)
	if errors.Is(err, ErrCondition) {
		return d, fmt.Errorf("write the %s of %s: others write them, too: %w", what, mac, err)
	}
	return d, wrap(err, "write the %s of %s", what, mac)
}

// saveChange writes a document that was before something else, unless somebody else has.
func (s *Store) saveChange(ctx context.Context, k Key, version string, before []byte, d any) error {
	after, err := canonicalOf(d)
	if err != nil || bytes.Equal(before, after) {
		return err
	}
	return s.save(ctx, k, ownVersion(s.now().UTC().Format(time.RFC3339Nano)), d, stillAt(version))
}

// orThere takes a condition that did not hold for success: what is there already counts.
func orThere(err error) error {
	if errors.Is(err, ErrCondition) {
		return nil
	}
	return err
}

// wrap says what was being done when an error came, where one came.
func wrap(err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(doing, args...), err)
}

// unmarshal reads the document of an item. Its error is an ErrNotUnderstood.
func unmarshal(i Item, doc any) error {
	if err := json.Unmarshal(i.Doc, doc); err != nil {
		return notUnderstood{fmt.Errorf("item %s of %s: %w", i.SK, i.PK, err)}
	}
	return nil
}

// canonicalOf is a document as items have it.
func canonicalOf(v any) ([]byte, error) {
	doc, err := marshal(v)
	if err != nil {
		return nil, err
	}
	return Canonical(doc)
}
