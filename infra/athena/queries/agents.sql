-- How much did each agent do?
--
-- Asks of the days '{{.First}}' to '{{.Last}}'.
-- Counts calls of queues that tried the agent, however often the phone rang for each, and the
-- agent's outbound and direct calls. The answer rate is of what the agent answered or missed:
-- a call that rang until another agent answered it is answered_elsewhere, and in neither part.
-- Occupancy is the share of the agent's sessions that was spent on calls, wrap-up included;
-- it and login_seconds are null if the PBX reports no session. unsure_sessions have no
-- known end. For PBXs without sessions there is occupancy_of_span. It divides the time spent on
-- calls by the time from the start of each day's first answered call to the end of its last,
-- wrap-up included. Time on calls is talk, hold that talk does not include, wrap-up, and talk of
-- outbound and direct calls. Duty is longer than that, so occupancy is lower; with concurrent calls
-- it may be over 1. What a PBX does not report, such as wrap-up, is null or 0.
with span as (
    select mac, answered_by as agent,
        date_diff('second', min(start_local), max(coalesce(end_local, start_local) + interval '1' second * coalesce(wrap_up_seconds, 0))) as seconds
    from calls
    where dt between '{{.First}}' and '{{.Last}}' and answered_by is not null
    group by mac, answered_by, dt
),
on_calls as (
    select mac, agent, sum(seconds) as span_seconds from span group by mac, agent
),
done as (
    select k.mac, k.agent,
        count(*) as days,
        sum(k.answered) as answered,
        sum(k.missed) as missed,
        sum(k.answered_elsewhere) as answered_elsewhere,
        sum(k.attempts) as attempts,
        sum(k.outbound_calls) as outbound_calls,
        sum(k.direct_calls) as direct_calls,
        sum(k.direct_talk_seconds) as direct_talk_seconds,
        sum(k.talk_seconds) as talk_seconds,
        sum(k.hold_seconds) as hold_seconds,
        sum(k.wrap_up_seconds) as wrap_up_seconds,
        sum(k.outbound_talk_seconds) as outbound_talk_seconds,
        sum(k.ring_seconds) as ring_seconds,
        sum(k.login_seconds) as login_seconds,
        sum(k.unsure_sessions) as unsure_sessions,
        sum(k.busy_seconds) as busy_seconds,
        sum(k.rated) as rated,
        sum(k.score_sum) as score_sum
    from agent_kpi k
    where k.dt between '{{.First}}' and '{{.Last}}'
    group by k.mac, k.agent
)
select coalesce(s.site, '') as site,
    d.mac,
    d.agent,
    a.name,
    d.days,
    d.answered,
    d.missed,
    d.answered_elsewhere,
    {{ratio "d.answered" "(d.answered + d.missed)"}} as answer_rate,
    d.attempts,
    d.outbound_calls,
    d.direct_calls,
    d.talk_seconds,
    d.hold_seconds,
    d.wrap_up_seconds,
    d.outbound_talk_seconds,
    d.direct_talk_seconds,
    d.ring_seconds,
    {{ratio "d.talk_seconds" "d.answered"}} as talk_per_answered_seconds,
    {{ratio "d.score_sum" "d.rated"}} as score_mean,
    d.login_seconds,
    d.unsure_sessions,
    {{ratio "d.busy_seconds" "d.login_seconds"}} as occupancy,
    o.span_seconds,
    {{ratio "(d.talk_seconds + case when s.talk_includes_hold then 0 else d.hold_seconds end + coalesce(d.wrap_up_seconds, 0) + d.outbound_talk_seconds + d.direct_talk_seconds)" "o.span_seconds"}} as occupancy_of_span
from done d
left join on_calls o on o.mac = d.mac and o.agent = d.agent
left join dim_site s on s.mac = d.mac
left join dim_agent a on a.mac = d.mac and a.agent = d.agent
order by 1, d.mac, d.agent;
