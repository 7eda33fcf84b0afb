package eventjson

import (
	"bytes"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// Read reads a struct from the beginning of a document, and returns what follows. It reports false if
// the struct is not as Append writes it. Then encoding/json may still be able to read it.
func (l Layout) Read(doc []byte, into reflect.Value) (rest []byte, ok bool) {
	if rest, ok = bytes.CutPrefix(doc, []byte("{")); !ok {
		return nil, false
	}
	if after, empty := bytes.CutPrefix(rest, []byte("}")); empty {
		return after, true
	}
	for left := l.members; ; rest = rest[1:] {
		name, value, ok := AfterName(rest)
		for len(left) > 0 && left[0].name != string(name) { // both are in the same order
			left = left[1:]
		}
		if !ok || len(left) == 0 {
			return nil, false
		}
		if rest, ok = readValue(value, left[0].field(into)); !ok || !bytes.HasPrefix(rest, []byte(",")) {
			return AfterLiteral(rest, "}", ok)
		}
		left = left[1:]
	}
}

// AfterName returns the name of a member, and what follows its colon. Escapes stay in the name.
func AfterName(doc []byte) (name, value []byte, ok bool) {
	name, value, ok = AfterText(doc)
	if !ok || len(value) == 0 || value[0] != ':' {
		return nil, nil, false
	}
	return name, value[1:], true
}

// readValue reads a value from the beginning of a document into the field it points to.
func readValue(doc []byte, field any) (rest []byte, ok bool) {
	switch v := field.(type) {
	case *string:
		*v, rest, ok = ReadText(doc)
	case *bool:
		if rest, *v = bytes.CutPrefix(doc, []byte("true")); *v {
			return rest, true
		}
		return bytes.CutPrefix(doc, []byte("false"))
	case *pbx.Int:
		var n int64
		n, rest, ok = ReadNumber(doc)
		*v = pbx.IntOf(n)
	case *pbx.LocalTime:
		return ReadWith(doc, v.UnmarshalText)
	case *time.Time:
		return ReadWith(doc, v.UnmarshalText)
	case *[]pbx.Member:
		return readList(doc, v)
	}
	return rest, ok
}

// ReadText reads a text in quotes.
func ReadText(doc []byte) (text string, rest []byte, ok bool) {
	inside, rest, ok := AfterText(doc)
	if !ok || !slices.Contains(inside, '\\') {
		return string(inside), rest, ok
	}
	return unescape(inside), rest, true
}

// The characters that have an escape, and what follows the backslash of each.
const escaped, escapes = "\"\\\b\f\n\r\t", `"\bfnrt`

// unescape undoes the escapes that AfterText takes.
func unescape(inside []byte) string {
	text := make([]byte, 0, len(inside))
	for {
		at := bytes.IndexByte(inside, '\\')
		if at < 0 {
			return string(append(text, inside...))
		}
		text = append(append(text, inside[:at]...), escaped[strings.IndexByte(escapes, inside[at+1])])
		inside = inside[at+2:]
	}
}

// ReadNumber reads a whole number of at most 15 digits.
func ReadNumber(doc []byte) (n int64, rest []byte, ok bool) {
	rest, ok = AfterNumber(doc)
	if !ok {
		return 0, nil, false
	}
	n, err := strconv.ParseInt(string(doc[:len(doc)-len(rest)]), 10, 64)
	return n, rest, err == nil
}

// ReadWith reads a text in quotes as it stands there.
func ReadWith(doc []byte, unmarshal func([]byte) error) (rest []byte, ok bool) {
	text, rest, ok := AfterText(doc)
	return rest, ok && unmarshal(text) == nil
}

// readList reads members that the decoder of events did not know or could not read.
func readList(doc []byte, into *[]pbx.Member) (rest []byte, ok bool) {
	of := Declared(reflect.TypeFor[pbx.Member]())
	for rest, ok = bytes.CutPrefix(doc, []byte("[")); ok; rest = rest[1:] {
		var m pbx.Member
		rest, ok = of.Read(rest, reflect.ValueOf(&m).Elem())
		if *into = append(*into, m); !ok || !bytes.HasPrefix(rest, []byte(",")) {
			return AfterLiteral(rest, "]", ok)
		}
	}
	return nil, false
}
