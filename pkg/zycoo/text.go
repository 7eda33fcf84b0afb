package zycoo

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// toUTF8 is the text of a string that a PBX sent. damaged reports whether some of its
// characters could not be read: they are U+FFFD.
//
// The text is UTF-8 where it is valid, or valid but for a character that is cut at either
// end. Else it is GB18030, where that gives plausible Chinese. Else it is UTF-8 all the same.
func toUTF8(s string) (text string, damaged bool) {
	if !utf8.ValidString(s) && isGB(s) {
		return fromGB(s)
	}
	return validUTF8(s)
}

// fromGB is the text of a string in GB18030.
func fromGB(s string) (text string, damaged bool) {
	text, _ = simplifiedchinese.GB18030.NewDecoder().String(s)
	return text, strings.ContainsRune(text, utf8.RuneError)
}

// validUTF8 is the text of a string in UTF-8.
func validUTF8(s string) (text string, damaged bool) {
	if utf8.ValidString(s) {
		return s, false
	}
	return strings.ToValidUTF8(s, "\ufffd"), true
}

// isGB reports whether a string that is not UTF-8 is plausible GB18030. All of it must be readable,
// apart from a character that is cut at the end. If it has three or more characters beyond ASCII,
// at least half of them must be frequent. If it has fewer, at least one must be frequent, and no
// fewer may be frequent than odd. (Accented letters of Latin-1 give odd ones.) Without odd ones and
// Latin letters it also passes. Short texts in another script may be mistaken for Chinese.
func isGB(s string) bool {
	if isCutUTF8(s) {
		return false
	}
	letters := false
	others, frequent, odd := 0, 0, 0 // characters beyond ASCII
	for i := 0; i < len(s); {
		width := widthGB(s[i:])
		switch {
		case width == 0:
			if odd++; i < len(s)-1 {
				return false
			}
		case width == 1:
			letters = letters || isLetter(s[i])
		case width == 4 || width == 2 && isFrequentGB(s[i], s[i+1]):
			frequent++
		case width == 2 && (isLetter(s[i+1]) || s[i] > 0xf7):
			odd++
		}
		if width != 1 {
			others++
		}
		i += max(width, 1)
	}
	if others < 3 {
		return frequent > 0 && frequent >= odd || odd == 0 && !letters
	}
	return frequent*2 >= others
}

// widthGB is how many bytes the character of GB18030 has with which s begins; 0 where it
// begins with none.
func widthGB(s string) int {
	switch {
	case s[0] < utf8.RuneSelf:
		return 1
	case s[0] == 0x80 || s[0] == 0xff || len(s) < 2:
		return 0
	case s[1] >= 0x40 && s[1] != 0x7f && s[1] != 0xff:
		return 2
	case len(s) >= 4 && isDigit(s[1]) && s[2] >= 0x81 && s[2] <= 0xfe && isDigit(s[3]):
		return 4
	}
	return 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// isFrequentGB reports whether two bytes are punctuation, or one of the 3,755 characters of
// the first level of GB 2312, which has the most frequent ones.
func isFrequentGB(a, b byte) bool {
	return b >= 0xa1 && (a >= 0xa1 && a <= 0xa3 || a >= 0xb0 && a <= 0xd7)
}

// isCutUTF8 reports whether a string is UTF-8 but for a character that is cut at its
// beginning or end. It has at least one whole character that is not ASCII, without which
// nothing tells UTF-8 from another encoding.
func isCutUTF8(s string) bool {
	for n := 0; n < utf8.UTFMax-1 && s != "" && !utf8.RuneStart(s[0]); n++ {
		s = s[1:]
	}
	for n := 1; n < utf8.UTFMax && n <= len(s); n++ {
		if end := len(s) - n; utf8.RuneStart(s[end]) {
			if !utf8.FullRuneInString(s[end:]) {
				s = s[:end]
			}
			break
		}
	}
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0
}
