-- The current records of the raw archive.
--
-- Variable `raw`: the folder of the archive's raw/. Table `settings`: what an operator said
-- of a PBX, where he did (mac, t, s, talk_includes_hold, zone). Table `period`: the times in
-- which a zone has the same offset from UTC (zone, from_at, to_at, ahead).
--
-- An instant is in seconds since 1970. A wall clock is in seconds since 1970 as if it stood
-- in UTC, or a timestamp.

-- An envelope is a receipt of one event. Only these kinds leave records that figures are
-- made of.
create table envelope as
select mac, kind, received::timestamp as received, index, event
from read_json(getvariable('raw') || '/kind=*/dt=*/**/*', format = 'newline_delimited',
    hive_partitioning = true, hive_types_autocast = false,
    columns = {mac: 'varchar', received: 'varchar', index: 'bigint', event: 'json'})
where kind in ('cc_cdr', 'cdr', 'ivr', 'agentlogin', 'agentlogoff');

-- What decides last between records: the hash of the content, its members by their names.
create macro hash_of(event) as
    sha256('{' || list_aggregate(
        [to_json(name)::varchar || ':' || json_extract(event, '$."' || name || '"')::varchar for name in list_sort(json_keys(event))],
        'string_agg', ',') || '}');

create macro seconds_of(wall) as epoch_ms(wall) // 1000;

create macro timestamp_of(wall) as make_timestamp(wall * 1000000);

-- What a wall clock shows at an instant.
create macro wall_of(in_zone, instant) as (
    select any_value(instant + p.ahead) from period p
    where p.zone = in_zone and p.from_at <= instant and instant < p.to_at);

-- The instant at which a wall clock shows a time: of several the first that is not before
-- `since`, else the last. A time that the clock leaps over is taken as if it had not leapt yet.
create macro instant_of(in_zone, wall, since) as (
    select coalesce(
        min(wall - p.ahead) filter (wall - p.ahead < p.to_at and wall - p.ahead >= since),
        max_by(wall - p.ahead, p.from_at))
    from period p
    where p.zone = in_zone and wall - p.ahead >= p.from_at and p.to_at > wall - 200000);

-- When a call was named, where its id is <epoch seconds>.<counter>, maybe after the name of a
-- system and a dash.
create macro named_at(id) as
    case when try_cast(regexp_extract(id, '(^|-)([0-9]+)\.([0-9]+)$', 2) as ubigint) < 4294967296
        and try_cast(regexp_extract(id, '(^|-)([0-9]+)\.([0-9]+)$', 3) as ubigint) < 4611686018427387904
        then try_cast(regexp_extract(id, '(^|-)([0-9]+)\.([0-9]+)$', 2) as bigint) end;

-- "In an hour that comes twice the id's epoch tells the instant": the clock may be read a
-- minute before the call is named.
create macro start_of(in_zone, wall, id) as instant_of(in_zone, wall, coalesce(named_at(id) - 60, -99999999999));

-- A clock is suspect if the record claims a time more than two days after its receipt, or more
-- than a year before. It is also suspect if the record begins more than a minute before its uuid
-- was given, or more than a day after.
create macro clock_suspect(start, start_at, id, received) as
    received < start - interval 2 days or received > start + interval 366 days
    or coalesce(start_at < named_at(id) - 60 or start_at > named_at(id) + 86400, false);

-- Values that mean absent; and those of what can't be 0.
create macro trimmed(text) as regexp_replace(coalesce(text, ''), '^\s+|\s+$', '', 'g');

create macro absent(text) as lower(trimmed(text)) in ('', '(null)', 'null', 'none', '<unknown>');

create macro absent_code(text) as absent(text) or trimmed(text) in ('0', '00');

create macro code_of(text) as case when absent_code(text) then '' else coalesce(text, '') end;

-- The extension of an agent, as in SIP/301, SIP/301-0000001f, Agent/301 or Local/301@from-queue/n.
create macro agent_code(text) as code_of(coalesce(
    nullif(regexp_extract(trimmed(text), '^[A-Za-z0-9]+/([^@/]+?)(-[0-9a-f]{8}(;[12])?)?(@(.|\n)*)?$', 1), ''), trimmed(text)));

-- A duration below 0 or over seven days is unknown.
create macro duration_of(seconds) as case when seconds::bigint between 0 and 604800 then seconds::bigint end;

-- "Duplicated or not": receipts of the same content are one fact, at its earliest receipt.
create table fact as
select f.*, hash_of(event) as hash, coalesce(s.zone, 'UTC') as zone,
    coalesce((event->>'in_utc')::boolean, false) as in_utc,
    seconds_of((event->>'start')::timestamp) as told_start,
    seconds_of((event->>'end')::timestamp) as told_end
from (select mac, kind, event, min({received: received, index: index}) as receipt from envelope group by all) f
left join settings s on s.mac = f.mac;

-- Of several facts about one thing the one first received last is current.
create table current as
select * replace (
    case when in_utc then wall_of(zone, told_start) else told_start end as told_start,
    case when in_utc then wall_of(zone, told_end) else told_end end as told_end)
from fact
where kind in ('cc_cdr', 'cdr', 'ivr')
qualify row_number() over (
    partition by mac, kind, in_utc, event->>'start', event->>'uuid', event->>'uniqueid',
        event->>'queue', event->>'agent', event->>'destination', event->>'ivr_id'
    order by receipt desc, hash desc) = 1;

-- What the archive leaves out is unknown: null for a number, empty for a text.
create table told_call as
select mac, zone,
    event->>'uuid' as uuid,
    code_of(event->>'queue') as queue,
    agent_code(event->>'agent') as agent,
    timestamp_of(told_start) as start,
    start_of(zone, told_start, event->>'uuid') as start_at,
    told_end,
    coalesce(event->>'caller', '') as caller,
    coalesce(event->>'call_type', '') as call_type,
    lower(trimmed(event->>'cdr_state')) as cdr_state,
    duration_of(event->>'duration_seconds') as duration,
    duration_of(event->>'queue_seconds') as wait,
    duration_of(event->>'talk_seconds') as talk,
    duration_of(event->>'hold_seconds') as hold,
    duration_of(event->>'wrap_up_seconds') as wrap_up,
    duration_of(event->>'ring_seconds') as ring,
    coalesce((event->>'score')::bigint, 0) as score,
    not absent_code(event->>'voicemail_state') and lower(event->>'voicemail_state') not in ('no', 'false') as voicemail,
    not absent_code(event->>'forward_type') or not absent_code(event->>'forward_number') as forwarded,
    upper(trimmed(event->>'miss_cause')) as miss_cause,
    receipt.received as received,
    receipt.index as index,
    hash
from current
where kind = 'cc_cdr';

-- Where no end is known, or one before the start, a record lasts for its duration, else for
-- its wait and talk.
create table lasting_call as
select * exclude (told_end, ended_at, duration),
    case when ended_at >= start_at then ended_at
        else start_at + coalesce(duration, coalesce(wait, 0) + coalesce(talk, 0)) end as end_at,
    coalesce(clock_suspect(start, start_at, uuid, received), false) as suspect
from (select *, instant_of(zone, told_end, start_at) as ended_at from told_call);

-- "Two records of one uuid, queue and agent whose intervals overlap are one visit, restated:
-- the one first received last counts. Chains of overlaps are one visit; intervals that only
-- touch are two." No visit goes on over 06:00.
create table call_record as
with chained as (
    select *, (start - interval 6 hours)::date as night,
        coalesce(start_at >= max(end_at) over before and start_at > max(start_at) over before, true) as begins
    from lasting_call
    window before as (
        partition by mac, uuid, queue, agent, (start - interval 6 hours)::date
        order by start_at, end_at, hash rows between unbounded preceding and 1 preceding)
),
numbered as (
    select *, count(*) filter (begins) over (
        partition by mac, uuid, queue, agent, night
        order by start_at, end_at, hash rows between unbounded preceding and current row) as visit
    from chained
)
select * exclude (night, begins, visit)
from numbered
qualify row_number() over (
    partition by mac, uuid, queue, agent, night, visit order by received desc, index desc, hash desc) = 1;

create table cdr as
select *, coalesce(clock_suspect(start, start_at, uniqueid, received), false) as suspect
from (
    select mac,
        event->>'uniqueid' as uniqueid,
        coalesce(nullif(event->>'linkedid', ''), event->>'uniqueid') as call,
        timestamp_of(told_start) as start,
        start_of(zone, told_start, event->>'uniqueid') as start_at,
        coalesce(event->>'destination', '') as destination,
        coalesce(event->>'call_type', '') as call_type,
        upper(coalesce(event->>'disposition', '')) = 'ANSWERED' as answered,
        duration_of(event->>'billable_seconds') as billable,
        receipt.received as received,
        hash
    from current
    where kind = 'cdr'
);

create table ivr_step as
select *, coalesce(clock_suspect(start, start_at, uuid, received), false) as suspect
from (
    select mac,
        event->>'uuid' as uuid,
        coalesce(event->>'ivr_id', '') as ivr_id,
        timestamp_of(told_start) as start,
        start_of(zone, told_start, event->>'uuid') as start_at,
        coalesce(event->>'key', '') as key,
        receipt.received as received,
        hash
    from current
    where kind = 'ivr'
);

-- A login or logoff has no time of its own, but that of its receipt. Each receipt is one.
create table sign as
select distinct e.mac, coalesce(s.zone, 'UTC') as zone, agent_code(event->>'agent') as agent,
    kind = 'agentlogin' as login, received, hash_of(event) as hash
from envelope e
left join settings s on s.mac = e.mac
where kind in ('agentlogin', 'agentlogoff') and agent_code(event->>'agent') != '';

-- The directions of call types, whose case does not matter. Empty is internal.
create macro direction_of(call_type) as
    case when lower(call_type) in ('in', 'incoming', 'inbound') then 'inbound'
        when lower(call_type) in ('out', 'outgoing', 'outbound') then 'outbound'
        when lower(call_type) in ('', 'internal') then 'internal'
        else 'unrecognised' end;

-- "Read 6 h past midnight, and leave out what belongs to the day before": what starts before
-- 06:00 may belong to the day before.
create macro early(start) as start::time < time '06:00:00';
