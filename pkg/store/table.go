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
// A write that returned nil is durable. One that failed may have happened all the
// same, or may happen yet, except when the error is ErrCondition: then nothing was
// written, unless by an earlier try whose answer was lost and whose item another
// write has replaced since. Reads are consistent: they see every write that had
// returned before they began.
//
// A key that Key.Check refuses is refused by Get, Put and Delete with the same error.
//
// Every method returns soon after its context ends, with an error that wraps the
// context's; no work goes on behind the caller's back. A failure that may pass
// (throttling, a lost connection) is the caller's to retry, after the few quick
// retries that an adapter may make itself.
type Table interface {
	// Get returns the item at key, or ErrNotFound.
	Get(ctx context.Context, key Key) (Item, error)

	// Put writes the whole item where cond holds of what is stored at its key, and
	// returns ErrCondition where it does not. Condition and write are one step. An
	// item of the same Version already there is success whatever the condition,
	// since it is the trace of an earlier try, and may or may not be written again.
	// An item that Item.Check refuses is refused here with the same error.
	Put(ctx context.Context, item Item, cond Condition) error

	// Delete removes the item at key where cond holds of it, and returns
	// ErrCondition where it does not. That nothing is there is success. The condition
	// is Unchanged, or none.
	Delete(ctx context.Context, key Key, cond Condition) error

	// Query yields the items of a range in the byte order of their sort keys, or
	// its reverse, reading page by page. An item that can't be read at all is an
	// *each.Bad. After any other error, which is yielded with a zero Item, it ends. The
	// loop's body may use the Table.
	Query(ctx context.Context, r Range) iter.Seq2[Item, error]
}

var (
	// ErrNotFound is returned by Table.Get where nothing is stored.
	ErrNotFound = errors.New("not found")
	// ErrCondition is returned by writes whose condition did not hold.
	ErrCondition = errors.New("condition not met")
)

// Key says where an item is: PK names the partition, of 1 to 256 bytes, and SK the
// item's place in it, of 1 to 1,024 bytes. Both are UTF-8.
type Key struct{ PK, SK string }

// Item is one stored document.
type Item struct {
	Key
	// Version orders the item among others at the same key, by its bytes. It is
	// never empty, and two items of one key and Version are the same item.
	Version string
	// Expires is when readers stop to show the item and the Table may drop it, to
	// the second; zero: never. A Table shows an expired item until it drops it.
	Expires time.Time
	// Doc is a JSON object in the form that Canonical gives, of at most MaxDoc bytes.
	Doc []byte
}

// MaxDoc is the size of the largest document in bytes. With the names and overhead
// that DynamoDB counts, it stays below that database's 400 KB.
const MaxDoc = 256 << 10

// Range is a part of one partition: the sort keys from From, included, to To,
// excluded. An empty From or To is the partition's own end. To go on after the
// item that was seen last, call After. What is no UTF-8, or no partition key, makes
// no Range: there a Table may yield an error, or less than it has.
type Range struct {
	PK       string
	From, To string
	Reverse  bool // from the highest sort key down
	Limit    int  // yield at most so many items; 0: all
}

// Prefix is the range of all sort keys that begin with prefix, which ends in an
// ASCII character such as #.
func Prefix(pk, prefix string) Range {
	last := len(prefix) - 1
	return Range{PK: pk, From: prefix, To: prefix[:last] + string(rune(prefix[last]+1))}
}

// After is the part of the range that comes after the item with sort key last, in
// the range's direction.
func (r Range) After(last string) Range {
	if r.Reverse {
		r.To = last
	} else {
		r.From = last + "\x00"
	}
	return r
}

// Condition is what must hold of the item that is already stored for a write to
// happen. The zero Condition always holds.
type Condition struct {
	Op      Op
	Version string // of Unchanged
}

// Op is the comparison that a Condition makes.
type Op int

// The comparisons, each of the stored item with the one to be written.
const (
	OpAlways    Op = iota
	OpNewer        // none is stored, or one of a lower Version
	OpOlder        // none is stored, or one of a higher Version
	OpUnchanged    // the stored one has the Version of the Condition
	OpAbsent       // none is stored
)

// Holds tells whether the condition holds where an item of one version is stored and
// another is to be written.
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

// Absent lets an item be written where there is none.
func Absent() Condition { return Condition{Op: OpAbsent} }

// Unchanged lets an item replace, or delete, the one that still has the version
// that was read.
func Unchanged(version string) Condition { return Condition{Op: OpUnchanged, Version: version} }
