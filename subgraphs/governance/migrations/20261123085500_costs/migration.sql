-- Money is no data of a zone: budgets of a workspace count what was used in all of them.
create table governance.compute_pool (
  id text primary key,
  workspace_id text not null,
  name text not null,
  description text not null,
  currency text not null,
  -- Unit to price; what is used later is charged by them, what was charged stays.
  prices jsonb not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, name)
);
--> statement-breakpoint
create table governance.usage_record (
  id text primary key,
  workspace_id text not null,
  key text not null,
  pool text not null,
  team text,
  subject_type text not null,
  subject_id text not null,
  unit text not null,
  quantity double precision not null check (quantity > 0),
  -- Null where the pool had no price for the unit: used, but not charged.
  unit_price numeric(20, 9),
  cost numeric(20, 6),
  currency text,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, key),
  check (ended_at >= started_at),
  check ((unit_price is null) = (cost is null) and (cost is null) = (currency is null))
);
--> statement-breakpoint
create index usage_newest on governance.usage_record (workspace_id, created_at desc, id);
--> statement-breakpoint
create index usage_of on governance.usage_record (workspace_id, subject_type, subject_id);
--> statement-breakpoint
create index usage_in_time on governance.usage_record (workspace_id, ended_at) include (cost, pool, team);
--> statement-breakpoint
create table governance.budget (
  id text primary key,
  workspace_id text not null,
  name text not null,
  scope text not null check (scope in ('WORKSPACE', 'TEAM', 'POOL')),
  scope_name text,
  amount numeric(20, 6) not null check (amount > 0),
  currency text not null,
  period text not null check (period in ('MONTH', 'QUARTER', 'YEAR', 'TOTAL')),
  time_zone text not null,
  warn_percent integer not null check (warn_percent between 1 and 99),
  retired_at timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  check ((scope = 'WORKSPACE') = (scope_name is null))
);
--> statement-breakpoint
create unique index budget_in_force on governance.budget (workspace_id, name) where retired_at is null;
--> statement-breakpoint
create table governance.budget_override (
  id text primary key,
  workspace_id text not null,
  budget_id text not null references governance.budget,
  reason text not null,
  expires_at timestamptz not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  check (expires_at > created_at)
);
--> statement-breakpoint
create index budget_override_of on governance.budget_override (budget_id, expires_at desc);
--> statement-breakpoint
select falaj.protect('governance.compute_pool');
--> statement-breakpoint
select falaj.protect_append_only('governance.usage_record');
--> statement-breakpoint
select falaj.protect('governance.budget');
--> statement-breakpoint
select falaj.protect_append_only('governance.budget_override');
