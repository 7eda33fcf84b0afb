-- Where do the keys of menus lead, and where do callers hang up?
--
-- Asks of the days '{{.First}}' to '{{.Last}}', and of events that came in up to {{.Late}}
-- days later.
-- Counts calls by the menus that they reached (events of the kind ivr, in raw/), the key that
-- was pressed there, and what came next. That is the queue that the event names, else the next
-- menu, else the next queue in the call's records. Otherwise it is a person without a queue
-- (direct), or nothing (hung_up). It is unknown if there is no record of the call. A call that
-- takes the same way twice counts once. Of several versions of an event the one counts that
-- was first received last.
with fact as (
    select mac, event, min({{instant "received"}}) as received
    from raw
    where kind = 'ivr' and dt between '{{.FirstReceived}}' and '{{.LastReceived}}'
    group by mac, event
),
version as (
    select mac, event, received,
        {{member "event" "uuid"}} as uuid,
        coalesce({{member "event" "ivr_id"}}, '') as ivr_id,
        {{member "event" "start"}} as started
    from fact
),
ranked as (
    select mac, event, uuid, ivr_id, started,
        row_number() over (partition by mac, uuid, ivr_id, started order by received desc, event desc) as place
    from version
),
step as (
    select mac, uuid, ivr_id, started,
        coalesce({{member "event" "ivr_name"}}, '') as ivr_name,
        coalesce({{member "event" "key"}}, '') as key,
        {{member "event" "queue"}} as named_queue,
        lead(ivr_id) over (partition by mac, uuid order by started, ivr_id) as next_menu
    from ranked
    where place = 1
),
record as (
    select mac, uuid, class, queue, start_local
    from calls
    where dt between '{{.FirstReceived}}' and '{{.Last}}'
),
followed as (
    select t.mac, t.uuid, t.ivr_id, t.started, t.ivr_name, t.key, t.named_queue, t.next_menu,
        min_by(r.queue, r.start_local) as next_queue
    from step t
    left join record r on r.mac = t.mac and r.uuid = t.uuid and r.queue is not null
        and r.start_local >= cast(replace(t.started, 'T', ' ') as timestamp)
    where substr(t.started, 1, 10) between '{{.First}}' and '{{.Last}}'
    group by 1, 2, 3, 4, 5, 6, 7, 8
),
ended as (
    select mac, uuid, max(class) as class, max(case when class = 'direct' then 1 else 0 end) as direct from record group by mac, uuid
),
path as (
    select f.mac, f.uuid, f.ivr_id, f.ivr_name, f.key,
        case when f.named_queue is not null then 'queue'
            when f.next_menu is not null then 'menu'
            when f.next_queue is not null then 'queue'
            when e.direct = 1 then 'direct'
            when e.class is not null then 'hung_up'
            else 'unknown' end as leads_to,
        coalesce(f.named_queue, f.next_menu, f.next_queue, '') as target
    from followed f
    left join ended e on e.mac = f.mac and e.uuid = f.uuid
),
counted as (
    select mac, ivr_id, max(ivr_name) as ivr_name, key, leads_to, target, count(distinct uuid) as calls
    from path
    group by mac, ivr_id, key, leads_to, target
)
select coalesce(s.site, '') as site,
    c.mac,
    c.ivr_id,
    c.ivr_name,
    c.key,
    c.leads_to,
    c.target,
    c.calls,
    {{ratio "c.calls" "sum(c.calls) over (partition by c.mac, c.ivr_id)"}} as share_of_menu
from counted c
left join dim_site s on s.mac = c.mac
order by 1, c.mac, c.ivr_id, c.key, c.leads_to, c.target;
