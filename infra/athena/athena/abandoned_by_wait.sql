-- How long do callers wait before they give up?
--
-- Asks of the days '2026-10-01' to '2026-10-31'.
-- Counts queue calls whose wait is known, by that wait. still_waiting are the answered and
-- abandoned calls that waited at least as long as the bucket begins; hazard is the share of
-- them that was abandoned within it. The waits of gave_up are among those of abandoned.
with bucketed as (
    select mac, outcome, calls,
        case when wait_seconds < 5 then 0
            when wait_seconds < 10 then 5
            when wait_seconds < 20 then 10
            when wait_seconds < 30 then 20
            when wait_seconds < 60 then 30
            when wait_seconds < 120 then 60
            when wait_seconds < 300 then 120
            when wait_seconds < 600 then 300
            else 600 end as from_seconds
    from wait_histogram
    where dt between '2026-10-01' and '2026-10-31' and outcome in ('answered', 'abandoned')
),
counted as (
    select coalesce(s.site, '') as site, b.from_seconds,
        sum(case when b.outcome = 'abandoned' then b.calls else 0 end) as abandoned,
        sum(case when b.outcome = 'answered' then b.calls else 0 end) as answered
    from bucketed b
    left join dim_site s on s.mac = b.mac
    group by 1, 2
),
remaining as (
    select site, from_seconds, abandoned, answered,
        sum(abandoned + answered) over (partition by site order by from_seconds desc) as still_waiting,
        sum(abandoned) over (partition by site) as all_abandoned
    from counted
)
select site,
    from_seconds,
    abandoned,
    answered,
    still_waiting,
    cast(abandoned as double) / nullif(still_waiting, 0) as hazard,
    cast(abandoned as double) / nullif(all_abandoned, 0) as share_of_abandoned
from remaining
order by site, from_seconds;
