package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"trunkline/pkg/each"
)

// redeliveredAtOnce is how many events of a failed delivery become objects at once.
const redeliveredAtOnce = 1000

// Redeliver archives the events that delivery streams could not deliver, and returns how many objects
// of them it has removed. An object that has anything else stays, and the error names it; its events
// are archived all the same. It may stop or die anywhere, and be repeated.
func Redeliver(ctx context.Context, b Bucket) (done int, err error) {
	objects := each.Loop[string]{Of: "failed deliveries", Name: each.Text[string]}
	err = objects.Do(ctx, b.List(ctx, FailuresPrefix, ""), func(ctx context.Context, name string) error {
		if err := redeliver(ctx, b, name); err != nil {
			return err
		}
		done++
		return b.Delete(ctx, name)
	})
	return done, err
}

// redeliver archives the events of an object.
func redeliver(ctx context.Context, b Bucket, name string) error {
	var waiting []Envelope
	lines := each.Loop[Line]{Of: "lines of failed deliveries", Name: Line.String}
	skipped := lines.Do(ctx, ReadLines(ctx, b, name), func(ctx context.Context, line Line) error {
		all, err := undelivered(line.Text)
		if err != nil {
			return err
		}
		if waiting = append(waiting, all...); len(waiting) < redeliveredAtOnce {
			return nil
		}
		all, waiting = waiting, nil
		return keepAll(ctx, b, all)
	})
	if skipped != nil && !each.Only(skipped) {
		return skipped
	}
	if err := keepAll(ctx, b, waiting); err != nil {
		return err
	}
	return skipped
}

// undelivered returns the events of a line: itself, or a record as Firehose writes it with the reason
// of its failure.
func undelivered(line []byte) (all []Envelope, err error) {
	var failed struct {
		Data []byte `json:"rawData"`
	}
	if err := json.Unmarshal(line, &failed); err != nil {
		return nil, fmt.Errorf("read a failed delivery: %w", err)
	}
	if failed.Data == nil {
		failed.Data = line
	}
	for text := range bytes.Lines(failed.Data) {
		receipt, err := ParseReceipt(text)
		if err != nil {
			return nil, err
		}
		all = append(all, receipt.As(text))
	}
	return all, nil
}

// keepAll keeps events of any deliveries and kinds.
func keepAll(ctx context.Context, b Bucket, envelopes []Envelope) error {
	groups := each.Loop[[]Envelope]{Of: "events of failed deliveries", Name: func(all []Envelope) string { return all[0].ID() }}
	return groups.Do(ctx, each.Of(Groups(envelopes)...), func(ctx context.Context, all []Envelope) error {
		return KeepGroup(ctx, NewDirect(b), b, all)
	})
}
