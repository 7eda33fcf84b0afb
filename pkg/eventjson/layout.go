package eventjson

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"trunkline/pkg/pbx"
)

// Layout has the members of a struct in an order. The zero Layout is that of a struct that this package
// can't write: then use encoding/json.
type Layout struct{ members []member }

type member struct {
	name     string
	index    []int // of the field, for reflect
	optional bool  // it is left out while it is zero
}

// layouts has the Layout of each type and order that was asked for. They never change.
var layouts sync.Map

type ordered struct {
	of     reflect.Type
	sorted bool
}

// Declared returns the members of a struct in the order of encoding/json.
func Declared(t reflect.Type) Layout { return layoutOf(ordered{t, false}) }

// Sorted returns the members of a struct in the byte order of their names.
func Sorted(t reflect.Type) Layout { return layoutOf(ordered{t, true}) }

func layoutOf(o ordered) Layout {
	if known, ok := layouts.Load(o); ok {
		return known.(Layout)
	}
	members := membersOf(o.of)
	if o.sorted {
		slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	}
	layouts.Store(o, Layout{members})
	return Layout{members}
}

// Known reports whether the package can write and read the struct.
func (l Layout) Known() bool { return l.members != nil }

// membersOf returns the members of a struct as they are declared. It returns none if one of them has
// another type than those in isSimple.
func membersOf(t reflect.Type) (members []member) {
	for _, field := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "", name == "-":
			continue // the members of an embedded struct are visible fields, too
		case name == "" || !isSimple(field.Type):
			return nil
		}
		members = append(members, member{name, field.Index, options == "omitempty" || options == "omitzero"})
	}
	return members
}

// isSimple reports whether a layout can have a member of a type.
func isSimple(t reflect.Type) bool {
	switch reflect.Zero(t).Interface().(type) {
	case string, bool, pbx.Int, pbx.LocalTime, time.Time, []pbx.Member:
		return true
	}
	return false
}

// field returns a pointer to the member of a struct, which must be addressable.
func (m member) field(of reflect.Value) any {
	for _, i := range m.index {
		of = of.Field(i)
	}
	return of.Addr().Interface()
}
