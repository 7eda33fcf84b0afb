// Package fleet simulates a fleet of PBXs and the events that each of them reports. It has busy
// mornings and quiet nights, callers who give up, and calls that go on after midnight. Records are
// delivered twice, days late or with other values. In software v4, agents log in, and forget to log
// off. The same Config gives the same bytes.
//
// It knows what happens in a telephone system and how events are written. It does not know what the
// product makes of them. It computes no figure, so that it can't repeat a mistake of the product.
// All names, numbers and MACs are invented.
//
// It leaves out two things: agents may have two calls at once, and no call breaks off when the
// power fails.
package fleet
