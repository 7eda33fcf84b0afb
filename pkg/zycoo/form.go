package zycoo

import "strings"

// bare returns a body without the byte-order mark that some senders put before it. It also removes
// NULs, blanks and line ends from the end.
func bare(text string) string {
	text = strings.TrimPrefix(text, "\ufeff")
	for n := len(text); n > 0; n-- {
		if text[n-1] > ' ' {
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

// decodeForm reads an HTML form: a literal as its only key, or as the value of a field;
// or one event with a field for each member.
func decodeForm(text string, show reader) (Body, error) {
	if literal := unescape(text); isLiteral(literal) {
		return decodeLiteral(strings.TrimSuffix(literal, "="), show)
	}
	if _, only, ok := strings.Cut(text, "="); ok && isLiteral(only) {
		return decodeLiteral(only, show) // as it is, a literal may have any & and %
	}
	d := newDecoder(text, show)
	defer d.free()
	if !strings.Contains(text, "=") {
		d.refuse(0, "", "the body is neither an object literal, such as { event: 'hangup', … }, nor a form")
		return Body{Elements: []Element{d.finish(text)}}, nil
	}
	return d.decodePairs(pairsOf(text))
}

// pair is a name and a value that stand at a place.
type pair struct {
	name, text string
	at         int
}

// pairsOf are the fields of a form. Where no & parts them, line ends do, or semicolons.
func pairsOf(text string) (all []pair) {
	separator := "&"
	for _, other := range []string{"\n", ";"} {
		if !strings.Contains(text, separator) {
			separator = other
		}
	}
	for at := 0; at < len(text) && len(all) <= MaxMembers; {
		field, _, _ := strings.Cut(text[at:], separator)
		if trimmed := strings.Trim(field, "\r\n"); trimmed != "" {
			name, value, _ := strings.Cut(trimmed, "=")
			all = append(all, pair{unescape(name), unescape(value), at})
		}
		at += len(field) + 1
	}
	return all
}

// decodePairs reads names and values: the one value that is a literal, where none of them
// names the event; else each is a member.
func (d *decoder) decodePairs(all []pair) (Body, error) {
	literals, event := 0, false
	literal := ""
	for _, p := range all {
		event = event || isEventName(p.name)
		if isLiteral(p.text) {
			literals, literal = literals+1, p.text
		}
	}
	if !event && literals == 1 && d.unusable == nil {
		return decodeLiteral(literal, d.show)
	}
	for _, p := range all {
		d.addText(p.name, p.text, p.at)
	}
	return Body{Elements: []Element{d.finish(d.src)}}, nil
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
