package zycoo

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// Each of these gives a member's value as what its field needs, the zero value
// where the PBX left it empty, and refuses the event where the value is unusable.

// text is a string, or a number as it was written.
func (d *decoder) text(m *member) string {
	if m.kind == aBool || m.kind == nested {
		d.refuse(m.at, m.name, "a text is needed, not "+excerpt(m.text))
		return ""
	}
	return m.text
}

// seconds is a whole number of seconds, or of anything else that is counted. A
// fraction is dropped.
func (d *decoder) seconds(m *member) pbx.Int {
	s := strings.TrimSpace(d.text(m))
	if s == "" {
		return pbx.Int{}
	}
	whole, fraction, hasFraction := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 31)
	if err != nil || hasFraction && !isDigits(fraction) {
		d.refuse(m.at, m.name, excerpt(m.text)+" is not a number from 0 to 2147483647")
		return pbx.Int{}
	}
	return pbx.IntOf(int64(n))
}

// code is a small whole number that may be negative.
func (d *decoder) code(m *member) pbx.Int {
	s := strings.TrimSpace(d.text(m))
	if s == "" {
		return pbx.Int{}
	}
	n, err := strconv.ParseInt(s, 10, 16)
	if err != nil {
		d.refuse(m.at, m.name, excerpt(m.text)+" is not a whole number from -32768 to 32767")
		return pbx.Int{}
	}
	return pbx.IntOf(n)
}

// localTime is a wall clock such as 2018-11-05 19:05:31. The zero date, which
// databases write for none, is an unknown time.
func (d *decoder) localTime(m *member) pbx.LocalTime {
	s := strings.TrimSpace(d.text(m))
	if s == "" || s == "0000-00-00 00:00:00" {
		return 0
	}
	t, err := pbx.ParseLocalTime(s)
	if err != nil {
		d.refuse(m.at, m.name, excerpt(m.text)+" is not a time such as 2018-11-05 19:05:31")
	}
	return t
}

// epoch is a time in seconds since 1970 in UTC, with up to six decimals.
func (d *decoder) epoch(m *member) time.Time {
	s := strings.TrimSpace(d.text(m))
	if s == "" {
		return time.Time{}
	}
	whole, fraction, hasFraction := strings.Cut(s, ".")
	seconds, err := strconv.ParseUint(whole, 10, 32)
	if err != nil || hasFraction && !isDigits(fraction) {
		d.refuse(m.at, m.name, excerpt(m.text)+" is not a time in seconds since 1970 such as 1534993059.785012")
		return time.Time{}
	}
	micros, _ := strconv.Atoi((fraction + "000000")[:6])
	return time.Unix(int64(seconds), int64(micros)*1000).UTC()
}

// mac is the MAC that the body names.
func (d *decoder) mac(m *member) pbx.MAC {
	s := d.text(m)
	if strings.TrimSpace(s) == "" {
		return ""
	}
	mac, err := pbx.ParseMAC(s)
	if err != nil {
		d.refuse(m.at, m.name, err.Error())
	}
	return mac
}

// need refuses the event where a member is missing without which it can't be told
// from others.
func (d *decoder) need(name string, known bool) {
	if !known {
		d.refuse(d.start, name, "is missing or empty, and the event can't be told from others without it")
	}
}

// common reads the members that events of every kind may have, and keeps those that
// are not known.
func (d *decoder) common(c *pbx.Common, m *member) {
	switch m.name {
	case "event":
	case "mac":
		c.MAC = d.mac(m)
	default:
		c.Extra = append(c.Extra, pbx.Member{Name: m.name, Value: m.value.text})
	}
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func excerpt(s string) string { return fmt.Sprintf("%.40q", s) }
