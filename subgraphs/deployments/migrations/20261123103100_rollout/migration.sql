-- Which revisions an endpoint was live with, in order: rolling back needs to know.
create table deployments.revision_activation (
  id text primary key,
  position bigint generated always as identity,
  workspace_id text not null,
  zone text not null,
  endpoint_id text not null references deployments.endpoint,
  revision integer not null,
  cause text not null,
  actor_id text not null,
  at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create index on deployments.revision_activation (endpoint_id, position desc);
--> statement-breakpoint
insert into deployments.revision_activation (id, workspace_id, zone, endpoint_id, revision, cause, actor_id, at)
  select 'act_' || id, workspace_id, zone, endpoint_id, revision, 'DEPLOYED', owner_id, created_at
  from deployments.endpoint_revision order by created_at;
--> statement-breakpoint
-- How an endpoint's traffic is split now; without a row all of it goes to the live revision.
create table deployments.traffic_split (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  endpoint_id text not null unique references deployments.endpoint,
  kind text not null check (kind in ('MANUAL', 'ROLLOUT', 'AB_TEST')),
  -- Rollout or A/B test that the split belongs to.
  study_id text,
  salt text not null,
  variants jsonb not null,
  -- Under which each subject's first exposure is recorded; null = none is.
  exposure_key text,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  check ((kind = 'MANUAL') = (study_id is null))
);
--> statement-breakpoint
create index on deployments.traffic_split (workspace_id, created_at desc, id);
--> statement-breakpoint
create table deployments.rollout (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  endpoint_id text not null references deployments.endpoint,
  candidate_revision integer not null,
  baseline_revision integer not null,
  state text not null check (state in ('RUNNING', 'PROMOTED', 'ROLLED_BACK')),
  plan jsonb not null,
  step integer not null default 0,
  step_started_at timestamptz not null default clock_timestamp(),
  reason text not null,
  evidence jsonb not null default '[]',
  decided_at timestamptz,
  lease_owner text,
  lease_until timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create unique index rollout_running on deployments.rollout (endpoint_id) where state = 'RUNNING';
--> statement-breakpoint
create index on deployments.rollout (endpoint_id, created_at desc, id);
--> statement-breakpoint
create index on deployments.rollout (workspace_id, created_at desc, id);
--> statement-breakpoint
-- What each revision did in a stretch of time, as one process saw it; processes are added together.
create table deployments.inference_window (
  workspace_id text not null,
  zone text not null,
  endpoint_id text not null references deployments.endpoint,
  revision integer not null,
  began_at timestamptz not null,
  process text not null,
  requests integer not null,
  errors integer not null,
  latency jsonb not null,
  scores jsonb not null,
  primary key (endpoint_id, revision, began_at, process)
);
--> statement-breakpoint
-- Subjects are stored as digests: the platform joins by them and cannot read them.
create table deployments.exposure (
  workspace_id text not null,
  zone text not null,
  study_id text not null,
  subject text not null,
  variant text not null,
  inference_id text not null,
  at timestamptz not null,
  primary key (study_id, subject, variant)
);
--> statement-breakpoint
create index on deployments.exposure (inference_id);
--> statement-breakpoint
create table deployments.outcome (
  workspace_id text not null,
  zone text not null,
  endpoint_id text not null references deployments.endpoint,
  key text not null,
  subject text not null,
  metric text not null,
  value double precision not null,
  at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (endpoint_id, key)
);
--> statement-breakpoint
create index on deployments.outcome (endpoint_id, metric, subject);
--> statement-breakpoint
create table deployments.shadow (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  endpoint_id text not null references deployments.endpoint,
  revision integer not null,
  sample_rate integer not null check (sample_rate between 1 and 10000),
  threshold double precision not null,
  state text not null check (state in ('ACTIVE', 'STOPPED')),
  stopped_at timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create unique index shadow_active on deployments.shadow (endpoint_id) where state = 'ACTIVE';
--> statement-breakpoint
create index on deployments.shadow (endpoint_id, created_at desc, id);
--> statement-breakpoint
create table deployments.shadow_window (
  workspace_id text not null,
  zone text not null,
  shadow_id text not null references deployments.shadow,
  began_at timestamptz not null,
  process text not null,
  compared integer not null,
  failed integer not null,
  dropped integer not null,
  compared_rows integer not null,
  disagreed integer not null,
  deltas jsonb not null,
  answer_latency jsonb not null,
  shadow_latency jsonb not null,
  primary key (shadow_id, began_at, process)
);
--> statement-breakpoint
create table deployments.ab_test (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  endpoint_id text not null references deployments.endpoint,
  name text not null,
  state text not null check (state in ('RUNNING', 'STOPPED')),
  design jsonb not null,
  decision text,
  stop_reason text,
  result jsonb,
  stopped_at timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create unique index ab_test_running on deployments.ab_test (endpoint_id) where state = 'RUNNING';
--> statement-breakpoint
create index on deployments.ab_test (endpoint_id, created_at desc, id);
--> statement-breakpoint
create index on deployments.ab_test (workspace_id, created_at desc, id);
--> statement-breakpoint
select falaj.protect_append_only('deployments.revision_activation');
--> statement-breakpoint
select falaj.protect('deployments.traffic_split');
--> statement-breakpoint
select falaj.protect('deployments.rollout');
--> statement-breakpoint
select falaj.protect('deployments.inference_window');
--> statement-breakpoint
select falaj.protect('deployments.exposure');
--> statement-breakpoint
select falaj.protect('deployments.outcome');
--> statement-breakpoint
select falaj.protect('deployments.shadow');
--> statement-breakpoint
select falaj.protect('deployments.shadow_window');
--> statement-breakpoint
select falaj.protect('deployments.ab_test');
