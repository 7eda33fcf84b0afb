package pbx

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// NamedAt is when a channel or call was named, by what it is named: its uniqueid or uuid,
// <epoch seconds>.<counter> by the PBX's own clock, such as 1541415929.807, with the name of
// a system and a dash before it on some PBXs. One of another form tells no time, and is a
// name all the same.
func NamedAt(id string) (at time.Time, ok bool) {
	seconds, _, ok := numbersOf(id)
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0).UTC(), true
}

// numbersOf are the two numbers of an id.
func numbersOf(id string) (epoch, counter uint64, ok bool) {
	seconds, count, ok := strings.Cut(id[strings.LastIndexByte(id, '-')+1:], ".")
	epoch, err := strconv.ParseUint(seconds, 10, 32)
	counter, err2 := strconv.ParseUint(count, 10, 62)
	return epoch, counter, ok && err == nil && err2 == nil
}

// IDPlace is the place of an id among others, for whoever compares it often.
type IDPlace struct {
	id             string
	epoch, counter uint64
	numbered       bool
}

// PlaceOf is the place of an id.
func PlaceOf(id string) IDPlace {
	epoch, counter, ok := numbersOf(id)
	return IDPlace{id, epoch, counter, ok}
}

// Compare orders ids by the time and the counter in them, so that .9 comes before .10. Ids of
// another form come after those, in the order of their bytes.
func (p IDPlace) Compare(other IDPlace) int {
	switch {
	case p.numbered && other.numbered:
		return cmp.Or(cmp.Compare(p.epoch, other.epoch), cmp.Compare(p.counter, other.counter), cmp.Compare(p.id, other.id))
	case p.numbered:
		return -1
	case other.numbered:
		return 1
	}
	return cmp.Compare(p.id, other.id)
}

// Ahead is how far the wall clock was ahead of UTC when a call that was named by id
// began: the offset of the PBX's zone, and the time that the call may have spent in a
// menu before. ok is false where the id tells no time.
func Ahead(id string, start LocalTime) (ahead time.Duration, ok bool) {
	at, ok := NamedAt(id)
	if !ok || start == 0 {
		return 0, false
	}
	return time.Duration(start-LocalTimeOf(at)) * time.Second, true
}

// InferZone takes the smallest of what Ahead tells of many calls for the offset of the
// PBX's zone: the offset is a whole number of quarter hours, and the clock may be read a
// minute before the call begins. It is unknown where no zone on earth has that offset.
// Who has many calls leaves out the smallest few, which may be of a clock that was set.
func InferZone(ahead time.Duration) Zone { return zoneOn(offsetOf(ahead)) }

// What zones there are, and how their offsets from UTC are told apart.
const (
	quarter     = 15 * time.Minute
	westernmost = -12 * time.Hour
	easternmost = 14 * time.Hour
)

// offsetOf is the offset that a call tells of. It rounds down, below zero too.
func offsetOf(ahead time.Duration) time.Duration {
	return (ahead + readBefore + day).Truncate(quarter) - day
}

// zoneOn is the zone of an offset; unknown where no zone on earth has it.
func zoneOn(offset time.Duration) Zone {
	if offset < westernmost || offset > easternmost {
		return Zone{}
	}
	return ZoneAt(offset)
}
