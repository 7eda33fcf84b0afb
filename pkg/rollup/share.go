package rollup

import (
	"cmp"
	"slices"

	"trunkline/pkg/pbx"
)

// DaysAtOnce is the share of a PBX in a run of the schedule: how many of its days are sent to be
// computed. The others stay due until the next runs.
const DaysAtOnce = 400

// shares are the days that are due: of each PBX at most its share.
type shares struct {
	order []*share // in the order they were found
	of    map[pbx.MAC]*share
	found int
}

// share are the days of one PBX.
type share struct {
	mac  pbx.MAC
	zone pbx.Zone
	last pbx.Day // the last day that its clock can have reached
	days []pbx.Day
}

func (s *shares) add(of *share) {
	if s.of == nil {
		s.of = map[pbx.MAC]*share{}
	}
	s.order, s.of[of.mac] = append(s.order, of), of
}

// due adds a day of a PBX that was added.
func (s *shares) due(mac pbx.MAC, day pbx.Day) {
	s.found++
	s.of[mac].add(day)
}

func (s *share) add(day pbx.Day) {
	if s.days = append(s.days, day); len(s.days) == 2*DaysAtOnce {
		s.cut()
	}
}

// cut drops all days beyond the share. The latest days come first; days that the PBX's clock
// can't have reached come last.
func (s *share) cut() {
	slices.SortFunc(s.days, func(a, b pbx.Day) int {
		if aAhead := a > s.last; aAhead != (b > s.last) {
			return order(aAhead)
		}
		return cmp.Compare(b, a)
	})
	s.days = s.days[:min(len(s.days), DaysAtOnce)]
}

// order sorts days ahead of the clock behind the others.
func order(ahead bool) int {
	if ahead {
		return 1
	}
	return -1
}

// tasks returns the tasks of all shares: the first day of each PBX, then the second one of each,
// and so on. So no PBX waits for more than one day of each other one.
func (s *shares) tasks() []Task {
	var all []Task
	for _, of := range s.order {
		of.cut()
	}
	for i := range DaysAtOnce {
		for _, of := range s.order {
			if i < len(of.days) {
				all = append(all, Task{of.mac, of.days[i]})
			}
		}
	}
	return all
}
