package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// The first part of each sort key.
const (
	callPrefix   = "CALL"
	cdrPrefix    = "CDR"
	ivrPrefix    = "IVR"
	livePrefix   = "LIVE"
	signPrefix   = "SESSION"
	extPrefix    = "EXT"
	extLogPrefix = "EXTLOG"
	deviceSK     = "DEVICE"
	namesSK      = "NAMES"
	seenSK       = "SEEN"
	markedSK     = "MARKED"
	checkedSK    = "CHECKED"
	lastEventSK  = "HEARD"
	kpiPrefix    = "KPI"
	dayPrefix    = "DAY"
	restated     = "RESTATED"
)

// utcSuffix ends the first part of a sort key whose time is in UTC, since the PBX sent instants. It
// is ISO 8601's letter for UTC.
const utcSuffix = "Z"

// The first part of each partition key that is not a MAC.
const (
	fleetPartition = "FLEET"
	duePrefix      = "DUE"
	spillPrefix    = "SPILL"
)

// The keys of single items.
var (
	clockKey  = Key{"CLOCK", "CLOCK"}
	hourlyKey = Key{"HOURLY", "HOURLY"}
	pingKey   = Key{"PING", "PING"}
)

// The stages of a leg of a call in progress.
const (
	stageBegin  = "begin"
	stageEnd    = "end"
	stageHangup = "hangup"
	stageBridge = "bridge"
)

// The two signs of an agent's session.
const (
	signLogin  = "login"
	signLogoff = "logoff"
)

func callRecordKey(mac pbx.MAC, e *pbx.CallRecord, hash string) Key {
	return key(mac, timed(callPrefix, e.InUTC), e.Start.String(), e.UUID, e.Queue, e.Agent, hash)
}

func cdrKey(mac pbx.MAC, e *pbx.CDR, hash string) Key {
	return key(mac, timed(cdrPrefix, e.InUTC), e.Start.String(), e.UniqueID, e.Destination, hash)
}

func ivrKey(mac pbx.MAC, e *pbx.IVRStep, hash string) Key {
	return key(mac, timed(ivrPrefix, e.InUTC), e.Start.String(), e.UUID, e.IVRID, hash)
}

// timed returns the first part of a record's key, by the clock of its time.
func timed(prefix string, inUTC bool) string {
	if inUTC {
		return prefix + utcSuffix
	}
	return prefix
}

func signKey(mac pbx.MAC, received, agent, sign string) Key {
	return key(mac, signPrefix, received, agent, sign)
}

// signsOf is the range of the signs received in [from, to).
func signsOf(mac pbx.MAC, from, to time.Time) Range {
	return Range{PK: string(mac), From: join(signPrefix, millis(from)), To: join(signPrefix, millis(to))}
}

func liveKey(mac pbx.MAC, uniqueID, stage, leg string) Key {
	return key(mac, livePrefix, uniqueID, stage, leg)
}

func extensionKey(mac pbx.MAC, exten string) Key { return key(mac, extPrefix, exten) }

func extensionLogKey(mac pbx.MAC, exten, received, hash string) Key {
	return key(mac, extLogPrefix, exten, received, hash)
}

func deviceKey(mac pbx.MAC) Key    { return key(mac, deviceSK) }
func namesKey(mac pbx.MAC) Key     { return key(mac, namesSK) }
func seenKey(mac pbx.MAC) Key      { return key(mac, seenSK) }
func markedKey(mac pbx.MAC) Key    { return key(mac, markedSK) }
func checkedKey(mac pbx.MAC) Key   { return key(mac, checkedSK) }
func lastEventKey(mac pbx.MAC) Key { return key(mac, lastEventSK) }

// fleetKey spreads the fleet list over partitions by the last digit of the MAC.
func fleetKey(mac pbx.MAC) Key {
	return Key{fleetPartition + "#" + string(mac[len(mac)-1:]), string(mac)}
}

// undividedFleetKey is where versions before had the whole fleet list: in one partition.
func undividedFleetKey(mac pbx.MAC) Key { return Key{fleetPartition, string(mac)} }

// dueKey spreads the days that are due over partitions by the last digit of the MAC.
func dueKey(mac pbx.MAC, day pbx.Day) Key {
	return Key{duePrefix + "#" + string(mac[len(mac)-1:]), join(day.String(), string(mac))}
}

// headerKey is the key of the header of a day's figures.
func headerKey(mac pbx.MAC, day pbx.Day) Key { return key(mac, dayPrefix, day.String()) }

// headersOf is the range of the headers of the days from first to last.
func headersOf(mac pbx.MAC, first, last pbx.Day) Range {
	return Range{PK: string(mac), From: join(dayPrefix, first.String()), To: join(dayPrefix, dayInKey(last+1))}
}

// rowKey is the key of a row of a day's figures, or of one of its further parts.
func rowKey(mac pbx.MAC, day pbx.Day, row string, part int) Key {
	return partKey(Key{string(mac), join(kpiPrefix, day.String()) + "#" + row}, part)
}

// restatedKey is the key of a restatement.
func restatedKey(mac pbx.MAC, day pbx.Day, revision int64) Key {
	return key(mac, restated, day.String(), digits(revision))
}

// spillKey spreads spilled texts over partitions by their hash.
func spillKey(mac pbx.MAC, received time.Time, hash string) Key {
	return Key{spillPrefix + "#0" + hash[:1], join(millis(received), string(mac), hash)}
}

func partKey(k Key, part int) Key {
	if part > 0 {
		k.SK += fmt.Sprintf("#%04d", part)
	}
	return k
}

// digits returns a number with leading zeros, so that it sorts.
func digits(n int64) string { return fmt.Sprintf("%010d", n) }

// millis returns a time in milliseconds with leading zeros, so that it sorts.
func millis(t time.Time) string { return fmt.Sprintf("%013d", t.UnixMilli()) }

// ownVersion returns a version that sorts by order, and that no other write has.
func ownVersion(order string) string { return order + "." + rand.Text() }

// key joins the escaped parts of a sort key with #. Four parts of pbx.MaxName, a time and a hash
// together stay below the 1,024 bytes of a sort key.
func key(mac pbx.MAC, parts ...string) Key {
	return Key{PK: string(mac), SK: join(parts...)}
}

func join(parts ...string) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteByte('#')
		}
		b.WriteString(pbx.ShortName(escape(part)))
	}
	return b.String()
}

// afterAll replaces a time in a key that is later than all times in keys. It ends a range that
// reaches beyond the year 9999. Events no longer have such times, but tables may still have records
// with them, from earlier versions.
const afterAll = "~"

// inKey returns a time as a bound of a range of keys.
func inKey(t pbx.LocalTime) string {
	if text := t.String(); len(text) == len("9999-12-31T23:59:59") {
		return text
	}
	return afterAll
}

// dayInKey returns a day as a bound of a range of keys.
func dayInKey(d pbx.Day) string {
	if text := d.String(); len(text) == len("9999-12-31") {
		return text
	}
	return afterAll
}

// within is the range of a PBX's records of one kind that began in a span of time.
func within(mac pbx.MAC, prefix string, span Span) Range {
	r := Prefix(string(mac), prefix+"#")
	if span.From != 0 {
		r.From = join(prefix, inKey(span.From))
	}
	if span.To != 0 {
		r.To = join(prefix, inKey(span.To))
	}
	return r
}

// unescape undoes escape.
func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s // it was shortened within an escape
}

// escape writes #, % and control characters as % and two hexadecimal digits. So a # in a key always
// ends a part.
func escape(s string) string {
	if strings.IndexFunc(s, isSpecial) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isSpecial(r) {
			b.WriteString("%" + hex.EncodeToString([]byte{byte(r)}))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isSpecial(r rune) bool { return r < ' ' || r == '#' || r == '%' || r == 0x7f }

// hashLength is the length of a hash in hexadecimal digits: 128 bits.
const hashLength = 32

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])[:hashLength]
}
