package store

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"trunkline/pkg/pbx"
)

// layout says how a struct is written as a canonical document, and read again: its members in the byte
// order of their names. It writes and reads what encoding/json and Canonical do together, in one pass.
type layout []layoutMember

type layoutMember struct {
	name     string
	index    []int // of the field, for reflect
	optional bool  // it is left out while it is zero
}

// layouts has the layout of each type that was asked for. They never change.
var layouts sync.Map

// layoutOf returns the layout of a struct. It is nil for a struct that has a member of another type
// than those in isSimple: then encoding/json is used.
func layoutOf(t reflect.Type) layout {
	if known, ok := layouts.Load(t); ok {
		return known.(layout)
	}
	l := newLayout(t)
	layouts.Store(t, l)
	return l
}

func newLayout(t reflect.Type) (l layout) {
	for _, field := range reflect.VisibleFields(t) {
		name, options, tagged := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "" && !tagged, name == "-":
			continue // the members of an embedded struct are visible fields, too
		case name == "" || !isSimple(field.Type):
			return nil
		}
		l = append(l, layoutMember{name, field.Index, options == "omitempty" || options == "omitzero"})
	}
	slices.SortFunc(l, func(a, b layoutMember) int { return cmp.Compare(a.name, b.name) })
	return l
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
func (m layoutMember) field(of reflect.Value) any {
	for _, i := range m.index {
		of = of.Field(i)
	}
	return of.Addr().Interface()
}
