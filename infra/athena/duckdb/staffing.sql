-- Which quarter hours are the busiest, and how many agents do they need?
--
-- Asks of the days '2026-10-01' to '2026-10-31', and lists 50 quarter hours.
-- Counts queue calls by the quarter hour in which they began, by the PBX's clock; weekdays
-- are from 1 (Monday) to 7. The days are those of the weekday on which the queue was called
-- at all. The offered load, in Erlang, is how many agents would be busy at any moment if every
-- call were answered: calls of a quarter hour on average, times the queue's handle time (talk,
-- hold and wrap-up of all its answered calls in these days), by 900 seconds. A hint at the
-- agents it takes is the load, and 1 times its square root. Where no handle time
-- is known both are null.
with day_of_queue as (
    select mac, queue, isodow(day) as weekday, count(*) as days
    from queue_kpi
    where dt between '2026-10-01' and '2026-10-31' and offered > 0
    group by 1, 2, 3
),
handling as (
    select mac, queue, cast(sum(handle_seconds) as double) / nullif(sum(handled), 0) as aht_seconds
    from queue_kpi
    where dt between '2026-10-01' and '2026-10-31'
    group by mac, queue
),
quarter as (
    select mac, queue, isodow(day) as weekday, start, sum(offered) as offered, max(offered) as offered_most
    from queue_intervals
    where dt between '2026-10-01' and '2026-10-31'
    group by 1, 2, 3, 4
),
load as (
    select t.mac, t.queue, t.weekday, t.start, d.days, t.offered, t.offered_most, h.aht_seconds,
        cast(t.offered as double) / nullif(d.days, 0) as offered_per_day,
        cast(t.offered as double) / nullif(d.days, 0) * h.aht_seconds / 900 as load_erlang
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
    cast(ceil(l.load_erlang + 1 * sqrt(l.load_erlang)) as bigint) as agents_hint
from load l
left join dim_site s on s.mac = l.mac
left join dim_queue q on q.mac = l.mac and q.queue = l.queue
order by l.offered_per_day desc, l.mac, l.queue, l.weekday, l.start
limit 50;
