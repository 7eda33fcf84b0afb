-- How well were callers served, by month and site?
--
-- Asks of the days '2026-10-01' to '2026-10-31'.
-- Counts queue calls: one that went through two queues counts in both. The service level is
-- the share that was answered within the threshold that held for the PBX, of what was
-- answered and abandoned; the second one leaves out what was abandoned short, and the third
-- is of all that was offered. An answered call whose wait is unknown is in neither part of
-- them. A PBX without a site counts under the empty one.
select substr(k.dt, 1, 7) as month,
    coalesce(s.site, '') as site,
    count(distinct k.mac) as pbxs,
    sum(k.offered) as offered,
    sum(k.answered) as answered,
    sum(k.answered - k.answered_wait_known) as answered_wait_unknown,
    sum(k.abandoned) as abandoned,
    sum(k.short_abandoned) as short_abandoned,
    sum(k.voicemail) as voicemail,
    sum(k.flowed_out) as flowed_out,
    sum(k.unknown) as unknown,
    cast(sum(k.answered_within_threshold) as double) / nullif(sum(k.answered_wait_known + k.abandoned), 0) as service_level,
    cast(sum(k.answered_within_threshold) as double) / nullif(sum(k.answered_wait_known + k.abandoned - k.short_abandoned), 0) as service_level_excluding_short_abandoned,
    cast(sum(k.answered_within_threshold) as double) / nullif(sum(k.offered - k.answered + k.answered_wait_known), 0) as service_level_of_offered,
    cast(sum(k.abandoned) as double) / nullif(sum(k.answered + k.abandoned), 0) as abandonment_rate,
    cast(sum(k.answered_wait_seconds) as double) / nullif(sum(k.answered_wait_known), 0) as asa_seconds,
    cast(sum(k.handle_seconds) as double) / nullif(sum(k.handled), 0) as aht_seconds
from queue_kpi k
left join dim_site s on s.mac = k.mac
where k.dt between '2026-10-01' and '2026-10-31'
group by 1, 2
order by 1, 2;
