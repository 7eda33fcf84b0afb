// Package rollup computes each PBX's day after it has closed, and again after each later change.
// No day is ever lost.
//
// A day to compute has a durable mark: it is due.
//
//   - The schedule marks each day of each PBX that has closed, then saves how far it came. Its
//     next run marks the days that it missed, while it did not run or the PBX was silent.
//   - Package store marks a day before it writes a record that comes too late for the
//     schedule. So each such record has a mark.
//
// A run of the schedule sends at most a PBX's share of its due days: DaysAtOnce, the latest
// first. It sends one day of each PBX, then another one of each, so nobody waits for more than
// one day of each other PBX. Days over the share stay due.
//
// A worker computes a day: it reads the mark, then the header, then the records, and publishes.
// Then it removes the mark, on two conditions. The mark is still the one that it read. And the
// mark is old enough: whoever made it has written the record it was made for. If a worker stops
// earlier, the mark stays, and the next schedule sends another worker. A queue's message only
// starts a worker: it may be lost, doubled, or late.
//
// Publishing goes in this order, so that the next worker completes what a crash leaves:
//
//  1. claim the next revision in the day's header, if the header is unchanged since before the
//     records were read. So whoever has a higher revision has read later, and no older figures
//     replace newer ones: rows by their revision, files by their tag.
//  2. keep the rows of the revision that is replaced, as a restatement
//  3. rows
//  4. files in curated/
//  5. the header: published
//
// Figures that equal the published ones are not written.
//
// A PBX, a day or a mark that can't be read or computed is skipped. The run's error names it, all
// others are done, and the next run tries it again. A day is not computed if one of its records
// can't be read: it keeps its figures, stays due, and is reported every hour.
//
// The header keeps the version of the rules and the zone that the figures were computed with.
// After the rules or the operator's zone change, the schedule marks published days that are
// outdated: a number of days in each run, the latest first. It saves how far it came, and stops
// after all days.
//
// A PBX's zone is the one that the operator has set, else the one inferred from its records, else
// the fleet's. Of the samples from the records, the lowest tenth is left out: they may come from
// a clock that was set back.
//
// A day whose records expire is sealed before the first of them is gone, as package store
// decides. Nobody marks a sealed day, and a worker leaves what is published as it is. One
// exception: a day that was due before is computed up to some hours after it was sealed.
//
// Days whose records do not fit in memory (kpi.Room) are computed one at a time. So whatever PBXs
// send, a process needs a bounded part of its memory for them. Their records are read in pages,
// each in a transaction of its own: writers do not wait for them.
//
// The package knows no database, no queue and no wire format of a PBX.
package rollup
