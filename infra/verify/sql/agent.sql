-- The rows of agents: "the same rules by agentCode".

-- The records of queue calls that tried the agent, the agent's outbound records, and those of
-- direct calls: "inbound without a queue, of a uuid that has no queue record".
create table agent_record as
select * exclude (class), 'queue' as part from counted where scope = 'queue' and class = 'queue' and agent != ''
union all
select *, 'outbound' from part_record where scope = 'pbx' and direction = 'outbound' and agent != ''
union all
select c.* exclude (class), 'direct' from counted c
where scope = 'pbx' and class = 'direct' and agent != ''
    and not exists (from part_record q
        where q.scope = 'pbx' and q.mac = c.mac and q.day = c.day and q.uuid = c.uuid and q.queue != '');

-- An attempt lasted until another's answer where that came while it did, within 2 s.
create table ended_elsewhere as
select distinct r.mac, r.day, r.uuid, r.agent, r.queue, r.hash
from agent_record r
join counted a on a.scope = 'queue' and a.class = 'queue' and a.answers
    and a.mac = r.mac and a.day = r.day and a.uuid = r.uuid and a.agent != r.agent
where r.part = 'queue' and a.answer_at between r.start_at - 2 and r.end_at + 2;

-- "Occupancy = (talk, direct and outbound talk, hold and wrap-up within sessions) / login time."
create table busy_session as
with busy as (
    select r.mac, r.day, r.agent,
        end_at - coalesce(talk, 0)
            - case when part = 'queue' and not coalesce(s.talk_includes_hold, false) then coalesce(hold, 0) else 0 end as from_at,
        end_at + case when part = 'queue' then coalesce(wrap_up, 0) else 0 end as to_at
    from agent_record r
    left join settings s on s.mac = r.mac
),
within_session as (
    select s.id, s.day, greatest(b.from_at, s.from_at) as from_at, least(b.to_at, s.to_at) as to_at
    from session s
    join busy b on b.mac = s.mac and b.day = s.day and b.agent = s.agent
    where b.from_at < s.to_at and b.to_at > s.from_at
),
before as (
    select *, max(to_at) over (
        partition by id, day order by from_at, to_at rows between unbounded preceding and 1 preceding) as until
    from within_session
)
select id, day, sum(greatest(0, to_at - greatest(from_at, until))) as busy
from before
group by all;

create table agent_session as
select mac, day, agent,
    sum(to_at - from_at)::bigint as login_seconds,
    count(*) filter (unsure) as unsure_sessions,
    coalesce(sum(busy), 0)::bigint as busy_seconds,
    count(*) + count(*) filter (not unsure) as signs
from session
left join busy_session using (id, day)
group by all;

create view agent_kpi as
-- "An agent is tried once per call however often the phone rang; attempts counts the rings."
with call as (
    select mac, day, agent, uuid,
        count(*) filter (part = 'queue') as attempts,
        bool_or(answers) filter (part = 'queue') as answered,
        -- "Missed: did not answer it, and at least one attempt ended before another's answer,
        -- or nobody answered."
        bool_and(e.hash is not null) filter (part = 'queue') as elsewhere,
        bool_or(part = 'outbound') as outbound,
        bool_or(part = 'direct') as direct,
        sum(talk) filter (part = 'outbound') as outbound_talk,
        sum(talk) filter (part = 'direct') as direct_talk,
        sum(talk) filter (part = 'queue') as talk,
        sum(hold) filter (part = 'queue') as hold,
        sum(wrap_up) filter (part = 'queue') as wrap_up,
        -- Ring and score are the answering record's, else the longest and the earliest.
        coalesce(
            (min({start_at: start_at, hash: hash, ring: ring}) filter (answers and part = 'queue')).ring,
            max(ring) filter (part = 'queue')) as ring,
        coalesce(
            nullif((min({start_at: start_at, hash: hash, score: score}) filter (answers and part = 'queue')).score, 0),
            (min({start_at: start_at, hash: hash, score: score}) filter (score != 0 and part = 'queue')).score, 0) as score,
        count(*) as records,
        count(*) filter (suspect) as suspect
    from agent_record
    left join ended_elsewhere e using (mac, day, uuid, agent, queue, hash)
    group by all
),
tallied_call as (
    select mac, day, agent,
        count(*) filter (answered) as answered,
        count(*) filter (attempts > 0 and not answered and not elsewhere) as missed,
        count(*) filter (attempts > 0 and not answered and elsewhere) as answered_elsewhere,
        sum(attempts)::bigint as attempts,
        count(*) filter (outbound) as outbound_calls,
        sum(outbound_talk)::bigint as outbound_talk_seconds,
        count(*) filter (direct) as direct_calls,
        sum(direct_talk)::bigint as direct_talk_seconds,
        sum(talk)::bigint as talk_seconds, max(talk)::bigint as talk_max_seconds,
        sum(hold)::bigint as hold_seconds, max(hold)::bigint as hold_max_seconds,
        sum(wrap_up)::bigint as wrap_up_seconds, max(wrap_up)::bigint as wrap_up_max_seconds,
        sum(ring)::bigint as ring_seconds, max(ring)::bigint as ring_max_seconds,
        count(*) filter (score > 0) as rated,
        sum(score) filter (score > 0)::bigint as score_sum,
        avg(score) filter (score > 0) as score_mean,
        list(score) filter (score > 0) as scores,
        sum(records)::bigint as records, sum(suspect)::bigint as clock_suspect
    from call
    group by all
)
select mac, day, agent,
    coalesce(answered, 0) as answered, coalesce(missed, 0) as missed, coalesce(answered_elsewhere, 0) as answered_elsewhere,
    coalesce(attempts, 0) as attempts,
    coalesce(outbound_calls, 0) as outbound_calls, coalesce(outbound_talk_seconds, 0) as outbound_talk_seconds,
    coalesce(direct_calls, 0) as direct_calls, coalesce(direct_talk_seconds, 0) as direct_talk_seconds,
    coalesce(talk_seconds, 0) as talk_seconds, coalesce(talk_max_seconds, 0) as talk_max_seconds,
    coalesce(hold_seconds, 0) as hold_seconds, coalesce(hold_max_seconds, 0) as hold_max_seconds,
    reported(wrap_up_seconds, wrap_up_max_seconds) as wrap_up_seconds,
    coalesce(wrap_up_max_seconds, 0) as wrap_up_max_seconds,
    coalesce(ring_seconds, 0) as ring_seconds, coalesce(ring_max_seconds, 0) as ring_max_seconds,
    coalesce(rated, 0) as rated, coalesce(score_sum, 0) as score_sum, score_mean,
    histogram_of(coalesce(scores, [])) as score_distribution,
    login_seconds, coalesce(unsure_sessions, 0) as unsure_sessions,
    coalesce(busy_seconds, 0) as busy_seconds,
    ratio(busy_seconds, login_seconds) as occupancy,
    coalesce(records, 0) + coalesce(signs, 0) as inputs_records, coalesce(clock_suspect, 0) as clock_suspect
from tallied_call
full join agent_session using (mac, day, agent);
