-- Can the figures be trusted, and is any day missing?
--
-- Asks of the days '{{.First}}' to '{{.Last}}'.
-- Counts, in a row for each PBX, also for one that sent nothing, the days that have rows.
-- silent_days are those between its first and last on which it sent nothing: holidays, or
-- a line that was down. Records are those that the rows were computed of; suspect ones claim
-- a time far from their receipt. unknown_rate and unrecognised_rate are of distinct calls
-- whose outcome, or call type, no rule knows; wait_known_rate is of the answered ones. A day
-- is restated whose rows were published again, after records that came late.
with published as (
    select mac,
        count(*) as days,
        min(day) as first_day,
        max(day) as last_day,
        date_diff('day', min(day), max(day)) + 1 - count(*) as silent_days,
        count(case when revision > 1 then 1 end) as restated_days,
        sum(inputs_records) as records,
        sum(clock_suspect) as clock_suspect,
        sum(offered) as offered,
        sum(unknown) as unknown,
        sum(unrecognised) as unrecognised,
        sum(answered) as answered,
        sum(answered_wait_known) as answered_wait_known,
        count(wrap_up_seconds) as days_with_wrap_up,
        max(computed_at) as computed_at
    from pbx_kpi
    where dt between '{{.First}}' and '{{.Last}}'
    group by mac
)
select coalesce(s.site, '') as site,
    coalesce(s.mac, p.mac) as mac,
    s.name,
    s.zone_inferred,
    s.disabled,
    coalesce(p.days, 0) as days,
    p.first_day,
    p.last_day,
    p.silent_days,
    p.restated_days,
    p.records,
    p.clock_suspect,
    {{ratio "p.clock_suspect" "p.records"}} as clock_suspect_rate,
    {{ratio "p.unknown" "p.offered"}} as unknown_rate,
    {{ratio "p.unrecognised" "(p.offered + p.unrecognised)"}} as unrecognised_rate,
    {{ratio "p.answered_wait_known" "p.answered"}} as wait_known_rate,
    p.days_with_wrap_up,
    p.computed_at
from dim_site s
full join published p on p.mac = s.mac
order by 1, 2;
