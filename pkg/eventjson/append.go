package eventjson

import (
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"trunkline/pkg/pbx"
)

// Append appends the JSON of a struct, which must be addressable. It reports false if it can't write the
// struct as encoding/json does.
func (l Layout) Append(doc []byte, from reflect.Value) ([]byte, bool) {
	if !l.Known() {
		return nil, false
	}
	doc = append(doc, '{')
	first := len(doc)
	for _, m := range l.members {
		before := len(doc)
		if before > first {
			doc = append(doc, ',')
		}
		doc = append(append(append(doc, '"'), m.name...), '"', ':')
		zero, ok := false, false
		if doc, zero, ok = appendMember(doc, m.field(from)); !ok {
			return nil, false
		}
		if zero && m.optional {
			doc = doc[:before]
		}
	}
	return append(doc, '}'), true
}

// appendMember appends a value, and reports whether it is the zero value of its type.
func appendMember(doc []byte, field any) (_ []byte, zero, ok bool) {
	switch v := field.(type) {
	case *string:
		return AppendText(doc, *v), *v == "", true
	case *bool:
		return strconv.AppendBool(doc, *v), !*v, true
	case *pbx.Int:
		n := v.Or(0)
		return strconv.AppendInt(doc, n, 10), !v.Known(), -maxNumber <= n && n <= maxNumber
	case *pbx.LocalTime:
		return AppendText(doc, v.String()), *v == 0, true
	case *time.Time:
		doc, ok = AppendTime(doc, *v)
		return doc, v.IsZero(), ok
	case *[]pbx.Member:
		return appendMembers(doc, *v), len(*v) == 0, true
	}
	return nil, false, false
}

// maxNumber is the largest number of 15 digits.
const maxNumber = 999_999_999_999_999

// AppendTime appends a time in quotes. It reports false if the time has no form in RFC 3339.
func AppendTime(doc []byte, t time.Time) (_ []byte, ok bool) {
	doc, err := t.AppendText(append(doc, '"'))
	return append(doc, '"'), err == nil
}

func appendMembers(doc []byte, members []pbx.Member) []byte {
	doc = append(doc, '[')
	for i, m := range members {
		if i > 0 {
			doc = append(doc, ',')
		}
		doc = AppendText(append(doc, `{"name":`...), m.Name)
		doc = AppendText(append(doc, `,"value":`...), m.Value)
		doc = append(doc, '}')
	}
	return append(doc, ']')
}

// AppendText appends a text in quotes, with only the escapes that JSON requires, and those of
// U+2028 and U+2029. An invalid byte becomes U+FFFD.
func AppendText(doc []byte, text string) []byte {
	doc = append(doc, '"')
	done := 0 // up to where text is appended
	for at := 0; at < len(text); {
		c := text[at]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			at++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[at:])
		if c < utf8.RuneSelf || r == '\u2028' || r == '\u2029' || r == utf8.RuneError && size == 1 {
			doc = appendEscape(append(doc, text[done:at]...), r)
			done = at + size
		}
		at += size
	}
	return append(append(doc, text[done:]...), '"')
}

// appendEscape appends a character that can't stand in a text as it is.
func appendEscape(doc []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	if i := strings.IndexRune(escaped, r); i >= 0 {
		return append(doc, '\\', escapes[i])
	}
	if r == utf8.RuneError {
		return utf8.AppendRune(doc, r)
	}
	return append(doc, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}
