package zycoo

import "strings"

// Member is a member of an event, as it was read.
type Member struct {
	Name  string
	Value string // as of pbx.Member
}

// Rewrite writes a body of one event again, as an object literal on one line. It applies change to
// each member, in order, and leaves out everything else, such as comments. ok is false if the body
// is not one event. For an object or an array, change must return JSON. If change changes nothing,
// the text decodes to the same event.
func Rewrite(body []byte, change func(Member) Member) (text []byte, ok bool) {
	if len(body) > MaxBody {
		return nil, false
	}
	decoded, err := decodeText(bare(string(body)), func(all []member) { text = appendEvent(text[:0], all, change) })
	ok = err == nil && len(decoded.Elements) == 1 && decoded.Elements[0].Err == nil
	return text, ok
}

func appendEvent(dst []byte, all []member, change func(Member) Member) []byte {
	dst = append(dst, '{')
	for i, m := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		changed := change(Member{m.name, m.text})
		dst = append(appendQuoted(dst, changed.Name, false), ':')
		dst = appendMember(dst, m.value, changed.Value)
	}
	return append(dst, '}')
}

// appendMember appends the text of a value, as a string where it is another than before.
func appendMember(dst []byte, v value, text string) []byte {
	switch {
	case v.kind == nested, v.kind != aString && v.kind != aNull && text == v.text:
		return append(dst, text...)
	case v.kind == aNull:
		return append(dst, "null"...)
	}
	return appendQuoted(dst, text, v.damaged)
}

// inString are the escapes that a string of this dialect needs.
var inString = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`)

// appendQuoted appends a string. One with damaged characters gets a damaged one again: two
// bytes that no encoding has are read as U+FFFD, and the string is taken for no other encoding.
func appendQuoted(dst []byte, s string, damaged bool) []byte {
	s = inString.Replace(s)
	if damaged {
		s = strings.Replace(s, "\ufffd", "\xff\xff", 1)
	}
	return append(append(append(dst, '"'), s...), '"')
}
