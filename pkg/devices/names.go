package devices

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"strconv"

	"trunkline/pkg/each"
	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Name is a name and its PBX.
type Name struct {
	MAC pbx.MAC `json:"mac"`
	store.Name
}

// Names yields the names of a PBX; of the whole fleet if mac is empty.
func Names(ctx context.Context, s *store.Store, mac pbx.MAC) iter.Seq2[Name, error] {
	if mac != "" {
		names, err := namesOf(ctx, s, mac)
		if err != nil {
			return func(yield func(Name, error) bool) { yield(Name{}, err) }
		}
		return each.Of(names...)
	}
	return each.Flat(store.FleetOf(ctx, s, namesOf))
}

func namesOf(ctx context.Context, s *store.Store, mac pbx.MAC) (all []Name, err error) {
	names, err := s.Names(ctx, mac)
	for _, name := range names {
		all = append(all, Name{mac, name})
	}
	return all, err
}

// NameFields returns what can be entered for a queue, an agent or a number beside its kind and ID.
func NameFields() Fields[store.Name] {
	return Fields[store.Name]{
		nameField("name", "name", func(n store.Name) string { return n.Name }, func(n *store.Name, s string) error {
			n.Name = s
			return naming.CheckName(s)
		}),
		nameField("opens", "opens", func(n store.Name) string { return n.Opens.String() }, func(n *store.Name, s string) (err error) {
			n.Opens, err = naming.ParseHours(s)
			return err
		}),
		nameField("target_percent", "target",
			func(n store.Name) string { return targetText(n.Target, n.Target.Percent) },
			func(n *store.Name, s string) error { return setNumber(&n.Target.Percent, s) }),
		nameField("target_seconds", "target",
			func(n store.Name) string { return targetText(n.Target, n.Target.Seconds) },
			func(n *store.Name, s string) error { return setNumber(&n.Target.Seconds, s) }),
	}
}

// nameField returns a field of a member. If the member can't be read, the field shows the stored text until
// it is set.
func nameField(name, member string, get func(store.Name) string, set func(*store.Name, string) error) Field[store.Name] {
	return Field[store.Name]{
		name,
		func(n store.Name) string { return cmp.Or(n.Unreadable.Text(member), get(n)) },
		func(n *store.Name, text string) error {
			n.Unreadable = n.Unreadable.Without(member)
			return set(n, text)
		},
	}
}

func targetText(t naming.Target, n int) string {
	if t == (naming.Target{}) {
		return ""
	}
	return strconv.Itoa(n)
}

// setNumber sets a number; empty: 0.
func setNumber(n *int, s string) (err error) {
	if *n = 0; s == "" {
		return nil
	}
	if *n, err = strconv.Atoi(s); err != nil {
		return fmt.Errorf("%.40q is not a whole number", s)
	}
	return nil
}
