-- The current records of the raw archive.
--
-- Variable `raw`: the folder of the archive's raw/. Table `settings`: what an operator said
-- of a PBX, where he did (mac, t, s, talk_includes_hold). Times are the PBX's own clock.

-- An envelope is a receipt of one event. Only these kinds leave records that figures are
-- made of.
create table envelope as
select mac, kind, received::timestamp as received, index, event
from read_json(getvariable('raw') || '/kind=*/dt=*/*', format = 'newline_delimited',
    hive_partitioning = true, hive_types_autocast = false,
    columns = {mac: 'varchar', received: 'varchar', index: 'bigint', event: 'json'})
where kind in ('cc_cdr', 'cdr', 'ivr');

-- What decides last between records: the hash of the content, its members by their names.
create macro hash_of(event) as
    sha256('{' || list_aggregate(
        [to_json(name)::varchar || ':' || json_extract(event, '$."' || name || '"')::varchar for name in list_sort(json_keys(event))],
        'string_agg', ',') || '}');

-- "Duplicated or not": receipts of the same content are one fact, at its earliest receipt.
create table fact as
select *, hash_of(event) as hash
from (select mac, kind, event, min({received: received, index: index}) as receipt from envelope group by all);

-- Of several facts about one thing the one first received last is current. What the archive
-- leaves out is unknown: null for a number, empty for a text, before all else for a time.
create table call_record as
select mac,
    event->>'uuid' as uuid,
    coalesce(event->>'queue', '') as queue,
    coalesce(event->>'agent', '') as agent,
    (event->>'start')::timestamp as start,
    coalesce((event->>'end')::timestamp, timestamp '0001-01-01') as "end",
    coalesce(event->>'caller', '') as caller,
    coalesce(event->>'call_type', '') as call_type,
    coalesce(event->>'cdr_state', '') as cdr_state,
    (event->>'queue_seconds')::bigint as wait,
    (event->>'talk_seconds')::bigint as talk,
    (event->>'hold_seconds')::bigint as hold,
    (event->>'wrap_up_seconds')::bigint as wrap_up,
    (event->>'ring_seconds')::bigint as ring,
    coalesce((event->>'score')::bigint, 0) as score,
    coalesce(event->>'voicemail_state', '') not in ('', '0') as voicemail,
    coalesce(event->>'forward_type', '') != '' or coalesce(event->>'forward_number', '') != '' as forwarded,
    coalesce(event->>'miss_cause', '') as miss_cause,
    receipt.received as received,
    hash
from fact
where kind = 'cc_cdr'
qualify row_number() over (partition by mac, uuid, queue, agent, start order by receipt desc, hash desc) = 1;

create table cdr as
select mac,
    event->>'uniqueid' as uniqueid,
    (event->>'start')::timestamp as start,
    coalesce(event->>'destination', '') as destination,
    coalesce(event->>'call_type', '') as call_type,
    upper(coalesce(event->>'disposition', '')) = 'ANSWERED' as answered,
    (event->>'billable_seconds')::bigint as billable,
    receipt.received as received,
    hash
from fact
where kind = 'cdr'
qualify row_number() over (partition by mac, uniqueid, start, destination order by receipt desc, hash desc) = 1;

create table ivr_step as
select mac,
    event->>'uuid' as uuid,
    coalesce(event->>'ivr_id', '') as ivr_id,
    (event->>'start')::timestamp as start,
    coalesce(event->>'key', '') as key,
    receipt.received as received,
    hash
from fact
where kind = 'ivr'
qualify row_number() over (partition by mac, uuid, ivr_id, start order by receipt desc, hash desc) = 1;

-- The directions of call types, whose case does not matter. Empty is internal.
create macro direction_of(call_type) as
    case when lower(call_type) in ('in', 'incoming', 'inbound') then 'inbound'
        when lower(call_type) in ('out', 'outgoing', 'outbound') then 'outbound'
        when lower(call_type) in ('', 'internal') then 'internal'
        else 'unrecognised' end;

-- "Read 6 h past midnight, and leave out what belongs to the day before": what starts before
-- 06:00 may belong to the day before.
create macro early(start) as start::time < time '06:00:00';

-- A clock is suspect where the record claims a time more than two days after its receipt, or
-- more than a year before.
create macro clock_suspect(start, received) as
    received < start - interval 2 days or received > start + interval 366 days;
