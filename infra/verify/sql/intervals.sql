-- The counts by the 15 minutes of the PBX's clock in which the calls began, and the calls by
-- whole seconds of wait.

create view intervals as
select scope, mac, day, queue, minute,
    format('{:02d}:{:02d}', minute // 60, minute % 60) as start,
    offered, answered, answered_wait_unknown, abandoned, short_abandoned, voicemail, flowed_out, unknown,
    columns('service_level.*'),
    answered_within_threshold, abandoned_within_threshold, asa_seconds,
    answered_wait_known, answered_wait_seconds, abandoned_wait_known, abandoned_wait_seconds
from figures
where by_minute;

create view queue_intervals as select * exclude (scope) from intervals where scope = 'queue';

create view pbx_intervals as select * exclude (scope, queue) from intervals where scope = 'pbx';

-- Where the wait is known. Those of the abandoned calls that may be short, at some threshold,
-- stand there once more.
create view all_waits as
select scope, mac, day, queue, outcome, wait as wait_seconds, count(*) as calls
from (
    select * from tallied where outcome in ('answered', 'abandoned')
    union all by name
    select * replace ('gave_up' as outcome) from tallied where gave_up
)
where wait is not null
group by all;

create view wait_histogram as select * exclude (scope) from all_waits where scope = 'queue';

create view pbx_wait_histogram as select * exclude (scope, queue) from all_waits where scope = 'pbx';
