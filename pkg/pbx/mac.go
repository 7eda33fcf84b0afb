package pbx

import (
	"fmt"
	"strings"
)

// MAC is the hardware address that names a PBX, in its canonical form: 12
// lower-case hexadecimal digits, such as "68692e0b0001".
type MAC string

// ParseMAC reads a MAC in any usual spelling: upper or lower case, with colons,
// dashes, dots or nothing between the digits, and with blanks around it.
func ParseMAC(s string) (MAC, error) {
	var digits [12]byte
	n := 0
	for _, c := range []byte(strings.TrimSpace(s)) {
		switch {
		case c == ':' || c == '-' || c == '.':
			continue
		case c >= 'A' && c <= 'F':
			c += 'a' - 'A'
		case !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f'):
			return "", fmt.Errorf("%.40q is not a MAC address: 12 hexadecimal digits, such as 68:69:2e:0b:00:01", s)
		}
		if n < len(digits) {
			digits[n] = c
		}
		n++
	}
	if n != len(digits) {
		return "", fmt.Errorf("%.40q is not a MAC address: it has %d hexadecimal digits, not 12", s, n)
	}
	return MAC(digits[:]), nil
}
