-- Which quarter hours are the busiest, and how many agents do they need?
--
-- Asks of the days '{{.First}}' to '{{.Last}}', and lists {{.Rows}} quarter hours.
-- Counts queue calls by the quarter hour in which they began, by the PBX's clock; weekdays
-- are from 1 (Monday) to 7. The days are those of the weekday on which the queue was called
-- at all. The offered load, in Erlang, is how many agents would be busy at any moment if every
-- call were answered. It is the average number of calls in a quarter hour, times the queue's
-- handle time, divided by 900 seconds. The handle time is talk, hold and wrap-up of all its
-- answered calls in these days. A hint at the agents needed is the load plus {{.Reserve}} times
-- its square root. If no handle time is known, both are null.
with day_of_queue as (
    select mac, queue, {{weekday "day"}} as weekday, count(*) as days
    from queue_kpi
    where dt between '{{.First}}' and '{{.Last}}' and offered > 0
    group by 1, 2, 3
),
handling as (
    select mac, queue, {{ratio "sum(handle_seconds)" "sum(handled)"}} as aht_seconds
    from queue_kpi
    where dt between '{{.First}}' and '{{.Last}}'
    group by mac, queue
),
quarter as (
    select mac, queue, {{weekday "day"}} as weekday, start, sum(offered) as offered, max(offered) as offered_most
    from queue_intervals
    where dt between '{{.First}}' and '{{.Last}}'
    group by 1, 2, 3, 4
),
load as (
    select t.mac, t.queue, t.weekday, t.start, d.days, t.offered, t.offered_most, h.aht_seconds,
        {{ratio "t.offered" "d.days"}} as offered_per_day,
        {{ratio "t.offered" "d.days"}} * h.aht_seconds / 900 as load_erlang
    from quarter t
    join day_of_queue d on d.mac = t.mac and d.queue = t.queue and d.weekday = t.weekday
    join handling h on h.mac = t.mac and h.queue = t.queue
)
select coalesce(s.site, '') as site,
    l.mac,
    l.queue,
    q.name,
    l.weekday,
    l.start,
    l.days,
    l.offered,
    l.offered_per_day,
    l.offered_most,
    l.aht_seconds,
    l.load_erlang,
    cast(ceil(l.load_erlang + {{.Reserve}} * sqrt(l.load_erlang)) as bigint) as agents_hint
from load l
left join dim_site s on s.mac = l.mac
left join dim_queue q on q.mac = l.mac and q.queue = l.queue
order by l.offered_per_day desc, l.mac, l.queue, l.weekday, l.start
limit {{.Rows}};
