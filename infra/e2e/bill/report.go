package bill

import (
	"fmt"
	"math"
	"strings"
)

// Report is infra/docs/cost.md: what Trunkline costs, and what bounds that where
// pushes come at a rate per second at most.
func (m Measured) Report(w Watch, rate float64) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	month, fixed := m.Month(), m.Fixed(w)
	million, whole := month.Events.Times(1e6/month.Count), month.Events.Plus(month.HoursAndDays)

	line("# What it costs")
	line("")
	line("By AWS's list prices as of %s (us-east-1, on demand, arm64, no free tier), and by what `make e2e` measures of each event, hour and", PricesAsOf)
	line("day. The PBX has %d calls on a weekday, and sends %s events a month:", callsPerDay, thousands(month.Count))
	line("")
	line("| | a million events | a PBX and month |")
	line("|---|--:|--:|")
	for i, item := range million.Items() {
		if other := whole.Items()[i]; item.Dollars+other.Dollars > 0.005 {
			line("| %s | $%.2f | $%.2f |", item.Name, item.Dollars, other.Dollars)
		}
	}
	line("| **together** | **$%.2f** | **$%.2f** |", million.Dollars(), whole.Dollars())
	line("")
	largest := largest(million.Items())
	line("%s is %.0f %% of that, since each event is an object.", largest.Name, 100*largest.Dollars/million.Dollars())
	line("")
	streamed, fleet := m.Streamed().Month(), objectsOfStreams().Dollars()
	each := streamed.Events.Plus(streamed.HoursAndDays)
	line("With `Archive=firehose`, a million events cost $%.2f, of which Firehose takes $%.2f, and a PBX and month costs $%.2f. The objects that the",
		streamed.Events.Times(1e6/streamed.Count).Dollars(), streamed.Events.Times(1e6/streamed.Count).Item("Firehose"), each.Dollars())
	line("delivery streams write cost at most $%.2f a month, for all PBXs together. Packing them is not reckoned with.", fleet)
	line("")
	line("All other figures here are those of `Archive=direct`.")
	line("")
	line("The table leaves out what it costs to keep older events. One month's events of this PBX cost $%.3f a month, for as long as they are kept.",
		whole.Keeping())
	line("So after a year the PBX costs $%.2f more a month, unless `RecordDays` and `ArchiveDays` delete what is old.", 12*whole.Keeping())
	line("")
	line("A stack costs $%.2f a month even without any event: %s.", Sum(fixed), enumerate(fixed))
	line("")
	line("%s", example(40, whole.Dollars(), Sum(fixed), 12*whole.Keeping()))
	line("")
	line("`ThrottleRate` bounds what a flood costs. %s pushes a second for a whole day cost $%s if each is an event of a PBX, and $%s", thousands(rate),
		thousands(rate*86400*million.Dollars()/1e6), thousands(rate*86400*m.Stranger.Dollars()))
	line("if their URLs are invalid. A push over the rate reaches no function. A push over the account's limit of concurrent executions is not processed.")
	line("Here each push has one event. Whoever has a PBX's URL may send 1,000 events in one push, and each of them costs as much.")
	return b.String()
}

// example adds up what a fleet costs a month, in dollars: of each PBX its events, and after a year what is kept of it.
func example(pbxs int, each, stack, kept float64) string {
	n := float64(pbxs)
	return fmt.Sprintf("An example: %d such PBXs cost %d × $%.2f + $%.2f = $%.2f a month. After a year they cost %d × $%.2f = $%.2f more.",
		pbxs, pbxs, each, stack, n*cents(each)+cents(stack), pbxs, kept, n*cents(kept))
}

// cents rounds to cents, so that a reader who adds up what is printed comes to the same sum.
func cents(dollars float64) float64 { return math.Round(100*dollars) / 100 }

func largest(items []Item) Item {
	var most Item
	for _, item := range items {
		if item.Dollars > most.Dollars {
			most = item
		}
	}
	return most
}

// enumerate lists items that cost anything.
func enumerate(items []Item) string {
	var texts []string
	for _, item := range items {
		if item.Dollars > 0.005 {
			texts = append(texts, fmt.Sprintf("%s $%.2f", item.Name, item.Dollars))
		}
	}
	return strings.Join(texts, ", ")
}

// thousands is a number, rounded to two digits that count, with commas.
func thousands(n float64) string {
	unit := math.Pow(10, math.Floor(math.Log10(n))-1)
	text := fmt.Sprintf("%.0f", math.Round(n/unit)*unit)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
