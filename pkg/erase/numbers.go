package erase

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Masked stands wherever a number was erased. It is of digits, so that a body in which the
// number is not quoted can be read still.
const Masked = "0000000"

// Bounds of a number's digits: fewer are those of an extension, or a count of something.
const (
	minDigits = 7
	maxDigits = 20
	// maxBetween is how many separators may stand between two digits.
	maxBetween = 3
)

// Numbers are the spellings of a caller's number.
type Numbers struct{ digits []string }

// ParseNumbers reads spellings of a number. Errors do not repeat them.
func ParseNumbers(spellings []string) (*Numbers, error) {
	n := &Numbers{}
	for i, s := range spellings {
		digits := strings.Map(func(r rune) rune {
			if strings.ContainsRune(separators, r) {
				return -1
			}
			return r
		}, s)
		switch {
		case strings.Trim(digits, "0123456789") != "":
			return nil, fmt.Errorf("number %d has other characters than digits, blanks and + - . / ( )", i+1)
		case len(digits) < minDigits || len(digits) > maxDigits:
			return nil, fmt.Errorf("number %d has %d digits: from %d to %d are a caller's", i+1, len(digits), minDigits, maxDigits)
		case strings.Trim(digits, "0") == "":
			return nil, fmt.Errorf("number %d is what stands for an erased one", i+1)
		}
		n.digits = append(n.digits, digits)
	}
	if len(n.digits) == 0 {
		return nil, errors.New("no number is given")
	}
	return n, nil
}

const separators = " +-./()"

// Mask writes a text with Masked in the place of the number.
func (n *Numbers) Mask(text string) string {
	if n.mayHave(text) {
		text = n.mask(text, plainly(text))
	}
	if strings.ContainsAny(text, `\%`) {
		text = n.mask(text, unescaped(text))
	}
	return text
}

// mayHave is a quick look, since most texts have no number: are the digits there at all?
func (n *Numbers) mayHave(text string) bool {
	joined := make([]byte, 0, len(text))
	for i := range len(text) {
		if strings.IndexByte(separators, text[i]) < 0 {
			joined = append(joined, text[i])
		}
	}
	return slices.ContainsFunc(n.digits, func(digits string) bool { return bytes.Contains(joined, []byte(digits)) })
}

// In tells whether a text has the number.
func (n *Numbers) In(text string) bool { return n.Mask(text) != text }

// character is one of a text's characters, and where it stands.
type character struct {
	byte
	from, to int
}

func (c character) isDigit() bool     { return c.byte >= '0' && c.byte <= '9' }
func (c character) isSeparator() bool { return strings.IndexByte(separators, c.byte) >= 0 }

func (n *Numbers) mask(text string, characters []character) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(characters); i++ {
		if !characters[i].isDigit() || i > 0 && characters[i-1].isDigit() {
			continue
		}
		length := n.at(characters, i)
		if length == 0 {
			continue
		}
		b.WriteString(text[done:characters[i].from])
		b.WriteString(Masked)
		i += length - 1
		done = characters[i].to
	}
	if done == 0 {
		return text
	}
	return b.String() + text[done:]
}

// at tells how many characters of the number stand at a place, 0 where it does not.
func (n *Numbers) at(characters []character, place int) int {
	for _, digits := range n.digits {
		if length := spells(characters[place:], digits); length > 0 && !n.isOther(characters, place, length) {
			return length
		}
	}
	return 0
}

// spells tells how many characters spell the digits, 0 where they do not.
func spells(characters []character, digits string) int {
	at := 0
	for i := range digits {
		between := 0
		for i > 0 && at < len(characters) && characters[at].isSeparator() && between < maxBetween {
			at, between = at+1, between+1
		}
		if at == len(characters) || characters[at].byte != digits[i] {
			return 0
		}
		at++
	}
	if at < len(characters) && characters[at].isDigit() {
		return 0
	}
	return at
}

// isOther tells of digits that are no caller's number: those of a date, or before or after a
// decimal point.
func (n *Numbers) isOther(characters []character, place, length int) bool {
	text := func(from, to int) string {
		var b strings.Builder
		for _, c := range characters[max(from, 0):min(to, len(characters))] {
			b.WriteByte(c.byte)
		}
		return b.String()
	}
	isDate := func(s string) bool { return len(s) == 10 && s[4] == '-' && s[7] == '-' }
	isPoint := func(s string, digit int) bool {
		return len(s) == 2 && s[1-digit] == '.' && s[digit] >= '0' && s[digit] <= '9'
	}
	return isDate(text(place, place+10)) || isPoint(text(place+length, place+length+2), 1) || isPoint(text(place-2, place), 0)
}

// plainly are the characters of a text as they stand there.
func plainly(text string) []character {
	all := make([]character, len(text))
	for i := range len(text) {
		all[i] = character{text[i], i, i + 1}
	}
	return all
}

// unescaped are the characters of a text with those that are escaped as what they mean.
func unescaped(text string) []character {
	all := make([]character, 0, len(text))
	for i := 0; i < len(text); {
		c, length := escape(text[i:])
		all = append(all, character{c, i, i + length})
		i += length
	}
	return all
}

// escape is the character that a text begins with, and how many bytes write it.
func escape(s string) (c byte, length int) {
	for _, form := range []struct {
		begins string
		digits int
	}{{"%", 2}, {`\x`, 2}, {`\u00`, 2}} {
		if hex, ok := strings.CutPrefix(s, form.begins); ok && len(hex) >= form.digits {
			if c, ok := unhex(hex[:form.digits]); ok {
				return c, len(form.begins) + form.digits
			}
		}
	}
	if braced, ok := strings.CutPrefix(s, `\u{`); ok {
		if hex, _, closed := strings.Cut(braced, "}"); closed && len(hex) <= 6 {
			if c, ok := unhex(strings.TrimLeft(hex, "0")); ok {
				return c, len(`\u{}`) + len(hex)
			}
		}
	}
	if len(s) > 1 && s[0] == '\\' && (s[1] == '/' || s[1] >= '1' && s[1] <= '9') {
		return s[1], 2
	}
	return s[0], 1
}

// unhex is the ASCII character of two hexadecimal digits.
func unhex(s string) (byte, bool) {
	var c byte
	if len(s) != 2 {
		return 0, false
	}
	for _, digit := range []byte(strings.ToLower(s)) {
		value := strings.IndexByte("0123456789abcdef", digit)
		if value < 0 {
			return 0, false
		}
		c = c<<4 | byte(value)
	}
	return c, c < 0x80
}
