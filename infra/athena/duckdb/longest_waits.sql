-- Who waited longest?
--
-- Asks of the days '2026-10-01' to '2026-10-31', and lists 50 calls.
-- Counts queue calls whose wait is known, whatever became of them. Times are those of the
-- PBX's clock.
select coalesce(s.site, '') as site,
    c.mac,
    c.queue,
    q.name as queue_name,
    c.start_local,
    c.uuid,
    c.caller,
    c.outcome,
    c.answered_by,
    a.name as agent_name,
    c.wait_seconds
from calls c
left join dim_site s on s.mac = c.mac
left join dim_queue q on q.mac = c.mac and q.queue = c.queue
left join dim_agent a on a.mac = c.mac and a.agent = c.answered_by
where c.dt between '2026-10-01' and '2026-10-31' and c.class = 'queue' and c.wait_seconds is not null
order by c.wait_seconds desc, c.start_utc, c.mac, c.uuid, c.queue
limit 50;
