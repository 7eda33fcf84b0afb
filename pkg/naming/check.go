package naming

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is a kind of thing in a PBX that can have a name.
type Kind string

// The kinds. The names of a PBX and of its site are settings of the PBX.
const (
	Queue Kind = "queue"
	Agent Kind = "agent"
	DID   Kind = "did" // a number that callers dial
)

// Check reports what is wrong with a kind.
func (k Kind) Check() error {
	if k != Queue && k != Agent && k != DID {
		return fmt.Errorf("%.40q is not one of queue, agent and did", string(k))
	}
	return nil
}

// Bounds in bytes.
const (
	MaxName = 120
	MaxID   = 64
)

// CheckName reports what is wrong with a name that people gave. A name is one line of printable
// UTF-8, of at most MaxName bytes.
func CheckName(s string) error { return checkText(s, MaxName) }

func checkText(s string, most int) error {
	if len(s) > most {
		return fmt.Errorf("%.40q… has %d bytes, and may have %d", s, len(s), most)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%q is not UTF-8", s)
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
		return fmt.Errorf("%q has a character that can't be seen, after %q", s, s[:i])
	}
	if strings.TrimSpace(s) != s {
		return fmt.Errorf("%q has blanks around it", s)
	}
	return nil
}

// shortened is a number as spreadsheets rewrite it, such as 4.93012E+11 or 201.0.
var shortened = regexp.MustCompile(`^\d+[.,]?\d*[eE]\+?\d+$|^\d+[.,]0+$`)

// CheckID reports what is wrong with the ID of something in a PBX.
func CheckID(s string) error {
	if s == "" {
		return errors.New("a name needs the ID of what it names")
	}
	if shortened.MatchString(s) {
		return fmt.Errorf("%.40q is a number that a spreadsheet has written in its own way: format the column as text, and enter all digits again", s)
	}
	return checkText(s, MaxID)
}
