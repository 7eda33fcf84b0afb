package zycoo

import "strings"

// withoutEnd is a body without what some senders put behind it: a NUL, which ends
// strings in C, and line ends.
func withoutEnd(text string) string {
	for n := len(text); n > 0; n-- {
		if c := text[n-1]; c != 0 && c != '\r' && c != '\n' {
			return text[:n]
		}
	}
	return ""
}

// isLiteral reports whether the first thing in the text, but for blanks and comments,
// opens an object or an array.
func isLiteral(text string) bool {
	p := parser{src: text}
	p.skipBlank()
	return p.peek() == '{' || p.peek() == '['
}

// decodeForm reads an HTML form: a literal as its only key or value, or one event with a
// field for each member.
func decodeForm(text string) (Body, error) {
	if literal := unescape(text); isLiteral(literal) {
		return decodeLiteral(strings.TrimSuffix(literal, "="))
	}
	if _, only, ok := strings.Cut(text, "="); ok {
		// As it is, a literal may have any & and %; escaped it is one field.
		if isLiteral(only) {
			return decodeLiteral(only)
		}
		if literal := unescape(only); isLiteral(literal) && !strings.Contains(only, "&") {
			return decodeLiteral(literal)
		}
	}
	d := newDecoder(text)
	defer d.free()
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
		if field != "" {
			d.addText(unescape(name), unescape(text), at)
		}
		at += len(field) + 1
	}
}

// addText adds a member whose value is a string that stood at a place.
func (d *decoder) addText(name, text string, at int) {
	name, _ = toUTF8(name)
	text, damaged := toUTF8(text)
	d.add(member{name, value{aString, text, at, damaged}})
}

// unescape undoes the escapes of a form: + is a blank, %41 is A. A % that begins no escape
// is one.
func unescape(s string) string {
	if !strings.ContainsAny(s, "+%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			b = append(b, ' ')
		case '%':
			code, ok := hex(s, i+1, i+3)
			if !ok {
				b = append(b, '%')
				continue
			}
			b = append(b, byte(code))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}
