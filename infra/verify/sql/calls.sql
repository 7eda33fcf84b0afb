-- Queue calls: what the contact centre's records (cc_cdr) of a uuid in a queue come to.

-- The records that are read for a day: those that start on it, or until 06:00 of the next.
create table read_record as
with reach as (
    select start::date as read_for, * from call_record
    union all
    select start::date - 1, * from call_record where early(start)
),
agent_read as (select distinct mac, read_for, agent from reach where agent != '')
select r.*,
    -- "A caller that is also an agentCode in the records read for that day is internal."
    case when direction_of(call_type) = 'inbound' and a.agent is not null then 'internal'
        else direction_of(call_type) end as direction,
    -- Outcome, 1: talk, bridged or feedback; but not with an empty agentCode and a voicemail or
    -- forward on that record.
    (coalesce(talk, 0) > 0 or cdr_state in ('bridged', 'feedback'))
        and not (r.agent = '' and (voicemail or forwarded)) as answers,
    -- "The answer is at the earlier of start + queueTime and end − talk, as far as known."
    greatest(start_at, least(start_at + wait, end_at - talk)) as answer_at
from reach r
left join agent_read a on a.mac = r.mac and a.read_for = r.read_for and a.agent = r.caller;

-- The day of each record: of the queue call (uuid and queue), and of the call (uuid) for the
-- whole PBX. It is the day on which it starts; or the day before, for an early one, if the
-- call has a record there.
create table part_record as
with day_of_queue_call as (select distinct mac, uuid, queue, start::date as day from call_record),
    day_of_call as (select distinct mac, uuid, day from day_of_queue_call),
    placed as (
        select 'queue' as scope, r.*
        from read_record r
        left join day_of_queue_call before
            on before.mac = r.mac and before.uuid = r.uuid and before.queue = r.queue and before.day = r.start::date - 1
        where r.queue != ''
            and read_for = r.start::date - case when early(r.start) and before.day is not null then 1 else 0 end
        union all
        select 'pbx', r.*
        from read_record r
        left join day_of_call before
            on before.mac = r.mac and before.uuid = r.uuid and before.day = r.start::date - 1
        where read_for = r.start::date - case when early(r.start) and before.day is not null then 1 else 0 end
    )
-- A call begins with the earliest of all its records, also of those that do not count.
select *, arg_min(start, {start_at: start_at, start: start}) over (partition by scope, mac, day, uuid, queue) as call_start
from (select * rename (read_for as day) from placed);

-- The class of a queue call, or of the part of a call outside queues, is the first of these that
-- one of its records has. The records of that direction count: "inbound counts; outbound never
-- does; internal and unrecognised are counted apart".
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

-- Nobody but the caller ended it: "the last record's missCause is empty or MEMBER_CANCEL, and
-- no record has NO_AGENT_LOGIN or NO_ASSIGN (an unstaffed desk is no excuse)".
create macro only_cancelled(last_miss_cause, miss_causes) as
    last_miss_cause in ('', 'MEMBER_CANCEL') and not list_has_any(miss_causes, ['NO_AGENT_LOGIN', 'NO_ASSIGN']);

-- What the records of a queue call come to.
create table part as
with summed as (
    select scope, mac, day, uuid, queue, any_value(class) as class,
        any_value(call_start) as start,
        min(start_at) as first_at,
        -- The last record: "the greatest in (start, end), then the one received last".
        max({start_at: start_at, end_at: end_at, received: received, index: index, hash: hash, miss_cause: miss_cause}) as last,
        count(distinct start_at) as visits,
        list(distinct agent) filter (agent != '') as agents,
        -- "The answering record is the earliest one that satisfies 1, by startTime, agent, hash."
        min({start_at: start_at, agent: agent, hash: hash, wait: wait, ring: ring, score: score, answer_at: answer_at})
            filter (answers) as answering,
        min({shorter: -wait, start_at: start_at, agent: agent, hash: hash, wait: wait}) filter (wait is not null) as longest,
        max(ring) as longest_ring,
        sum(talk)::bigint as talk,
        sum(hold)::bigint as hold,
        sum(wrap_up)::bigint as wrap_up,
        min({start_at: start_at, agent: agent, hash: hash, score: score}) filter (score != 0) as scored,
        coalesce(list(distinct miss_cause) filter (miss_cause != ''), []) as miss_causes,
        bool_or(voicemail) as voicemail,
        bool_or(forwarded) as forwarded,
        bool_or(cdr_state = 'ivr' and wait > 0) as back_to_menu,
        bool_or(cdr_state = 'queue') as in_queue
    from counted
    group by all
),
-- A call flowed out if a record of its uuid in another queue has a (start, end) that is greater
-- than all of its own. Of two queues with equal start and end, the one that did not answer flowed
-- out to the one that did.
answered_in as (
    select distinct mac, read_for, uuid, queue from read_record
    where direction = 'inbound' and answers
),
went_on as (
    select distinct s.scope, s.mac, s.day, s.uuid, s.queue
    from summed s
    join read_record r on r.mac = s.mac and r.uuid = s.uuid and r.read_for = s.day and r.queue not in ('', s.queue)
    left join answered_in a on a.mac = r.mac and a.read_for = r.read_for and a.uuid = r.uuid and a.queue = r.queue
    where (r.start_at, r.end_at) > (s.last.start_at, s.last.end_at)
        or a.queue is not null and r.start_at = s.last.start_at and r.end_at = s.last.end_at
),
decided as (
    select s.*,
        case when answering is not null then 'answered'
            when voicemail then 'voicemail'
            when forwarded or w.uuid is not null or back_to_menu then 'flowed_out'
            when in_queue then 'abandoned'
            else 'unknown' end as outcome,
        -- "Wait = queueTime of the answering record, else the longest queueTime of the group."
        coalesce(answering.wait, longest.wait) as told_wait,
        case when answering.wait is not null then answering.start_at else longest.start_at end as told_from,
        -- "Where the call re-entered the queue before it was answered, from its first start in
        -- the queue until the answer, if that is longer."
        case when first_at < answering.start_at then answering.answer_at - first_at end as whole_wait
    from summed s
    left join went_on w using (scope, mac, day, uuid, queue)
)
select *,
    greatest(told_wait, whole_wait) as wait,
    case when whole_wait > coalesce(told_wait, -1) then first_at else told_from end as waited_from,
    coalesce(answering.ring, longest_ring) as ring,
    coalesce(nullif(answering.score, 0), scored.score, 0) as score,
    outcome = 'abandoned' and only_cancelled(last.miss_cause, miss_causes) as gave_up
from decided;

-- The waits of the whole PBX's calls: "the length of the union of its queues' waiting
-- intervals, cut at the first answer".
create table waited as
with queue_call as (
    select mac, day, uuid, answering, waited_from, waited_from + wait as waited_to
    from part
    where scope = 'pbx' and class = 'queue'
),
first_answer as (
    select mac, day, uuid,
        arg_min(coalesce(waited_to, answering.answer_at), answering) as cut_at
    from queue_call
    where answering is not null
    group by all
),
cut as (
    select mac, day, uuid, waited_from, least(waited_to, cut_at) as waited_to
    from queue_call
    left join first_answer using (mac, day, uuid)
    where waited_to is not null
),
before as (
    select *, max(waited_to) over (
        partition by mac, day, uuid order by waited_from, waited_to rows between unbounded preceding and 1 preceding) as until
    from cut
)
select mac, day, uuid, sum(greatest(0, waited_to - greatest(waited_from, until)))::bigint as wait
from before
group by all;

-- The calls that are tallied: in a queue's scope its queue calls, in the PBX's (queue null)
-- the distinct calls. "A call in two queues is one call; answered if answered anywhere", else
-- its outcome is that of the queue with the last record. Ring and score are those of the queue
-- where it was answered; else the longest ring, and the score of the queue that has the
-- earliest.
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
    decisive.outcome = 'abandoned' and only_cancelled(max(last).miss_cause, list_distinct(flatten(list(miss_causes)))) as gave_up,
    any_value(wait_of_all) as wait,
    sum(talk)::bigint as talk,
    sum(hold)::bigint as hold,
    sum(wrap_up)::bigint as wrap_up,
    case when decisive.outcome = 'answered' then decisive.ring else max(ring) end as ring,
    coalesce(
        case when decisive.outcome = 'answered' then nullif(decisive.score, 0) end,
        arg_min(score, scored) filter (scored is not null), 0) as score,
    list_distinct(flatten(list(miss_causes))) as miss_causes
from (
    select p.*, b.start_of_all, w.wait as wait_of_all,
        first({outcome: outcome, ring: ring, score: score}) over (
            partition by mac, day, uuid
            order by answering is null, answering, last desc) as decisive
    from part p
    join (select mac, day, uuid, arg_min(start, {start_at: start_at, start: start}) as start_of_all from part_record where scope = 'pbx' group by all) b
        using (mac, day, uuid)
    left join waited w using (mac, day, uuid)
    where scope = 'pbx' and class = 'queue'
)
group by mac, day, uuid, start_of_all, decisive;
