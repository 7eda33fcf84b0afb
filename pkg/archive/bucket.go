package archive

import (
	"context"
	"errors"
	"io/fs"
	"iter"
)

// ErrChanged is what Bucket.Replace's error wraps where the object may not be as it was.
var ErrChanged = errors.New("the object has changed")

// Ping tells whether a bucket answers: its error is that of a bucket that is down.
func Ping(ctx context.Context, b Bucket) error {
	if _, err := b.Tag(ctx, SpillPrefix+"ping.json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// GetTagged returns an object, and the tag that it had just before: a Replace with that tag fails
// where the object was written since. It fails as Bucket.Get does.
func GetTagged(ctx context.Context, b Bucket, name string) (object []byte, tag string, err error) {
	if tag, err = b.Tag(ctx, name); err != nil {
		return nil, "", err
	}
	object, err = b.Get(ctx, name)
	return object, tag, err
}

// Bucket is what the archive needs of an object store: whole objects under names.
// A name is 1 to 512 bytes of printable ASCII: segments of letters, digits and any
// of =._- separated by single slashes, none of them . or .. (CheckName). It is
// safe for concurrent use.
//
// A write that returned nil is durable. One that failed may have happened, whole
// or not at all: no reader ever sees a part of an object. Reads see every write
// that had returned before they began. Every method returns soon after its context
// ends, with an error that wraps the context's. What is no object, such as a link or a FIFO
// in a folder of files, is never opened.
type Bucket interface {
	// Put stores body under name, in place of what was there.
	Put(ctx context.Context, name string, body []byte) error

	// Get returns the object of that name, or an error that wraps fs.ErrNotExist.
	Get(ctx context.Context, name string) ([]byte, error)

	// Tag names the content that the object of that name has now, or returns an error that
	// wraps fs.ErrNotExist. A tag is never empty. It stays until the object is written: then
	// another content has another tag, and the same content may have the same one.
	Tag(ctx context.Context, name string) (string, error)

	// Replace is Put where the object still has the tag, or where there is none if the tag
	// is empty; else it writes nothing, and its error wraps ErrChanged. Condition and write
	// are one step: no Put, Replace or Delete comes between. ErrChanged may also mean that
	// another write goes on, or that an earlier try of this one, whose answer was lost, has
	// written body: who gets it reads the tag again, and decides.
	Replace(ctx context.Context, name string, body []byte, tag string) error

	// List yields the names that begin with prefix and come after the name after
	// (empty: all of them), in the order of their bytes, page by page. The loop's body
	// may use the Bucket. Neither prefix nor after need be a name.
	//
	// Where a Bucket holds something that is no object, or a part that it can't list, List
	// yields an *each.Bad with its name, and goes on. After any other error it ends. Errors
	// are yielded with an empty name.
	List(ctx context.Context, prefix, after string) iter.Seq2[string, error]

	// Delete removes the object of that name. That there is none is success.
	Delete(ctx context.Context, name string) error
}
