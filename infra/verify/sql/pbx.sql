-- The rows of whole PBXs: distinct calls, also those that saw no queue, and those of the
-- plain call detail records.

-- A call that saw no queue counts once, by the first of these classes that one of its parts
-- has.
create view pbx_apart as
select mac, day,
    count(*) filter (class = 'ivr_only') as ivr_only,
    count(*) filter (class = 'direct') as direct,
    count(*) filter (class = 'outbound') as outbound,
    count(*) filter (class = 'internal') as internal,
    count(*) filter (class = 'unrecognised') as unrecognised
from (
    select mac, day, uuid,
        (['queue', 'direct', 'ivr_only', 'outbound', 'internal', 'unrecognised'])[
            min(list_position(['queue', 'direct', 'ivr_only', 'outbound', 'internal', 'unrecognised'], class))] as class
    from counted
    where scope = 'pbx'
    group by all
)
group by all;

-- Calls of the plain records. Records of one linkedid are legs of one call. It is answered if one
-- of its legs is. Its direction is that of its earliest leg, its billable time that of its longest.
create view cdr_counts as
select mac, day,
    count(*) as cdr_calls,
    count(*) filter (answered) as cdr_answered,
    count(*) filter (direction = 'inbound') as cdr_inbound,
    count(*) filter (direction = 'outbound') as cdr_outbound,
    count(*) filter (direction = 'internal') as cdr_internal,
    count(*) filter (direction = 'unrecognised') as cdr_unrecognised,
    sum(billable)::bigint as cdr_billable_seconds
from (
    select mac, day, call, bool_or(answered) as answered, coalesce(max(billable), 0) as billable,
        direction_of(arg_min(call_type, {start_at: start_at, hash: hash})) as direction
    from cdr_day
    group by all
)
group by all;

-- How many calls pressed which key in which menu.
create view ivr_choices as
select mac, start::date as day, ivr_id, key, count(distinct uuid) as calls
from ivr_step
group by all;

create view pbx_kpi as
with basis_of_pbx as (
    select mac, day, sum(records)::bigint as records, sum(clock_suspect)::bigint as clock_suspect
    from (
        select mac, day, records, clock_suspect from basis where scope = 'pbx'
        union all
        select mac, day, count(*), count(*) filter (suspect) from plain_record group by all
    )
    group by all
),
ivr as (
    select mac, day, list({ivr_id: ivr_id, key: key, calls: calls} order by ivr_id, key) as ivr
    from ivr_choices
    group by all
)
select f.* exclude (scope, queue), coalesce(columns(a.* exclude (mac, day)), 0), coalesce(columns(c.* exclude (mac, day)), 0),
    coalesce(i.ivr, []) as ivr,
    coalesce(b.records, 0) as inputs_records, coalesce(b.clock_suspect, 0) as clock_suspect
from figures_of_day f
left join pbx_apart a on a.mac = f.mac and a.day = f.day
left join cdr_counts c on c.mac = f.mac and c.day = f.day
left join ivr i on i.mac = f.mac and i.day = f.day
left join basis_of_pbx b on b.mac = f.mac and b.day = f.day
where f.scope = 'pbx';
