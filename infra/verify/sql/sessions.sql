-- The sessions of agents: "A session counts in each local day it overlaps, clipped to that
-- day. One without an end is cut at the agent's next login or last sign, at the latest after
-- 16 h, and counted as unsure."

-- The first instant after which the wall clock shows only later days.
create macro end_of(in_zone, day) as (
    select max(least(p.to_at, seconds_of((day + 1)::timestamp) - p.ahead))
    from period p
    where p.zone = in_zone and seconds_of((day + 1)::timestamp) - p.ahead > p.from_at
        and p.from_at < seconds_of((day + 3)::timestamp) and p.to_at > seconds_of((day - 3)::timestamp));

-- Each login, with the agent's next sign, where that is within 16 h. A login at the instant of
-- the next one is reported twice.
create table login as
with ordered as (
    select *, lead({sign_at: seconds_of(received), login: login}) over (
        partition by mac, agent order by received, login, hash) as next
    from sign
)
select row_number() over (order by mac, agent, received, hash) as id, mac, zone, agent,
    seconds_of(received) as login_at,
    case when next.sign_at <= seconds_of(received) + 57600 then next end as next
from ordered
where login and not coalesce(next.login and next.sign_at = seconds_of(received), false);

create table session as
with on_day as (
    select l.*, d.day::date as day,
        end_of(zone, d.day::date - 1) as day_from, end_of(zone, d.day::date) as day_to
    from (select *, timestamp_of(wall_of(zone, login_at))::date as login_day from login) l,
        unnest(generate_series(l.login_day - interval 1 day, l.login_day + interval 2 days, interval 1 day)) as d(day)
),
-- "Last sign": the last end, wrap-up included, of the agent's records that are read for the day.
alive as (
    select d.id, d.day, max(r.end_at + coalesce(r.wrap_up, 0)) as alive_at
    from on_day d
    join read_record r on r.mac = d.mac and r.agent = d.agent and r.read_for = d.day
    where r.end_at + coalesce(r.wrap_up, 0) > login_at and r.end_at + coalesce(r.wrap_up, 0) <= login_at + 57600
    group by all
),
ended as (
    select d.*, coalesce(d.next.sign_at, a.alive_at, login_at) as logged_out_at,
        next is null or next.login as unsure
    from on_day d
    left join alive a using (id, day)
)
select id, mac, day, agent, unsure,
    greatest(login_at, day_from) as from_at, least(logged_out_at, day_to) as to_at
from ended
where least(logged_out_at, day_to) > greatest(login_at, day_from) or login_at >= day_from and login_at < day_to;
