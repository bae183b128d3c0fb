-- One change of a key-encryption key and the rewrapping of all that it wrapped.
create table governance.key_rotation (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  reason text not null,
  retire boolean not null,
  state text not null check (state in ('RUNNING', 'SUCCEEDED', 'FAILED')),
  from_key_id text,
  to_key_id text,
  artifacts integer not null default 0 check (artifacts >= 0),
  rewrapped integer not null default 0 check (rewrapped >= 0),
  wrapped_keys integer not null default 0 check (wrapped_keys >= 0),
  corrupt text[] not null default '{}',
  retired_at timestamptz,
  ended_at timestamptz,
  error text,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  check ((state = 'RUNNING') = (ended_at is null))
);
--> statement-breakpoint
create unique index key_rotation_running on governance.key_rotation (workspace_id, zone) where state = 'RUNNING';
--> statement-breakpoint
create index key_rotation_newest on governance.key_rotation (workspace_id, created_at desc, id);
--> statement-breakpoint
select falaj.protect('governance.key_rotation');
