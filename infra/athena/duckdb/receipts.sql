-- What came in, of which kind, and how often twice?
--
-- Asks of the UTC days of receipt '2026-10-01' to '2026-10-31'.
-- Counts envelopes of raw/, each once, however many objects it stands in. Repeated are those
-- that were understood as the same event as another one of the PBX on that day; not_utf8 have
-- a body that is kept in base64.
with told as (
    select kind, dt, mac, event,
        count(distinct id) as receipts,
        count(distinct case when body_base64 is not null then id end) as not_utf8
    from raw
    where dt between '2026-10-01' and '2026-10-31'
    group by kind, dt, mac, event
)
select kind,
    dt,
    count(distinct mac) as pbxs,
    sum(receipts) as receipts,
    sum(receipts - 1) as repeated,
    sum(not_utf8) as not_utf8
from told
group by kind, dt
order by kind, dt;
