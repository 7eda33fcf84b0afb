package pbx

import (
	"crypto/sha256"
	"encoding/hex"
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
