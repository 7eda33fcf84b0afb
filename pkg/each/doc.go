// Package each goes through many things of which any may be bad: PBXs, days, items, objects,
// lines, messages. A bad one is skipped and named, and all others are done.
//
// A sequence yields a *Bad for a thing that can't be read, and goes on with the next one. After
// any other error a sequence has ended, since it can't tell what comes next.
//
// Sequences are made of others with Map, MapAhead, Join and Where, which keep that rule. What is
// only right as a whole, such as the records of one day, is no such loop: there the first thing
// that can't be read is an error, and the day is what is skipped.
//
// A store that is down makes all things bad. A body that can tell, by Ping, ends its loop with
// Stop.
//
// Every loop over a fleet or its archive is a Loop, so that one rule holds for all of them.
package each
