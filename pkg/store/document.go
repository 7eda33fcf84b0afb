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

// stillAt is the condition that a document still has the version that load returned.
func stillAt(version string) Condition {
	if version == "" {
		return Absent()
	}
	return Unchanged(version)
}

// change calls apply to change a document of a PBX that the operator writes. It tries again if
// another writer was faster. An unchanged document is not written.
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
		return d, fmt.Errorf("write the %s of %s: another program keeps changing them: %w", what, mac, err)
	}
	return d, wrap(err, "write the %s of %s", what, mac)
}

// saveChange writes a document that differs from before, if it still has the version.
func (s *Store) saveChange(ctx context.Context, k Key, version string, before []byte, d any) error {
	after, err := canonicalOf(d)
	if err != nil || bytes.Equal(before, after) {
		return err
	}
	return s.save(ctx, k, ownVersion(s.now().UTC().Format(time.RFC3339Nano)), d, stillAt(version))
}

// orThere turns ErrCondition into success, where the stored item serves as well.
func orThere(err error) error {
	if errors.Is(err, ErrCondition) {
		return nil
	}
	return err
}

// wrap adds to an error what was being done; nil stays nil.
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

// canonicalOf returns the canonical JSON of a document.
func canonicalOf(v any) ([]byte, error) {
	doc, err := marshal(v)
	if err != nil {
		return nil, err
	}
	return Canonical(doc)
}
