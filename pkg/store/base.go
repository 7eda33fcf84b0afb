package store

import (
	"context"
	"errors"
	"iter"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// base is what records and figures have in common: the items of a Table, as documents.
type base struct {
	table Table
	now   func() time.Time
	keep  pbx.Day // days that records of calls are kept; 0: forever
}

// load reads the document at a key into doc, and returns its version. If nothing is stored there,
// doc stays as it is, and the version is empty.
func (b *base) load(ctx context.Context, k Key, doc any) (version string, err error) {
	item, err := b.table.Get(ctx, k)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return item.Version, unmarshal(item, doc)
}

// save writes doc at a key. Its error is ErrCondition if the condition does not hold.
func (b *base) save(ctx context.Context, k Key, version string, doc any, cond Condition) error {
	text, err := canonicalOf(doc)
	if err != nil {
		return err
	}
	return b.table.Put(ctx, Item{Key: k, Version: version, Doc: text}, cond)
}

// query is Table.Query without expired items.
func (b *base) query(ctx context.Context, r Range) iter.Seq2[Item, error] {
	return each.Where(each.Doing("read "+r.From, b.table.Query(ctx, r)), func(i Item) bool { return !b.expired(i) })
}

func (b *base) expired(i Item) bool { return !i.Expires.IsZero() && !i.Expires.After(b.now()) }

// partitions yields the items of those partitions whose names begin with prefix and end in a
// hexadecimal digit. doing says in errors why they are read.
func (b *base) partitions(ctx context.Context, prefix, doing string) iter.Seq2[Item, error] {
	return each.Join(b.divided(ctx, prefix, doing)...)
}

// divided returns the sequences that partitions joins.
func (b *base) divided(ctx context.Context, prefix, doing string) (parts []iter.Seq2[Item, error]) {
	for _, digit := range "0123456789abcdef" {
		parts = append(parts, b.partition(ctx, prefix+string(digit), doing))
	}
	return parts
}

// partition yields the items of a partition, including expired ones.
func (b *base) partition(ctx context.Context, pk, doing string) iter.Seq2[Item, error] {
	return each.Doing(doing, b.table.Query(ctx, Range{PK: pk}))
}

// first returns the first item of a range; found reports whether it has one.
func (b *base) first(ctx context.Context, r Range) (item Item, found bool, err error) {
	r.Limit = 1
	for item, err := range b.query(ctx, r) {
		return item, err == nil, err
	}
	return Item{}, false, nil
}
