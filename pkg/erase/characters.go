package erase

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// span is a part of a text, in bytes.
type span struct{ from, to int }

// octet is a byte of a decoded text, and its place in the original text.
type octet struct {
	byte
	span
}

// character is a character of a decoded text, and its place in the original text. Digits of any
// script and characters in full width become ASCII.
type character struct {
	r rune
	span
}

func (c character) isDigit() bool { return c.r >= '0' && c.r <= '9' }

// isBetween reports whether a character may stand between two digits of a number. It may be a
// blank, a dash, a dot, a slash, a parenthesis, a plus, or a character without width.
func (c character) isBetween() bool {
	if c.r < utf8.RuneSelf {
		return strings.ContainsRune(" +-./()\t\n\v\f\r", c.r)
	}
	return unicode.IsSpace(c.r) || unicode.In(c.r, unicode.Pd, unicode.Cf, unicode.M) || strings.ContainsRune("−⁄∕·•․‧", c.r)
}

// viewsOf yields the ways to read a text: as it is, unescaped up to three times, and as GB18030 if
// it is not UTF-8.
func viewsOf(text string) iter.Seq[func(string) []character] {
	return func(yield func(func(string) []character) bool) {
		if !yield(func(s string) []character { return charactersOf(plainly(s)) }) {
			return
		}
		if !utf8.ValidString(text) && !yield(func(s string) []character { return charactersOfGB(plainly(s)) }) {
			return
		}
		if !strings.ContainsAny(text, `\%`) {
			return
		}
		for depth := 1; depth <= 3; depth++ {
			if !yield(func(s string) []character { return charactersOf(unescaped(plainly(s), depth)) }) {
				return
			}
		}
	}
}

// plainly returns the bytes of a text as they are.
func plainly(text string) []octet {
	all := make([]octet, len(text))
	for i := range len(text) {
		all[i] = octet{text[i], span{i, i + 1}}
	}
	return all
}

// charactersOf decodes UTF-8.
func charactersOf(all []octet) []character {
	characters := make([]character, 0, len(all))
	var buffer [utf8.UTFMax]byte
	for i := 0; i < len(all); {
		r, size := rune(all[i].byte), 1
		if r >= utf8.RuneSelf {
			n := 0
			for n < utf8.UTFMax && i+n < len(all) {
				buffer[n] = all[i+n].byte
				n++
			}
			r, size = utf8.DecodeRune(buffer[:n])
		}
		characters = append(characters, character{folded(r), span{all[i].from, all[i+size-1].to}})
		i += size
	}
	return characters
}

// charactersOfGB decodes the digits and the characters in full width of GB18030.
func charactersOfGB(all []octet) []character {
	characters := make([]character, 0, len(all))
	for i := 0; i < len(all); {
		r, size := rune(all[i].byte), 1
		if r > 0x80 && i+1 < len(all) {
			switch second := rune(all[i+1].byte); {
			case second >= '0' && second <= '9' && i+3 < len(all):
				r, size = unicode.ReplacementChar, 4
			case r == 0xa3 && second > 0xa0:
				r, size = second-0xa0+0xff00, 2
			case r == 0xa1 && second == 0xa1:
				r, size = '\u3000', 2
			default:
				r, size = unicode.ReplacementChar, 2
			}
		}
		characters = append(characters, character{folded(r), span{all[i].from, all[i+size-1].to}})
		i += size
	}
	return characters
}

// folded returns the ASCII character for a digit of any script, or for a character in full width.
func folded(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return r
	case r > 0xff00 && r < 0xff5f:
		return r - 0xff00 + ' '
	case unicode.IsDigit(r):
		return '0' + digitOf(r)
	}
	return r
}

// digitOf returns the value of a digit. The digits of each script are consecutive, from 0.
func digitOf(r rune) rune {
	for _, some := range unicode.Nd.R16 {
		if r >= rune(some.Lo) && r <= rune(some.Hi) {
			return (r - rune(some.Lo)) % 10
		}
	}
	for _, some := range unicode.Nd.R32 {
		if r >= rune(some.Lo) && r <= rune(some.Hi) {
			return (r - rune(some.Lo)) % 10
		}
	}
	return 0
}

// unescaped decodes the escapes of JavaScript, JSON and forms, depth times.
func unescaped(all []octet, depth int) []octet {
	for range depth {
		var next []octet
		for i := 0; i < len(all); {
			meant, length := escape(all[i:])
			for _, b := range []byte(meant) {
				next = append(next, octet{b, span{all[i].from, all[i+length-1].to}})
			}
			i += length
		}
		all = next
	}
	return all
}

const (
	escapes = "bfnrtv0"
	escaped = "\b\f\n\r\t\v\x00"
)

// longestEscape is the length of two \uffff, the longest escape.
const longestEscape = 12

// escape decodes the escape at the start, or the first byte. It returns how many bytes it read.
func escape(all []octet) (meant string, length int) {
	first := all[0].byte
	if first != '\\' && first != '%' || len(all) < 2 {
		return string([]byte{first}), 1
	}
	var b [longestEscape]byte
	n := 0
	for n < len(b) && n < len(all) {
		b[n] = all[n].byte
		n++
	}
	s := string(b[:n])
	switch second := s[1]; {
	case first == '%':
		if code, ok := unhex(s[1:], 2); ok {
			return string([]byte{byte(code)}), 3
		}
		if code, ok := unhex(s[2:], 4); ok && second|0x20 == 'u' {
			return string(code), 6
		}
		return "%", 1
	case second == 'x' || second == 'X':
		if code, ok := unhex(s[2:], 2); ok {
			return string(code), 4
		}
	case second == 'u' || second == 'U':
		return unicodeEscape(s)
	case strings.IndexByte(escapes, second) >= 0:
		i := strings.IndexByte(escapes, second)
		return escaped[i : i+1], 2
	default:
		return s[1:2], 2
	}
	return `\`, 1
}

// unicodeEscape decodes \uffff, two of them for one character, or \u{10ffff}.
func unicodeEscape(s string) (meant string, length int) {
	if braced, ok := strings.CutPrefix(s[2:], "{"); ok {
		hex, _, closed := strings.Cut(braced, "}")
		if code, ok := unhex(hex, len(hex)); ok && closed && hex != "" {
			return string(code), len(`\u{}`) + len(hex)
		}
		return `\`, 1
	}
	code, ok := unhex(s[2:], 4)
	if !ok {
		return `\`, 1
	}
	if high := code - 0xd800; high >= 0 && high < 0x400 && len(s) == 12 && s[6] == '\\' {
		if low, ok := unhex(s[8:], 4); ok && low >= 0xdc00 && low < 0xe000 {
			return string(0x10000 + high<<10 + (low - 0xdc00)), 12
		}
	}
	return string(code), 6
}

// unhex reads a number of hexadecimal digits.
func unhex(s string, digits int) (code rune, ok bool) {
	if len(s) < digits {
		return 0, false
	}
	for _, digit := range []byte(strings.ToLower(s[:digits])) {
		value := strings.IndexByte("0123456789abcdef", digit)
		if value < 0 {
			return 0, false
		}
		code = code<<4 | rune(value)
	}
	return code, true
}

// chain is digits with only separators between them.
type chain struct {
	digits []byte
	at     []span
	glued  []bool // whether the digit follows the one before without a separator
}

// chainsOf yields the chains of a view that are long enough for a number.
func chainsOf(view []character) iter.Seq[chain] {
	return func(yield func(chain) bool) {
		var c chain
		glued := false
		end := func() bool {
			enough := len(c.digits) >= minDigits
			whole := c
			c, glued = chain{}, false
			return !enough || yield(whole)
		}
		for _, next := range view {
			switch {
			case next.isDigit():
				c.digits, c.at, c.glued = append(c.digits, byte(next.r)), append(c.at, next.span), append(c.glued, glued)
				glued = true
			case next.isBetween():
				glued = false
			case !end():
				return
			}
		}
		end()
	}
}
