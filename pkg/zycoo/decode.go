package zycoo

import (
	"errors"
	"fmt"
	"sync"

	"trunkline/pkg/pbx"
)

// The bounds of what is read.
const (
	MaxBody    = 1 << 20  // bytes of a body
	MaxEvents  = 1000     // events of a body
	MaxEvent   = 32 << 10 // bytes of one event's text
	MaxMembers = 100      // members of one event
	MaxDepth   = 16       // objects and arrays around a value
)

// MaxBody and MaxEvents, for people.
const (
	MaxBodyText   = "1 MiB"
	MaxEventsText = "1,000 events"
)

// ErrTooLarge is returned for a body of more than MaxBody bytes or MaxEvents events.
var ErrTooLarge = errors.New("the body is over " + MaxBodyText + " or " + MaxEventsText)

// Body is a decoded body.
type Body struct {
	// Array reports whether the events stood in an array, even if it was one of one.
	Array bool
	// Elements has at least one element. Where a syntax error made the rest of the
	// body unreadable, that rest is the last.
	Elements []Element
}

// Element is one event, or what stood in its place.
type Element struct {
	Event pbx.Event // nil where Err is not
	Err   *Error
	Text  string // the element as it was written
}

// Error says why an element is not an event, and where.
type Error struct {
	Line   int    // from 1
	Column int    // from 1, in characters
	Member string // the known member in question, if any
	Reason string
}

// Error implements error: one line, whatever the body held.
func (e *Error) Error() string {
	if e.Member == "" {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
	}
	return fmt.Sprintf("line %d, column %d: member %q: %s", e.Line, e.Column, e.Member, e.Reason)
}

// Decode reads the body of one POST. Its only error is ErrTooLarge. All other faults are reported
// in the element that has them. Decode does not keep body.
func Decode(body []byte) (Body, error) {
	if len(body) > MaxBody {
		return Body{}, ErrTooLarge
	}
	return decodeText(bare(string(body)), nil)
}

// reader is shown the members of each event, while they are read. It may be nil.
type reader func([]member)

func decodeText(text string, show reader) (Body, error) {
	switch {
	case isLiteral(text):
		return decodeLiteral(text, show)
	case isMultipart(text):
		return decodeMultipart(text, show)
	case isLines(text):
		return decodeLines(text, show)
	}
	return decodeForm(text, show)
}

func decodeLiteral(text string, show reader) (Body, error) {
	d := newDecoder(text, show)
	defer d.free()
	if d.skipBlank(); d.peek() == '[' {
		return d.events()
	}
	e := d.element()
	d.end()
	if d.err != nil {
		e = Element{Err: d.err, Text: text}
	}
	return Body{Elements: []Element{e}}, nil
}

// decoder makes events of the members that its parser reads.
type decoder struct {
	parser
	show     reader
	start    int    // where the event at hand begins
	unusable *Error // the first thing that makes it no event, though it could be read
	count    int    // of its members, of which those beyond MaxMembers are not kept
	kept     [MaxMembers]member
	mac      pbx.MAC      // that it names
	misread  []pbx.Member // known members that could not be read
	extra    []pbx.Member // those that are not known
	times    clocks
}

type member struct {
	name string
	value
}

// decoders are used again, since each is large.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

func newDecoder(text string, show reader) *decoder {
	d := decoders.Get().(*decoder)
	d.parser, d.show = parser{src: text}, show
	d.begin(0)
	return d
}

// free gives the decoder back. It forgets all that it has read.
func (d *decoder) free() {
	clear(d.members())
	d.parser, d.show = parser{}, nil
	d.begin(0)
	decoders.Put(d)
}

// events reads an array of events.
func (d *decoder) events() (Body, error) {
	body := Body{Array: true}
	read := d.pos // all before it is read
	d.array(func() {
		if len(body.Elements) == MaxEvents {
			d.fail(d.pos, ErrTooLarge.Error())
			return
		}
		if e := d.element(); d.err == nil {
			body.Elements = append(body.Elements, e)
			read = d.pos
		}
	})
	d.end()
	switch {
	case d.err != nil && len(body.Elements) == MaxEvents:
		return Body{}, ErrTooLarge
	case d.err != nil:
		body.Elements = append(body.Elements, Element{Err: d.err, Text: d.src[read:]})
	case len(body.Elements) == 0:
		err := d.errorAt(0, "", "the array holds no event")
		body.Elements = []Element{{Err: err, Text: d.src}}
	}
	return body, nil
}

// element reads one value, which should be an event.
func (d *decoder) element() Element {
	d.begin(d.pos)
	if d.peek() == '{' {
		d.object(func(name string) { d.add(member{name, d.value(1)}) })
	} else {
		d.value(0)
		d.refuse(d.start, "", "an event is an object: { event: …, … }")
	}
	return d.finish(d.src[d.start:d.pos])
}

// begin forgets the event before.
func (d *decoder) begin(at int) {
	d.start, d.count, d.unusable = at, 0, nil
	d.mac, d.misread, d.extra, d.times = "", nil, nil, clocks{}
}

func (d *decoder) add(m member) {
	if d.count < MaxMembers {
		d.kept[d.count] = m
	}
	d.count++
}

// members are those of the event at hand.
func (d *decoder) members() []member { return d.kept[:min(d.count, MaxMembers)] }

// finish makes an event of the members that were read from text.
func (d *decoder) finish(text string) Element {
	switch {
	case d.count > MaxMembers:
		d.refuse(d.start, "", fmt.Sprintf("an event has at most %d members", MaxMembers))
	case len(text) > MaxEvent:
		d.refuse(d.start, "", fmt.Sprintf("an event is at most %d KiB long", MaxEvent>>10))
	}
	if d.err != nil || d.unusable != nil {
		return Element{Err: d.unusable, Text: text}
	}
	if d.show != nil {
		d.show(d.members())
	}
	event := d.event()
	if d.unusable != nil {
		return Element{Err: d.unusable, Text: text}
	}
	return Element{Event: event, Text: text}
}

// refuse notes why the present event is invalid. The first reason counts.
func (d *decoder) refuse(at int, member, reason string) {
	if d.unusable == nil && d.err == nil {
		d.unusable = d.errorAt(at, member, reason)
	}
}
