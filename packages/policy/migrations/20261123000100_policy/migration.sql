create schema policy;
--> statement-breakpoint
-- Rules of a workspace; built-in rules live in code. A version never changes, it is only retired.
create table policy.rule (
  workspace_id text not null,
  id text not null,
  version integer not null check (version > 0),
  effect text not null check (effect in ('ALLOW', 'DENY')),
  actions text[] not null,
  subject text not null,
  fields text[],
  classes text[],
  conditions jsonb,
  roles text[] not null,
  reason text not null,
  valid_from timestamptz,
  valid_to timestamptz,
  author_id text not null,
  created_at timestamptz not null default clock_timestamp(),
  retired_at timestamptz,
  primary key (workspace_id, id, version)
);
--> statement-breakpoint
create unique index rule_live on policy.rule (workspace_id, id) where retired_at is null;
--> statement-breakpoint
-- Readers of the policy compare this number; it grows in the transaction that changes a rule.
create table policy.workspace_version (
  workspace_id text not null primary key,
  version bigint not null
);
--> statement-breakpoint
create function policy.refuse_rewrite() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.retired_at is null and new.retired_at is not null then
    new.retired_at := old.retired_at;
    if new is not distinct from old then
      new.retired_at := clock_timestamp();
      return new;
    end if;
  end if;
  raise exception 'a version of a policy rule never changes: retire it and add another' using errcode = 'FJ001';
end $$;
--> statement-breakpoint
create trigger refuse_rewrite before update or delete on policy.rule
  for each row execute function policy.refuse_rewrite();
--> statement-breakpoint
create function policy.bump_version() returns trigger language plpgsql as $$
begin
  insert into policy.workspace_version as known (workspace_id, version) values (new.workspace_id, 1)
    on conflict (workspace_id) do update set version = known.version + 1;
  perform pg_notify('policy_changed', new.workspace_id);
  return null;
end $$;
--> statement-breakpoint
create trigger bump_version after insert or update on policy.rule
  for each row execute function policy.bump_version();
--> statement-breakpoint
select falaj.protect('policy.rule');
--> statement-breakpoint
select falaj.protect('policy.workspace_version');
