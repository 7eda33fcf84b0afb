package archive

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
)

// ErrChanged is wrapped by the error of Bucket.Replace if the object may have changed.
var ErrChanged = errors.New("the archived object has changed since it was read")

// Ping returns an error if the bucket is down.
func Ping(ctx context.Context, b Bucket) error {
	if _, err := b.Tag(ctx, SpillPrefix+"ping.json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// GetTagged returns an object, and the tag that it had just before. A Replace with that tag fails
// if the object was written since. It fails as Bucket.Get does.
func GetTagged(ctx context.Context, b Bucket, name string) (object []byte, tag string, err error) {
	if tag, err = b.Tag(ctx, name); err != nil {
		return nil, "", err
	}
	object, err = b.Get(ctx, name)
	return object, tag, err
}

// Within returns a stream that fails when a context ends.
func Within(ctx context.Context, r io.Reader) io.Reader { return within{ctx, r} }

type within struct {
	ctx context.Context
	io.Reader
}

// Read implements io.Reader.
func (w within) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Reader.Read(p)
}

// Bucket is what the archive needs of an object store: whole objects under names. A name has 1 to
// 512 bytes of ASCII. Its segments are separated by single slashes, and consist of letters, digits
// and any of =._- (CheckName). No segment is . or .. A Bucket is safe for concurrent use.
//
// A write that returned nil is durable. A write that failed may have happened, whole or not at
// all: no reader ever sees a part of an object. Reads see every write that returned before they
// began. Every method returns soon after its context ends, with an error that wraps the context's.
// A link, a FIFO or anything else that is not an object is never opened.
type Bucket interface {
	// Put stores body under name. It replaces an object of that name.
	Put(ctx context.Context, name string, body []byte) error

	// Get returns the object of that name, or an error that wraps fs.ErrNotExist.
	Get(ctx context.Context, name string) ([]byte, error)

	// Open returns the object of that name as a stream, or an error that wraps fs.ErrNotExist. The
	// stream is of one content, whatever is written meanwhile; a File that grows may end in a part of
	// a line. It fails when ctx ends, and if the object can't be read to its end. The caller closes it.
	Open(ctx context.Context, name string) (io.ReadCloser, error)

	// Tag returns a tag of the object's current content, or an error that wraps
	// fs.ErrNotExist. A tag is never empty, and stays until the object is written. Another
	// content has another tag; the same content may have the same tag.
	Tag(ctx context.Context, name string) (string, error)

	// Replace is Put if the object still has the tag; with an empty tag, if no object has the
	// name. Otherwise it writes nothing, and its error wraps ErrChanged. It is atomic: no Put,
	// Replace or Delete comes between the check and the write. ErrChanged can also mean a
	// concurrent write, or that an earlier attempt of this write succeeded. Callers read the
	// tag again and decide.
	Replace(ctx context.Context, name string, body []byte, tag string) error

	// List yields the names that begin with prefix and are greater than after (empty: all of
	// them), in the order of their bytes, page by page. The loop's body may use the Bucket.
	// Neither prefix nor after need be a name.
	//
	// For anything that is not an object, or a part that it can't list, List yields an
	// *each.Bad with its name, and goes on. After any other error it ends. Errors are yielded
	// with an empty name.
	List(ctx context.Context, prefix, after string) iter.Seq2[string, error]

	// Delete removes the object of that name. It succeeds if no object has that name.
	Delete(ctx context.Context, name string) error
}

// File is an object that grows in its place. Readers may see a part of what was written.
type File interface {
	io.WriterAt
	Truncate(size int64) error // in bytes
	Sync() error               // when it returns nil, what was written is durable
	Close() error
}
