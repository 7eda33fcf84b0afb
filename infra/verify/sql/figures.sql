-- The rows of queues and PBXs, and the figures of their calls in the columns in which they
-- are published.

-- Each row's records, by scope: those that count and those that do not.
create table basis as
select scope, mac, day, case when scope = 'queue' then queue end as queue,
    count(*) as records, count(*) filter (suspect) as clock_suspect
from part_record
group by all;

-- The day of each plain record: it too belongs to the day before if it starts early, and the
-- call has a record there. A menu belongs to the day on which it starts.
create table cdr_day as
select *,
    start::date - case when early(start) and exists (
        from cdr b where b.mac = cdr.mac and b.call = cdr.call and b.start::date = cdr.start::date - 1)
        then 1 else 0 end as day
from cdr;

create view plain_record as
select mac, day, suspect from cdr_day
union all
select mac, start::date, suspect from ivr_step;

-- A row for each queue that has records, and for each PBX: of the days on which it has any.
-- A row without queue calls counts 0.
create table row_of as
select scope, mac, day, queue from basis where scope = 'queue'
union all
select distinct 'pbx', mac, day, null
from (
    select mac, day from basis where scope = 'pbx'
    union all
    select mac, day from plain_record
);

-- Counts and sums of the day and of each 15 minutes of the PBX's clock (by_minute), at the
-- thresholds T for service levels and S for short-abandoned calls.
create table tally as
with call as (
    select r.*, c.* exclude (scope, mac, day, queue),
        hour(start) * 60 + minute(start) // 15 * 15 as minute,
        coalesce(s.t, 20) as t, coalesce(s.s, 10) as s, coalesce(s.talk_includes_hold, false) as talk_includes_hold
    from row_of r
    left join tallied c on c.scope = r.scope and c.mac = r.mac and c.day = r.day and c.queue is not distinct from r.queue
    left join settings s on s.mac = r.mac
)
select scope, mac, day, queue, minute, t, s, any_value(talk_includes_hold) as talk_includes_hold,
    grouping(minute) = 0 as by_minute,
    count(uuid) as offered,
    count(*) filter (outcome = 'answered') as answered,
    count(*) filter (outcome = 'answered' and wait is null) as answered_wait_unknown,
    count(*) filter (outcome = 'abandoned') as abandoned,
    count(*) filter (gave_up and wait < s) as short_abandoned,
    count(*) filter (outcome = 'voicemail') as voicemail,
    count(*) filter (outcome = 'flowed_out') as flowed_out,
    count(*) filter (outcome = 'unknown') as unknown,
    count(*) filter (outcome = 'answered' and wait <= t) as answered_within, -- "within T" means wait ≤ T
    count(*) filter (outcome = 'abandoned' and wait <= t) as abandoned_within,
    coalesce(sum(visits), 0)::bigint as visits,
    coalesce(sum(wait), 0)::bigint as wait, max(wait) as wait_max,
    coalesce(sum(talk), 0)::bigint as talk, coalesce(max(talk), 0) as talk_max,
    coalesce(sum(hold), 0)::bigint as hold, coalesce(max(hold), 0) as hold_max,
    coalesce(sum(wrap_up), 0)::bigint as wrap_up, coalesce(max(wrap_up), 0) as wrap_up_max,
    coalesce(sum(ring), 0)::bigint as ring, coalesce(max(ring), 0) as ring_max,
    -- AHT is of "answered calls with known talk"; a device setting says when talk already
    -- includes hold.
    count(talk) filter (outcome = 'answered') as handled,
    coalesce(sum(talk + coalesce(wrap_up, 0) + case when talk_includes_hold then 0 else coalesce(hold, 0) end)
        filter (outcome = 'answered'), 0)::bigint as handle_seconds,
    coalesce(list(wait order by wait) filter (outcome = 'answered' and wait is not null), []) as answered_waits,
    coalesce(list(wait order by wait) filter (outcome = 'abandoned' and wait is not null), []) as abandoned_waits,
    coalesce(list(score order by score) filter (score > 0), []) as scores,
    coalesce(flatten(list(miss_causes) filter (outcome != 'answered')), []) as miss_causes,
    len(list_distinct(flatten(coalesce(list(agents) filter (agents is not null), [])))) as agents
from call
group by grouping sets ((scope, mac, day, queue, t, s), (scope, mac, day, queue, t, s, minute))
having not by_minute or offered > 0;

-- "A ratio with denominator 0 is null, never 0 or 100 %."
create macro ratio(a, b) as case when b != 0 then a::double / b end;

-- Nearest rank: the least value that at least p per cent do not exceed. Sorted lists only.
create macro percentile(sorted, p) as sorted[(len(sorted) * p + 99) // 100];

-- "An all-zero pauseTime is 'not reported'."
create macro reported(total, greatest_one) as case when greatest_one > 0 then total end;

create macro histogram_of(list_of) as
    map_from_entries([{k: v::varchar, v: len(list_filter(list_of, lambda o: o = v))} for v in list_distinct(list_of)]);

-- "An answered call whose wait is unknown is in neither part of a service level."
create view figures as
with of_known_wait as (
    select *, answered - answered_wait_unknown as a, offered - answered_wait_unknown as n from tally
)
select scope, mac, day, queue, minute, by_minute,
    offered, answered, answered_wait_unknown, abandoned, short_abandoned, voicemail, flowed_out, unknown,
    ratio(answered_within, a + abandoned) as service_level,
    ratio(answered_within, a + abandoned - short_abandoned) as service_level_excluding_short_abandoned,
    ratio(answered_within, n) as service_level_of_offered,
    ratio(answered_within, a) as service_level_answered_only,
    ratio(answered_within, a + abandoned - abandoned_within) as service_level_excluding_abandoned_within_threshold,
    ratio(answered_within, a + abandoned + flowed_out) as service_level_including_flow_out,
    ratio(answered_within + abandoned_within, a + abandoned)
        as service_level_abandoned_within_threshold_counts_as_met,
    t as service_level_threshold_seconds,
    s as short_abandon_threshold_seconds,
    answered_within as answered_within_threshold,
    abandoned_within as abandoned_within_threshold,
    ratio(abandoned, answered + abandoned) as abandonment_rate,
    ratio(abandoned, offered) as abandonment_rate_of_offered,
    ratio(list_sum(answered_waits), len(answered_waits)) as asa_seconds,
    len(answered_waits) as answered_wait_known, coalesce(list_sum(answered_waits), 0)::bigint as answered_wait_seconds,
    len(abandoned_waits) as abandoned_wait_known, coalesce(list_sum(abandoned_waits), 0)::bigint as abandoned_wait_seconds,
    ratio(handle_seconds, handled) as aht_seconds,
    handled, handle_seconds,
    wait as wait_seconds, coalesce(wait_max, 0) as wait_max_seconds,
    talk as talk_seconds, talk_max as talk_max_seconds,
    hold as hold_seconds, hold_max as hold_max_seconds,
    reported(wrap_up, wrap_up_max) as wrap_up_seconds, wrap_up_max as wrap_up_max_seconds,
    ring as ring_seconds, ring_max as ring_max_seconds,
    wait_max as longest_wait_seconds,
    ratio(list_sum(abandoned_waits), len(abandoned_waits)) as abandoned_wait_mean_seconds,
    list_max(abandoned_waits) as abandoned_wait_longest_seconds,
    percentile(answered_waits, 50) as wait_p50_seconds,
    percentile(answered_waits, 90) as wait_p90_seconds,
    percentile(answered_waits, 95) as wait_p95_seconds,
    len(scores) as rated,
    coalesce(list_sum(scores), 0)::bigint as score_sum,
    ratio(list_sum(scores), len(scores)) as score_mean,
    histogram_of(scores) as score_distribution,
    histogram_of(miss_causes) as miss_causes,
    len(list_filter(miss_causes, lambda c: c = 'NO_ASSIGN')) as miss_no_assign,
    len(list_filter(miss_causes, lambda c: c = 'NO_AGENT_ANSWER')) as miss_no_agent_answer,
    len(list_filter(miss_causes, lambda c: c = 'NO_AGENT_LOGIN')) as miss_no_agent_login,
    len(list_filter(miss_causes, lambda c: c = 'MEMBER_CANCEL')) as miss_member_cancel,
    len(list_filter(miss_causes, lambda c: c not in (
        'NO_ASSIGN', 'NO_AGENT_ANSWER', 'NO_AGENT_LOGIN', 'MEMBER_CANCEL'))) as miss_other,
    visits, agents
from of_known_wait;

-- The figures of the whole day.
create view figures_of_day as select * exclude (minute, by_minute) from figures where not by_minute;
