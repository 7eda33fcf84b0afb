package pbx

import (
	"fmt"
	"strconv"
)

// Int is a whole number that may be unknown. An unknown number is never 0: a PBX
// writes an empty string for what it has not measured.
type Int struct {
	n     int64
	known bool
}

// IntOf returns the known number n.
func IntOf(n int64) Int { return Int{n: n, known: true} }

// Known reports whether the number is known.
func (i Int) Known() bool { return i.known }

// Or returns the number, or fallback if it is unknown.
func (i Int) Or(fallback int64) int64 {
	if !i.known {
		return fallback
	}
	return i.n
}

// String is the number in decimal, empty when unknown.
func (i Int) String() string {
	if !i.known {
		return ""
	}
	return strconv.FormatInt(i.n, 10)
}

// IsZero reports whether the number is unknown, for the omitzero option of encoding/json.
func (i Int) IsZero() bool { return !i.known }

// MarshalJSON writes a number, or null when unknown.
func (i Int) MarshalJSON() ([]byte, error) {
	if !i.known {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, i.n, 10), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (i *Int) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*i = Int{}
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return fmt.Errorf("%.40q is not a whole number", b)
	}
	*i = IntOf(n)
	return nil
}
