package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
)

// Checkpoint is what a replay was asked for, and how far it is.
type Checkpoint struct {
	From pbx.Day `json:"from"`
	To   pbx.Day `json:"to"`
	MAC  pbx.MAC `json:"mac,omitempty"`
	Of   string  `json:"of"`             // folder or bucket
	Into string  `json:"into"`           // folder or table
	Last string  `json:"last,omitempty"` // the last object that is done, and all before it
}

// At returns the checkpoint at the object last. It stays as it is where last is empty.
func (c Checkpoint) At(last string) Checkpoint {
	if last != "" {
		c.Last = last
	}
	return c
}

// Resume returns the checkpoint that the file name has as text. An empty file is the beginning.
// The error says that it is not the checkpoint of the same replay as c.
func (c Checkpoint) Resume(name string, text []byte) (Checkpoint, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return c, nil
	}
	var was Checkpoint
	if err := json.Unmarshal(text, &was); err != nil {
		return Checkpoint{}, fmt.Errorf("%s is not a checkpoint of a replay: choose another file", name)
	}
	if was.At("-") != c.At("-") {
		return Checkpoint{}, fmt.Errorf("%s is of another replay (%s to %s, of %s into %s): "+
			"choose another file, or remove it", name, was.From, was.To, was.Of, was.Into)
	}
	return was, nil
}

// countObjects returns how many objects a part of the archive has, and how many of them were done before.
// What can't be listed is not counted.
func countObjects(ctx context.Context, b archive.Bucket, sel Selection) (before, total int) {
	after := sel.After
	sel.After = ""
	for name, err := range sel.part().Names(ctx, b) {
		if err != nil {
			continue // the replay itself reports what can't be listed
		}
		if total++; name == after {
			before = total
		}
	}
	return before, total
}
