-- The tables of an archive as views in DuckDB, under the names that they have in Athena. The partition
-- dt is a text there and here.
create or replace view calls as
select * from read_parquet('{{.}}/curated/calls/dt=*/*.parquet', hive_partitioning = true, hive_types_autocast = false);
create or replace view queue_kpi as
select * from read_parquet('{{.}}/curated/queue_kpi/dt=*/*.parquet', hive_partitioning = true, hive_types_autocast = false, union_by_name = true);
create or replace view agent_kpi as
select * from read_parquet('{{.}}/curated/agent_kpi/dt=*/*.parquet', hive_partitioning = true, hive_types_autocast = false, union_by_name = true);
create or replace view pbx_kpi as
select * from read_parquet('{{.}}/curated/pbx_kpi/dt=*/*.parquet', hive_partitioning = true, hive_types_autocast = false, union_by_name = true);
create or replace view queue_intervals as
select * from read_parquet('{{.}}/curated/queue_intervals/dt=*/*.parquet', hive_partitioning = true, hive_types_autocast = false, union_by_name = true);
create or replace view wait_histogram as
select * from read_parquet('{{.}}/curated/wait_histogram/dt=*/*.parquet', hive_partitioning = true, hive_types_autocast = false);
create or replace view dim_site as
select * from read_parquet('{{.}}/curated/dim_site/*.parquet');
create or replace view dim_queue as
select * from read_parquet('{{.}}/curated/dim_queue/*.parquet');
create or replace view dim_queue_hours as
select * from read_parquet('{{.}}/curated/dim_queue_hours/*.parquet');
create or replace view dim_agent as
select * from read_parquet('{{.}}/curated/dim_agent/*.parquet');
create or replace view dim_did as
select * from read_parquet('{{.}}/curated/dim_did/*.parquet');
create or replace view raw as
select * exclude (kind, dt), kind, dt
from read_json('{{.}}/raw/kind=*/dt=*/**/*', format = 'newline_delimited', hive_partitioning = true, hive_types_autocast = false,
    columns = {id: 'varchar', mac: 'varchar', kid: 'varchar', received: 'varchar', remote: 'varchar', "index": 'bigint', event: 'varchar',
        body: 'varchar', body_base64: 'varchar', rewritten: 'boolean'});
