create table deployments.monitor (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  endpoint_id text not null references deployments.endpoint,
  name text not null,
  state text not null check (state in ('ACTIVE', 'PAUSED', 'STOPPED')),
  spec jsonb not null,
  reference_kind text not null check (reference_kind in ('TRAINING_SET', 'WINDOW')),
  reference_source text not null,
  -- Profiles by feature: bins fixed from the reference, and a sorted sample.
  reference jsonb not null,
  features text[] not null,
  -- What the newest window said; nothing is known before the first.
  verdict text not null default 'UNKNOWN' check (verdict in ('OK', 'ALARM', 'UNKNOWN')),
  -- The end of the newest window.
  position_at timestamptz not null,
  position_id text not null default '',
  evaluated_at timestamptz,
  incident_id text,
  lease_owner text,
  lease_until timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (endpoint_id, name)
);
--> statement-breakpoint
create index on deployments.monitor (workspace_id, created_at desc, id);
--> statement-breakpoint
create table deployments.monitor_window (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  monitor_id text not null references deployments.monitor,
  number integer not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  row_count integer not null,
  verdict text not null check (verdict in ('OK', 'ALARM', 'UNKNOWN')),
  reason text not null,
  alarmed text[] not null,
  findings jsonb not null,
  model_version_ids text[] not null,
  incident_id text,
  created_at timestamptz not null default clock_timestamp(),
  unique (monitor_id, number)
);
--> statement-breakpoint
create index on deployments.monitor_window (monitor_id) where verdict = 'ALARM' and incident_id is null;
--> statement-breakpoint
select falaj.protect('deployments.monitor');
--> statement-breakpoint
select falaj.protect('deployments.monitor_window');
