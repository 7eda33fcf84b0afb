package fleet

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"time"

	"trunkline/pkg/pbx"
)

// Config describes a fleet. A PBX's day depends only on the seed, the PBX's place in the fleet, its
// zone, whether it is one of V4, and CallsPerDay.
type Config struct {
	Seed        uint64
	PBXs        int
	First       pbx.Day  // the first local day
	Days        int      // on which calls begin; their events may come later
	Zones       []string // as pbx.ParseZone reads them, given to the PBXs in turn; none: UTC
	CallsPerDay int      // on a weekday, on average, per PBX

	// Shares of the call records, from 0 to 1, each drawn independently.
	Duplicates float64 // delivered again
	Late       float64 // delivered one to five days late
	Restated   float64 // delivered again with other values and the same identity

	// Shares of the PBXs.
	V4        float64 // whose software is v4, as far apart as the share says: 0.05 is every twentieth PBX
	Drift     float64 // whose clocks are minutes ahead or behind
	PowerCuts float64 // whose clocks show 1970 for an hour of one of the days, after a power cut

	// Outages is the share of days (UTC) on which a PBX's line fails for hours. Deliveries that
	// waited come in a burst afterwards. After a share Arrays of outages they come in arrays, if
	// the PBX's dialect has arrays.
	Outages, Arrays float64
}

// PBX is a PBX of a fleet. Its habits follow from its place in the fleet. A fleet of twelve has all
// habits.
type PBX struct {
	MAC     pbx.MAC // locally administered, so never a vendor's
	Zone    pbx.Zone
	Dialect Dialect
	Queues  []string // 630, 631, …
	Agents  []string // extensions 800, 801, …
	Newer   bool     // its firmware also sends cdr events, states of extensions by number, and hangupSide
	V4      bool     // its software is v4, which is newer: it also reports when agents log in and off

	config     Config
	index      int
	words      words     // its call types
	prefix     string    // of its uuids, such as pbx1-
	ringStarts bool      // its records start when a phone begins to ring, not when the caller enters the queue
	noWrapUp   bool      // it reports neither hold nor wrap-up
	drift      int64     // seconds by which its clock is ahead
	powerBack  time.Time // when its clock began with 1970 after a power cut; zero: never
}

// words are how a PBX spells the call types.
type words struct{ in, out, internal string }

var spellings = []words{{"IN", "OUT", ""}, {"incoming", "outgoing", "internal"}, {"inbound", "outbound", ""}}

// All returns the PBXs of the fleet. It panics if a zone is unknown.
func (c Config) All() []PBX {
	zones := make([]pbx.Zone, len(c.Zones))
	for i, name := range c.Zones {
		zone, err := pbx.ParseZone(name)
		if err != nil {
			panic(fmt.Errorf("make up a fleet: %w", err))
		}
		zones[i] = zone
	}
	if len(zones) == 0 {
		zones = []pbx.Zone{pbx.UTC}
	}
	all := make([]PBX, c.PBXs)
	for i := range all {
		all[i] = c.pbx(i, zones[i%len(zones)])
	}
	return all
}

func (c Config) pbx(i int, zone pbx.Zone) PBX {
	p := PBX{
		MAC:     pbx.MAC(fmt.Sprintf("02%010x", i+1)),
		Zone:    zone,
		Dialect: Dialects()[i%len(Dialects())],
		Queues:  numbered(630, 2+i%4),
		Agents:  numbered(800, min(6+c.CallsPerDay/50, 100)),
		Newer:   i%2 == 1,

		config:     c,
		index:      i,
		words:      spellings[i%len(spellings)],
		ringStarts: i%4 > 1,
		noWrapUp:   i%5 == 2,
	}
	if i%4 == 3 {
		p.prefix = fmt.Sprintf("pbx%d-", i+1)
	}
	if before, nth := int(float64(i)*c.V4), int(float64(i+1)*c.V4); nth > before {
		p.V4, p.Newer, p.Dialect = true, true, V4Dialects()[before%len(V4Dialects())]
	}
	p.setClock()
	return p
}

// Days returns on how many days the PBX's calls begin.
func (p PBX) Days() int { return p.config.Days }

// Begin returns the instant at which its first day begins.
func (p PBX) Begin() time.Time { return p.Zone.End(p.config.First - 1) }

// DayOf returns how many of these days have passed at an instant; below 0 before them.
func (p PBX) DayOf(at time.Time) int { return int(p.Zone.Local(at).Day() - p.config.First) }

func numbered(first, count int) []string {
	numbers := make([]string, count)
	for i := range numbers {
		numbers[i] = strconv.Itoa(first + i)
	}
	return numbers
}

// dice returns the dice of a PBX's day, or of its deliveries if the day is 0.
func (p PBX) dice(d pbx.Day) dice {
	return dice{rand.New(rand.NewPCG(p.config.Seed, uint64(p.index)<<32|uint64(uint32(d))))}
}

// diceOf returns dice for something that happens to a PBX besides its calls. They change nothing
// else.
func (p PBX) diceOf(what string, nth int64) dice {
	h := fnv.New64a()
	h.Write([]byte(what))
	return dice{rand.New(rand.NewPCG(p.config.Seed^h.Sum64(), uint64(p.index)<<32|uint64(uint32(nth))))}
}

// dice decide what is random.
type dice struct{ *rand.Rand }

func (d dice) chance(share float64) bool { return d.Float64() < share }

// between returns a number from low to high, both included.
func (d dice) between(low, high int) int { return low + d.IntN(high-low+1) }

// about returns a number of seconds with roughly that mean, and seldom many times as much.
func (d dice) about(mean int) int { return 1 + int(min(d.ExpFloat64(), 6)*float64(mean)) }

func oneOf[T any](d dice, choices ...T) T { return choices[d.IntN(len(choices))] }
