package erase

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Masked stands wherever a number was erased. It is of digits, so that a body in which the
// number is not quoted can be read still.
const Masked = "0000000"

// Bounds of a number's digits: fewer are those of an extension, or a count of something.
const (
	minDigits = 7
	maxDigits = 20
)

// Numbers are the numbers of a caller, each in all its forms.
type Numbers struct {
	forms []string // digits, the longest first
}

// Prefixes are what is dialled before a number, as digits.
type Prefixes struct {
	Trunk         []string // before a national number
	International []string // before a country code
}

// DefaultPrefixes are those of most countries, and the international one of North America.
func DefaultPrefixes() Prefixes { return Prefixes{[]string{"0"}, []string{"00", "011"}} }

// ParseNumbers reads numbers. One that begins with + is meant in all its forms; another one in
// just these digits. Errors do not repeat them.
func ParseNumbers(numbers []string, p Prefixes) (*Numbers, error) {
	n := &Numbers{}
	for _, prefix := range slices.Concat(p.Trunk, p.International) {
		if prefix == "" || len(prefix) > 8 || strings.Trim(prefix, "0123456789") != "" {
			return nil, errors.New("a prefix is 1 to 8 digits")
		}
	}
	for i, s := range numbers {
		forms, err := formsOf(s, p)
		if err != nil {
			return nil, fmt.Errorf("number %d %w", i+1, err)
		}
		n.forms = append(n.forms, forms...)
	}
	if len(n.forms) == 0 {
		return nil, errors.New("no number is given")
	}
	slices.SortFunc(n.forms, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	n.forms = slices.Compact(n.forms)
	return n, nil
}

// formsOf are the digits of all forms of a number.
func formsOf(s string, p Prefixes) ([]string, error) {
	all := charactersOf(plainly(s))
	international := len(all) > 0 && all[0].r == '+'
	if international {
		all = charactersOf(plainly(strings.Replace(s, "(0)", "", 1))) // as in +49 (0)151 …
	}
	var digits strings.Builder
	for _, c := range all {
		if c.isDigit() {
			digits.WriteRune(c.r)
		} else if !c.isBetween() {
			return nil, errors.New("has other characters than digits, blanks and + - . / ( )")
		}
	}
	d := digits.String()
	switch {
	case len(d) < minDigits || len(d) > maxDigits:
		return nil, fmt.Errorf("has %d digits: from %d to %d are a caller's", len(d), minDigits, maxDigits)
	case strings.Trim(d, "0") == "":
		return nil, errors.New("is what stands for an erased one")
	case !international:
		return []string{d}, nil
	}
	code := countryCode(d)
	if code == "" {
		return nil, errors.New("begins with +, and then with no country code")
	}
	return internationalForms(code, d[len(code):], p), nil
}

// internationalForms are the national number alone and behind each trunk prefix, and each of
// these behind the country code, alone and behind each international prefix.
func internationalForms(code, national string, p Prefixes) (forms []string) {
	for _, trunk := range append([]string{""}, p.Trunk...) {
		local := trunk + national
		forms = append(forms, local, code+local)
		for _, prefix := range p.International {
			forms = append(forms, prefix+code+local)
		}
	}
	return slices.DeleteFunc(forms, func(digits string) bool { return len(digits) < minDigits || strings.Trim(digits, "0") == "" })
}

// countryCode is the country code that digits begin with (ITU-T E.164); empty: none. Those of
// one and two digits are listed, all others have three.
func countryCode(digits string) string {
	const two = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 "
	switch {
	case digits[0] == '0':
		return ""
	case digits[0] == '1' || digits[0] == '7':
		return digits[:1]
	case strings.Contains(two, " "+digits[:2]+" "):
		return digits[:2]
	}
	return digits[:3]
}

// Mask writes a text with Masked in the place of the numbers.
func (n *Numbers) Mask(text string) string {
	if !n.mayHave(text) {
		return text
	}
	for { // since two views may each uncover what the other one masks a part of
		next := text
		for view := range viewsOf(next) {
			next = n.mask(next, view(next))
		}
		if next == text {
			return text
		}
		text = next
	}
}

// In reports whether a text has one of the numbers.
func (n *Numbers) In(text string) bool {
	if !n.mayHave(text) {
		return false
	}
	for view := range viewsOf(text) {
		if len(n.find(view(text))) > 0 {
			return true
		}
	}
	return false
}

// mayHave is a quick look at a text that means what it says, as most do: are the digits there?
func (n *Numbers) mayHave(text string) bool {
	joined := make([]byte, 0, len(text))
	for i := range len(text) {
		switch c := text[i]; {
		case c >= utf8.RuneSelf || c == '\\' || c == '%':
			return true
		case (c == 'e' || c == 'E') && i > 0 && i < len(text)-1 && isDigit(text[i-1]) && (isDigit(text[i+1]) || text[i+1] == '+' || text[i+1] == '-'):
			return true
		case !(character{r: rune(c)}).isBetween():
			joined = append(joined, c)
		}
	}
	return slices.ContainsFunc(n.forms, func(form string) bool { return bytes.Contains(joined, []byte(form)) })
}

// MayBeIn reports whether a text has the digits of a number in their order, whatever stands
// among them. It is meant for a text from which the numbers are erased already.
func (n *Numbers) MayBeIn(text []byte) bool {
	digits := make([]byte, 0, len(text))
	for _, c := range text {
		if isDigit(c) {
			digits = append(digits, c)
		}
	}
	return slices.ContainsFunc(n.forms, func(form string) bool { return bytes.Contains(digits, []byte(form)) })
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// mask masks the numbers that a view of a text has.
func (n *Numbers) mask(text string, view []character) string {
	found := n.find(view)
	if len(found) == 0 {
		return text
	}
	var b strings.Builder
	done := 0
	for _, f := range found {
		if f.from < done {
			continue
		}
		b.WriteString(text[done:f.from])
		b.WriteString(Masked)
		done = f.to
	}
	b.WriteString(text[done:])
	return b.String()
}

// find returns where numbers stand, in their order.
func (n *Numbers) find(view []character) (found []span) {
	for chain := range chainsOf(view) {
		found = append(found, n.inChain(chain)...)
	}
	if exponents := n.exponents(view); len(exponents) > 0 {
		found = append(exponents, found...) // one that begins with a number ends behind it
		slices.SortStableFunc(found, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	}
	return found
}

// inChain returns where numbers stand in digits that nothing but separators parts. What has a
// digit right before or behind it is another number.
func (n *Numbers) inChain(c chain) (found []span) {
	for i := 0; i < len(c.digits); i++ {
		if c.glued[i] {
			continue
		}
		for _, form := range n.forms {
			end := i + len(form)
			if strings.HasPrefix(string(c.digits[i:]), form) && (end == len(c.digits) || !c.glued[end]) {
				found = append(found, span{c.at[i].from, c.at[end-1].to})
				i = end - 1
				break
			}
		}
	}
	return found
}

// maxExponent is that of the largest numbers that are looked at.
const maxExponent = 40

// exponents returns where numbers stand as a mantissa and an exponent, such as 4915112345e3.
func (n *Numbers) exponents(view []character) (found []span) {
	for i := range view {
		if !view[i].isDigit() || i > 0 && view[i-1].isDigit() {
			continue
		}
		if whole, length := scientific(view[i:]); length > 0 && n.isWhole(whole) {
			found = append(found, span{view[i].from, view[i+length-1].to})
		}
	}
	return found
}

// isWhole reports whether digits are one of the numbers but for zeros before them, which no
// number of JSON has.
func (n *Numbers) isWhole(digits string) bool {
	digits = strings.TrimLeft(digits, "0")
	return slices.ContainsFunc(n.forms, func(form string) bool { return strings.TrimLeft(form, "0") == digits })
}

// scientific reads a number with an exponent: its whole part, and how many characters write it.
func scientific(view []character) (whole string, length int) {
	var mantissa []byte
	fraction, i := 0, 0
	for ; i < len(view) && (view[i].isDigit() || view[i].r == '.' && fraction == 0); i++ {
		if view[i].r == '.' {
			fraction = len(mantissa) + 1
		} else {
			mantissa = append(mantissa, byte(view[i].r))
		}
	}
	if i == len(view) || view[i].r != 'e' && view[i].r != 'E' {
		return "", 0
	}
	point := len(mantissa) // where it stands
	if fraction > 0 {
		point = fraction - 1
	}
	i++
	negative := i < len(view) && view[i].r == '-'
	if negative || i < len(view) && view[i].r == '+' {
		i++
	}
	exponent, from := 0, i
	for ; i < len(view) && view[i].isDigit(); i++ {
		exponent = min(exponent*10+int(view[i].r-'0'), 1000)
	}
	if negative {
		exponent = -exponent
	}
	point += exponent
	if i == from || exponent > maxExponent || point <= 0 {
		return "", 0
	}
	if pad := point - len(mantissa); pad > 0 {
		mantissa = append(mantissa, strings.Repeat("0", pad)...)
	}
	return string(mantissa[:point]), i
}
