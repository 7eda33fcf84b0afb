package compact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
)

// markName names the object that says how far the events of a kind are packed. It is not in raw/,
// which holds events only.
func markName(kind pbx.Kind) string { return archive.CompactionPrefix + string(kind) + ".json" }

// mark is how far a kind's events are packed.
type mark struct {
	Through pbx.Day `json:"through"` // the last day that is packed, as all days before it
	Again   pbx.Day `json:"again"`   // the day that was visited again last
}

// readMark reads the mark. It returns an empty mark if the object is missing or invalid: then the
// run lists all days again, and finds them packed.
func (c *Compactor) readMark(ctx context.Context, kind pbx.Kind) (mark, error) {
	object, err := c.bucket.Get(ctx, markName(kind))
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, nil
	}
	if err != nil {
		return mark{}, fmt.Errorf("read how far the archive is packed: %w", err)
	}
	var m mark
	if json.Unmarshal(object, &m) != nil {
		return mark{}, nil
	}
	return m, nil
}

func (c *Compactor) writeMark(ctx context.Context, kind pbx.Kind, m mark) error {
	object, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("keep how far the archive is packed: %w", err)
	}
	if err := c.bucket.Put(ctx, markName(kind), append(object, '\n')); err != nil {
		return fmt.Errorf("keep how far the archive is packed: %w", err)
	}
	return nil
}
