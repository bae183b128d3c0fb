-- Without a row nothing of an endpoint is logged.
create table deployments.inference_log (
  endpoint_id text primary key references deployments.endpoint,
  workspace_id text not null,
  zone text not null,
  enabled boolean not null,
  -- Basis points.
  sample_rate integer not null check (sample_rate between 1 and 10000),
  retention_days integer not null check (retention_days between 1 and 3650),
  -- Classes that were declared for columns; the stricter of this and what the views say holds.
  classes jsonb not null,
  -- Categories of data by `view/version`, as the graph said; a view that is not here has those of its model.
  view_categories jsonb not null,
  -- Key of the digests, wrapped by the workspace's key of the zone.
  wrapped_key jsonb not null,
  owner_id text not null,
  owner text not null,
  updated_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create table deployments.inference_log_count (
  endpoint_id text not null references deployments.endpoint,
  process text not null,
  workspace_id text not null,
  zone text not null,
  written bigint not null,
  dropped bigint not null,
  sampled_out bigint not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (endpoint_id, process)
);
--> statement-breakpoint
create table deployments.inference_record (
  id text not null,
  workspace_id text not null,
  zone text not null,
  endpoint_id text not null,
  revision integer not null,
  model_version_id text not null,
  model_version integer not null,
  variant text not null,
  subject text,
  principal_id text not null,
  request_id text,
  trace_id text,
  at timestamptz not null,
  latency_ms double precision not null,
  row_count integer not null,
  inputs jsonb not null,
  features jsonb not null,
  outputs jsonb,
  scores double precision[] not null,
  redacted text[] not null,
  error_code text,
  error_message text,
  primary key (id, at)
) partition by range (at);
--> statement-breakpoint
create index on deployments.inference_record (endpoint_id, at desc, id);
--> statement-breakpoint
-- Labels come late, may be corrected, and may come before their record is written.
create table deployments.inference_label (
  endpoint_id text not null references deployments.endpoint,
  inference_id text not null,
  row_number integer not null check (row_number >= 0),
  workspace_id text not null,
  zone text not null,
  value double precision not null,
  at timestamptz not null default clock_timestamp(),
  primary key (endpoint_id, inference_id, row_number)
);
--> statement-breakpoint
select falaj.protect('deployments.inference_log');
--> statement-breakpoint
select falaj.protect('deployments.inference_log_count');
--> statement-breakpoint
select falaj.protect('deployments.inference_record');
--> statement-breakpoint
select falaj.protect('deployments.inference_label');
--> statement-breakpoint
-- The application's roles make and drop no tables; these two do it for them, and nothing else.
create function deployments.ensure_inference_partition(day date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  name text := 'inference_record_' || to_char(day, 'YYYYMMDD');
begin
  if to_regclass('deployments.' || name) is not null then return; end if;
  perform pg_advisory_xact_lock(7270, 31);
  if to_regclass('deployments.' || name) is not null then return; end if;
  execute format('create table deployments.%I partition of deployments.inference_record for values from (%L) to (%L)',
    name, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
  perform falaj.protect(('deployments.' || name)::regclass);
end $$;
--> statement-breakpoint
create function deployments.drop_inference_partitions(before date) returns text[]
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  name text;
  dropped text[] := '{}';
begin
  for name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'deployments.inference_record'::regclass
      and c.relname < 'inference_record_' || to_char(before, 'YYYYMMDD') order by 1
  loop
    execute format('drop table deployments.%I', name);
    dropped := dropped || name;
  end loop;
  return dropped;
end $$;
--> statement-breakpoint
revoke all on function deployments.ensure_inference_partition(date) from public;
--> statement-breakpoint
revoke all on function deployments.drop_inference_partitions(date) from public;
--> statement-breakpoint
grant execute on function deployments.ensure_inference_partition(date) to falaj_system;
--> statement-breakpoint
grant execute on function deployments.drop_inference_partitions(date) to falaj_system;
