// Package kpi computes a day's key performance indicators from its call records. There is a row for
// each queue, each agent and the whole PBX. The package is pure: the same records, in any order, give
// the same rows, byte for byte. Rules is the version of the rules below.
//
// # Which records
//
// The contact-centre records (cc_cdr) of one uuid in one queue are one queue call, even if the call
// re-enters the queue. Inbound records count, and outbound ones never do. An inbound record is internal
// if its caller is also an agent in the records read for the day, or if its call type is internal or
// empty. Any other call type is unrecognised. If no record of a call counts, the call is counted apart:
// as outbound, internal or unrecognised, whichever of these comes first among its records.
//
// A record belongs to the day on which it starts, by the PBX's own clock. A record before 06:00
// belongs to the day before if that day has a record of the same uuid and queue. So the records read
// for a day are its own and those of the next day until 06:00. If the day has any before 06:00, the day
// before is read too, to know which of them to leave out. For the whole PBX the same holds for a uuid,
// whatever the queue.
//
// Instants decide what is earlier or later. They follow from the PBX's zone; in an hour that occurs
// twice, from the time in the uuid. A record with no end, or with an end before its start, lasts for its
// duration, else for its queue time and talk. A duration below 0 or over seven days is unknown.
//
// Records of one uuid, queue and agent that overlap are one visit, restated. Of these, the record that
// was first received last counts, and the others decide nothing. A chain of overlaps is one visit.
// Records that only touch are two visits. No visit continues past 06:00.
//
// A record is suspect if its start is far from its receipt: more than two days after it, or more than a
// year before it. It is also suspect if it starts more than a minute before its uuid was given, or more
// than a day after.
//
// # Outcome of a queue call
//
// The first rule that holds decides:
//
//  1. answered: a record with talk, or in the state bridged or feedback; unless the record
//     has no agent, and a voicemail or a forward. The earliest such record, by start,
//     agent and hash, is the answering record.
//  2. voicemail: a record that says that a message was left.
//  3. flowed out: a record with a forward; or one of the same uuid in another queue whose
//     start and end are later than those of all of its own, or the same as the last of them
//     if that queue answered; or one in the state ivr, with queue time.
//  4. abandoned: a record in the state queue.
//  5. unknown.
//
// The wait is the queue time of the answering record, else the longest of its records. If the call came
// back to the queue before it was answered, the wait lasts from its first start there until the answer,
// if that is longer. The answer is at the earlier of two times of the answering record, as far as they
// are known: start + queue time, and end − talk. It is never before the record's start.
//
// The ring time is that of the answering record, else the longest. Talk, hold and wrap-up are summed
// over all records. The score is the answering record's, else the earliest that is not 0. The number of
// visits is the number of different starts.
//
// An abandoned call is short if three things hold. It waited less than the short-abandon threshold. The
// miss cause of its last record is empty or MEMBER_CANCEL. No record says NO_AGENT_LOGIN or NO_ASSIGN.
// The last record is the one with the latest start and end; of several, the one received last.
//
// An answered call with an unknown wait is in neither part of a service level. It is counted separately.
//
// # The whole PBX
//
// A call in two queues is one call here. It was answered if any queue answered it. Otherwise its outcome
// is that of the queue with its last record. Each queue call waited in one interval. The whole call
// waited for their union, cut at the end of the wait in the queue that answered first. Its miss causes
// are those of all its queues. It begins with its first record, even if that has no queue. Queue rows
// may be added up over days, queues and sites. Distinct calls and distinct agents may not.
//
// The plain records (cdr) of one call are its legs, which share a linkedid.
//
// # Agents
//
// An agent is tried once for a call, however often the phone rang, and in whatever queues. Attempts
// count the rings. The agent answered a call if a record with the agent answers it. In other calls,
// another agent's answer ended an attempt if it came while the phone rang, or up to 2 s before or after.
// If all of the agent's attempts ended so, the call is answered elsewhere; else it is missed.
//
// A direct call is inbound, and no record of it has a queue. It counts once for each agent in its
// records, with the talk of those records.
//
// A session begins with a login, and ends with the agent's next logoff or login. If none comes within
// 16 hours, the session ends with the agent's last sign of life within them: the end and wrap-up of a
// record. Without a sign of life it ends at once. A session that does not end with a logoff is unsure. A
// session counts in each local day that it overlaps, cut to that day.
//
// An agent is busy while talking, holding a call or wrapping one up. Talk and hold are at the end of a
// record, and wrap-up follows it. Occupancy is the busy part of the sessions; overlapping time counts
// once. If no session is known, login time and occupancy are unknown, never 0.
//
// # Bounds
//
// Names are at most pbx.MaxName bytes long; pbx.ShortName shortens longer ones. The published rows of a
// day have at most MaxNames queues and MaxNames agents: those with the most records. The PBX's row counts
// all, and says how many have no row: see Rows.Bounded.
//
// # Memory
//
// A day is computed call by call. All records of one uuid decide the figures of that call, and rows add
// them up. Only two things concern the whole day: who its agents are, and the order of the hashes of a
// row's inputs. So records need not fit into memory. A Day sorts them by uuid. Those that exceed its room
// go to a temporary file (package extsort), which holds callers' numbers. The figures are the same either
// way, since they are computed in one way only.
//
// Other memory grows with the contents of rows, not with the number of records. It holds names of queues,
// agents, menu keys and miss causes, distinct waits, and the seconds in which an agent was busy.
//
// Of one call, some 10,000 records (8 MiB) are read: the first ones by queue, start, agent and hash. The
// same bound holds for the signs of one agent. Rows are made for at most 10,000 queues and 10,000 agents:
// the first ones in the order of the uuids of their calls. Rows.Bounded then chooses among them.
//
// The package knows no store and no wire format of a PBX.
package kpi
