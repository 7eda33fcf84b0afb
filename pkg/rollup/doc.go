// Package rollup has every PBX's day computed when it has closed, and again whenever
// something is learnt of it later, without ever losing one.
//
// A day whose figures are to be computed is marked as due, durably:
//
//   - The schedule marks each day of each PBX that has closed, then notes how far it came.
//     Days that it missed, while it did not run or the PBX was silent, are marked by its
//     next run.
//   - Package store marks a day before it writes a record that comes too late for the
//     schedule, so that no such record can be without a mark.
//
// A run of the schedule sends a PBX's share of its days that are due at the most: DaysAtOnce,
// the latest first. It sends one day of each PBX, then another one of each, so nobody waits for
// more than one day of each other PBX. What is over the share stays due.
//
// A worker computes a day: it reads the mark, then the header, then the records; publishes;
// and takes the mark away only if it is still the one that was read, and so old that
// whoever made it has long written the record it was made for. Wherever it stops before
// that, the mark stays and the next schedule sends another worker. A queue's message is
// only a wake-up: it may be lost, doubled, or late.
//
// Publishing goes in this order, so that what a crash leaves is finished by the next worker:
//
//  1. claim the next revision in the day's header, if it is as it was before the records
//     were read. So whoever has a higher revision has read later, and no older figures
//     replace newer ones: rows by their revision, files by their tag.
//  2. keep the rows of the revision that is replaced, as a restatement
//  3. rows
//  4. files in curated/
//  5. the header: published
//
// Figures that come out as they are published already write nothing.
//
// A PBX, a day or a mark that can't be read or computed is skipped, and named by the run's error;
// all others are done, and the next run tries it again. A day of which a single record can't be
// read is not computed without it: it alone keeps the figures that it had, stays due, and is told
// of every hour.
//
// The header keeps by which rules the figures were computed, and in which zone. The schedule
// looks at the published days of a PBX where the rules are newer, or the operator has set
// another zone, and marks those that are outdated: a number of days in each run, the latest
// first. It keeps how far it came, and looks at none again once all were looked at.
//
// A PBX's zone is the one that the operator has set, else that which its records tell, else
// the fleet's. Of the times by which records tell it, the lowest tenth is left out: they may
// be those of a clock that was set back.
//
// A day whose records expire is sealed before the first of them is gone, as package store decides:
// nobody marks it, and a worker that comes to it all the same leaves all as it is published,
// unless it comes within hours, to a day that was due before.
//
// Of days whose records do not fit in memory (kpi.Room), one is computed at a time, so that
// whatever PBXs tell, a process needs a bounded part of its memory for it. Its records are read
// in pages, each in a transaction of its own: nobody who writes waits for them.
//
// The package knows no database, no queue and no wire format of a PBX.
package rollup
