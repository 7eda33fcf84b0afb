// Package fleet makes up a fleet of PBXs and what each of them reports: busy mornings and
// quiet nights, callers who give up, calls that go on after midnight, records that are
// delivered twice, days late or with other values; and, where the software is v4, agents who
// log in, and forget to log off. The same Config gives the same bytes.
//
// It knows what happens at a telephone system and how events are written on the wire, and
// nothing of what the software makes of them: no figure is computed here, so that it can't
// agree with a mistake made elsewhere. All names, numbers and MACs are invented.
//
// What it leaves out: agents may have two calls at once, and no call breaks off when the
// power fails.
package fleet
