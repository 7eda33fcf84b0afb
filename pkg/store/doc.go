// Package store keeps the records of a fleet of PBXs: every key and every rule
// about them stands here, once, over a small Table that its sub-packages provide.
//
// The records are a function of the set of events that were received: whatever the
// order in which they are applied, and however often. So nothing is merged in place.
// What a PBX said is a fact, an item of its own whose key ends in a hash of its
// content, kept with its earliest receipt; readers fold facts to answers. Of several
// facts about one call, the one first received last is current, and the others are
// what it restates.
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
//	what was learnt of a device   mac        SEEN                                                by the rollup
//	when a device was last heard  mac        HEARD                                               Newer, every 15 minutes or by a new key
//	row of a day's figures        mac        KPI#<day>#P, #Q#<queue> or #A#<agent>               Newer revision
//	header of a day's figures     mac        DAY#<day>                                           Unchanged
//	figures that were replaced    mac        RESTATED#<day>#<revision>                           Absent
//	a row of them                 mac        RESTATED#<day>#<revision>#P, #Q#… or #A#…           Absent
//	days marked since they closed mac        MARKED                                              by the schedule
//	days looked at for new rules  mac        CHECKED                                             by the schedule
//	fleet list                    FLEET      <mac>                                               Older
//	spilled text                  SPILL#0<h> <received>#<mac>#<hash>                             always
//	day due                       DUE#<x>    <day>#<mac>                                         Newer, or Absent
//	how late it is                CLOCK      CLOCK                                               by one machine's server, every minute
//	what came of the hourly run   HOURLY     HOURLY                                              by one machine's server
//	whether the table is writable PING       PING                                                by who asks
//
// The x of a partition is the last digit of the MAC, the h the first one of a hash. A row or
// text that one item can't hold goes on in others, whose keys end in #0001 and so on.
//
// Versions of facts are <received>.<index>.<hash>: the time of receipt by the receiver's own
// clock in milliseconds, the event's place in its array, and the hash. Times in keys
// are the PBX's wall clock; or UTC where the PBX told an instant, so that the key stays when
// the PBX's zone is set. What expires does so by its receipt, records of calls by their day,
// so a replay of old events brings nothing back to life. Parts of a key are escaped and bounded.
//
// Settings and names are read member by member: one that can't be read keeps no other from
// applying, and stays as it is until it is set again. Of a PBX that was removed from the fleet,
// DEVICE says that it is disabled.
//
// Where records of calls are kept for a number of days, a day is sealed before the first record
// expires that its figures are made of: it is marked as due no more, and what is published of it
// stays as it is. A record that comes later still is kept for a while, and told of.
//
// What can't be read keeps nothing else from being read: sequences of many things (marks, the fleet
// list, spilled texts, published days, restatements, days with records) yield it as an *each.Bad
// that names it, and go on. A mark is made again where its key names a day and a PBX, and deleted
// where not, as is an entry of the fleet list that names no PBX: Repair, after it was told of. Only
// what is a whole is read as a whole: a single record of a day that can't be read is an error for
// that day alone. The day keeps the figures that it had, stays due and is told of every hour;
// figures without that record would be wrong, and nobody would know.
//
// On one machine, all of this goes by a Clock. Where the machine's clock can't be right, receipts
// go on from the last time that was trusted: they keep their order among those before and after.
//
// The package knows no database, no wire format of a PBX, and no HTTP.
package store
