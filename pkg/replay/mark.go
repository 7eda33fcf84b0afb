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

// markName is the name of the object that says how far the quarantine is tried again. It lies
// outside quarantine/, all of which is what was refused.
const markName = archive.RetriedPrefix + "quarantine.json"

// mark is how far the quarantine is tried again.
type mark struct {
	Decoder int            `json:"decoder"`         // the version that tries it
	Since   time.Time      `json:"since"`           // its first run
	After   string         `json:"after,omitempty"` // the last object that was tried, and all before it but for those in Again
	Again   map[string]int `json:"again,omitempty"` // how often others were tried, and failed
	Through bool           `json:"through"`         // there are no more
}

// readMark reads the mark. One that can't be understood, or is another version's, is none: then
// all begins again, and is found done.
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
