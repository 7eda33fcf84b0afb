package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
)

// Name is what the operator enters for a queue, an agent or a number of a PBX.
type Name struct {
	Kind   naming.Kind   `json:"kind"`
	ID     string        `json:"id"` // as the PBX has it in its records
	Name   string        `json:"name,omitempty"`
	Opens  naming.Hours  `json:"opens,omitempty"` // of a queue
	Target naming.Target `json:"target,omitzero"` // of a queue

	Unreadable UnreadableMembers `json:"-"`
}

// isSet reports whether anything is entered at all.
func (n Name) isSet() bool {
	return n.Name != "" || len(n.Opens) > 0 || n.Target != naming.Target{} || len(n.Unreadable) > 0
}

// compare orders names by kind and ID.
func (n Name) compare(other Name) int {
	return cmp.Or(cmp.Compare(n.Kind, other.Kind), cmp.Compare(n.ID, other.ID))
}

// Names are the names of a PBX: unique, and in the order of kind and ID.
type Names []Name

// Bounds of the names of a PBX. A name takes some 80 bytes, so even the largest PBX stays far below
// the 256 KB of an item.
const (
	MaxNames     = 1000 // of a PBX
	maxNamesSize = 192 << 10
)

// Check reports what is wrong with a name.
func (n Name) Check() error {
	for _, of := range []struct {
		what string
		err  error
	}{{"kind", n.Kind.Check()}, {"ID", naming.CheckID(n.ID)}, {"name", naming.CheckName(n.Name)}, {"target", n.Target.Check()}} {
		if of.err != nil {
			return fmt.Errorf("%s: %w", of.what, of.err)
		}
	}
	if n.Kind != naming.Queue && (len(n.Opens) > 0 || n.Target != naming.Target{}) {
		return errors.New("only a queue has opening hours and a target")
	}
	return nil
}

// Find returns the name of one thing. If nothing is entered, it has only a kind and an ID.
func (n Names) Find(kind naming.Kind, id string) Name {
	if at, there := n.at(kind, id); there {
		return n[at]
	}
	return Name{Kind: kind, ID: id}
}

func (n Names) at(kind naming.Kind, id string) (int, bool) {
	return slices.BinarySearchFunc(n, Name{Kind: kind, ID: id}, Name.compare)
}

// With returns the names with this one, which replaces the previous name of the same thing. If
// nothing is entered in it, the previous name is removed.
func (n Names) With(name Name) Names {
	at, there := n.at(name.Kind, name.ID)
	all := slices.Clone(n)
	switch {
	case there && name.isSet():
		all[at] = name
	case there:
		all = slices.Delete(all, at, at+1)
	case name.isSet():
		all = slices.Insert(all, at, name)
	}
	return all
}

// Check reports what is wrong with the names of a PBX.
func (n Names) Check() error {
	if len(n) > MaxNames {
		return fmt.Errorf("a PBX has at most %d names, and this one would have %d", MaxNames, len(n))
	}
	for _, name := range n {
		if len(name.Unreadable) > 0 {
			continue // it stays as it is until it is set again
		}
		if err := name.Check(); err != nil {
			return fmt.Errorf("%s %.40q: %w", name.Kind, name.ID, err)
		}
	}
	doc, err := marshal(n)
	if err != nil {
		return err
	}
	if len(doc) > maxNamesSize {
		return fmt.Errorf("the names of a PBX may take %d bytes, and these %d would take %d", maxNamesSize, len(n), len(doc))
	}
	return nil
}

// Readable reports the first name that can't be read, as an ErrNotUnderstood.
func (n Names) Readable() error {
	for _, name := range n {
		if err := name.Unreadable.check(slices.Sorted(maps.Keys(name.Unreadable))...); err != nil {
			return wrap(err, "%s %.40q", name.Kind, name.ID)
		}
	}
	return nil
}

// named is the document of a PBX's names.
type named struct{ Names Names }

// namedDoc is its stored form. Each name is read on its own, member by member.
type namedDoc struct {
	Names []json.RawMessage `json:"names,omitempty"`
}

// noObject is the member name for an unreadable element that is not an object.
const noObject = ""

// UnmarshalJSON implements json.Unmarshaler.
func (n *named) UnmarshalJSON(text []byte) error {
	var doc namedDoc
	if err := json.Unmarshal(text, &doc); err != nil {
		return err
	}
	n.Names = nil
	for _, text := range doc.Names {
		var name Name
		unreadable, err := readMembers(text, &name)
		if err != nil {
			unreadable = UnreadableMembers{noObject: keepable(text)}
		}
		name.Unreadable = unreadable
		n.Names = append(n.Names, name)
	}
	slices.SortStableFunc(n.Names, Name.compare)
	return nil
}

// MarshalJSON implements json.Marshaler.
func (n named) MarshalJSON() ([]byte, error) {
	var doc namedDoc
	for _, name := range n.Names {
		text, whole := name.Unreadable[noObject]
		if !whole {
			var err error
			if text, err = writeMembers(name, name.Unreadable); err != nil {
				return nil, err
			}
		}
		doc.Names = append(doc.Names, text)
	}
	return marshal(doc)
}

// Names reads the names of a PBX.
func (s *Store) Names(ctx context.Context, mac pbx.MAC) (Names, error) {
	var doc named
	_, err := s.load(ctx, namesKey(mac), &doc)
	return doc.Names, wrap(err, "read the names of %s", mac)
}

// ChangeNames calls apply to change the names of a PBX, as ChangeDevice does for settings, and returns
// the new names. If Names.Check refuses them, they are not written.
func (s *Store) ChangeNames(ctx context.Context, mac pbx.MAC, apply func(Names) (Names, error)) (Names, error) {
	doc, err := change(ctx, s, mac, namesKey(mac), "names", func(doc *named) (err error) {
		if doc.Names, err = apply(doc.Names); err != nil {
			return err
		}
		return doc.Names.Check()
	})
	return doc.Names, err
}
