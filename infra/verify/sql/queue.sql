-- The rows of queues.

-- Calls that are no customers' calls are counted apart, by their classes.
create view queue_apart as
select mac, day, queue,
    count(*) filter (class = 'outbound') as outbound,
    count(*) filter (class = 'internal') as internal,
    count(*) filter (class = 'unrecognised') as unrecognised
from (select distinct mac, day, queue, uuid, class from counted where scope = 'queue')
group by all;

create view queue_kpi as
select f.* exclude (scope), a.outbound, a.internal, a.unrecognised, b.records as inputs_records, b.clock_suspect
from figures_of_day f
join basis b on b.scope = 'queue' and b.mac = f.mac and b.day = f.day and b.queue = f.queue
join queue_apart a on a.mac = f.mac and a.day = f.day and a.queue = f.queue
where f.scope = 'queue';
