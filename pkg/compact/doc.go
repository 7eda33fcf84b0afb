// Package compact packs the events of the archive into few objects that are cheap to read and to
// keep. Each event arrives in a single object of its own. Packed objects are named
// raw/kind=<kind>/dt=<day>/<mac>.<n>.ndjson.gz. n is 0001, unless a PBX has more than 16 MiB of
// events of one kind in a day.
//
// No event is lost, wherever a run stops and whatever runs concurrently:
//
//   - A single object is deleted only after its line was read from a packed object. A run that
//     stops before that leaves the line in both, under one ID. The next run finds it in the
//     packed object, and deletes the single one.
//   - A packed object is replaced only if it is unchanged since it was read (Bucket.Replace). The
//     new one has all its lines and more. Of several concurrent runs one succeeds, and the others
//     read again. Lines go to the last packed object of a PBX until that is full, and only then to
//     a new one. So two runs can't write the same line to two objects.
//   - An object that is not an envelope, or not the one that its name says, stays as it is.
//   - An object, a batch or a folder that can't be read or packed is skipped and reported. All
//     others are packed. Its day is visited again.
//
// A day is packed one hour after it ended, in UTC. No function runs longer than five minutes, and
// no request takes as long. So nearly all events of the day have been archived by then. Some come
// later, such as after an outage or out of quarantine. They are single objects again, which every
// reader of raw/ reads, too. They are packed when their day is visited next.
//
// A run needs few listings. A mark says through which day all is packed. So an hour in which no
// day ended needs no listing of the days before. Some packed days are visited again: each hour
// the two latest, and one older day in turn. So a year is visited within about two weeks. Days
// without events are passed over. A mark that is lost or wrong costs listings, and no event.
//
// A run ends by itself before its context does, and the next one goes on from there. Each kind of
// event has a Job of its own every hour, so that several workers can share the work. A job that
// was too short is followed by another.
//
// The package knows the archive and the vocabulary, and no object store.
package compact
