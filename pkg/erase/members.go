package erase

import (
	"encoding/json"
	"regexp"
	"strings"

	"trunkline/pkg/pbx"
)

// Member writes the text of a member without the numbers. By the member's name, it leaves the id of
// a call, a time and the PBX's own MAC as they are. An object or an array stays one.
func (n *Numbers) Member(name, text string) string {
	switch name = plainName(name); {
	case isID(name):
		return n.id(text)
	case isTime(name) && wallClock.MatchString(text):
		return text
	case name == "timestamp" && epoch.MatchString(text):
		return text
	case name == "mac" && isMAC(text):
		return text
	}
	masked := n.value(text)
	if masked == text || !isTyped(name) || isNested(masked) || fraction.MatchString(text) {
		return masked
	}
	return unreadable + masked
}

// unreadable is the prefix of Masked in a member that is not a text, such as a duration. Without it,
// a value that could not be read would be read as zero.
const unreadable = "?"

// isTyped reports whether a member holds a time, a duration or another count.
func isTyped(name string) bool {
	switch name {
	case "timestamp", "duration", "billableseconds", "billsec", "score", "status", "mac":
		return true
	}
	return strings.HasSuffix(name, "time")
}

// plainName returns the name of a member in one spelling.
func plainName(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "") }

// isID reports whether a member holds the id of a call or channel. Reports name it id.
func isID(name string) bool {
	return name == "id" || name == "uuid" || strings.HasSuffix(name, "uniqueid") || name == "linkedid"
}

// isTime reports whether a member holds a time by the PBX's clock.
func isTime(name string) bool {
	return name == "starttime" || name == "endtime" || name == "answertime"
}

func isMAC(text string) bool {
	_, err := pbx.ParseMAC(pbx.Trim(text))
	return err == nil
}

var (
	wallClock = regexp.MustCompile(`^\s*\d{4}[-/]\d{2}[-/]\d{2}[ Tt]\d{2}:\d{2}:\d{2}([.,]\d{1,6})?\s*([Zz]|[+-]\d{2}(:?\d{2})?)?\s*$`)
	callID    = regexp.MustCompile(`^(.*-)?\d{9,10}\.\d{1,7}$`)
	fraction  = regexp.MustCompile(`^\s*\d{1,6}\.\d+\s*$`) // a duration whose fraction is dropped
	epoch     = regexp.MustCompile(`^\s*\d{1,10}(\.\d{1,6})?\s*$`)
)

// id returns the id of a call without the numbers. Its last part <epoch seconds>.<counter> connects
// the records of a call, and is not a number.
func (n *Numbers) id(text string) string {
	if !callID.MatchString(text) {
		return n.value(text)
	}
	own := strings.LastIndexByte(text, '-') + 1
	return n.Mask(text[:own]) + text[own:]
}

// value returns a text without the numbers. An object or an array of JSON stays one.
func (n *Numbers) value(text string) string {
	if !isNested(text) {
		return n.Mask(text)
	}
	inner := pbx.Trim(text)
	before, after, _ := strings.Cut(text, inner)
	return before + n.json(inner) + after
}

// isNested reports whether a text is an object or an array of JSON.
func isNested(text string) bool {
	text = pbx.Trim(text)
	return text != "" && (text[0] == '{' || text[0] == '[') && json.Valid([]byte(text))
}

// json returns JSON without the numbers. A JSON number becomes a string if its masked text is not a
// JSON number: zycoo reads it the same.
func (n *Numbers) json(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		length := tokenLength(text[i:])
		token := text[i : i+length]
		switch {
		case token[0] == '"':
			b.WriteString(n.jsonString(token))
		case token[0] == '-' || isDigit(token[0]):
			b.WriteString(n.jsonNumber(token))
		default:
			b.WriteString(token)
		}
		i += length
	}
	return b.String()
}

// tokenLength returns the length of the string or number at the start of valid JSON; otherwise 1.
func tokenLength(text string) int {
	i := 1
	switch {
	case text[0] == '"':
		for text[i] != '"' {
			if text[i] == '\\' {
				i++
			}
			i++
		}
		return i + 1
	case text[0] == '-' || isDigit(text[0]):
		for i < len(text) && strings.IndexByte("0123456789+-.eE", text[i]) >= 0 {
			i++
		}
	}
	return i
}

func (n *Numbers) jsonString(token string) string {
	var text string
	if err := json.Unmarshal([]byte(token), &text); err != nil {
		return token
	}
	masked := n.Mask(text)
	if masked == text {
		return token
	}
	quoted, _ := json.Marshal(masked) // a string can always be written
	return string(quoted)
}

func (n *Numbers) jsonNumber(token string) string {
	masked := n.Mask(token)
	if masked == token || json.Valid([]byte(masked)) {
		return masked
	}
	return `"` + masked + `"`
}
