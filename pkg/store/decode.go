package store

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"time"

	"trunkline/pkg/pbx"
)

// read reads a struct from the beginning of a document, and returns what follows. It reports false if
// the struct is not as append writes it. Then encoding/json may still be able to read it.
func (l layout) read(doc []byte, into reflect.Value) (rest []byte, ok bool) {
	if rest, ok = bytes.CutPrefix(doc, []byte("{")); !ok {
		return nil, false
	}
	if after, empty := bytes.CutPrefix(rest, []byte("}")); empty {
		return after, true
	}
	for ; ; rest = rest[1:] {
		name, value, ok := afterName(rest)
		for len(l) > 0 && l[0].name != string(name) { // both are in the order of names
			l = l[1:]
		}
		if !ok || len(l) == 0 {
			return nil, false
		}
		if rest, ok = readValue(value, l[0].field(into)); !ok || !bytes.HasPrefix(rest, []byte(",")) {
			return afterLiteral(rest, "}", ok)
		}
		l = l[1:]
	}
}

// afterName returns the name of a member, and what follows its colon.
func afterName(doc []byte) (name, value []byte, ok bool) {
	name, value, ok = afterText(doc)
	if !ok || len(value) == 0 || value[0] != ':' {
		return nil, nil, false
	}
	return name, value[1:], true
}

// readValue reads a value from the beginning of a document into the field it points to.
func readValue(doc []byte, field any) (rest []byte, ok bool) {
	switch v := field.(type) {
	case *string:
		*v, rest, ok = readText(doc)
	case *bool:
		if rest, *v = bytes.CutPrefix(doc, []byte("true")); *v {
			return rest, true
		}
		return bytes.CutPrefix(doc, []byte("false"))
	case *pbx.Int:
		var n int64
		n, rest, ok = readNumber(doc)
		*v = pbx.IntOf(n)
	case *pbx.LocalTime:
		return readWith(doc, v.UnmarshalText)
	case *time.Time:
		return readWith(doc, v.UnmarshalText)
	case *[]pbx.Member:
		return readList(doc, v)
	}
	return rest, ok
}

func readText(doc []byte) (text string, rest []byte, ok bool) {
	inside, rest, ok := afterText(doc)
	if !ok || !slices.Contains(inside, '\\') {
		return string(inside), rest, ok
	}
	err := json.Unmarshal(doc[:len(doc)-len(rest)], &text)
	return text, rest, err == nil
}

func readNumber(doc []byte) (n int64, rest []byte, ok bool) {
	rest, ok = afterNumber(doc)
	if !ok {
		return 0, nil, false
	}
	n, err := strconv.ParseInt(string(doc[:len(doc)-len(rest)]), 10, 64)
	return n, rest, err == nil
}

func readWith(doc []byte, unmarshal func([]byte) error) (rest []byte, ok bool) {
	text, rest, ok := afterText(doc)
	return rest, ok && unmarshal(text) == nil
}

// readList reads members that the decoder of events did not know or could not read.
func readList(doc []byte, into *[]pbx.Member) (rest []byte, ok bool) {
	of := layoutOf(reflect.TypeFor[pbx.Member]())
	for rest, ok = bytes.CutPrefix(doc, []byte("[")); ok; rest = rest[1:] {
		var m pbx.Member
		rest, ok = of.read(rest, reflect.ValueOf(&m).Elem())
		if *into = append(*into, m); !ok || !bytes.HasPrefix(rest, []byte(",")) {
			return afterLiteral(rest, "]", ok)
		}
	}
	return nil, false
}
