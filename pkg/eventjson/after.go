package eventjson

import (
	"bytes"
	"unicode/utf8"
)

// afterValue returns what follows a value.
func afterValue(doc []byte, levels int, follows func(previous, name []byte) bool) (rest []byte, ok bool) {
	if len(doc) == 0 {
		return nil, false
	}
	switch c := doc[0]; {
	case c == '{':
		return AfterObject(doc, levels, follows)
	case c == '[':
		return afterArray(doc, levels, follows)
	case c == '"':
		_, rest, ok = AfterText(doc)
		return rest, ok
	case c == '-' || '0' <= c && c <= '9':
		return AfterNumber(doc)
	}
	for _, word := range []string{"true", "false", "null"} {
		if rest, ok = bytes.CutPrefix(doc, []byte(word)); ok {
			return rest, true
		}
	}
	return nil, false
}

// AfterObject returns what follows an object that has no blanks, and only texts and numbers that
// AfterText and AfterNumber take. It has at most so many levels. follows reports whether a name may
// follow another one; the first name follows nil.
func AfterObject(doc []byte, levels int, follows func(previous, name []byte) bool) (rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(doc, []byte("{"))
	if !ok || levels == 0 {
		return nil, false
	}
	if after, empty := bytes.CutPrefix(rest, []byte("}")); empty {
		return after, true
	}
	for previous := []byte(nil); ; rest = rest[1:] {
		var name []byte
		if name, rest, ok = AfterText(rest); !ok || !follows(previous, name) || len(rest) == 0 || rest[0] != ':' {
			return nil, false
		}
		previous = name
		if rest, ok = afterValue(rest[1:], levels-1, follows); !ok || !bytes.HasPrefix(rest, []byte(",")) {
			return AfterLiteral(rest, "}", ok)
		}
	}
}

func afterArray(doc []byte, levels int, follows func(previous, name []byte) bool) (rest []byte, ok bool) {
	if rest = doc[1:]; levels == 0 {
		return nil, false
	}
	if after, empty := bytes.CutPrefix(rest, []byte("]")); empty {
		return after, true
	}
	for ; ; rest = rest[1:] {
		if rest, ok = afterValue(rest, levels-1, follows); !ok || !bytes.HasPrefix(rest, []byte(",")) {
			return AfterLiteral(rest, "]", ok)
		}
	}
}

// AfterText returns what stands between the quotes of a text, and what follows it.
func AfterText(doc []byte) (text, rest []byte, ok bool) {
	if len(doc) == 0 || doc[0] != '"' {
		return nil, nil, false
	}
	for at := 1; at < len(doc); {
		switch c := doc[at]; {
		case c == '"':
			return doc[1:at], doc[at+1:], true
		case c == '\\':
			if at+1 == len(doc) || !bytes.ContainsRune([]byte(`"\bfnrt`), rune(doc[at+1])) {
				return nil, nil, false
			}
			at += 2
		case c < ' ':
			return nil, nil, false
		case c < utf8.RuneSelf:
			at++
		default:
			r, size := utf8.DecodeRune(doc[at:])
			if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
				return nil, nil, false
			}
			at += size
		}
	}
	return nil, nil, false
}

// AfterNumber returns what follows a whole number of at most 15 digits.
func AfterNumber(doc []byte) (rest []byte, ok bool) {
	digits := bytes.TrimPrefix(doc, []byte("-"))
	n := 0
	for n < len(digits) && '0' <= digits[n] && digits[n] <= '9' {
		n++
	}
	zero := n > 0 && digits[0] == '0' && (n > 1 || len(digits) < len(doc))
	return digits[n:], 0 < n && n <= 15 && !zero
}

// AfterLiteral returns what follows a literal, if ok.
func AfterLiteral(doc []byte, literal string, ok bool) (rest []byte, found bool) {
	rest, found = bytes.CutPrefix(doc, []byte(literal))
	return rest, ok && found
}
