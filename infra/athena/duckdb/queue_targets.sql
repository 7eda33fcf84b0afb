-- Which queues met their targets, by month?
--
-- Asks of the days '2026-10-01' to '2026-10-31'.
-- Counts queue calls of the queues for which a target was set: so many percent of what was
-- answered and abandoned to be answered within so many seconds. The targets are those that
-- hold now, for past months too. An answered call whose wait is unknown is neither in time nor
-- late, and is left out. met is null for a month in which nothing is left.
with answered as (
    select h.mac, h.queue, substr(h.dt, 1, 7) as month, sum(h.calls) as within_target
    from wait_histogram h
    join dim_queue q on q.mac = h.mac and q.queue = h.queue
    where h.dt between '2026-10-01' and '2026-10-31' and h.outcome = 'answered' and h.wait_seconds <= q.target_seconds
    group by 1, 2, 3
),
counted as (
    select mac, queue, substr(dt, 1, 7) as month, sum(answered) as answered, sum(abandoned) as abandoned,
        sum(answered_wait_known + abandoned) as judged
    from queue_kpi
    where dt between '2026-10-01' and '2026-10-31'
    group by 1, 2, 3
)
select c.month,
    coalesce(s.site, '') as site,
    c.mac,
    c.queue,
    q.name,
    q.target_percent,
    q.target_seconds,
    c.answered,
    c.abandoned,
    coalesce(a.within_target, 0) as within_target,
    cast(coalesce(a.within_target, 0) as double) / nullif(c.judged, 0) as service_level,
    case when c.judged > 0
        then 100 * coalesce(a.within_target, 0) >= q.target_percent * c.judged end as met
from counted c
join dim_queue q on q.mac = c.mac and q.queue = c.queue
left join answered a on a.mac = c.mac and a.queue = c.queue and a.month = c.month
left join dim_site s on s.mac = c.mac
where q.target_percent is not null
order by c.month, 2, c.mac, c.queue;
