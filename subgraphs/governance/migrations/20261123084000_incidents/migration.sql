create schema governance;
--> statement-breakpoint
create table governance.incident (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  dedup_key text not null,
  title text not null,
  description text not null,
  category text not null,
  impact text not null check (impact in ('HIGH', 'MEDIUM', 'LOW')),
  urgency text not null check (urgency in ('HIGH', 'MEDIUM', 'LOW')),
  priority text not null check (priority in ('P1', 'P2', 'P3', 'P4', 'P5')),
  state text not null
    check (state in ('NEW', 'ASSIGNED', 'IN_PROGRESS', 'PENDING', 'RESOLVED', 'CLOSED', 'REOPENED')),
  evidence jsonb not null,
  occurrences integer not null default 1 check (occurrences > 0),
  last_occurred_at timestamptz not null,
  assignee_id text,
  waiting_for text,
  resolution text,
  calendar text not null,
  response_clock jsonb not null,
  resolution_clock jsonb not null,
  response_due_at timestamptz,
  responded_at timestamptz,
  response_breached_at timestamptz,
  resolution_due_at timestamptz,
  resolved_at timestamptz,
  resolution_breached_at timestamptz,
  closed_at timestamptz,
  -- When a clock next has something to tell; null while both stand.
  clock_due_at timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  check (state <> 'ASSIGNED' or assignee_id is not null)
);
--> statement-breakpoint
-- One open incident for a key: the second alarm joins the first, whoever comes at the same moment.
create unique index incident_open_key on governance.incident (workspace_id, zone, dedup_key)
  where state not in ('RESOLVED', 'CLOSED');
--> statement-breakpoint
create index incident_newest on governance.incident (workspace_id, created_at desc, id);
--> statement-breakpoint
create index incident_by_state on governance.incident (workspace_id, state, priority, created_at desc);
--> statement-breakpoint
create index incident_clock on governance.incident (clock_due_at) where clock_due_at is not null;
--> statement-breakpoint
create table governance.incident_link (
  workspace_id text not null,
  zone text not null,
  incident_id text not null references governance.incident,
  type text not null,
  subject_id text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, incident_id, type, subject_id)
);
--> statement-breakpoint
create index incident_link_by_subject on governance.incident_link (workspace_id, type, subject_id);
--> statement-breakpoint
-- The timeline: what happened to an incident is never changed.
create table governance.incident_event (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  incident_id text not null references governance.incident,
  kind text not null,
  from_state text,
  to_state text,
  text text,
  data jsonb not null default '{}',
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp()
);
--> statement-breakpoint
create index incident_event_of on governance.incident_event (incident_id, created_at desc, id);
--> statement-breakpoint
create table governance.business_calendar (
  workspace_id text not null,
  name text not null,
  time_zone text not null,
  working_days integer[] not null,
  opens text not null,
  closes text not null,
  holidays text[] not null,
  primary key (workspace_id, name)
);
--> statement-breakpoint
create table governance.service_level (
  workspace_id text not null,
  priority text not null,
  response_minutes integer not null check (response_minutes > 0),
  resolution_minutes integer not null check (resolution_minutes >= response_minutes),
  calendar text not null,
  primary key (workspace_id, priority)
);
--> statement-breakpoint
select falaj.protect('governance.incident');
--> statement-breakpoint
select falaj.protect('governance.incident_link');
--> statement-breakpoint
select falaj.protect_append_only('governance.incident_event');
--> statement-breakpoint
select falaj.protect('governance.business_calendar');
--> statement-breakpoint
select falaj.protect('governance.service_level');
--> statement-breakpoint
-- Who sweeps: one process at a time, until its lease ends.
create table governance.sweep_lease (
  name text primary key,
  holder text not null,
  held_until timestamptz not null
);
--> statement-breakpoint
grant usage on schema governance to falaj_app, falaj_system;
--> statement-breakpoint
grant select, insert, update on governance.sweep_lease to falaj_system;
