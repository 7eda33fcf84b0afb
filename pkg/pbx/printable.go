package pbx

import (
	"strings"
	"unicode"
)

// Printable returns a text of a caller or a PBX with � for each character that could steer a
// terminal.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, s)
}
