package compact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"trunkline/pkg/archive"
)

// packed is a packed object as it was read.
type packed struct {
	name  string
	tag   string // empty if the object does not exist
	lines []byte
	byID  map[string][]byte
}

// open reads the n-th packed object of the batch's PBX. If it does not exist, its tag is empty.
func (p *batch) open(ctx context.Context, n int) (*packed, error) {
	o := &packed{name: archive.PackedName(p.kind, p.day, p.mac, n), byID: map[string][]byte{}}
	object, tag, err := archive.GetTagged(ctx, p.bucket, o.name)
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return nil, err
	}
	if o.lines, err = archive.Unpack(object); err != nil {
		return nil, fmt.Errorf("%s: %w", o.name, err)
	}
	o.tag = tag
	for line := range bytes.Lines(o.lines) {
		if receipt, err := archive.ParseReceipt(line); err == nil {
			o.byID[receipt.ID] = line
		}
	}
	return o, nil
}

// add adds lines to a packed object. A line begins with the ID of its envelope, so the sorted
// lines are in the order of receipt.
func (p *batch) add(ctx context.Context, o *packed, lines map[string][]byte) error {
	all := slices.Collect(bytes.Lines(o.lines))
	all = slices.AppendSeq(all, maps.Values(lines))
	slices.SortFunc(all, bytes.Compare)
	body, err := archive.Pack(bytes.Join(all, nil))
	if err != nil {
		return err
	}
	return p.bucket.Replace(ctx, o.name, body, o.tag)
}

// same reports whether two lines are of one receipt. Different versions may have written them, and
// may have decoded the body differently.
func same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	one, err := archive.ParseReceipt(a)
	other, otherErr := archive.ParseReceipt(b)
	return err == nil && otherErr == nil && one.ID == other.ID && bytes.Equal(one.Body, other.Body)
}
