// Package dataquality says how reliable a PBX's events are. It finds calls that have some kinds
// of events and lack others: so a loss differs from a quiet day. It finds assumptions about
// records that do not hold. And it finds PBXs that are silent for longer than usual.
//
// The figures rest on these assumptions; the vendor documents few of them. The package
// reads records and the archive, and writes nothing.
package dataquality
