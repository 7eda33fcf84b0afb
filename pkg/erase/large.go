package erase

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"io"
	"strings"

	"trunkline/pkg/archive"
)

// isLarge reports whether an object may have the lines of a whole day or of many PBXs. Such an object
// is read as a stream, and keeps its name. It is not deleted even if no line is left, since lines may
// be added concurrently. So it is only replaced if it is unchanged.
func isLarge(name string) bool {
	form, _ := archive.FormOf(name)
	return strings.HasPrefix(name, archive.RawPrefix) && (form == archive.Packed || form == archive.Shared)
}

// mayBeIn reports whether a large object has the number, or can't be read to its end, in bounded
// memory.
func (e *Erasure) mayBeIn(ctx context.Context, name string) bool {
	for line, err := range archive.ReadLines(ctx, e.Archive, name) {
		if err != nil {
			return true
		}
		if m, err := e.Numbers.maskLine(line.Text); m.had || err != nil {
			return true
		}
	}
	return false
}

// largeObject returns a large object without the number.
func (e *Erasure) largeObject(ctx context.Context, name string) (newObject, error) {
	next := newObject{name: name}
	var body bytes.Buffer
	out := &distinct{seen: map[[sha256.Size]byte]bool{}, out: &body}
	for line, err := range archive.ReadLines(ctx, e.Archive, name) {
		if err != nil {
			return next, err
		}
		if line.Packed() && out.packed == nil {
			out.packed = gzip.NewWriter(&body)
			out.out = out.packed
		}
		_ = e.addLine(&next.lines, line.N, line.Text) // it has added a finding
		if err := out.write(next.lines.text); err != nil {
			return next, err
		}
		next.lines.text = nil
	}
	err := out.close()
	next.body = body.Bytes()
	return next, err
}

// distinct writes lines, without repeated ones. An event may be packed while its single object is
// masked. Then, after the packed object is masked, too, its line is there twice.
type distinct struct {
	seen   map[[sha256.Size]byte]bool
	out    io.Writer
	packed *gzip.Writer // nil: lines are not compressed
}

func (d *distinct) write(line []byte) error {
	hash := sha256.Sum256(line)
	if len(line) == 0 || d.seen[hash] {
		return nil
	}
	d.seen[hash] = true
	_, err := d.out.Write(line)
	return err
}

func (d *distinct) close() error {
	if d.packed == nil {
		return nil
	}
	return d.packed.Close()
}
