package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// load reads the document at a key into doc, and returns its version. Where there is none,
// doc stays as it is, and the version is empty.
func (s *Store) load(ctx context.Context, k Key, doc any) (version string, err error) {
	item, err := s.table.Get(ctx, k)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return item.Version, unmarshal(item, doc)
}

// save writes doc at a key. Its error is ErrCondition where the condition does not hold.
func (s *Store) save(ctx context.Context, k Key, version string, doc any, cond Condition) error {
	text, err := canonicalOf(doc)
	if err != nil {
		return err
	}
	return s.table.Put(ctx, Item{Key: k, Version: version, Doc: text}, cond)
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

func unmarshal(i Item, doc any) error {
	return wrap(json.Unmarshal(i.Doc, doc), "item %s of %s", i.SK, i.PK)
}

// canonicalOf is a document as items have it.
func canonicalOf(v any) ([]byte, error) {
	doc, err := marshal(v)
	if err != nil {
		return nil, err
	}
	return Canonical(doc)
}
