// Package each goes through many things of which any may be bad: PBXs, days, items, objects,
// lines, messages. A bad one is skipped and named, and all others are done.
//
// A sequence yields a *Bad for a thing that can't be read, and goes on with the next one. After
// any other error a sequence has ended, since it can't tell what comes next.
//
// Every loop over a fleet or its archive is a Loop, so that one rule holds for all of them.
package each
