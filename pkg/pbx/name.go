package pbx

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the size in bytes of the longest text of a PBX that names something in keys, rows,
// restatements and files: a call, a queue, an agent, a menu, a cause. No PBX is known to use one
// half as long.
const MaxName = 160

// hashDigits is how many hexadecimal digits of its hash a shortened text ends in: 128 bits.
const hashDigits = 32

// ShortName is a text of at most MaxName bytes. Of a longer one it is the beginning, a ~ and a
// hash of the whole: so different names stay different.
func ShortName(s string) string {
	if len(s) <= MaxName {
		return s
	}
	end := MaxName - 1 - hashDigits
	for !utf8.RuneStart(s[end]) {
		end--
	}
	sum := sha256.Sum256([]byte(s))
	return s[:end] + "~" + hex.EncodeToString(sum[:])[:hashDigits]
}

// Excerpt is a text of a PBX as a reason shows it: its first 40 characters. A number that would be
// cut there is left out, since an erasure finds whole numbers alone.
func Excerpt(s string) string {
	short := fmt.Sprintf("%.40s", s)
	if short == s {
		return s
	}
	return strings.TrimRightFunc(short, func(r rune) bool { return !unicode.IsLetter(r) })
}
