package store

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// isCanonical reports whether Canonical would return the document as it is. It may report false
// of one that Canonical returns as it is: a name with an escape is left to Canonical.
func isCanonical(doc []byte) bool {
	rest, ok := afterObject(doc, maxDepth)
	return ok && len(rest) == 0
}

// afterValue returns what follows a value in which so many levels may be, where the value is canonical.
func afterValue(doc []byte, levels int) (rest []byte, ok bool) {
	if len(doc) == 0 {
		return nil, false
	}
	switch c := doc[0]; {
	case c == '{':
		return afterObject(doc, levels)
	case c == '[':
		return afterArray(doc, levels)
	case c == '"':
		_, rest, ok = afterText(doc)
		return rest, ok
	case c == '-' || '0' <= c && c <= '9':
		return afterNumber(doc)
	}
	for _, word := range []string{"true", "false", "null"} {
		if rest, ok = bytes.CutPrefix(doc, []byte(word)); ok {
			return rest, true
		}
	}
	return nil, false
}

func afterObject(doc []byte, levels int) (rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(doc, []byte("{"))
	if !ok || levels == 0 {
		return nil, false
	}
	if after, empty := bytes.CutPrefix(rest, []byte("}")); empty {
		return after, true
	}
	for previous := []byte(nil); ; rest = rest[1:] {
		var name []byte
		if name, rest, ok = afterText(rest); !ok || !isNameAfter(previous, name) || len(rest) == 0 || rest[0] != ':' {
			return nil, false
		}
		previous = name
		if rest, ok = afterValue(rest[1:], levels-1); !ok || !bytes.HasPrefix(rest, []byte(",")) {
			return afterLiteral(rest, "}", ok)
		}
	}
}

func afterLiteral(doc []byte, end string, ok bool) (rest []byte, ended bool) {
	rest, ended = bytes.CutPrefix(doc, []byte(end))
	return rest, ok && ended
}

// isNameAfter reports whether a member's name is a good one, and stands behind the one before it.
func isNameAfter(previous, name []byte) bool {
	return len(name) <= maxName && bytes.Compare(previous, name) < 0 && !slices.Contains(name, '\\')
}

func afterArray(doc []byte, levels int) (rest []byte, ok bool) {
	if rest = doc[1:]; levels == 0 {
		return nil, false
	}
	if after, empty := bytes.CutPrefix(rest, []byte("]")); empty {
		return after, true
	}
	for ; ; rest = rest[1:] {
		if rest, ok = afterValue(rest, levels-1); !ok || !bytes.HasPrefix(rest, []byte(",")) {
			return afterLiteral(rest, "]", ok)
		}
	}
}

// afterText returns what stands between the quotes of a text, and what follows it.
func afterText(doc []byte) (text, rest []byte, ok bool) {
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

// afterNumber returns what follows a whole number of at most 15 digits.
func afterNumber(doc []byte) (rest []byte, ok bool) {
	digits := bytes.TrimPrefix(doc, []byte("-"))
	n := 0
	for n < len(digits) && '0' <= digits[n] && digits[n] <= '9' {
		n++
	}
	zero := n > 0 && digits[0] == '0' && (n > 1 || len(digits) < len(doc))
	return digits[n:], 0 < n && n <= 15 && !zero
}
