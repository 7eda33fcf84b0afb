// Package each loops over many things any of which may be bad: PBXs, days, items, objects, lines,
// messages. A bad thing is skipped and named, and all others are done.
//
// A sequence yields a *Bad for a thing that can't be read, and goes on with the next one. After any
// other error a sequence has ended.
//
// Map, MapAhead, Join and Where make sequences of others, and keep that rule. Don't use a Loop for
// things that are only right together, such as the records of one day. There the first thing that
// can't be read is an error, and the whole day is skipped.
//
// If a store is down, all things are bad. A loop's body finds that out by a Ping, and returns Stop.
//
// Every loop over a fleet or its archive is a Loop, so that one rule holds for all of them.
package each
