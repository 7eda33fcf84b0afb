package kpi

import (
	"encoding/binary"
	"errors"
	"time"

	"trunkline/pkg/extsort"
	"trunkline/pkg/pbx"
)

// This file has the form in which a day keeps records in a temporary file. Only the program that wrote the
// file reads it.

// layout writes or reads the fields of a value, one after the other.
type layout struct {
	bytes   []byte
	reading bool
	names   names
	err     error
}

// names are texts that many records share: queues, agents, states.
type names map[string]string

// namesAtMost is how many texts are shared.
const namesAtMost = 10_000

func (n names) share(text []byte) string {
	if shared, ok := n[string(text)]; ok {
		return shared
	}
	if len(n) == namesAtMost {
		clear(n)
	}
	shared := string(text)
	n[shared] = shared
	return shared
}

var errDamaged = errors.New("a record in a temporary file is damaged")

func (f *layout) int(n *int64) {
	if !f.reading {
		f.bytes = binary.AppendVarint(f.bytes, *n)
		return
	}
	var size int
	if *n, size = binary.Varint(f.bytes); size <= 0 {
		f.bytes, f.err = nil, errDamaged
		return
	}
	f.bytes = f.bytes[size:]
}

func (f *layout) bool(b *bool) {
	n := int64(0)
	if *b {
		n = 1
	}
	f.int(&n)
	*b = n == 1
}

// take returns the next text.
func (f *layout) take() (text []byte) {
	length := int64(0)
	if f.int(&length); length < 0 || length > int64(len(f.bytes)) {
		f.bytes, f.err = nil, errDamaged
		return nil
	}
	text, f.bytes = f.bytes[:length], f.bytes[length:]
	return text
}

func (f *layout) text(s *string) {
	if f.reading {
		*s = string(f.take())
		return
	}
	length := int64(len(*s))
	f.int(&length)
	f.bytes = append(f.bytes, *s...)
}

// name is text, for texts that many records share.
func (f *layout) name(s *string) {
	if f.reading {
		*s = f.names.share(f.take())
		return
	}
	f.text(s)
}

func (f *layout) number(i *pbx.Int) {
	known, n := i.Known(), i.Or(0)
	if f.bool(&known); !known {
		*i = pbx.Int{}
		return
	}
	f.int(&n)
	*i = pbx.IntOf(n)
}

func (f *layout) local(t *pbx.LocalTime) { f.int((*int64)(t)) }

func (f *layout) instant(t *time.Time) {
	seconds, rest := t.Unix(), int64(t.Nanosecond())
	f.int(&seconds)
	f.int(&rest)
	*t = time.Unix(seconds, rest).UTC()
}

func (r *record) fields(f *layout) {
	f.text(&r.Hash)
	f.instant(&r.Received)
	index := int64(r.Index)
	f.int(&index)
	r.Index = int(index)
	f.text(&r.uuid)
	if f.reading {
		r.place = pbx.PlaceOf(r.uuid)
	}
	f.name(&r.queue)
	f.name(&r.agent)
	f.text(&r.caller)
	f.name(&r.called)
	f.name(&r.state)
	f.name(&r.missCause)
	f.name(&r.callType)
	f.local(&r.start)
	f.local(&r.end)
	f.int(&r.from)
	f.int(&r.to)
	for _, n := range []*pbx.Int{&r.wait, &r.talk, &r.hold, &r.wrapUp, &r.ring} {
		f.number(n)
	}
	f.int(&r.score)
	f.bool(&r.voicemail)
	f.bool(&r.forwarded)
	f.bool(&r.suspect)
}

func (l *leg) fields(f *layout) {
	f.text(&l.call)
	f.text(&l.hash)
	f.local(&l.start)
	f.int(&l.from)
	f.bool(&l.answered)
	f.bool(&l.suspect)
	f.name((*string)(&l.direction))
	f.int(&l.billable)
}

func (s *step) fields(f *layout) {
	f.name(&s.ivr)
	f.name(&s.key)
	f.text(&s.uuid)
	f.text(&s.hash)
	f.bool(&s.suspect)
}

func (s *Sign) fields(f *layout) {
	f.name(&s.Agent)
	f.bool(&s.Login)
	f.instant(&s.At)
	f.text(&s.Hash)
}

func (i *input) fields(f *layout) {
	f.int(&i.row)
	f.text(&i.hash)
}

// The sizes are about those of the values in memory, with the allocator's overhead.

func (r *record) size() int {
	return 450 + len(r.Hash) + len(r.uuid) + len(r.queue) + len(r.agent) + len(r.caller) + len(r.called) +
		len(r.state) + len(r.missCause) + len(r.callType)
}
func (l *leg) size() int   { return 120 + len(l.call) + len(l.hash) }
func (s *step) size() int  { return 100 + len(s.ivr) + len(s.key) + len(s.uuid) + len(s.hash) }
func (s *Sign) size() int  { return 100 + len(s.Agent) + len(s.Hash) }
func (i *input) size() int { return 40 + len(i.hash) }

func records(n names) extsort.Codec[*record] {
	return kindOf((*record).compare, (*record).size, (*record).fields, n)
}

func legs(n names) extsort.Codec[*leg] {
	return kindOf((*leg).compare, (*leg).size, (*leg).fields, n)
}

func steps(n names) extsort.Codec[*step] {
	return kindOf((*step).compare, (*step).size, (*step).fields, n)
}

func signs(n names) extsort.Codec[*Sign] {
	return kindOf((*Sign).compare, (*Sign).size, (*Sign).fields, n)
}

func inputs() extsort.Codec[input] {
	k := kindOf((*input).compare, (*input).size, (*input).fields, nil)
	return extsort.Codec[input]{
		Compare: func(a, b input) int { return a.compare(&b) },
		Size:    func(i input) int { return i.size() },
		Append:  func(b []byte, i input) []byte { return k.Append(b, &i) },
		Decode: func(b []byte) (input, error) {
			i, err := k.Decode(b)
			return *i, err
		},
	}
}

func kindOf[T any](compare func(a, b *T) int, size func(*T) int, all func(*T, *layout), n names) extsort.Codec[*T] {
	return extsort.Codec[*T]{
		Compare: compare,
		Size:    size,
		Append: func(b []byte, v *T) []byte {
			f := layout{bytes: b}
			all(v, &f)
			return f.bytes
		},
		Decode: func(b []byte) (*T, error) {
			f, v := layout{bytes: b, reading: true, names: n}, new(T)
			all(v, &f)
			return v, f.err
		},
	}
}
