// Package kpi makes a day's key performance indicators of its call records: a row for
// each queue, each agent and the whole PBX. It is pure: the same records, in any order,
// give the same rows, byte for byte.
//
// # Which records
//
// The contact centre's records (cc_cdr) of one uuid in one queue are one queue call, also
// when it re-enters the queue. Inbound records count. Outbound ones never do; an inbound
// one whose caller is also an agent in the records read for the day is internal, as is one
// whose call type is internal or empty; and any other call type is unrecognised. Those are
// counted apart, by the first of outbound, internal and unrecognised that one of the
// call's records is, where none of them counts.
//
// A record belongs to the day on which it starts, by the PBX's own clock; or to the day
// before, if it starts before 06:00 and there is a record of the same uuid and queue on
// the day before. So the records read for a day are those of that day, and those of the
// next one until 06:00; and where the day has any before 06:00, the day before tells which
// of them to leave out. For the whole PBX the same holds of a uuid, whatever the queue.
//
// # Outcome of a queue call
//
// The first that holds:
//
//  1. answered: a record with talk, or in the state bridged or feedback; unless the record
//     has no agent, and a voicemail or a forward. The earliest such record, by start,
//     agent and hash, is the answering record.
//  2. voicemail: a record with a voicemail state that is neither empty nor 0.
//  3. flowed out: a record with a forward; or one of the same uuid in another queue whose
//     start and end are later than those of all of its own; or one in the state ivr, with
//     queue time.
//  4. abandoned: a record in the state queue.
//  5. unknown.
//
// It waited for the queue time of the answering record, else for the longest of its
// records. It rang for the ring time of the answering record, else for the longest. Talk,
// hold and wrap-up are summed over all its records. It was abandoned short if it waited
// less than the short-abandon threshold, and all its miss causes are MEMBER_CANCEL.
// Its score is the answering record's, else the earliest that is not 0. As many visits as
// its records have starts.
//
// # The whole PBX
//
// A call in two queues is one call there: it waited for the sum of both, and was answered
// if it was answered anywhere. Otherwise its outcome is that of the queue where it was
// last. Its miss causes are those of all of its queues, and it begins with its first
// record, also where that saw no queue. Queue rows add up to queue calls over days, queues
// and sites; distinct calls and distinct agents never add up.
//
// The package knows no store and no wire format of a PBX.
package kpi
