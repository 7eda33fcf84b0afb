-- The rows of agents: "the same rules by agentCode".

create view agent_kpi as
with record as (
    -- The records of queue calls that tried the agent, and the agent's outbound records.
    select * exclude (class), false as outbound from counted where scope = 'queue' and class = 'queue' and agent != ''
    union all
    select *, true from part_record where scope = 'pbx' and direction = 'outbound' and agent != ''
),
-- "An agent is tried once per call however often the phone rang; attempts counts the rings."
call as (
    select mac, day, agent, uuid,
        count(*) filter (not outbound) as attempts,
        bool_or(answers) filter (not outbound) as answered,
        bool_or(outbound) as outbound,
        sum(talk) filter (outbound) as outbound_talk,
        sum(talk) filter (not outbound) as talk,
        sum(hold) filter (not outbound) as hold,
        sum(wrap_up) filter (not outbound) as wrap_up,
        -- Ring and score are the answering record's, else the longest and the earliest.
        coalesce(
            (min({start: start, hash: hash, ring: ring}) filter (answers and not outbound)).ring,
            max(ring) filter (not outbound)) as ring,
        coalesce(
            nullif((min({start: start, hash: hash, score: score}) filter (answers and not outbound)).score, 0),
            (min({start: start, hash: hash, score: score}) filter (score != 0 and not outbound)).score, 0) as score,
        count(*) as records,
        count(*) filter (clock_suspect(start, received)) as clock_suspect
    from record
    group by all
)
select mac, day, agent,
    count(*) filter (answered) as answered,
    count(*) filter (attempts > 0 and not answered) as tried_not_answered,
    sum(attempts)::bigint as attempts,
    count(*) filter (outbound) as outbound_calls,
    coalesce(sum(outbound_talk), 0)::bigint as outbound_talk_seconds,
    coalesce(sum(talk), 0)::bigint as talk_seconds, coalesce(max(talk), 0)::bigint as talk_max_seconds,
    coalesce(sum(hold), 0)::bigint as hold_seconds, coalesce(max(hold), 0)::bigint as hold_max_seconds,
    reported(coalesce(sum(wrap_up), 0)::bigint, coalesce(max(wrap_up), 0)) as wrap_up_seconds,
    coalesce(max(wrap_up), 0)::bigint as wrap_up_max_seconds,
    coalesce(sum(ring), 0)::bigint as ring_seconds, coalesce(max(ring), 0)::bigint as ring_max_seconds,
    count(*) filter (score > 0) as rated,
    coalesce(sum(score) filter (score > 0), 0)::bigint as score_sum,
    avg(score) filter (score > 0) as score_mean,
    histogram_of(coalesce(list(score) filter (score > 0), [])) as score_distribution,
    sum(records)::bigint as inputs_records, sum(clock_suspect)::bigint as clock_suspect
from call
group by all;
