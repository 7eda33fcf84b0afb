package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Unreadable is the error for something that is stored and can't be read. Its key or its document is
// not as this package writes it.
type Unreadable struct {
	Items []Item // all its items, at least one
	Err   error
}

// Error implements error.
func (u *Unreadable) Error() string { return u.Err.Error() }

// Unwrap returns why the items can't be read.
func (u *Unreadable) Unwrap() error { return u.Err }

// Discard deletes unreadable items, except those that were written again since.
func (s *Store) Discard(ctx context.Context, u *Unreadable) error {
	for _, item := range u.Items {
		if err := orThere(s.table.Delete(ctx, item.Key, Unchanged(item.Version))); err != nil {
			return fmt.Errorf("discard %s: %w", nameOf(item), err)
		}
	}
	return nil
}

// Repair repairs the unreadable items that the errors of loops name, if nothing is lost by it. A mark
// whose key has a day and a PBX is made again, so that the day is computed. A mark or an entry of the
// fleet list whose key names no PBX is deleted, since it holds no other information. Everything else
// stays. Callers report the error first.
func (s *Store) Repair(ctx context.Context, err error) error {
	var failed []error
	for _, loop := range each.In(err) {
		for _, bad := range loop.First {
			if u, ok := errors.AsType[*Unreadable](bad.Err); ok && len(u.Items) == 1 {
				failed = append(failed, s.mend(ctx, u))
			}
		}
	}
	return errors.Join(failed...)
}

func (s *Store) mend(ctx context.Context, u *Unreadable) error {
	item := u.Items[0]
	switch prefix, _, _ := strings.Cut(item.PK, "#"); prefix {
	case fleetPartition:
		return s.Discard(ctx, u)
	case duePrefix:
	default:
		return nil
	}
	if mac, day, err := markedDay(item); err == nil {
		return s.figures.mark(ctx, mac, day, s.now(), Unchanged(item.Version))
	}
	return s.Discard(ctx, u)
}

// decoded yields what read returns for items. One that can't be read is an *each.Bad with an
// *Unreadable.
func decoded[T any](ctx context.Context, items iter.Seq2[Item, error], read func(Item) (T, error)) iter.Seq2[T, error] {
	return each.Map(ctx, items, nameOf, func(_ context.Context, i Item) (T, error) {
		value, err := read(i)
		if err != nil && !errors.Is(err, each.ErrNone) {
			err = &Unreadable{[]Item{i}, err}
		}
		return value, err
	})
}

// document reads an item for decoded, from its document alone.
func document[T any](i Item) (doc T, err error) { return doc, unmarshal(i, &doc) }

// nameOf names an item in messages. It escapes what could be mistaken for a part of the message.
func nameOf(i Item) string { return printable(i.SK) + " of " + printable(i.PK) }

// markedDay reads the PBX and the day from the key of a mark.
func markedDay(i Item) (pbx.MAC, pbx.Day, error) {
	text, mac, _ := strings.Cut(i.SK, "#")
	day, err := pbx.ParseDay(text)
	if err != nil {
		return pbx.MAC(mac), day, wrap(err, "item %s", nameOf(i))
	}
	if err := checkMAC(mac); err != nil {
		return pbx.MAC(mac), day, wrap(err, "item %s", nameOf(i))
	}
	if dueKey(pbx.MAC(mac), day) != i.Key {
		return pbx.MAC(mac), day, fmt.Errorf("item %s: its key is not that of its day and PBX", nameOf(i))
	}
	return pbx.MAC(mac), day, nil
}

// listedMAC reads the PBX of an entry of the fleet list.
func listedMAC(i Item) (pbx.MAC, error) {
	mac := pbx.MAC(i.SK)
	if err := checkMAC(i.SK); err != nil {
		return mac, wrap(err, "item %s", nameOf(i))
	}
	if i.Key != fleetKey(mac) && i.Key != undividedFleetKey(mac) {
		return mac, fmt.Errorf("item %s: it is in the partition of another digit", nameOf(i))
	}
	return mac, nil
}

// checkMAC reports what is wrong with a MAC in a key.
func checkMAC(text string) error {
	mac, err := pbx.ParseMAC(text)
	if err != nil {
		return err
	}
	if string(mac) != text {
		return fmt.Errorf("%.40q is not a MAC as keys have it", text)
	}
	return nil
}

func printable(text string) string {
	quoted := fmt.Sprintf("%+q", text)
	return quoted[1 : len(quoted)-1]
}
