-- What became of a placement whose transfer instrument ended.
alter table deployments.endpoint_revision
  add column permit_end text check (permit_end in ('EXPIRED', 'REVOKED')),
  add column permit_ended_at timestamptz,
  add column permit_incident_id text,
  add column drained_at timestamptz,
  add check ((permit_end is null) = (permit_ended_at is null)),
  add check (drained_at is null or permit_ended_at is not null);
--> statement-breakpoint
create index on deployments.endpoint_revision (workspace_id) where permitted_until is not null and permit_ended_at is null;
--> statement-breakpoint
create index on deployments.endpoint_revision (endpoint_id) where permit_ended_at is not null;
--> statement-breakpoint
create table deployments.placement_policy (
  workspace_id text primary key,
  on_instrument_end text not null check (on_instrument_end in ('DRAIN', 'INCIDENT')),
  grace_minutes integer not null check (grace_minutes between 0 and 43200)
);
--> statement-breakpoint
select falaj.protect('deployments.placement_policy');
