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

// Masked replaces every erased number. It consists of digits, so that a body can be read in which
// the number is not quoted.
const Masked = "0000000"

// The bounds of a number's digits. Fewer digits are an extension, or a count.
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

// DefaultPrefixes returns the prefixes of most countries, and the international one of North America.
func DefaultPrefixes() Prefixes { return Prefixes{[]string{"0"}, []string{"00", "011"}} }

// ParseNumbers reads numbers. A number that begins with + is searched in all its forms; another
// number in just its digits. Errors do not repeat the numbers.
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
			return nil, fmt.Errorf("number %d: %w", i+1, err)
		}
		n.forms = append(n.forms, forms...)
	}
	if len(n.forms) == 0 {
		return nil, errors.New("no number is given: give one or more")
	}
	slices.SortFunc(n.forms, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	n.forms = slices.Compact(n.forms)
	return n, nil
}

// formsOf returns the digits of all forms of a number.
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
			return nil, errors.New("it has other characters than digits, blanks and + - . / ( )")
		}
	}
	d := digits.String()
	switch {
	case len(d) < minDigits || len(d) > maxDigits:
		return nil, fmt.Errorf("it has %d digits: a caller's number has %d to %d", len(d), minDigits, maxDigits)
	case strings.Trim(d, "0") == "":
		return nil, errors.New("it has only zeros, which stand for an erased number")
	case !international:
		return []string{d}, nil
	}
	code := countryCode(d)
	if code == "" {
		return nil, errors.New("it has no country code after the +")
	}
	return internationalForms(code, d[len(code):], p), nil
}

// internationalForms returns the national number alone and after each trunk prefix. It adds each of
// these after the country code, with and without an international prefix.
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

// countryCode returns the country code that digits begin with (ITU-T E.164), or an empty text. Codes
// of one and two digits are listed; all others have three.
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

// Mask returns a text with Masked in the place of the numbers.
func (n *Numbers) Mask(text string) string {
	if !n.mayHave(text) {
		return text
	}
	for { // again after a change, since masking in one view may complete a number in another
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

// mayHave is a quick check that excludes most texts. It reports whether the digits may be there.
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

// MayBeIn reports whether a text has the digits of a number in their order, with any characters
// between them. Call it on a text from which the numbers were erased.
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
		found = append(exponents, found...) // the longer one first, if both begin at one place
		slices.SortStableFunc(found, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	}
	return found
}

// inChain returns where numbers stand in a chain of digits. Digits with another digit right before
// or after them are another number.
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

// maxExponent is the largest exponent that is read.
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

// isWhole reports whether digits are one of the numbers, apart from leading zeros, which a JSON
// number can't have.
func (n *Numbers) isWhole(digits string) bool {
	digits = strings.TrimLeft(digits, "0")
	return slices.ContainsFunc(n.forms, func(form string) bool { return strings.TrimLeft(form, "0") == digits })
}

// scientific reads a number with an exponent. It returns its whole part, and its length in
// characters.
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
