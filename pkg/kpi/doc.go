// Package kpi makes a day's key performance indicators of its call records: a row for
// each queue, each agent and the whole PBX. It is pure: the same records, in any order,
// give the same rows, byte for byte. Rules is the version of what is said here.
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
// What is earlier or later is decided by instants: the PBX's zone tells them, and in an hour
// that comes twice the time in the uuid. A record that tells no end, or one before its start,
// lasts for its duration, else for its queue time and talk. A duration below 0 or over seven
// days is unknown.
//
// Records of one uuid, queue and agent that overlap are one visit, restated: the one that was
// first received last counts, and the others decide nothing. Chains of overlaps are one
// visit; records that only touch are two, and no visit goes on over 06:00.
//
// A record is suspect where its start is far from its receipt: more than two days after it, or
// more than a year before; or where it starts more than a minute before its uuid was given, or
// more than a day after.
//
// # Outcome of a queue call
//
// The first that holds:
//
//  1. answered: a record with talk, or in the state bridged or feedback; unless the record
//     has no agent, and a voicemail or a forward. The earliest such record, by start,
//     agent and hash, is the answering record.
//  2. voicemail: a record that says that a message was left.
//  3. flowed out: a record with a forward; or one of the same uuid in another queue whose
//     start and end are later than those of all of its own, or the same as the last of them
//     where that queue answered; or one in the state ivr, with queue time.
//  4. abandoned: a record in the state queue.
//  5. unknown.
//
// It waited for the queue time of the answering record, else for the longest of its
// records. Where it came back to the queue before it was answered, it waited from its first
// start there until the answer, if that is longer. The answer is at the earlier of start +
// queue time and end − talk of the answering record, as far as these are known, and not
// before its start.
//
// It rang for the ring time of the answering record, else for the longest. Talk, hold and
// wrap-up are summed over all its records. Its score is the answering record's, else the
// earliest that is not 0. As many visits as its records have starts.
//
// It was abandoned short if it waited less than the short-abandon threshold, its last
// record's miss cause is empty or MEMBER_CANCEL, and no record says NO_AGENT_LOGIN or
// NO_ASSIGN. The last record is that of the latest start and end, and of those the one that
// was received last.
//
// An answered call whose wait is unknown is in neither part of a service level, and counted.
//
// # The whole PBX
//
// A call in two queues is one call there. It was answered if it was answered anywhere;
// otherwise its outcome is that of the queue with its last record. Each queue call waited in
// one interval; the whole call waited for the union of them, cut at the end of the wait in
// the queue that answered first. Its miss causes are those of all of its queues, and it
// begins with its first record, also where that saw no queue. Queue rows add up to queue
// calls over days, queues and sites; distinct calls and distinct agents never add up.
//
// The plain records (cdr) of one call are its legs, which a linkedid ties together.
//
// # Agents
//
// An agent is tried once for a call, however often the phone rang, in whatever queues.
// Attempts count the rings. The agent answered a call if a record with the agent does. Of
// other calls, an attempt was ended by another's answer if that came while the phone rang, or
// up to 2 s before or after. A call is answered elsewhere if all of the agent's attempts
// were; else it is missed.
//
// A direct call is inbound, and has no record with a queue. It counts once for each agent
// whom its records name, with the talk of those records.
//
// A session begins with a login, and ends with the agent's next logoff or login. Where that
// does not come within 16 hours, it ends with the agent's last sign of life in them: the end
// and wrap-up of a record. Without one it ends at once. It is unsure if it does not end with a
// logoff. It counts in each local day that it overlaps, cut to that day. The agent was busy
// while talking, holding a call or wrapping one up: talk and hold lie at the end of a record,
// and wrap-up after it. Occupancy is the busy part of the sessions; what overlaps counts once.
// Login time and occupancy are unknown, never 0, where no session is known.
//
// # Bounds
//
// Names are at most pbx.MaxName bytes long: of longer ones, pbx.ShortName counts. What is
// published of a day has rows for MaxNames queues and MaxNames agents at the most, those with
// the most records; the PBX's row counts all, and tells how many have none: see Rows.Bounded.
//
// # In parts
//
// A day is computed call by call: all records of one uuid decide what it comes to, and rows add
// that up. Two things have to be known of the whole day: who its agents are, and the order of
// the hashes of a row's inputs. So records need not fit in memory. A Day sorts them by uuid,
// those beyond its room in a temporary file (package extsort), which holds callers' numbers. The
// figures are the same either way: there is one way to compute them.
//
// What is held besides grows with what rows tell, not with records: names of queues, agents,
// keys of menus and miss causes, distinct waits, and the seconds in which an agent was busy.
//
// Of a call, some 10,000 records are read (8 MiB of them), the first by queue, start, agent and
// hash; and as much of the signs of one agent. Rows are made of 10,000 queues and 10,000 agents
// at most, the first that calls come to in the order of their uuids, before Rows.Bounded chooses
// among them.
//
// The package knows no store and no wire format of a PBX.
package kpi
