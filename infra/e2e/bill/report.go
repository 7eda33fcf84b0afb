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
	line("%s makes %.0f %% of it, since each event is an object. What is kept adds up: a month's events cost $%.3f in each month that they are kept.",
		largest.Name, 100*largest.Dollars/million.Dollars(), whole.Keeping())
	line("")
	line("Besides, the deployment as such costs $%.2f a month: %s.", Sum(fixed), enumerate(fixed))
	line("")
	line("A flood is bounded by `ThrottleRate`: %s pushes a second, for a whole day. That costs $%s where each is an event of a PBX, and $%s", thousands(rate),
		thousands(rate*86400*million.Dollars()/1e6), thousands(rate*86400*m.Stranger.Dollars()))
	line("where their URLs open nothing. What is over the rate reaches no function, and what is over the account's limit of functions at once is not run.")
	line("Each push has one event here. Whoever has a PBX's URL may post a thousand in one push, and then each event is paid for.")
	return b.String()
}

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
