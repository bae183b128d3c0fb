create schema features;
--> statement-breakpoint
create table features.data_source (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  name text not null,
  format text not null,
  path text not null,
  columns jsonb not null,
  rows bigint not null,
  bytes bigint not null,
  digest text not null,
  categories text[] not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, name)
);
--> statement-breakpoint
create index on features.data_source (workspace_id, created_at desc, id);
--> statement-breakpoint
create table features.entity (
  id text primary key,
  workspace_id text not null,
  name text not null,
  description text not null,
  keys text[] not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, name)
);
--> statement-breakpoint
create table features.feature_view (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  name text not null,
  version integer not null,
  description text not null,
  entity_id text not null references features.entity,
  source_id text not null references features.data_source,
  ttl_seconds bigint,
  definition jsonb not null,
  features jsonb not null,
  categories text[] not null,
  state text not null default 'CREATED',
  rows bigint,
  keys bigint,
  digest text,
  first_event_time timestamptz,
  last_event_time timestamptz,
  statistics jsonb,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, name, version)
);
--> statement-breakpoint
create index on features.feature_view (entity_id);
--> statement-breakpoint
create index on features.feature_view (source_id);
--> statement-breakpoint
-- Versions are counted per name and workspace, over all zones: a caller need not see a version for it to be taken.
create table features.feature_view_name (
  workspace_id text not null,
  name text not null,
  versions integer not null,
  primary key (workspace_id, name)
);
--> statement-breakpoint
create table features.feature_service (
  id text primary key,
  workspace_id text not null,
  name text not null,
  description text not null,
  views jsonb not null,
  request_features jsonb not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, name)
);
--> statement-breakpoint
create table features.training_set (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  name text not null,
  feature_service_id text not null references features.feature_service,
  label_source_id text not null references features.data_source,
  rows bigint not null,
  digest text not null,
  manifest jsonb not null,
  columns jsonb not null,
  artifact_key text not null,
  artifact_digest text not null,
  serving_plan jsonb not null,
  categories text[] not null,
  allowed_zones text[] not null,
  first_event_time timestamptz,
  last_event_time timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, name)
);
--> statement-breakpoint
create index on features.training_set (feature_service_id);
--> statement-breakpoint
create table features.training_set_view (
  workspace_id text not null,
  training_set_id text not null references features.training_set on delete cascade,
  feature_view_id text not null references features.feature_view,
  primary key (training_set_id, feature_view_id)
);
--> statement-breakpoint
create index on features.training_set_view (feature_view_id);
--> statement-breakpoint
create table features.materialization (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  feature_view_id text not null references features.feature_view,
  as_of timestamptz not null,
  rows_written bigint not null,
  rows_stale bigint not null,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create index on features.materialization (feature_view_id, created_at desc);
--> statement-breakpoint
select falaj.protect('features.data_source');
--> statement-breakpoint
select falaj.protect('features.entity');
--> statement-breakpoint
select falaj.protect('features.feature_view');
--> statement-breakpoint
select falaj.protect('features.feature_view_name');
--> statement-breakpoint
select falaj.protect('features.feature_service');
--> statement-breakpoint
select falaj.protect('features.training_set');
--> statement-breakpoint
select falaj.protect('features.training_set_view');
--> statement-breakpoint
select falaj.protect('features.materialization');
