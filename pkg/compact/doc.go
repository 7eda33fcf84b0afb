// Package compact packs the events of the archive, which come in an object each, into few
// objects that are cheap to read and to keep: raw/kind=<kind>/dt=<day>/<mac>.<n>.ndjson.gz,
// where n is 0001 but for a PBX with more than 16 MiB of events of a kind in a day.
//
// No event is lost, wherever a run stops and whatever goes on beside it:
//
//   - A single object is deleted only after its line was read from a packed one. A run that
//     was stopped before leaves the line in both, under one ID; the next run finds it there,
//     and deletes the single object.
//   - A packed object is only replaced as it was read (Bucket.Replace), by all its lines and
//     more. Of several runs one gets its way, and the others read again. Lines go to the last
//     of a PBX's objects until that is full, and only then to a new one, so that two runs
//     can't write the same line to two objects.
//   - What is no envelope, or not the one that its name says, stays as it is.
//   - What can't be read or packed — an object, the events of a PBX and day, a folder — is
//     skipped and told of, and keeps nothing else from being packed. Its day is visited again.
//
// A day is packed an hour after it ended, in UTC. No function runs longer than five minutes,
// nor does a server take as long over a request, so next to all of the day's events are there
// then. What comes later (of an outage that was handed on; out of quarantine) is an object of
// its own again, which every reader of raw/ reads as well, and is packed with the others when
// its day is visited next.
//
// What is to be done is found with few listings. A mark says through which day all was
// packed, so an hour in which no day ended costs none for those before; and a few days are
// visited again: each hour the two latest, and one of the others in turn, so a year within
// about two weeks. Days without events are passed over. A mark that is lost or wrong costs
// listings, and no event.
//
// A run ends by itself before its context does; the next one goes on where it was. Each kind of
// event is packed apart from the others, in a turn of its own every hour, so that several
// workers can be at it; and a turn that was too short is followed by another.
//
// The package knows the archive and the vocabulary, and no object store.
package compact
