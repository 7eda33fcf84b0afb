package replay

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Refused is an event in quarantine.
type Refused struct {
	Name     string    `json:"name"`
	Received time.Time `json:"received,omitzero"`
	MAC      pbx.MAC   `json:"mac,omitempty"`
	Reason   string    `json:"reason"`
	Begins   string    `json:"body_begins"` // printable, on one line
}

// ListRefused yields the selected events in quarantine. An object that can't be read is an
// *each.Bad.
func ListRefused(ctx context.Context, b archive.Bucket, q archive.Quarantined) iter.Seq2[Refused, error] {
	return each.Map(ctx, q.Names(ctx, b), each.Text, func(ctx context.Context, name string) (Refused, error) {
		object, err := b.Get(ctx, name)
		if errors.Is(err, fs.ErrNotExist) { // released in the meantime
			err = each.ErrNone
		}
		return newRefused(name, object), err
	})
}

func newRefused(name string, object []byte) Refused {
	receipt, err := archive.ParseReceipt(object)
	if err != nil {
		return Refused{Name: name, Reason: err.Error(), Begins: beginning(object)}
	}
	return Refused{name, receipt.Received, receipt.MAC, receipt.Reason, beginning(receipt.Body)}
}

// beginning is how a body begins: 60 characters, on one line.
func beginning(body []byte) string {
	const characters = 60
	text := strings.Join(strings.Fields(string(body[:min(len(body), 10*characters)])), " ")
	runes := []rune(pbx.Printable(text))
	return string(runes[:min(len(runes), characters)])
}

// Selected yields the names of the selected events in quarantine: only of those that were refused
// for a reason with this text in it, in capitals or not. An empty text selects all.
func Selected(ctx context.Context, b archive.Bucket, q archive.Quarantined, reason string) iter.Seq2[string, error] {
	if reason == "" {
		return q.Names(ctx, b)
	}
	return withReason(ctx, ListRefused(ctx, b, q), reason)
}

func withReason(ctx context.Context, all iter.Seq2[Refused, error], text string) iter.Seq2[string, error] {
	name := func(r Refused) string { return r.Name }
	return each.Map(ctx, all, name, func(_ context.Context, r Refused) (string, error) {
		if !strings.Contains(strings.ToLower(r.Reason), strings.ToLower(text)) {
			return "", each.ErrNone
		}
		return r.Name, nil
	})
}

// Attempt is what was done with an event in quarantine.
type Attempt struct {
	Name string `json:"name"`
	Done bool   `json:"done"`
	Why  string `json:"why,omitempty"` // it was not done
}

// ReleaseAll releases events, and calls did with each. It ends early where a store is down.
func ReleaseAll(
	ctx context.Context, s *store.Store, k archive.Keeper, b archive.Bucket, names iter.Seq2[string, error], did func(Attempt),
) error {
	return attempt(ctx, names, did, func(ctx context.Context, name string) error {
		err := Release(ctx, s, k, b, name)
		if err != nil && !errors.Is(err, ErrHeld) && s.Ping(ctx) != nil {
			return each.Stop(err)
		}
		return err
	})
}

// DiscardAll deletes events from quarantine for good, and calls did with each.
func DiscardAll(ctx context.Context, b archive.Bucket, names iter.Seq2[string, error], did func(Attempt)) error {
	return attempt(ctx, names, did, func(ctx context.Context, name string) error {
		if _, err := b.Tag(ctx, name); err != nil {
			return err
		}
		return b.Delete(ctx, name)
	})
}

func attempt(ctx context.Context, names iter.Seq2[string, error], did func(Attempt), do func(context.Context, string) error) error {
	events := each.Loop[string]{Of: "quarantined events that were asked for", Name: each.Text[string]}
	return events.Do(ctx, names, func(ctx context.Context, name string) error {
		err := do(ctx, name)
		if each.Stops(err) {
			return err
		}
		a := Attempt{Name: name, Done: err == nil}
		if err != nil {
			a.Why = NotThere(name, err).Error()
		}
		did(a)
		return err
	})
}

// NotThere says of an fs.ErrNotExist that the event name is not in quarantine. Other errors stay as
// they are.
func NotThere(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not in quarantine (any more): see pbxctl quarantine list", name)
	}
	return err
}
