package pbx

import (
	"regexp"
	"strings"
	"time"
)

// blanks are the characters that PBXs put around codes.
const blanks = " \t\r\n\v\f\u00a0\u3000"

// Trim returns a text without the blanks around it.
func Trim(s string) string { return strings.Trim(s, blanks) }

// Absent reports whether a text says nothing: it is empty, (null), null, none or
// <unknown>, in any case and with any blanks around it.
func Absent(s string) bool {
	if s = Trim(s); s == "" {
		return true
	}
	switch s[0] {
	case '(':
		return strings.EqualFold(s, "(null)")
	case '<':
		return strings.EqualFold(s, "<unknown>")
	case 'n', 'N':
		return strings.EqualFold(s, "null") || strings.EqualFold(s, "none")
	}
	return false
}

// AbsentCode is Absent for values that can't be 0, such as a queue, an agent or a forward. There 0
// and 00 are absent too. More zeros are a number, or the rest of an erased one.
func AbsentCode(s string) bool {
	s = Trim(s)
	return s == "0" || s == "00" || Absent(s)
}

// AgentCode returns the extension of an agent. PBXs write it as 301, SIP/301, Agent/301 or
// Local/301@from-queue/n. It is the part between the technology and the context or the channel's
// number.
func AgentCode(s string) string {
	s = Trim(s)
	technology, rest, ok := strings.Cut(s, "/")
	if !ok || technology == "" || strings.Trim(strings.ToLower(technology), "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return s
	}
	code, _, _ := strings.Cut(rest, "@")
	code = channelNumber.ReplaceAllString(code, "")
	if code == "" || strings.ContainsRune(code, '/') {
		return s
	}
	return code
}

// channelNumber is the number that Asterisk adds to the name of a channel: eight hexadecimal
// digits. A dash may also be part of an agent's name.
var channelNumber = regexp.MustCompile(`-[0-9a-f]{8}(;[12])?$`)

// MaxDuration is the longest valid duration in seconds: seven days. A larger value is something
// else, such as a time.
const MaxDuration = 7 * 24 * 60 * 60

// MaxSession is the longest time that an agent counts as logged in.
const MaxSession = 16 * time.Hour

// LeftMessage reports whether the caller left a message.
func (e *CallRecord) LeftMessage() bool {
	return !AbsentCode(e.VoicemailState) &&
		!strings.EqualFold(e.VoicemailState, "no") && !strings.EqualFold(e.VoicemailState, "false")
}

// Forwarded reports whether the call was forwarded.
func (e *CallRecord) Forwarded() bool {
	return !AbsentCode(e.ForwardType) || !AbsentCode(e.ForwardNumber)
}

// Call returns the id of the call that a leg belongs to.
func (e *CDR) Call() string { return callOf(e.LinkedID, e.UniqueID) }

// Call returns the id of the call that the ringing belongs to.
func (l *Leg) Call() string { return callOf(l.LinkedID, l.UniqueID) }

// Call returns the id of the call that the channel belongs to, if the PBX sent it.
func (e *Hangup) Call() string { return callOf(e.LinkedID, e.UniqueID) }

// Call returns the id of the call that the channel belongs to, if the PBX sent it.
func (e *BridgeEnter) Call() string { return callOf(e.LinkedID, e.UniqueID) }

func callOf(linkedID, uniqueID string) string {
	if linkedID == "" {
		return uniqueID
	}
	return linkedID
}

// In returns the record with its times by the clock of z. It changes only records that are InUTC.
func (e *CallRecord) In(z Zone) *CallRecord {
	if !e.InUTC {
		return e
	}
	local := *e
	local.Start, local.End, local.InUTC = z.FromUTC(e.Start), z.FromUTC(e.End), false
	return &local
}

// In returns the record with its times by the clock of z. It changes only records that are InUTC.
func (e *CDR) In(z Zone) *CDR {
	if !e.InUTC {
		return e
	}
	local := *e
	local.Start, local.Answer, local.End = z.FromUTC(e.Start), z.FromUTC(e.Answer), z.FromUTC(e.End)
	local.InUTC = false
	return &local
}

// In returns the step with its times by the clock of z. It changes only steps that are InUTC.
func (e *IVRStep) In(z Zone) *IVRStep {
	if !e.InUTC {
		return e
	}
	local := *e
	local.Start, local.End, local.InUTC = z.FromUTC(e.Start), z.FromUTC(e.End), false
	return &local
}
