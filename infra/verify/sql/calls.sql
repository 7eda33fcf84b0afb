-- Queue calls: what the contact centre's records (cc_cdr) of a uuid in a queue come to.

-- The day of each record: of the queue call (uuid and queue), and of the call (uuid) for the
-- whole PBX. It is the day on which it starts; or the day before, for an early one, if the
-- call has a record there.
create table part_record as
with day_of_queue_call as (select distinct mac, uuid, queue, start::date as day from call_record),
    day_of_call as (select distinct mac, uuid, day from day_of_queue_call),
    placed as (
        select 'queue' as scope,
            r.start::date - case when early(r.start) and before.day is not null then 1 else 0 end as day, r.*
        from call_record r
        left join day_of_queue_call before
            on before.mac = r.mac and before.uuid = r.uuid and before.queue = r.queue and before.day = r.start::date - 1
        where r.queue != ''
        union all
        select 'pbx', r.start::date - case when early(r.start) and before.day is not null then 1 else 0 end, r.*
        from call_record r
        left join day_of_call before
            on before.mac = r.mac and before.uuid = r.uuid and before.day = r.start::date - 1
    ),
    -- The agents of all records that are read for a day, whether or not they belong to it.
    agent_read as (
        select distinct mac, start::date as day, agent from call_record where agent != ''
        union
        select distinct mac, start::date - 1, agent from call_record where agent != '' and early(start)
    )
select p.*,
    -- "A caller that is also an agentCode in the records read for that day is internal."
    case when direction_of(call_type) = 'inbound' and a.agent is not null then 'internal'
        else direction_of(call_type) end as direction,
    -- Outcome, 1: talk, bridged or feedback; but not with an empty agentCode and a voicemail or
    -- forward on that record.
    (coalesce(talk, 0) > 0 or cdr_state in ('bridged', 'feedback'))
        and not (p.agent = '' and (voicemail or forwarded)) as answers
from (
    -- A call begins with the earliest of all its records, also of those that do not count.
    select *, min(start) over (partition by scope, mac, day, uuid, queue) as call_start from placed
) p
left join agent_read a on a.mac = p.mac and a.day = p.day and a.agent = p.caller;

-- The class of a queue call (or of the part of a call that saw no queue) is the first that
-- one of its records has, and the records of that direction count: "inbound counts; outbound
-- never does; internal and unrecognised are counted apart".
create table counted as
select *,
    case when direction != 'inbound' then direction
        when queue != '' then 'queue'
        when bool_and(cdr_state = 'ivr') over part then 'ivr_only'
        else 'direct' end as class
from (
    select * from part_record
    qualify rank() over (
        partition by scope, mac, day, uuid, queue
        order by list_position(['inbound', 'outbound', 'internal', 'unrecognised'], direction)) = 1
)
window part as (partition by scope, mac, day, uuid, queue);

-- Nobody but the caller ended it.
create macro only_cancelled(miss_causes) as len(list_filter(miss_causes, lambda c: c != 'MEMBER_CANCEL')) = 0;

-- What the records of a queue call come to.
create table part as
with summed as (
    select scope, mac, day, uuid, queue, any_value(class) as class,
        any_value(call_start) as start,
        max({start: start, "end": "end"}) as last,
        count(distinct start) as visits,
        list(distinct agent) filter (agent != '') as agents,
        -- "The answering record is the earliest one that satisfies 1, by startTime, agent, hash."
        min({start: start, agent: agent, hash: hash, wait: wait, ring: ring, score: score}) filter (answers) as answering,
        max(wait) as longest_wait,
        max(ring) as longest_ring,
        sum(talk)::bigint as talk,
        sum(hold)::bigint as hold,
        sum(wrap_up)::bigint as wrap_up,
        min({start: start, agent: agent, hash: hash, score: score}) filter (score != 0) as scored,
        coalesce(list(distinct miss_cause) filter (miss_cause != ''), []) as miss_causes,
        bool_or(voicemail) as voicemail,
        bool_or(forwarded) as forwarded,
        bool_or(cdr_state = 'ivr' and wait > 0) as back_to_menu,
        bool_or(cdr_state = 'queue') as in_queue
    from counted
    group by all
),
went_on as ( -- "a record of the uuid in another queue whose (startTime, endTime) is greater than all of its own"
    select distinct s.scope, s.mac, s.day, s.uuid, s.queue
    from summed s
    join call_record r on r.mac = s.mac and r.uuid = s.uuid and r.queue not in ('', s.queue)
    where r.start < s.day + 1 + interval 6 hours
        and {start: r.start, "end": r."end"} > s.last
),
decided as (
    select s.*,
        case when answering is not null then 'answered'
            when voicemail then 'voicemail'
            when forwarded or w.uuid is not null or back_to_menu then 'flowed_out'
            when in_queue then 'abandoned'
            else 'unknown' end as outcome
    from summed s
    left join went_on w using (scope, mac, day, uuid, queue)
)
select *,
    -- "Wait = queueTime of the answering record, else the longest queueTime of the group."
    coalesce(answering.wait, longest_wait) as wait,
    coalesce(answering.ring, longest_ring) as ring,
    coalesce(nullif(answering.score, 0), scored.score, 0) as score,
    -- "missCause empty or MEMBER_CANCEL (an unstaffed desk is no excuse)"
    outcome = 'abandoned' and only_cancelled(miss_causes) as gave_up
from decided;

-- The calls that are tallied: in a queue's scope its queue calls, in the PBX's (queue null)
-- the distinct calls. "A call in two queues is one call; waits are summed over queues;
-- answered if answered anywhere", else its outcome is that of the queue where it was last.
-- Ring and score are those of the queue where it was answered; else the longest ring, and the
-- score of the queue that has the earliest.
create table tallied as
select scope, mac, day, queue, uuid, start, visits, agents, outcome, gave_up, wait, talk, hold, wrap_up, ring, score, miss_causes
from part
where scope = 'queue' and class = 'queue'
union all by name
select 'pbx' as scope, mac, day, null as queue, uuid,
    start_of_all as start,
    sum(visits)::bigint as visits,
    list_distinct(flatten(coalesce(list(agents) filter (agents is not null), []))) as agents,
    decisive.outcome as outcome,
    decisive.outcome = 'abandoned' and only_cancelled(list_distinct(flatten(list(miss_causes)))) as gave_up,
    sum(wait)::bigint as wait,
    sum(talk)::bigint as talk,
    sum(hold)::bigint as hold,
    sum(wrap_up)::bigint as wrap_up,
    case when decisive.outcome = 'answered' then decisive.ring else max(ring) end as ring,
    coalesce(
        case when decisive.outcome = 'answered' then nullif(decisive.score, 0) end,
        arg_min(score, scored) filter (scored is not null), 0) as score,
    list_distinct(flatten(list(miss_causes))) as miss_causes
from (
    select p.*, b.start_of_all,
        first({outcome: outcome, ring: ring, score: score}) over (
            partition by mac, day, uuid
            order by answering is null, answering, last desc, queue) as decisive
    from part p
    join (select mac, day, uuid, min(start) as start_of_all from part_record where scope = 'pbx' group by all) b
        using (mac, day, uuid)
    where scope = 'pbx' and class = 'queue'
)
group by mac, day, uuid, start_of_all, decisive;
