package pbx

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// NamedAt returns the time in a call's or channel's id (uniqueid or uuid). The usual form is
// <epoch seconds>.<counter>, by the PBX's own clock, such as 1541415929.807. Some PBXs put the
// name of a system and a dash before it. ok is false for ids of another form.
func NamedAt(id string) (at time.Time, ok bool) {
	seconds, _, ok := numbersOf(id)
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0).UTC(), true
}

// numbersOf returns the two numbers of an id.
func numbersOf(id string) (epoch, counter uint64, ok bool) {
	seconds, count, ok := strings.Cut(id[strings.LastIndexByte(id, '-')+1:], ".")
	epoch, err := strconv.ParseUint(seconds, 10, 32)
	counter, err2 := strconv.ParseUint(count, 10, 62)
	return epoch, counter, ok && err == nil && err2 == nil
}

// IDPlace is a parsed id, for fast comparisons.
type IDPlace struct {
	id             string
	epoch, counter uint64
	numbered       bool
}

// PlaceOf returns the place of an id.
func PlaceOf(id string) IDPlace {
	epoch, counter, ok := numbersOf(id)
	return IDPlace{id, epoch, counter, ok}
}

// Compare orders ids by their time and counter, so that .9 comes before .10. Ids of another form
// come last, in the order of their bytes.
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

// Ahead returns how far the wall clock was ahead of UTC when a call began. This is the offset of the
// PBX's zone, plus the time that the call may have spent in a menu before. ok is false if the id
// contains no time.
func Ahead(id string, start LocalTime) (ahead time.Duration, ok bool) {
	at, ok := NamedAt(id)
	if !ok || start == 0 {
		return 0, false
	}
	return time.Duration(start-LocalTimeOf(at)) * time.Second, true
}

// InferZone infers a PBX's zone from the smallest result of Ahead for many calls. Offsets are whole
// quarter hours, and the clock may have been read a minute before the call began. The zone is
// unknown if no zone on earth has that offset. If there are many calls, leave out the smallest
// few results: the clock may have been set between them.
func InferZone(ahead time.Duration) Zone { return zoneOn(offsetOf(ahead)) }

// The offsets from UTC that zones have, and their granularity.
const (
	quarter     = 15 * time.Minute
	westernmost = -12 * time.Hour
	easternmost = 14 * time.Hour
)

// offsetOf returns the offset that a call suggests. It rounds down, also below zero.
func offsetOf(ahead time.Duration) time.Duration {
	return (ahead + readBefore + day).Truncate(quarter) - day
}

// zoneOn returns the zone of an offset. It is unknown if no zone on earth has the offset.
func zoneOn(offset time.Duration) Zone {
	if offset < westernmost || offset > easternmost {
		return Zone{}
	}
	return ZoneAt(offset)
}
