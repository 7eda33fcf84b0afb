package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"

	"trunkline/pkg/pbx"
)

// packedSuffix ends the names of packed objects. Athena, DuckDB and Spark recognize compressed
// lines by it.
const packedSuffix = ".ndjson.gz"

// PackedName names the n-th packed object, from 1, of a PBX's events of one kind and UTC day of
// receipt. It sorts after the names of their single objects, and before those of the next PBX.
func PackedName(kind pbx.Kind, day pbx.Day, mac pbx.MAC, n int) string {
	return fmt.Sprintf("%s%s.%04d%s", RawFolder(kind, day), mac, n, packedSuffix)
}

// IsPacked reports whether a name is that of a packed object, and not of a single one.
func IsPacked(name string) bool { return strings.HasSuffix(name, packedSuffix) }

// writers are reused, since each takes most of a megabyte.
var writers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// Pack compresses lines. The same lines give the same bytes.
func Pack(lines []byte) ([]byte, error) {
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	var object bytes.Buffer
	w.Reset(&object)
	_, err := w.Write(lines)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return object.Bytes(), nil
}

// maxUnpacked is the most bytes that the lines of a packed object may have.
const maxUnpacked = 256 << 20

// Unpack returns the lines of a packed object.
func Unpack(object []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(object))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	lines, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	if len(lines) > maxUnpacked {
		return nil, fmt.Errorf("unpack: the lines have more than %d bytes", maxUnpacked)
	}
	return lines, nil
}

// ReadLines returns the lines of an object of raw/, packed or single. If a single object was packed
// after it was listed, ReadLines returns its line from the packed object. So concurrent readers miss
// no event, but may see one twice, under the same ID.
func ReadLines(ctx context.Context, b Bucket, name string) ([]byte, error) {
	object, err := b.Get(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !IsPacked(name):
		return findPacked(ctx, b, name, err)
	case err != nil || !IsPacked(name):
		return object, err
	}
	lines, err := Unpack(object)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return lines, nil
}

// findPacked returns the line of a single object from the packed objects of its PBX. It returns
// the error missing if none has it.
func findPacked(ctx context.Context, b Bucket, name string, missing error) ([]byte, error) {
	id := strings.TrimSuffix(path.Base(name), ".json")
	mac, _, _ := strings.Cut(id, "-")
	for packed, err := range b.List(ctx, path.Dir(name)+"/"+mac+".", "") {
		if err != nil {
			return nil, err
		}
		if !IsPacked(packed) {
			continue
		}
		lines, err := ReadLines(ctx, b, packed)
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(lines) {
			if receipt, err := ParseReceipt(line); err == nil && receipt.ID == id {
				return line, nil
			}
		}
	}
	return nil, missing
}
