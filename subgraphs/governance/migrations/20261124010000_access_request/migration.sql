-- Roles for a time: asked for and granted by somebody else, or taken in an emergency and reviewed by somebody else.
create table governance.access_request (
  id text primary key,
  workspace_id text not null,
  kind text not null check (kind in ('REQUEST', 'BREAK_GLASS')),
  role text not null,
  duration_seconds integer not null check (duration_seconds > 0),
  reason text not null,
  state text not null check (state in ('REQUESTED', 'APPROVED', 'REJECTED', 'REVOKED')),
  begins_at timestamptz,
  ends_at timestamptz,
  -- The grant that it gave.
  binding_id text,
  decided_by_id text,
  decision text,
  decided_at timestamptz,
  -- Of a broken glass: what happened, and who looked at what was done.
  incident_id text,
  reviewed_by_id text,
  review text,
  reviewed_at timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  check ((begins_at is null) = (ends_at is null)),
  check ((begins_at is null) = (binding_id is null)),
  check (state <> 'APPROVED' or ends_at is not null),
  -- Whoever writes past the graph cannot approve or review their own either.
  check (kind <> 'REQUEST' or state <> 'APPROVED' or (decided_by_id is not null and decided_by_id <> owner_id)),
  check (reviewed_by_id is null or reviewed_by_id <> owner_id),
  check ((reviewed_at is null) = (reviewed_by_id is null)),
  check (kind <> 'BREAK_GLASS' or (incident_id is not null and duration_seconds <= 3600))
);
--> statement-breakpoint
create index access_request_newest on governance.access_request (workspace_id, created_at desc, id);
--> statement-breakpoint
-- One open request for a role, and one broken glass that nobody reviewed, for each person.
create unique index access_request_open on governance.access_request (workspace_id, owner_id, role)
  where state = 'REQUESTED';
--> statement-breakpoint
create unique index break_glass_unreviewed on governance.access_request (workspace_id, owner_id)
  where kind = 'BREAK_GLASS' and reviewed_at is null;
--> statement-breakpoint
select falaj.protect('governance.access_request');
--> statement-breakpoint
revoke delete on governance.access_request from falaj_app, falaj_system;
