package zycoo

import (
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// Each of these functions reads a member's value for its field. An empty value gives the zero
// value. So does an unreadable one, which is also noted.

// text reads a text as it was written.
func text[E any](at func(*E) *string) func(*decoder, *E, *member) {
	return func(d *decoder, e *E, m *member) {
		if s := d.text(m); !pbx.Absent(s) {
			*at(e) = s
		}
	}
}

// code reads what has no blanks around it, such as a number, a name of a channel or an id.
func code[E any](at func(*E) *string) func(*decoder, *E, *member) {
	return func(d *decoder, e *E, m *member) { *at(e) = d.code(m) }
}

// codeNot0 reads a code for which 0 means that it is absent.
func codeNot0[E any](at func(*E) *string) func(*decoder, *E, *member) {
	return func(d *decoder, e *E, m *member) {
		if s := d.code(m); !pbx.AbsentCode(s) {
			*at(e) = s
		}
	}
}

// lower reads a code whose case does not matter.
func lower[E any](at func(*E) *string) func(*decoder, *E, *member) {
	return func(d *decoder, e *E, m *member) { *at(e) = strings.ToLower(d.code(m)) }
}

// upper is lower for a code that is written in capitals.
func upper[E any](at func(*E) *string) func(*decoder, *E, *member) {
	return func(d *decoder, e *E, m *member) { *at(e) = strings.ToUpper(d.code(m)) }
}

// agent reads who an agent is, and keeps what was sent where that is something else.
func agent[E any](at func(*E) (code, sent *string)) func(*decoder, *E, *member) {
	return func(d *decoder, e *E, m *member) {
		s := d.code(m)
		agent := pbx.AgentCode(s)
		if pbx.AbsentCode(agent) {
			return
		}
		code, sent := at(e)
		if *code = agent; agent != s {
			*sent = s
		}
	}
}

// seconds reads a duration of at most pbx.MaxDuration. A fraction is dropped.
func seconds[E any](at func(*E) *pbx.Int) func(*decoder, *E, *member) {
	return func(d *decoder, e *E, m *member) { *at(e) = d.whole(m, pbx.MaxDuration) }
}

// maxScore is the highest rating that is taken for one.
const maxScore = 1000

// score reads a rating.
func score[E any](at func(*E) *pbx.Int) func(*decoder, *E, *member) {
	return func(d *decoder, e *E, m *member) { *at(e) = d.whole(m, maxScore) }
}

// status reads a small whole number that may be negative.
func status[E any](at func(*E) *pbx.Int) func(*decoder, *E, *member) {
	return func(d *decoder, e *E, m *member) {
		s := d.code(m)
		if s == "" {
			return
		}
		n, err := strconv.ParseInt(s, 10, 16)
		if err != nil {
			d.misreads(m)
			return
		}
		*at(e) = pbx.IntOf(n)
	}
}

// clock reads a time by the PBX's clock, or an instant.
func clock[E any](at func(*E) *pbx.LocalTime) func(*decoder, *E, *member) {
	return func(d *decoder, e *E, m *member) {
		s := d.code(m)
		if s == "" || strings.Trim(s, "0-/:T ") == "" { // databases write 0000-00-00 00:00:00
			return
		}
		t, inUTC, ok := parseTime(s)
		if !ok {
			d.misreads(m)
			return
		}
		*at(e) = t
		d.times.add(at(e), inUTC, m)
	}
}

// epoch reads a time in seconds since 1970 in UTC, before endTime, with up to six decimals.
func epoch[E any](at func(*E) *time.Time) func(*decoder, *E, *member) {
	return func(d *decoder, e *E, m *member) {
		s := d.code(m)
		if s == "" {
			return
		}
		whole, fraction, hasFraction := strings.Cut(s, ".")
		n, err := strconv.ParseUint(whole, 10, 32)
		if err != nil || n >= uint64(endTime.Unix()) || hasFraction && !isDigits(fraction) {
			d.misreads(m)
			return
		}
		micros, _ := strconv.Atoi((fraction + "000000")[:6])
		*at(e) = time.Unix(int64(n), int64(micros)*1000).UTC()
	}
}

// readMAC reads the MAC that the body names.
func readMAC[E any](d *decoder, _ *E, m *member) {
	s := d.code(m)
	if s == "" {
		return
	}
	mac, err := pbx.ParseMAC(s)
	if err != nil {
		d.misreads(m)
		return
	}
	d.mac = mac
}

// text is a string, or a number or truth value as it was written.
func (d *decoder) text(m *member) string {
	if m.kind == nested {
		d.misreads(m)
		return ""
	}
	return m.text
}

// code is a text without the blanks around it; empty where it says nothing.
func (d *decoder) code(m *member) string {
	s := pbx.Trim(d.text(m))
	if pbx.Absent(s) {
		return ""
	}
	return s
}

// whole is a whole number from 0 to most. A fraction is dropped.
func (d *decoder) whole(m *member, most uint64) pbx.Int {
	s := d.code(m)
	if s == "" {
		return pbx.Int{}
	}
	whole, fraction, hasFraction := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 63)
	if err != nil || n > most || hasFraction && !isDigits(fraction) {
		d.misreads(m)
		return pbx.Int{}
	}
	return pbx.IntOf(int64(n))
}

// splitSource takes a source apart that is a name and a number, such as
// "Reception" <801>: it is the caller's id then, and the number the source.
func splitSource(e *pbx.CDR) {
	open := strings.LastIndexByte(e.Source, '<')
	if open < 0 || !strings.HasSuffix(e.Source, ">") {
		return
	}
	if e.CallerID == "" {
		e.CallerID = e.Source
	}
	number := strings.Trim(e.Source[open:], "<>")
	if pbx.Absent(number) || pbx.Absent("<"+number+">") {
		number = ""
	}
	e.Source = pbx.Trim(number)
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
