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

// ErrNotUnderstood is wrapped by the error for a document that was read, and is not understood.
// Other errors of a read mean that the table can't be reached.
var ErrNotUnderstood = errors.New("is not understood")

// notUnderstood is an ErrNotUnderstood with the text of its cause.
type notUnderstood struct{ error }

func (notUnderstood) Is(target error) bool { return target == ErrNotUnderstood }

func (e notUnderstood) Unwrap() error { return e.error }

// UnreadableMembers are the members of a document that can't be read, or that this version does not
// know: their JSON by their names. They are written as they were read until they are set again.
type UnreadableMembers map[string]json.RawMessage

// Text is what stands in a member that can't be read, for people; empty where it can be read.
func (u UnreadableMembers) Text(member string) string {
	var text string
	if json.Unmarshal(u[member], &text) == nil && text != "" {
		return text
	}
	return string(u[member])
}

// Without are the same but for one, which was set again.
func (u UnreadableMembers) Without(member string) UnreadableMembers {
	if _, there := u[member]; !there {
		return u
	}
	rest := maps.Clone(u)
	delete(rest, member)
	return rest
}

// With are the same, and a member as it stands in others where it is among them.
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

// only is one of them alone, where it is among them.
func (u UnreadableMembers) only(member string) UnreadableMembers {
	return UnreadableMembers(nil).With(member, u)
}

// check tells the first of some members that can't be read.
func (u UnreadableMembers) check(members ...string) error {
	for _, member := range members {
		if _, bad := u[member]; bad {
			return notUnderstood{fmt.Errorf("%s can't be read: %.80q", member, u.Text(member))}
		}
	}
	return nil
}

// readMembers reads a JSON object into a struct member by member: one that can't be read keeps
// none of the others from being read. Its error says that the text is no object at all.
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

// membersOf are the names of a struct's members in JSON.
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

// keepable is a JSON value as it is, or as a string where no Table would take it.
func keepable(text json.RawMessage) json.RawMessage {
	if one, err := json.Marshal(map[string]json.RawMessage{"x": text}); err == nil {
		if _, err := Canonical(one); err == nil {
			return text
		}
	}
	text, _ = json.Marshal(string(text)) // a string has a form
	return text
}

// writeMembers is a struct as a JSON object, with what could not be read as it was.
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
