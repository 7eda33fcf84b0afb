// Package store keeps the records of a fleet of PBXs. It has every key and every rule about them, over
// a small Table, which its sub-packages implement. Store keeps records, settings and spilled texts;
// Figures keeps the figures of days, in the same Table.
//
// The records are a function of the set of received events: neither the order in which they are
// applied nor repetitions matter. So nothing is merged in place. What a PBX reported is a fact: an item
// of its own, kept with its earliest receipt. Its key ends in a hash of its content. Readers fold
// facts into answers. If there are several facts about one call, the one first received last is
// current, and it restates the others. The content is what the decoder understood. So where a newer
// decoder knows a member that was unknown, the same event, sent again or replayed, restates its call.
// A replay gives the new fact the receipt of the old one. Of facts of one receipt, the one with fewer
// unknown and unreadable members is current.
//
//	what                          partition  sort key                                            written
//	call record (cc_cdr)          mac        CALL#<local start>#<uuid>#<queue>#<agent>#<hash>    Older, may expire
//	call record (cdr)             mac        CDR#<local start>#<uniqueid>#<destination>#<hash>   Older, may expire
//	IVR step                      mac        IVR#<local start>#<uuid>#<ivr>#<hash>               Older, may expire
//	one of these in UTC           mac        CALLZ#…, CDRZ#…, IVRZ#…                             Older, may expire
//	agent's login or logoff       mac        SESSION#<received>#<agent>#<login or logoff>        Older, may expire
//	leg of a call in progress     mac        LIVE#<uniqueid>#<stage>#<leg>                       Older, expires after a day
//	state of an extension         mac        EXT#<extension>                                     Newer
//	its changes                   mac        EXTLOG#<extension>#<received>#<hash>                Older, expires after 30 days
//	device settings               mac        DEVICE                                              by the operator
//	names of queues, agents, DIDs mac        NAMES                                               by the operator
//	inferred zone of a device     mac        SEEN                                                by the rollup
//	last event of a device        mac        HEARD                                               Newer, every 15 minutes or by a new key; after FLEET
//	row of a day's figures        mac        KPI#<day>#P, #Q#<queue> or #A#<agent>               Newer revision
//	header of a day's figures     mac        DAY#<day>                                           Unchanged
//	figures that were replaced    mac        RESTATED#<day>#<revision>                           Absent
//	a row of them                 mac        RESTATED#<day>#<revision>#P, #Q#… or #A#…           Absent
//	closed days that were marked  mac        MARKED                                              by the schedule
//	days checked for new rules    mac        CHECKED                                             by the schedule
//	fleet list                    FLEET#<x>  <mac>                                               Older, once a UTC day; FLEET before
//	spilled text                  SPILL#0<h> <received>#<mac>#<hash>                             always
//	day due                       DUE#<x>    <day>#<mac>                                         Newer, or Absent
//	the time                      CLOCK      CLOCK                                               by one machine's server, every minute
//	result of the hourly run      HOURLY     HOURLY                                              by one machine's server
//	whether the table is writable PING       PING                                                by a ping
//
// The x of a partition is the last digit of the MAC. The h is the first digit of a hash. A row or text
// that is too large for one item continues in others, whose keys end in #0001 and so on.
//
// Versions of facts are <received>.<index>.<hash>: the time of receipt in milliseconds, by the
// receiver's own clock; the event's place in its array; and the hash. Times in keys are the PBX's wall
// clock. If the PBX sent an instant, they are UTC, so that the key stays when the PBX's zone is set. A
// record of a call expires by its day, everything else by its receipt. So a replay of old events
// restores nothing that has expired. Parts of a key are escaped and bounded.
//
// Settings and names are read member by member. An unreadable member does not affect the others, and
// stays as it is until it is set again. If a PBX was removed from the fleet, DEVICE says that it is
// disabled.
//
// If records of calls are kept for a number of days, a day is sealed before the first record of its
// figures expires. A sealed day is no longer marked as due, and its published figures stay. A record
// that arrives even later is kept for a while, and reported.
//
// What can't be read does not stop other things from being read. Sequences of many things (marks, the
// fleet list, spilled texts, published days, restatements, days with records) yield it as an *each.Bad
// with its name, and continue. Callers report it and then call Repair: a mark is made again if its key
// names a day and a PBX, and deleted if not. An entry of the fleet list that names no PBX is deleted,
// too.
//
// The records of a day are read as a whole. An unreadable record is an error for that day alone. The
// day keeps its figures, stays due, and is reported every hour. Figures without that record would be
// wrong, and nobody would notice.
//
// On one machine, all of this uses a Clock. While the machine's clock can't be right, receipts continue
// from the last trusted time. They keep their order among those before and after.
//
// The package knows no database, no wire format of a PBX, and no HTTP.
package store
