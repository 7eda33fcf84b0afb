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

// Name is what the operator says of a queue, an agent or a number of a PBX.
type Name struct {
	Kind   naming.Kind   `json:"kind"`
	ID     string        `json:"id"` // as the PBX has it in its records
	Name   string        `json:"name,omitempty"`
	Opens  naming.Hours  `json:"opens,omitempty"` // of a queue
	Target naming.Target `json:"target,omitzero"` // of a queue

	Unreadable UnreadableMembers `json:"-"`
}

// says tells whether anything is said at all.
func (n Name) says() bool {
	return n.Name != "" || len(n.Opens) > 0 || n.Target != naming.Target{} || len(n.Unreadable) > 0
}

// compare orders names by kind and ID.
func (n Name) compare(other Name) int {
	return cmp.Or(cmp.Compare(n.Kind, other.Kind), cmp.Compare(n.ID, other.ID))
}

// Names are those of a PBX: in the order of kind and ID, each once.
type Names []Name

// Bounds of what the operator names. A name takes some 80 bytes, so that the largest PBX is
// far from the 256 KB of an item.
const (
	MaxNames     = 1000 // of a PBX
	maxNamesSize = 192 << 10
)

// Check tells what is wrong with a name.
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

// Find is what is said of one thing; where nothing is, only its kind and ID.
func (n Names) Find(kind naming.Kind, id string) Name {
	if at, there := n.at(kind, id); there {
		return n[at]
	}
	return Name{Kind: kind, ID: id}
}

func (n Names) at(kind naming.Kind, id string) (int, bool) {
	return slices.BinarySearchFunc(n, Name{Kind: kind, ID: id}, Name.compare)
}

// With are the names with this one in the place of what was said of the same thing before.
// One that says nothing is taken away.
func (n Names) With(name Name) Names {
	at, there := n.at(name.Kind, name.ID)
	all := slices.Clone(n)
	switch {
	case there && name.says():
		all[at] = name
	case there:
		all = slices.Delete(all, at, at+1)
	case name.says():
		all = slices.Insert(all, at, name)
	}
	return all
}

// Check tells what is wrong with the names of a PBX.
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

// Readable tells which of the names can't be read. Its error is an ErrNotUnderstood.
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

// namedDoc is its form: each name is read by itself, member by member.
type namedDoc struct {
	Names []json.RawMessage `json:"names,omitempty"`
}

// noObject is the name by which an element is unreadable that is no object.
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

// ChangeNames has apply change the names of a PBX, as ChangeDevice does the settings, and
// returns them. Names that do not Check are an error, and not written.
func (s *Store) ChangeNames(ctx context.Context, mac pbx.MAC, apply func(Names) (Names, error)) (Names, error) {
	doc, err := change(ctx, s, mac, namesKey(mac), "names", func(doc *named) (err error) {
		if doc.Names, err = apply(doc.Names); err != nil {
			return err
		}
		return doc.Names.Check()
	})
	return doc.Names, err
}
