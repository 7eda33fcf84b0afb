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

// packedSuffix is what the names of packed objects end in: lines, compressed, as Athena,
// DuckDB and Spark know them by their names.
const packedSuffix = ".ndjson.gz"

// PackedName is the name of the n-th packed object, from 1, of a PBX's events of one kind and
// UTC day of receipt. It comes after the names of their single objects, and before those of
// the next PBX.
func PackedName(kind pbx.Kind, day pbx.Day, mac pbx.MAC, n int) string {
	return fmt.Sprintf("%s%s.%04d%s", RawFolder(kind, day), mac, n, packedSuffix)
}

// IsPacked tells the names of packed objects from those of single ones.
func IsPacked(name string) bool { return strings.HasSuffix(name, packedSuffix) }

// writers are used again, since each has most of a megabyte.
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

// maxUnpacked is how many bytes the lines of a packed object may have.
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
		return nil, fmt.Errorf("unpack: more than %d bytes", maxUnpacked)
	}
	return lines, nil
}

// ReadLines returns the lines of an object of raw/, packed or single. That of a single one
// that was packed since its name was listed is found where it is now, so that who reads while
// events are packed misses none; he may see one twice, under one ID.
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

// findPacked finds the line of a single object in the packed ones of its PBX, or returns
// missing.
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
