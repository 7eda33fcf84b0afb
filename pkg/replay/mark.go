package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/zycoo"
)

// markName names the object that says how far the quarantine was retried. It is not in quarantine/,
// which holds refused events only.
const markName = archive.RetriedPrefix + "quarantine.json"

// mark is how far the quarantine was retried.
type mark struct {
	Decoder int            `json:"decoder"`         // the version of the decoder that retries
	Since   time.Time      `json:"since"`           // its first run
	After   string         `json:"after,omitempty"` // the last object that was tried; all before it were, too, except those in Again
	Again   map[string]int `json:"again,omitempty"` // how often each failed object was tried
	Through bool           `json:"through"`         // all objects are tried
}

// readMark reads the mark. It returns a new mark if the object is missing, is invalid, or is of
// another version of the decoder. Then the run tries all objects from the first one on.
func readMark(ctx context.Context, b archive.Bucket, now time.Time) (mark, error) {
	var m mark
	object, err := b.Get(ctx, markName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("read how far the quarantine is tried again: %w", err)
	}
	if err != nil || json.Unmarshal(object, &m) != nil || m.Decoder != zycoo.Version {
		m = mark{Decoder: zycoo.Version, Since: now.UTC()}
	}
	if m.Again == nil {
		m.Again = map[string]int{}
	}
	return m, nil
}

func writeMark(ctx context.Context, b archive.Bucket, m mark) error {
	object, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("keep how far the quarantine is tried again: %w", err)
	}
	if err := b.Put(ctx, markName, append(object, '\n')); err != nil {
		return fmt.Errorf("keep how far the quarantine is tried again: %w", err)
	}
	return nil
}
