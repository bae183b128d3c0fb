create schema deployments;
--> statement-breakpoint
create table deployments.endpoint (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  name text not null,
  state text not null,
  revision integer not null,
  model_version_id text not null,
  model_name text not null,
  model_version integer not null,
  inputs jsonb not null,
  outputs jsonb not null,
  device text not null,
  compliance jsonb not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
-- A retired endpoint gives its name free.
create unique index endpoint_name on deployments.endpoint (workspace_id, name) where state <> 'RETIRED';
--> statement-breakpoint
create index on deployments.endpoint (model_version_id, created_at desc, id);
--> statement-breakpoint
create index on deployments.endpoint (workspace_id, created_at desc, id);
--> statement-breakpoint
create table deployments.endpoint_revision (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  endpoint_id text not null references deployments.endpoint,
  revision integer not null,
  model_version_id text not null,
  model_version integer not null,
  model jsonb not null,
  compliance jsonb not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, endpoint_id, revision)
);
--> statement-breakpoint
select falaj.protect('deployments.endpoint');
--> statement-breakpoint
select falaj.protect('deployments.endpoint_revision');
