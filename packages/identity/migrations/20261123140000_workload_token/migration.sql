-- Credentials of programs that do one piece of work: a training run's command. Each ends with the work's lease.
create table identity.workload_token (
  digest bytea primary key,
  workspace_id text not null references identity.workspace,
  -- What the token acts as, e.g. the id of a training run.
  workload_id text not null,
  name text not null,
  role text not null,
  resources text[] not null,
  zone text not null,
  zones text[] not null check (zone = any (zones)),
  on_behalf_of text not null references identity.principal,
  issued_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null
);
--> statement-breakpoint
create index workload_token_by_workload on identity.workload_token (workspace_id, workload_id);
--> statement-breakpoint
select falaj.protect('identity.workload_token');
--> statement-breakpoint
-- Nobody reads, makes or extends a credential but the platform itself.
revoke all on identity.workload_token from falaj_app;
--> statement-breakpoint
-- Extending one is no news; taking one is.
create trigger tell after delete on identity.workload_token for each statement execute function identity.tell();
