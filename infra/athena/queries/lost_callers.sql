-- Who hung up unserved, and was never called back?
--
-- Asks of the days '{{.First}}' to '{{.Last}}', and of {{.Hours}} hours after each call.
-- Counts abandoned queue calls with a number. One is left out if, within these hours of its
-- start, the same PBX made an outbound call to the number, whether or not it was picked up.
-- It is also left out if a later queue call from the number was answered in that time. Two numbers are the same if
-- their last {{.Digits}} digits are. Outbound calls that are only in the plain call detail
-- records (cdr) are not seen.
with lost as (
    select mac, caller, start_utc, start_local, wait_seconds, short_abandoned,
        substr(caller, greatest(length(caller) - {{.Digits}} + 1, 1)) as number
    from calls
    where dt between '{{.First}}' and '{{.Last}}' and outcome = 'abandoned' and caller is not null
),
contact as (
    select mac, start_utc, substr(other, greatest(length(other) - {{.Digits}} + 1, 1)) as number
    from (
        select mac, start_utc, case when class = 'outbound' then called else caller end as other
        from calls
        where dt between '{{.First}}' and '{{.LastContact}}' and (class = 'outbound' or outcome = 'answered')
    ) c
)
select coalesce(s.site, '') as site,
    l.mac,
    max(l.caller) as caller,
    count(*) as lost_calls,
    count(case when l.short_abandoned then 1 end) as of_them_short,
    min(l.start_local) as first_lost,
    max(l.start_local) as last_lost,
    max(l.wait_seconds) as longest_wait_seconds
from lost l
left join contact c on c.mac = l.mac and c.number = l.number
    and c.start_utc > l.start_utc and c.start_utc <= l.start_utc + interval '{{.Hours}}' hour
left join dim_site s on s.mac = l.mac
where c.mac is null
group by s.site, l.mac, l.number
order by lost_calls desc, last_lost desc, l.mac, l.number;
