package store

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Table is what the records need of a database: items in partitions, ordered by
// the bytes of their sort key. It is safe for concurrent use.
//
// A write that returned nil is durable. A write that failed may have happened, or may still happen.
// If the error is ErrCondition, it did not happen. One exception remains: an earlier try succeeded,
// its answer was lost, and another write has replaced its item since. Reads are consistent, except
// GetMany: they see every write that returned before they began.
//
// If Key.Check refuses a key, Get, Put and Delete return the same error.
//
// Every method returns soon after its context ends, with an error that wraps the
// context's error. No work continues in the background. The caller retries passing failures, such as
// throttling or a lost connection; an adapter itself makes only a few quick retries.
type Table interface {
	// Get returns the item at key, or ErrNotFound.
	Get(ctx context.Context, key Key) (Item, error)

	// GetMany returns the items that are there of 1 to MaxGetMany different keys, in any order. It
	// may miss what was written in the last seconds: it is cheaper than Get. An item that can't be
	// read has no Doc. If CheckKeys refuses the keys, GetMany returns the same error.
	GetMany(ctx context.Context, keys ...Key) ([]Item, error)

	// Put writes the whole item if cond holds for the item stored at its key, and returns
	// ErrCondition if not. Condition and write are one step. If the stored item has the same
	// Version, it is the result of an earlier try. Then Put succeeds whatever the condition, and
	// may or may not write the item again. If Item.Check refuses the item, Put returns the same
	// error.
	Put(ctx context.Context, item Item, cond Condition) error

	// Delete removes the item at key if cond holds for it, and returns ErrCondition if not. It
	// succeeds if nothing is there. The condition is Unchanged or the zero Condition.
	Delete(ctx context.Context, key Key, cond Condition) error

	// Query yields the items of a range in the byte order of their sort keys, or in reverse. It
	// reads page by page. An item that can't be read at all is an *each.Bad. Any other error is
	// yielded with a zero Item, and ends the sequence. The loop's body may use the Table.
	Query(ctx context.Context, r Range) iter.Seq2[Item, error]
}

var (
	// ErrNotFound is returned by Table.Get if nothing is stored at the key.
	ErrNotFound = errors.New("item not found")
	// ErrCondition is returned by writes whose condition did not hold.
	ErrCondition = errors.New("condition not met")
)

// Key says where an item is. PK names the partition, in 1 to 256 bytes. SK is the item's place in it,
// in 1 to 1,024 bytes. Both are UTF-8.
type Key struct{ PK, SK string }

// Item is one stored document.
type Item struct {
	Key
	// Version orders items of the same key, by its bytes. It is never empty. Two items of the same
	// key and Version are the same item.
	Version string
	// Expires is when readers hide the item and the Table may delete it, to the second; zero: never.
	// A Table shows an expired item until it deletes it.
	Expires time.Time
	// Doc is a JSON object in the form of Canonical, of at most MaxDoc bytes.
	Doc []byte
}

// MaxGetMany is the largest number of keys of a Table.GetMany.
const MaxGetMany = 100

// MaxDoc is the largest size of a document in bytes. With the names and overhead that DynamoDB counts,
// an item stays below that database's 400 KB.
const MaxDoc = 256 << 10

// Range is a part of one partition: the sort keys in [From, To). An empty From or To is the
// partition's own end. To continue after an item, call After. If a Range has invalid UTF-8, or an
// invalid partition key, a Table may yield an error, or fewer items than it has.
type Range struct {
	PK       string
	From, To string
	Reverse  bool // from the highest sort key down
	Limit    int  // yield at most this many items; 0: all
}

// Prefix returns the range of all sort keys that begin with prefix. The prefix must end in an ASCII
// character, such as #.
func Prefix(pk, prefix string) Range {
	last := len(prefix) - 1
	return Range{PK: pk, From: prefix, To: prefix[:last] + string(rune(prefix[last]+1))}
}

// After returns the part of the range that follows the sort key last, in the range's direction.
func (r Range) After(last string) Range {
	if r.Reverse {
		r.To = last
	} else {
		r.From = last + "\x00"
	}
	return r
}

// Condition is what must hold for the stored item so that a write happens. The zero Condition always
// holds.
type Condition struct {
	Op      Op
	Version string // of Unchanged
}

// Op is the comparison that a Condition makes.
type Op int

// The comparisons of the stored item with the one to be written.
const (
	OpAlways    Op = iota
	OpNewer        // nothing is stored, or an item of a lower Version
	OpOlder        // nothing is stored, or an item of a higher Version
	OpUnchanged    // the stored item has the Version of the Condition
	OpAbsent       // nothing is stored
)

// Holds reports whether the condition holds, given the version of the stored item and the version to
// be written.
func (c Condition) Holds(stored, written string) bool {
	switch c.Op {
	case OpNewer:
		return stored < written
	case OpOlder:
		return stored > written
	case OpUnchanged:
		return stored == c.Version
	case OpAbsent:
		return false
	}
	return true
}

// Newer lets an item replace one of a lower Version: the latest wins.
func Newer() Condition { return Condition{Op: OpNewer} }

// Older lets an item replace one of a higher Version: the earliest wins.
func Older() Condition { return Condition{Op: OpOlder} }

// Absent lets an item be written only if nothing is stored at its key.
func Absent() Condition { return Condition{Op: OpAbsent} }

// Unchanged lets a write replace or delete the item that still has this version.
func Unchanged(version string) Condition { return Condition{Op: OpUnchanged, Version: version} }
