package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// ErrNotUnderstood is wrapped by the error for a stored document that is invalid. Other errors of a
// read mean that the table can't be reached.
var ErrNotUnderstood = errors.New("a stored document is not understood")

// notUnderstood is an ErrNotUnderstood that has the text of its cause.
type notUnderstood struct{ error }

func (notUnderstood) Is(target error) bool { return target == ErrNotUnderstood }

func (e notUnderstood) Unwrap() error { return e.error }

// UnreadableMembers are the members of a document that can't be read, or that this version does not
// know: their JSON by their names. They are written back unchanged until they are set again.
type UnreadableMembers map[string]json.RawMessage

// Text returns the text of an unreadable member, for people; empty if the member is readable.
func (u UnreadableMembers) Text(member string) string {
	var text string
	if json.Unmarshal(u[member], &text) == nil && text != "" {
		return text
	}
	return string(u[member])
}

// Without returns the members without one, which was set again.
func (u UnreadableMembers) Without(member string) UnreadableMembers {
	if _, there := u[member]; !there {
		return u
	}
	rest := maps.Clone(u)
	delete(rest, member)
	return rest
}

// With returns the members and one of others, if that has it.
func (u UnreadableMembers) With(member string, others UnreadableMembers) UnreadableMembers {
	text, there := others[member]
	if !there {
		return u
	}
	all := maps.Clone(u)
	if all == nil {
		all = UnreadableMembers{}
	}
	all[member] = text
	return all
}

// only returns one of the members alone, if it is among them.
func (u UnreadableMembers) only(member string) UnreadableMembers {
	return UnreadableMembers(nil).With(member, u)
}

// check reports the first of the given members that can't be read.
func (u UnreadableMembers) check(members ...string) error {
	for _, member := range members {
		if _, bad := u[member]; bad {
			return notUnderstood{fmt.Errorf("%s can't be read: %.80q", member, u.Text(member))}
		}
	}
	return nil
}

// readMembers reads a JSON object into a struct, member by member. An unreadable member does not affect
// the others. It fails only if the text is not an object.
func readMembers(text []byte, doc any) (UnreadableMembers, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	known, unreadable := membersOf(doc), UnreadableMembers{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(known, name) || !readMember(name, members[name], doc) {
			unreadable[name] = keepable(members[name])
		}
	}
	if len(unreadable) == 0 {
		return nil, nil
	}
	return unreadable, nil
}

// membersOf returns the JSON names of a struct's members.
func membersOf(doc any) (names []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeOf(doc).Elem()) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

func readMember(name string, text json.RawMessage, doc any) bool {
	one, err := json.Marshal(map[string]json.RawMessage{name: text})
	return err == nil && string(text) != "null" && json.Unmarshal(one, doc) == nil
}

// keepable returns a JSON value as it is, or as a string if no Table would take it.
func keepable(text json.RawMessage) json.RawMessage {
	if one, err := json.Marshal(map[string]json.RawMessage{"x": text}); err == nil {
		if _, err := Canonical(one); err == nil {
			return text
		}
	}
	text, _ = json.Marshal(string(text)) // a string can always be marshalled
	return text
}

// writeMembers returns a struct as a JSON object, with its unreadable members unchanged.
func writeMembers(doc any, unreadable UnreadableMembers) ([]byte, error) {
	text, err := marshal(doc)
	if err != nil || len(unreadable) == 0 {
		return text, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	maps.Copy(members, unreadable)
	return marshal(members)
}
