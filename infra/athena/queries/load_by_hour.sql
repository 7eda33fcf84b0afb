-- When do callers call, by weekday and hour?
--
-- Asks of the days '{{.First}}' to '{{.Last}}'.
-- Counts queue calls by the hour in which they began, by the PBX's clock; weekdays are from
-- 1 (Monday) to 7. Each day on which any PBX of the site sent anything counts among days,
-- also where nobody called in that hour. The service level leaves out answered calls whose
-- wait is unknown.
with day_of_site as (
    select coalesce(s.site, '') as site, {{weekday "k.day"}} as weekday, count(distinct k.dt) as days
    from pbx_kpi k
    left join dim_site s on s.mac = k.mac
    where k.dt between '{{.First}}' and '{{.Last}}'
    group by 1, 2
),
hour_of_site as (
    select coalesce(s.site, '') as site,
        {{weekday "i.day"}} as weekday,
        cast(floor(i.minute / 60) as bigint) as hour,
        sum(i.offered) as offered,
        sum(i.answered) as answered,
        sum(i.abandoned) as abandoned,
        sum(i.answered_wait_known) as wait_known,
        sum(i.answered_within_threshold) as within_threshold
    from queue_intervals i
    left join dim_site s on s.mac = i.mac
    where i.dt between '{{.First}}' and '{{.Last}}'
    group by 1, 2, 3
)
select h.site,
    h.weekday,
    h.hour,
    d.days,
    h.offered,
    h.answered,
    h.abandoned,
    {{ratio "h.offered" "d.days"}} as offered_per_day,
    {{ratio "h.within_threshold" "(h.wait_known + h.abandoned)"}} as service_level
from hour_of_site h
join day_of_site d on d.site = h.site and d.weekday = h.weekday
order by h.site, h.weekday, h.hour;
