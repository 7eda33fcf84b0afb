package fleet

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"trunkline/pkg/pbx"
)

// Dialect is how a PBX writes its events.
type Dialect int

// The dialects.
const (
	// Vendor is as on the vendor's page: an object literal with comments, in which numbers
	// have single quotes, double quotes or none.
	Vendor  Dialect = iota
	JSON            // strict JSON, numbers in strings
	Compact         // an object literal on one line, numbers as numbers
	Numbers         // strict JSON, numbers as numbers
	GB18030         // as Vendor, in the encoding of older Chinese systems
	Form            // application/x-www-form-urlencoded, a field for each member

	V4      // of software v4: strict JSON with the names of Asterisk's manager interface (AMI)
	V4Lines // as V4, a line such as Event: Hangup for each member
	V4Form  // as V4, as Form
)

// V4Dialects returns those of software v4.
func V4Dialects() []Dialect { return []Dialect{V4, V4Lines, V4Form} }

// hasArrays reports whether events can be posted together.
func (d Dialect) hasArrays() bool { return d < Form || d == V4 }

// Dialects returns all dialects except those of software v4.
func Dialects() []Dialect { return []Dialect{Vendor, JSON, Compact, Numbers, GB18030, Form} }

// Body returns an event as a PBX posts it. An unknown value is an empty string, or what v4 writes
// instead. The event's texts are valid UTF-8, and for V4Lines have no line ends.
func Body(e pbx.Event, d Dialect) []byte {
	switch d {
	case V4:
		return lineBody(v4MembersOf(e), JSON)
	case V4Lines:
		return fieldLines(v4MembersOf(e))
	case V4Form:
		return formBody(v4MembersOf(e))
	}
	list := membersOf(e)
	switch d {
	case Vendor:
		return vendorBody(list)
	case GB18030:
		b, err := simplifiedchinese.GB18030.NewEncoder().Bytes(vendorBody(list))
		if err != nil {
			panic(fmt.Errorf("write an event in GB18030: %w", err)) // it has all of Unicode
		}
		return b
	case Form:
		return formBody(list)
	default:
		return lineBody(list, d)
	}
}

// Array returns events as a PBX posts them together. The dialect must have arrays, so it has
// neither fields nor lines.
func Array(events []pbx.Event, d Dialect) []byte {
	b := []byte{'['}
	for i, e := range events {
		if i > 0 {
			b = append(b, ',', '\n')
		}
		b = append(b, Body(e, d)...)
	}
	return append(b, ']')
}

// comments are those of the vendor's page, in English.
var comments = map[string]string{
	"uuid":       "// unique ID",
	"queueCode":  "// queue",
	"agentCode":  "/* the agent's extension */",
	"cdrState":   "// where it ended: bridged; feedback; queue; ivr",
	"queueTime":  "// waiting in the queue",
	"startTime":  "// when it began",
	"uniqueid":   "// unique ID",
	"statustext": "/* state */",
}

// vendorBody writes a literal as on the vendor's page, where the comma after the first
// member of a hangup is missing.
func vendorBody(list []member) []byte {
	b := append(make([]byte, 0, 2048), "{\n"...)
	for i, m := range list {
		b = append(appendName(append(b, "  "...), m.name), ": "...)
		switch {
		case m.number && i%2 == 0:
			b = append(b, m.text...)
		case i%3 == 0:
			b = appendQuoted(b, m.text, '"')
		default:
			b = appendQuoted(b, m.text, '\'')
		}
		if i > 0 || m.text != string(pbx.KindHangup) {
			b = append(b, ',')
		}
		if comment := comments[m.name]; comment != "" {
			b = append(append(b, "\t\t"...), comment...)
		}
		b = append(b, '\n')
	}
	return append(b, '}')
}

// lineBody writes strict JSON or a literal without blanks.
func lineBody(list []member, d Dialect) []byte {
	b := append(make([]byte, 0, 1024), '{')
	for i, m := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if d == Compact {
			b = appendName(b, m.name)
		} else {
			b = appendQuoted(b, m.name, '"')
		}
		b = append(b, ':')
		switch {
		case m.number && d != JSON:
			b = append(b, m.text...)
		case d == Compact && i%2 == 1:
			b = appendQuoted(b, m.text, '\'')
		default:
			b = appendQuoted(b, m.text, '"')
		}
	}
	return append(b, '}')
}

// fieldLines writes an event as AMI does, with an empty line at its end.
func fieldLines(list []member) []byte {
	b := make([]byte, 0, 1024)
	for _, m := range list {
		b = append(append(append(append(b, m.name...), ": "...), m.text...), "\r\n"...)
	}
	return append(b, "\r\n"...)
}

func formBody(list []member) []byte {
	b := make([]byte, 0, 1024)
	for i, m := range list {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(append(append(b, url.QueryEscape(m.name)...), '='), url.QueryEscape(m.text)...)
	}
	return b
}

// appendName appends a name, in quotes where it needs them.
func appendName(b []byte, name string) []byte {
	if name != "" && strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789_") == "" {
		return append(b, name...)
	}
	return appendQuoted(b, name, '"')
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends a string as JSON does, but in the given quotes.
func appendQuoted(b []byte, s string, quote byte) []byte {
	b = append(b, quote)
	for i := range len(s) {
		switch c := s[i]; {
		case c == quote || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, quote)
}
