package zycoo

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parser reads the language of the package comment, one method to each of its
// rules, in one pass over the text. After the first syntax error it stands at the
// end of the text, so that every loop comes to its own end.
type parser struct {
	src  string
	pos  int
	err  *Error
	seen place // up to where lines were counted
}

type place struct{ pos, line, column int }

// value is one value of the text.
type value struct {
	kind valueKind
	text string // as of pbx.Member
	at   int    // where it begins
	// damaged is set where characters of a string could not be read.
	damaged bool
}

type valueKind byte

const (
	aString valueKind = iota
	aNumber
	aBool
	aNull
	nested
)

// object reads an object and calls member where the value of each member begins.
func (p *parser) object(member func(name string)) {
	p.pos++
	for p.err == nil {
		p.skipBlank()
		if p.take('}') {
			return
		}
		name := p.name()
		p.skipBlank()
		if !p.take(':') {
			p.expected("a colon after the member's name")
		}
		p.skipBlank()
		member(name)
		lineEnded := p.skipBlank()
		if !p.take(',') && !lineEnded && p.peek() != '}' {
			p.expected("a comma, the end of the line or } after a member")
		}
	}
}

// array reads an array and calls element where each of its elements begins.
func (p *parser) array(element func()) {
	p.pos++
	for p.err == nil {
		p.skipBlank()
		if p.take(']') {
			return
		}
		element()
		p.skipBlank()
		if !p.take(',') && p.peek() != ']' {
			p.expected("a comma or ] after an element")
		}
	}
}

// name reads the name of a member.
func (p *parser) name() string {
	if c := p.peek(); c == '"' || c == '\'' {
		name, _ := p.quoted()
		return name
	}
	if name := p.word(); name != "" {
		name, _ = toUTF8(name)
		return name
	}
	p.expected("a member's name or }")
	return ""
}

// value reads a value that has depth objects and arrays around it.
func (p *parser) value(depth int) value {
	at := p.pos
	switch c := p.peek(); {
	case c == '"' || c == '\'':
		text, damaged := p.quoted()
		return value{aString, text, at, damaged}
	case c == '{' || c == '[':
		return value{kind: nested, text: string(p.appendJSON(nil, depth)), at: at}
	case c >= '0' && c <= '9' || c == '+' || c == '-':
		return value{kind: aNumber, text: p.number(), at: at}
	}
	switch word := p.word(); word {
	case "true", "false":
		return value{kind: aBool, text: word, at: at}
	case "null":
		return value{kind: aNull, at: at}
	case "":
		p.expected("a value")
	default:
		p.fail(at, "text needs quotes")
	}
	return value{at: at}
}

// appendJSON reads a value and appends it as compact, strict JSON.
func (p *parser) appendJSON(dst []byte, depth int) []byte {
	c := p.peek()
	if depth >= MaxDepth && (c == '{' || c == '[') {
		p.fail(p.pos, "objects and arrays are nested over "+strconv.Itoa(MaxDepth)+" deep")
		return dst
	}
	first := len(dst) + 1
	switch c {
	case '{':
		dst = append(dst, '{')
		p.object(func(name string) {
			dst = append(appendString(appendComma(dst, first), name), ':')
			dst = p.appendJSON(dst, depth+1)
		})
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		p.array(func() { dst = p.appendJSON(appendComma(dst, first), depth+1) })
		return append(dst, ']')
	}
	v := p.value(depth)
	switch {
	case p.err != nil:
		return dst
	case v.kind == aNull:
		return append(dst, "null"...)
	case v.kind == aString || v.kind == aNumber && !isJSONNumber(v.text):
		return appendString(dst, v.text)
	default:
		return append(dst, v.text...)
	}
}

// quoted reads a string, without a copy where it is UTF-8 and has no escape.
func (p *parser) quoted() (text string, damaged bool) {
	start, quote := p.pos+1, p.src[p.pos]
	for i := start; i < len(p.src) && p.src[i] < utf8.RuneSelf && p.src[i] != '\\' && p.src[i] >= ' '; i++ {
		if p.src[i] == quote {
			p.pos = i + 1
			return p.src[start:i], false
		}
	}
	// In GB18030 a backslash may be half of a character, so where a string ends depends on
	// how it is read.
	end, escapes := p.close(start, quote, widthGB)
	isGB18030 := end >= 0 && !utf8.ValidString(p.src[start:end]) && isGB(p.src[start:end])
	if !isGB18030 {
		end, escapes = p.close(start, quote, oneByte)
	}
	if end < 0 {
		p.fail(p.pos, "a string is not closed on its line")
		return "", false
	}
	p.pos = end + 1
	if text = p.src[start:end]; isGB18030 {
		text, damaged = fromGB(text)
	} else {
		text, damaged = validUTF8(text)
	}
	if escapes {
		text = p.unescaped(text, start)
	}
	return text, damaged
}

// close finds the quote that closes a string, or -1 where its line ends before, and
// reports whether there are escapes. The string's characters are as long as width tells.
func (p *parser) close(start int, quote byte, width func(string) int) (end int, escapes bool) {
	for i := start; i < len(p.src); i++ {
		switch c := p.src[i]; {
		case c == quote:
			return i, escapes
		case c == '\n' || c == '\r':
			return -1, false
		case c == '\\':
			escapes = true
			if i++; i == len(p.src) || p.src[i] == '\n' || p.src[i] == '\r' {
				return -1, false
			}
			i += max(width(p.src[i:]), 1) - 1
		case c >= utf8.RuneSelf:
			i += max(width(p.src[i:]), 1) - 1
		}
	}
	return -1, false
}

// oneByte is the width of each byte of a text in UTF-8. No byte of a longer character looks like an
// escape, a quote or a line end.
func oneByte(string) int { return 1 }

// unescaped undoes the escapes of a string that began at start.
func (p *parser) unescaped(s string, start int) string {
	text := make([]byte, 0, len(s))
	for i := 0; i < len(s) && p.err == nil; {
		if s[i] != '\\' {
			text = append(text, s[i])
			i++
			continue
		}
		text, i = p.appendEscape(text, s, i+1, start)
	}
	return string(text)
}

// appendEscape appends what the escape stands for whose backslash is before i, and
// returns where it ends.
func (p *parser) appendEscape(text []byte, s string, i, start int) ([]byte, int) {
	if c := strings.IndexByte(escapes, s[i]); c >= 0 {
		return append(text, escaped[c]), i + 1
	}
	switch s[i] {
	case 'x':
		return p.appendHex(text, s, i, 2, start)
	case 'u':
		return p.appendHex(text, s, i, 4, start)
	}
	return append(text, s[i]), i + 1
}

const (
	escapes = "bfnrtv0"
	escaped = "\b\f\n\r\t\v\x00"
)

// appendHex appends the character whose code is digits hexadecimal digits after
// the x or u at i. Two halves of a surrogate pair are one character.
func (p *parser) appendHex(text []byte, s string, i, digits, start int) ([]byte, int) {
	end := i + 1 + digits
	r, ok := hex(s, i+1, end)
	if !ok {
		// In another encoding than UTF-8 the place is a little off.
		p.fail(min(start+i-1, p.pos-1), "an escape "+s[i-1:i+1]+" needs "+strconv.Itoa(digits)+" hexadecimal digits")
		return text, len(s)
	}
	if high := r - 0xd800; digits == 4 && high < 0x400 && strings.HasPrefix(s[end:], `\u`) {
		if low, ok := hex(s, end+2, end+6); ok && low-0xdc00 < 0x400 {
			r, end = 0x10000+high<<10+(low-0xdc00), end+6
		}
	}
	return utf8.AppendRune(text, rune(r)), end
}

func hex(text string, from, to int) (uint32, bool) {
	if to > len(text) {
		return 0, false
	}
	n, err := strconv.ParseUint(text[from:to], 16, 32)
	return uint32(n), err == nil
}

// number reads a number, and gives it as it was written.
func (p *parser) number() string {
	start := p.pos
	if p.peek() == '+' || p.peek() == '-' {
		p.pos++
	}
	ok := p.digits()
	if ok && p.take('.') {
		ok = p.digits()
	}
	if ok && (p.peek() == 'e' || p.peek() == 'E') {
		p.pos++
		if p.peek() == '+' || p.peek() == '-' {
			p.pos++
		}
		ok = p.digits()
	}
	if !ok || isWord(p.peek()) && p.blankRune() == 0 {
		p.fail(start, "this is not a number; text needs quotes")
		return ""
	}
	return p.src[start:p.pos]
}

func (p *parser) digits() bool {
	start := p.pos
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.pos++
	}
	return p.pos > start
}

func (p *parser) word() string {
	start := p.pos
	for isWord(p.peek()) && p.blankRune() == 0 {
		p.pos += p.width()
	}
	return p.src[start:p.pos]
}

// width is how many bytes the character at the position has: a blank of GB18030 may be the half
// of two others.
func (p *parser) width() int {
	rest := p.src[p.pos:]
	if r, size := utf8.DecodeRuneInString(rest); r != utf8.RuneError {
		return size
	}
	return max(widthGB(rest), 1)
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '_' || c == '$' || c == '-' || c >= utf8.RuneSelf
}

// isJSONNumber reports whether JSON, too, writes the number so.
func isJSONNumber(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits[0] != '+' && (digits[0] != '0' || len(digits) == 1 || digits[1] < '0' || digits[1] > '9')
}

// skipBlank passes over blanks and comments, and reports whether a line ended there.
func (p *parser) skipBlank() (lineEnded bool) {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == ' ' || c == '\t':
			p.skipRun(c)
		case c == '\n':
			lineEnded = true
			p.pos++
		case c == '\r' || c == '\v' || c == '\f':
			p.pos++
		case c == '/':
			lineEnded = p.skipComment() || lineEnded
		case c >= utf8.RuneSelf && p.blankRune() > 0:
			p.pos += p.blankRune()
		default:
			return lineEnded
		}
	}
	return lineEnded
}

// skipRun passes over a run of c, such as the blanks that line up a column.
func (p *parser) skipRun(c byte) {
	i := p.pos + 1
	for i < len(p.src) && p.src[i] == c {
		i++
	}
	p.pos = i
}

// blankRune returns the length of the blank at the position if it is not ASCII, else 0. Such blanks
// are a byte-order mark, a no-break space, and the space of Chinese text, also in GB18030.
func (p *parser) blankRune() int {
	rest := p.src[p.pos:]
	switch r, size := utf8.DecodeRuneInString(rest); {
	case r == '\ufeff' || r == '\u00a0' || r == '\u3000':
		return size
	case strings.HasPrefix(rest, "\xa1\xa1"):
		return 2
	}
	return 0
}

// skipComment passes over a comment, up to the end of the line that a // comment
// stands on, and reports whether a line ended inside it.
func (p *parser) skipComment() (lineEnded bool) {
	rest := p.src[p.pos:]
	switch {
	case strings.HasPrefix(rest, "//"):
		if length := strings.IndexByte(rest, '\n'); length >= 0 {
			p.pos += length
		} else {
			p.pos = len(p.src)
		}
		return false
	case strings.HasPrefix(rest, "/*"):
		if length := strings.Index(rest[2:], "*/"); length >= 0 {
			p.pos += length + 4
			return strings.IndexByte(rest[:length+2], '\n') >= 0
		}
		p.fail(p.pos, "a comment is not closed")
		return false
	}
	p.fail(p.pos, "a / that begins no comment")
	return false
}

// end reads the end of the text.
func (p *parser) end() {
	if p.skipBlank(); p.pos < len(p.src) {
		p.fail(p.pos, "there is more text where the body should end")
	}
}

// peek is the byte at the position, 0 at the end of the text.
func (p *parser) peek() byte {
	if p.pos == len(p.src) {
		return 0
	}
	return p.src[p.pos]
}

// take passes over c where it stands at the position.
func (p *parser) take(c byte) bool {
	if p.pos < len(p.src) && p.src[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// expected fails at the position, where what does not stand.
func (p *parser) expected(what string) {
	if p.pos == len(p.src) {
		p.fail(p.pos, "the text ends, where "+what+" should stand")
		return
	}
	r, _ := utf8.DecodeRuneInString(p.src[p.pos:])
	p.fail(p.pos, strconv.QuoteRune(r)+" stands where "+what+" should")
}

// fail notes a syntax error, unless there is one already, and ends the reading.
func (p *parser) fail(at int, reason string) {
	if p.err == nil {
		p.err = p.errorAt(at, "", reason)
	}
	p.pos = len(p.src)
}

// errorAt counts lines from the last error's place on: an array of a thousand
// faulty events is still read in one pass.
func (p *parser) errorAt(at int, member, reason string) *Error {
	if at < p.seen.pos || p.seen.line == 0 {
		p.seen = place{line: 1, column: 1}
	}
	for _, r := range p.src[p.seen.pos:at] {
		p.seen.column++
		if r == '\n' {
			p.seen.line, p.seen.column = p.seen.line+1, 1
		}
	}
	p.seen.pos = at
	return &Error{Line: p.seen.line, Column: p.seen.column, Member: member, Reason: reason}
}

func appendComma(dst []byte, first int) []byte {
	if len(dst) > first {
		dst = append(dst, ',')
	}
	return dst
}

func appendString(dst []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string can always be written
	return append(dst, quoted...)
}
