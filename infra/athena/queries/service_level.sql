-- How well were callers served, by month and site?
--
-- Asks of the days '{{.First}}' to '{{.Last}}'.
-- Counts queue calls: one that went through two queues counts in both. The service level is
-- the share of the answered and abandoned calls that was answered within the PBX's threshold.
-- The second one leaves out calls that were abandoned short. The third one is the share of all
-- offered calls. An answered call whose wait is unknown is in neither part of
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
    {{ratio "sum(k.answered_within_threshold)" "sum(k.answered_wait_known + k.abandoned)"}} as service_level,
    {{ratio "sum(k.answered_within_threshold)" "sum(k.answered_wait_known + k.abandoned - k.short_abandoned)"}} as service_level_excluding_short_abandoned,
    {{ratio "sum(k.answered_within_threshold)" "sum(k.offered - k.answered + k.answered_wait_known)"}} as service_level_of_offered,
    {{ratio "sum(k.abandoned)" "sum(k.answered + k.abandoned)"}} as abandonment_rate,
    {{ratio "sum(k.answered_wait_seconds)" "sum(k.answered_wait_known)"}} as asa_seconds,
    {{ratio "sum(k.handle_seconds)" "sum(k.handled)"}} as aht_seconds
from queue_kpi k
left join dim_site s on s.mac = k.mac
where k.dt between '{{.First}}' and '{{.Last}}'
group by 1, 2
order by 1, 2;
