package pbx

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the maximum size in bytes of a name that a PBX sent, where it is used in keys, rows,
// restatements and files. Such names are those of calls, queues, agents, menus and causes. No
// known PBX uses a name half as long.
const MaxName = 160

// hashDigits is how many hexadecimal digits of its hash a shortened text ends in: 128 bits.
const hashDigits = 32

// ShortName returns a text of at most MaxName bytes. It shortens a longer text to its beginning, a
// ~ and a hash of the whole text, so that different names stay different.
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

// Excerpt returns the first 40 characters of a text, for use in reasons. It leaves out a number that
// would be cut, since an erasure finds only whole numbers.
func Excerpt(s string) string {
	short := fmt.Sprintf("%.40s", s)
	if short == s {
		return s
	}
	return strings.TrimRightFunc(short, func(r rune) bool { return !unicode.IsLetter(r) })
}
