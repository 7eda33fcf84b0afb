-- The figures of a month, as fast as we can make DuckDB compute them on one thread. The rows are
-- those of the rollup, without ratios. Some rules that cost the rollup little are left out: those
-- of calls that return to a queue, of restated visits, and of agents. :parquet is the file of the
-- records' facts.
--
-- Facts to current records, in the order of the answering record: rowid is that order.
create table call_record as
select mac, uuid, queue, agent, start, "end", caller, lower(call_type) as ct, cdr_state, wait, talk, hold, wrap_up, ring, score, voicemail, forwarded, miss_cause, received, hash,
  start::date as day, epoch(start)::bigint * 4294967296 + greatest(0, least(4294967295, (epoch("end") - epoch(start))::bigint + 1073741824)) as span
from (
  select * from read_parquet(:parquet)
  qualify row_number() over (partition by mac, uuid, queue, agent, start, hash order by received) = 1
)
qualify row_number() over (partition by mac, uuid, queue, agent, start order by received desc, hash desc) = 1
order by start, agent, hash;

create table early_rec as select rowid as id, mac, uuid, queue, day from call_record where start::time < time '06:00:00';
create table back_queue as select id from early_rec e semi join call_record b on b.mac = e.mac and b.uuid = e.uuid and b.queue = e.queue and b.day = e.day - 1;
create table back_call as select id from early_rec e semi join call_record b on b.mac = e.mac and b.uuid = e.uuid and b.day = e.day - 1;
create table agent_read as
select distinct mac, day, agent from call_record where agent != ''
union select distinct mac, day - 1, agent from call_record where agent != '' and start::time < time '06:00:00';

-- the records of both scopes; directions in the order in which they count
create view base as
select r.rowid as id, r.*,
  r.day - (r.rowid in (from back_queue))::int as qday, r.day - (r.rowid in (from back_call))::int as pday,
  case when ct in ('in','incoming','inbound') then 1 when ct in ('out','outgoing','outbound') then 2 when ct in ('','internal') then 3 else 4 end as dir0,
  (coalesce(talk,0) > 0 or cdr_state in ('bridged','feedback')) and not (agent = '' and (voicemail or forwarded)) as answers,
  case miss_cause when '' then 0 when 'MEMBER_CANCEL' then 1 when 'NO_ASSIGN' then 2 when 'NO_AGENT_ANSWER' then 4 when 'NO_AGENT_LOGIN' then 8 else 16 end as cause
from call_record r;
create table rec as
select 0::tinyint as scope, b.* exclude (qday, pday), b.qday as d, case when dir0 = 1 and a.agent is not null then 3 else dir0 end as dir
from base b left join agent_read a on a.mac = b.mac and a.day = b.qday and a.agent = b.caller where queue != ''
union all
select 1::tinyint as scope, b.* exclude (qday, pday), b.pday as d, case when dir0 = 1 and a.agent is not null then 3 else dir0 end as dir
from base b left join agent_read a on a.mac = b.mac and a.day = b.pday and a.agent = b.caller;

create table part0 as
select scope, mac, d, uuid, queue, dir, min(start) as start, max(span) as last, count(distinct start) as visits,
  min(id) filter (answers) as answering, arg_min_null(wait, id) filter (answers) as awaits, max(wait) as mwait,
  max(ring) as mring, arg_min_null(ring, id) filter (answers) as aring,
  arg_min(score, id) filter (answers) as ascore, arg_min(score, id) filter (score != 0) as fscore, min(id) filter (score != 0) as scored,
  sum(talk)::bigint as talk, sum(hold)::bigint as hold, sum(wrap_up)::bigint as wrap_up,
  bit_or(cause) as causes, bool_or(voicemail) as voicemail, bool_or(forwarded) as forwarded,
  bool_or(cdr_state = 'ivr' and wait > 0) as back_to_menu, bool_or(cdr_state = 'queue') as in_queue, bool_and(cdr_state = 'ivr') as only_ivr,
  count(*) as records
from rec group by all;

create table went as
select distinct s.scope, s.mac, s.d, s.uuid, s.queue
from part0 s join call_record r on r.mac = s.mac and r.uuid = s.uuid and r.queue != s.queue and r.queue != ''
where s.queue != '' and s.dir = 1 and r.start < s.d + 1 + interval 6 hours and r.span > s.last;

create table part as
select s.*, case when answering is not null then 'answered' when voicemail then 'voicemail'
   when forwarded or w.uuid is not null or back_to_menu then 'flowed_out' when in_queue then 'abandoned' else 'unknown' end as outcome,
  coalesce(awaits, mwait) as wait, coalesce(aring, mring) as ring, coalesce(nullif(ascore,0), fscore, 0) as score,
  case when dir != 1 then dir when s.queue != '' then 0 when only_ivr then 6 else 5 end as class
from (select * exclude (start), min(start) over (partition by scope, mac, d, uuid, queue) as start from part0
      qualify dir = min(dir) over (partition by scope, mac, d, uuid, queue)) s
left join went w on w.scope = s.scope and w.mac = s.mac and w.d = s.d and w.uuid = s.uuid and w.queue = s.queue;

create table tallied as
select scope, mac, d, queue, uuid, start, visits, outcome, wait, talk, hold, wrap_up, ring, score, causes,
  outcome = 'abandoned' and causes <= 1 as gave_up
from part where scope = 0 and class = 0
union all by name
select p.* exclude(o), o.outcome as outcome, o.outcome = 'abandoned' and causes <= 1 as gave_up from (
select 1::tinyint as scope, mac, d, null as queue, uuid, sum(visits)::bigint as visits, sum(wait)::bigint as wait, sum(talk)::bigint as talk,
  sum(hold)::bigint as hold, sum(wrap_up)::bigint as wrap_up, bit_or(causes) as causes, min(start) as start,
  coalesce(arg_min({outcome: outcome}, answering), arg_max({outcome: outcome}, last)) as o,
  coalesce(arg_min(ring, answering), max(ring)) as ring,
  coalesce(arg_min(nullif(score,0), answering), arg_min(score, scored), 0) as score
from part where scope = 1 and class = 0 group by mac, d, uuid) p;

create table agents_of as
select r.scope, r.mac, r.d, case when r.scope = 0 then r.queue end as queue, count(distinct r.agent) as agents
from rec r where r.dir = 1 and r.queue != '' and r.agent != '' group by all;

create table row_kpi as
select scope, mac, d, queue, epoch(start)::bigint % 86400 // 900 * 15 as minute, grouping(minute) as whole,
  count(*) as offered, count(*) filter (outcome='answered') as answered, count(*) filter (outcome='abandoned') as abandoned,
  count(*) filter (gave_up and wait < 10) as short, count(*) filter (outcome='voicemail') as voicemail, count(*) filter (outcome='flowed_out') as flowed_out,
  count(*) filter (outcome='unknown') as unknown,
  histogram(wait) filter (outcome='answered') as answered_waits, histogram(wait) filter (outcome='abandoned') as abandoned_waits, histogram(wait) filter (gave_up) as gave_up_waits,
  sum(visits)::bigint as visits, count(wait) as waited, sum(wait)::bigint as wait, max(wait) as wait_max, sum(talk)::bigint as talk, max(talk) as talk_max,
  sum(hold)::bigint as hold, max(hold) as hold_max, sum(wrap_up)::bigint as wrap_up, max(wrap_up) as wrap_up_max, sum(ring)::bigint as ring, max(ring) as ring_max,
  count(talk) filter (outcome='answered') as handled, sum(talk + coalesce(wrap_up,0) + coalesce(hold,0)) filter (outcome='answered')::bigint as handle_seconds,
  histogram(score) filter (score > 0) as scores,
  count(*) filter (outcome!='answered' and causes & 1 > 0) as member_cancel, count(*) filter (outcome!='answered' and causes & 2 > 0) as no_assign,
  count(*) filter (outcome!='answered' and causes & 4 > 0) as no_agent_answer, count(*) filter (outcome!='answered' and causes & 8 > 0) as no_agent_login
from tallied group by grouping sets ((scope, mac, d, queue), (scope, mac, d, queue, minute));

create table agent_call as
select mac, d, agent, uuid, count(*) filter (scope=0) as attempts, bool_or(answers) filter (scope=0) as answered, bool_or(scope=1) as outbound,
  sum(talk) filter (scope=1) as otalk, sum(talk) filter (scope=0) as talk, sum(hold) filter (scope=0) as hold, sum(wrap_up) filter (scope=0) as wrap_up,
  coalesce(arg_min(ring,id) filter (answers and scope=0), max(ring) filter (scope=0)) as ring,
  coalesce(nullif(arg_min(score,id) filter (answers and scope=0),0), arg_min(score,id) filter (score!=0 and scope=0), 0) as score
from rec where agent != '' and (scope = 0 and dir = 1 or scope = 1 and dir = 2) group by all;
create table agent_kpi as
select mac, d, agent, count(*) filter (answered) as answered, count(*) filter (attempts>0 and not answered) as tried, sum(attempts)::bigint as attempts,
  count(*) filter (outbound) as outbound, sum(otalk)::bigint as otalk, sum(talk)::bigint as talk, max(talk) as mtalk, sum(hold)::bigint as hold, max(hold) as mhold,
  sum(wrap_up)::bigint as wrap_up, max(wrap_up) as mwrap, sum(ring)::bigint as ring, max(ring) as mring, histogram(score) filter (score > 0) as scores
from agent_call group by all;
create table apart as select scope, mac, d, case when scope=0 then queue end as queue, class, count(distinct uuid) as n from part where class != 0 group by all;
create table basis as select scope, mac, d, case when scope=0 then queue end as queue, count(*) as records, count(*) filter (received < start - interval 2 days or received > start + interval 366 days) as suspect,
  min(hash) as h from rec group by all;
