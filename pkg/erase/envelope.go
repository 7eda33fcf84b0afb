package erase

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

// notRead is the reason for the quarantine of an envelope whose event can't be written again.
const notRead = "a number was erased, and this version can't read the rest as an event"

// maskedLine is an archived line without the number.
type maskedLine struct {
	had      bool
	receipt  archive.Receipt // as it was; zero if the line is not an envelope
	members  []string        // that had the number, if the event can be read
	envelope archive.Envelope
	text     []byte // the line; empty if the envelope goes to quarantine
	// gone is the hash of an event that is no longer in the archive, since it can't be written
	// without the number.
	gone store.ContentHash
}

// maskLine writes an archived line without the number.
func (n *Numbers) maskLine(line []byte) (maskedLine, error) {
	r, err := archive.ParseReceipt(line)
	if err != nil { // no reader takes it for an envelope
		text := n.Mask(string(line))
		return maskedLine{had: text != string(line), text: []byte(text)}, nil
	}
	b := n.maskBody(r.Body)
	m := maskedLine{receipt: r, members: b.members, text: line}
	m.envelope = r.Envelope(nil)
	m.envelope.Body, m.envelope.Rewritten = b.text, r.Rewritten || b.rewritten
	m.envelope.Reason = n.reason(r, b)
	if m.had = b.had || m.envelope.Reason != r.Reason; !m.had {
		return m, nil
	}
	if r.Kind != "" && b.gone == "" {
		m.envelope.Event = eventOf(b.text)
	}
	if m.envelope.Event == nil && r.Reason == "" {
		m.envelope.Reason, m.envelope.Decoder, m.gone, m.text = notRead, zycoo.Version, b.gone, nil
		return m, nil
	}
	m.text, err = archive.Lines([]archive.Envelope{m.envelope})
	return m, err
}

// maskedBody is a body without the number.
type maskedBody struct {
	had       bool
	text      []byte
	rewritten bool              // its event was written again
	gone      store.ContentHash // of the event that it said, where the text can't say the masked one
	members   []string          // that had the number
}

// maskBody writes a body without the number. All else stays as it was. If the number can't be masked
// in place, the event is written again.
func (n *Numbers) maskBody(text []byte) maskedBody {
	if !n.mayHave(string(text)) {
		return maskedBody{text: text} // most bodies
	}
	seen := &seen{numbers: n}
	rewritten, ok := zycoo.Rewrite(text, seen.member)
	was := eventOf(text)
	if !ok || was == nil {
		next := n.Mask(string(text))
		return maskedBody{had: next != string(text), text: []byte(next)}
	}
	inPlace := seen.between(string(text), n.Mask)
	if len(seen.members) == 0 && inPlace == string(text) {
		return maskedBody{text: text}
	}
	want, _, err := store.Masked(was, n.Member)
	for _, next := range []maskedBody{{text: []byte(inPlace)}, {text: rewritten, rewritten: true}} {
		is := eventOf(next.text)
		if err == nil && says(is, want) && is.ClaimedMAC() == was.ClaimedMAC() && n.clean(next.text) {
			next.had, next.members = !bytes.Equal(next.text, text), seen.members
			return next
		}
	}
	gone, _ := store.HashOf(was)
	return maskedBody{had: true, text: []byte(n.Mask(string(rewritten))), rewritten: true, gone: gone, members: seen.members}
}

// clean reports whether the body of an event has no number, in its members or between them.
func (n *Numbers) clean(text []byte) bool {
	seen := &seen{numbers: n}
	_, ok := zycoo.Rewrite(text, seen.member)
	return ok && len(seen.members) == 0 && seen.between(string(text), n.Mask) == string(text)
}

// seen notes which members of an event have the number, and which texts have its digits without
// being a number.
type seen struct {
	numbers *Numbers
	members []string
	kept    []string
}

func (s *seen) member(m zycoo.Member) zycoo.Member {
	next := zycoo.Member{Name: s.numbers.Member("name", m.Name), Value: s.numbers.Member(m.Name, m.Value)}
	if next != m && !slices.Contains(s.members, next.Name) {
		s.members = append(s.members, next.Name)
	}
	if next.Value != "" && s.numbers.In(next.Value) {
		s.kept = append(s.kept, next.Value)
	}
	return next
}

// between masks a text, except for the texts that are not a number.
func (s *seen) between(text string, mask func(string) string) string {
	for _, kept := range s.kept {
		if before, after, ok := strings.Cut(text, kept); ok {
			return s.between(before, mask) + kept + s.between(after, mask)
		}
	}
	return mask(text)
}

// eventOf returns the event of a body; nil if the body is not one event.
func eventOf(text []byte) pbx.Event {
	b, err := zycoo.Decode(text)
	if err != nil || len(b.Elements) != 1 || b.Elements[0].Err != nil {
		return nil
	}
	return b.Elements[0].Event
}

// says reports whether two events are equal.
func says(a, b pbx.Event) bool {
	if a == nil || reflect.TypeOf(a) != reflect.TypeOf(b) {
		return false
	}
	one, err := json.Marshal(a)
	other, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(one, other)
}

// reason returns why a receipt was refused, without the number. A reason quotes values, and cuts
// long ones. So it masks the beginning of a number at the end of a quotation, too, if the body has
// the whole number.
func (n *Numbers) reason(r archive.Receipt, b maskedBody) string {
	reason := n.Mask(r.Reason)
	if !b.had {
		return reason
	}
	return cutEnd.ReplaceAllStringFunc(reason, func(end string) string {
		for _, view := range []func(string) []octet{plainly, func(s string) []octet { return unescaped(plainly(s), 1) }} {
			if place, ok := n.beginning(charactersOf(view(end))); ok {
				return end[:place] + Masked + `"`
			}
		}
		return end
	})
}

// cutEnd is the end of a quotation, from where a number may begin.
var cutEnd = regexp.MustCompile(`[^"]*"`)

// leastBeginning is how many digits count as the beginning of a number.
const leastBeginning = 4

// beginning returns where a number begins that the end of a quotation cuts.
func (n *Numbers) beginning(view []character) (place int, ok bool) {
	end := len(view) - 1 // the quote
	var digits []byte
	for i := end - 1; i >= 0 && (view[i].isDigit() || view[i].isBetween()); i-- {
		if !view[i].isDigit() {
			continue
		}
		digits = append([]byte{byte(view[i].r)}, digits...)
		whole := i == 0 || !view[i-1].isDigit()
		if whole && len(digits) >= leastBeginning && slices.ContainsFunc(n.forms, func(form string) bool { return strings.HasPrefix(form, string(digits)) }) {
			place, ok = view[i].from, true
		}
	}
	return place, ok
}
