package zycoo

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// isLiteral tells whether the first thing in the text, but for blanks and comments,
// opens an object or an array.
func isLiteral(text string) bool {
	p := parser{src: text}
	p.skipBlank()
	return p.peek() == '{' || p.peek() == '['
}

// decodeForm reads an HTML form: a literal as its only key, or one event with a
// field for each member.
func decodeForm(text string) (Body, error) {
	text = strings.TrimRight(text, "\r\n")
	if literal, ok := unescape(text); ok && isLiteral(literal) {
		return decodeLiteral(strings.TrimSuffix(literal, "="))
	}
	d := decoder{parser: parser{src: text}}
	d.fields()
	return Body{Elements: []Element{d.finish(text)}}, nil
}

// fields reads the fields of a form.
func (d *decoder) fields() {
	if !strings.Contains(d.src, "=") {
		d.refuse(0, "", "the body is neither an object literal, such as { event: 'hangup', … }, nor a form")
	}
	for at := 0; at < len(d.src); {
		field, _, _ := strings.Cut(d.src[at:], "&")
		name, text, _ := strings.Cut(field, "=")
		name, nameOK := unescape(name)
		text, textOK := unescape(text)
		if !nameOK || !textOK {
			d.refuse(at, "", "a % is not followed by two hexadecimal digits")
		}
		if field != "" {
			d.add(member{name, value{aString, text, at}})
		}
		at += len(field) + 1
	}
}

// unescape undoes the escapes of a form: + is a blank, %41 is A.
func unescape(s string) (string, bool) {
	if !strings.ContainsAny(s, "+%") {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			b = append(b, ' ')
		case '%':
			code, ok := hex(s, i+1, i+3)
			if !ok {
				return s, false
			}
			b = append(b, byte(code))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return toUTF8(string(b)), true
}

// toUTF8 gives text that is not UTF-8 as what it says in GB18030. Bytes that are
// neither become U+FFFD.
func toUTF8(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	decoded, err := simplifiedchinese.GB18030.NewDecoder().String(text)
	if err != nil {
		return strings.ToValidUTF8(text, "\ufffd")
	}
	return decoded
}
