-- Versions may come from outside: those have no run and no training set of this platform.
alter table models.model_version alter column run_id drop not null;
--> statement-breakpoint
alter table models.model_version alter column training_set_id drop not null;
--> statement-breakpoint
alter table models.model_version alter column training_set_digest drop not null;
--> statement-breakpoint
alter table models.model_version alter column evaluation drop not null;
--> statement-breakpoint
alter table models.model_version
  add column origin text not null default 'RUN' check (origin in ('RUN', 'EXTERNAL')),
  add column parity jsonb,
  add column intake jsonb,
  -- Who trained it, where that is not who registered it: neither may approve it.
  add column trained_by_id text,
  add constraint version_has_lineage check (origin = 'EXTERNAL'
    or (run_id is not null and training_set_id is not null and training_set_digest is not null and evaluation is not null));
--> statement-breakpoint
alter table models.alias_change
  add column cause text not null default 'DIRECT' check (cause in ('DIRECT', 'PROMOTION', 'ROLLBACK', 'BREAK_GLASS')),
  add column reason text,
  add column promotion_id text;
--> statement-breakpoint
-- Revisions of what a version must meet; model_id null is the default of the workspace.
create table models.gate_set (
  id text primary key,
  workspace_id text not null,
  model_id text references models.model,
  model_name text,
  revision integer not null check (revision > 0),
  definition jsonb not null,
  digest text not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique nulls not distinct (workspace_id, model_id, revision)
);
--> statement-breakpoint
-- Revisions of which aliases move by promotion only.
create table models.alias_protection (
  id text primary key,
  workspace_id text not null,
  revision integer not null check (revision > 0),
  aliases text[] not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, revision)
);
--> statement-breakpoint
create table models.model_card (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  model_version_id text not null references models.model_version,
  revision integer not null check (revision > 0),
  sections jsonb not null,
  digest text not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (model_version_id, revision)
);
--> statement-breakpoint
create table models.promotion (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  model_id text not null references models.model,
  model_name text not null,
  model_version_id text not null references models.model_version,
  version integer not null,
  alias text not null,
  state text not null check (state in ('PENDING', 'DONE', 'BLOCKED', 'REJECTED', 'EXPIRED', 'INVALIDATED')),
  reason text not null,
  gate_revision integer not null,
  gate_digest text not null,
  -- Everything that an approval is for; one that was given for anything else does not count.
  binding text not null,
  approvals jsonb not null,
  checks jsonb not null,
  expires_at timestamptz not null,
  decided_at timestamptz,
  outcome text,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create unique index promotion_pending on models.promotion (model_id, alias, model_version_id) where state = 'PENDING';
--> statement-breakpoint
create index on models.promotion (workspace_id, created_at desc, id);
--> statement-breakpoint
create index on models.promotion (model_version_id, created_at desc, id);
--> statement-breakpoint
create table models.promotion_decision (
  id text primary key,
  sequence bigint generated always as identity unique,
  workspace_id text not null,
  zone text not null,
  promotion_id text not null references models.promotion,
  decision text not null check (decision in ('APPROVED', 'REJECTED')),
  role text not null,
  reason text not null,
  binding text not null,
  by_id text not null,
  by text not null,
  at timestamptz not null default clock_timestamp(),
  unique (promotion_id, by_id)
);
--> statement-breakpoint
select falaj.protect_append_only('models.gate_set');
--> statement-breakpoint
select falaj.protect_append_only('models.alias_protection');
--> statement-breakpoint
select falaj.protect_append_only('models.model_card');
--> statement-breakpoint
select falaj.protect('models.promotion');
--> statement-breakpoint
select falaj.protect_append_only('models.promotion_decision');
