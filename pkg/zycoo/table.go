package zycoo

import (
	"slices"
	"strconv"
	"strings"

	"trunkline/pkg/pbx"
)

// kind is a kind of event, as PBXs write it.
type kind interface {
	// spellings are the names of the event, and then those of each of its members.
	spellings() []string
	decode(d *decoder) pbx.Event
}

// table says how a kind of event is written. E is its struct.
type table[E any] struct {
	names  string // of the event, with blanks between
	fields []field[E]
	// parts are e as an event, and what it has in common with all others.
	parts func(e *E) (pbx.Event, *pbx.Common)
	// finish sets what depends on several members, and refuses an event without identity.
	finish func(*decoder, *E)
	places map[string]spelling
}

// field is a member of a kind of event.
type field[E any] struct {
	// names are its spellings, with blanks between. The first one that says anything counts.
	names string
	read  func(*decoder, *E, *member)
}

// spelling is where a name stands in a table.
type spelling struct {
	field int8 // its index, or unknown
	rank  int8 // among the field's spellings
}

const unknown = -1

// indexed is the table with a place for each spelling: as it is written there, and in
// lower case.
func indexed[E any](t table[E]) *table[E] {
	t.places = map[string]spelling{"event": {unknown, 0}}
	t.fields = append(t.fields, field[E]{"mac", readMAC[E]})
	for i, f := range t.fields {
		for rank, name := range strings.Fields(f.names) {
			at := spelling{int8(i), int8(rank)}
			t.places[name], t.places[strings.ToLower(name)] = at, at
		}
	}
	return &t
}

func (t *table[E]) spellings() []string {
	all := []string{t.names}
	for _, f := range t.fields {
		all = append(all, f.names)
	}
	return all
}

// maxFields is how many fields a table has at most.
const maxFields = 40

// decode makes an event of the members at hand.
func (t *table[E]) decode(d *decoder) pbx.Event {
	e := new(E)
	event, common := t.parts(e)
	var places [MaxMembers]spelling
	var counts [maxFields]int8 // the member that counts for each field, from 1
	members := d.members()
	next := 0 // PBXs write members in the order of the table
	for i := range members {
		at := t.find(members[i].name, next)
		next = int(at.field) + 1
		places[i] = at
		if at.field < 0 {
			continue
		}
		if best := counts[at.field] - 1; best < 0 || prefers(&members[i], at, &members[best], places[best]) {
			counts[at.field] = int8(i + 1)
		}
	}
	for i := range members {
		m, at := &members[i], places[i]
		switch {
		case at.field >= 0 && int(counts[at.field]) == i+1:
			t.fields[at.field].read(d, e, m)
			if m.damaged {
				d.misreads(m)
			}
		case at.field < 0 && isEventName(m.name):
		case at.field < 0 || places[counts[at.field]-1].rank != at.rank:
			d.extra = append(d.extra, pbx.Member{Name: m.name, Value: m.text})
		}
	}
	if t.finish(d, e); d.unusable != nil {
		return nil
	}
	common.MAC, common.Unreadable, common.Extra = d.mac, d.misread, d.extra
	return event
}

// find finds a name in the table, quicker where it is that of the next field.
func (t *table[E]) find(name string, next int) spelling {
	if next < len(t.fields) && t.fields[next].names == name {
		return spelling{int8(next), 0}
	}
	if at, ok := t.places[name]; ok {
		return at
	}
	if at, ok := t.places[strings.ToLower(name)]; ok {
		return at
	}
	return spelling{unknown, 0}
}

// prefers reports whether of two members of one field the later one counts: the one that
// says anything does, else the one whose spelling comes first, else the later.
func prefers(later *member, at spelling, earlier *member, earlierAt spelling) bool {
	if says, said := !pbx.Absent(later.text), !pbx.Absent(earlier.text); says != said {
		return says
	}
	return at.rank <= earlierAt.rank
}

func isEventName(name string) bool { return strings.EqualFold(name, "event") }

// kinds are the kinds of events by their names in lower case.
var kinds = func() map[string]kind {
	all := map[string]kind{}
	for _, k := range tables {
		for _, name := range strings.Fields(k.spellings()[0]) {
			all[strings.ToLower(name)] = k
		}
	}
	return all
}()

// event makes an event of the members, by the name that the member event gives.
func (d *decoder) event() pbx.Event {
	name := ""
	for _, m := range d.members() {
		if len(m.name) == len("event") && isEventName(m.name) && m.kind != nested && !pbx.Absent(m.text) {
			name = pbx.Trim(m.text)
		}
	}
	if k := kinds[name]; k != nil {
		return k.decode(d)
	}
	if k := kinds[strings.ToLower(name)]; k != nil {
		return k.decode(d)
	}
	if pbx.Absent(name) {
		d.refuse(d.start, "event", "is missing or empty, and nothing else tells what kind of event this is")
		return nil
	}
	return d.unrecognised(name)
}

// unrecognised keeps every member as it is.
func (d *decoder) unrecognised(name string) pbx.Event {
	e := &pbx.Unrecognised{Name: name}
	for _, m := range d.members() {
		if isEventName(m.name) {
			continue
		}
		if strings.EqualFold(m.name, "mac") {
			e.MAC, _ = pbx.ParseMAC(m.text)
		}
		e.Extra = append(e.Extra, pbx.Member{Name: m.name, Value: m.text})
	}
	return e
}

// need refuses the event where a member is missing without which it can't be told
// from others.
func (d *decoder) need(name string, known bool) {
	if known {
		return
	}
	if i := slices.IndexFunc(d.misread, func(m pbx.Member) bool { return strings.EqualFold(m.Name, name) }); i >= 0 {
		d.refuse(d.placeOf(d.misread[i].Name), name, strconv.Quote(pbx.Excerpt(d.misread[i].Value))+" can't be read, and the event can't be told from others without it")
		return
	}
	d.refuse(d.start, name, "is missing or empty, and the event can't be told from others without it")
}

// placeOf is where the member of a name stands.
func (d *decoder) placeOf(name string) int {
	for _, m := range d.members() {
		if m.name == name {
			return m.at
		}
	}
	return d.start
}

// misreads notes that a known member can't be read.
func (d *decoder) misreads(m *member) {
	d.misread = append(d.misread, pbx.Member{Name: m.name, Value: m.text})
}
