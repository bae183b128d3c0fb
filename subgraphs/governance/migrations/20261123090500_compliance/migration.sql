-- A report is evidence: what was found at that moment, never changed.
create table governance.compliance_report (
  id text primary key,
  workspace_id text not null,
  framework text,
  subject_type text,
  subject_id text,
  started_at timestamptz not null,
  snapshot_digest text not null,
  findings jsonb not null,
  passed integer not null,
  failed integer not null,
  unknown integer not null,
  not_applicable integer not null,
  waived integer not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  check ((subject_type is null) = (subject_id is null))
);
--> statement-breakpoint
create index compliance_report_newest on governance.compliance_report (workspace_id, created_at desc, id);
--> statement-breakpoint
create table governance.compliance_waiver (
  id text primary key,
  workspace_id text not null,
  check_id text not null,
  subject_type text,
  subject_id text,
  reason text not null,
  expires_at timestamptz not null,
  state text not null check (state in ('REQUESTED', 'APPROVED', 'REJECTED', 'REVOKED')),
  decided_by_id text,
  decision text,
  decided_at timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  check ((subject_type is null) = (subject_id is null)),
  check (expires_at > created_at),
  check ((state = 'REQUESTED') = (decided_by_id is null)),
  -- Whoever writes past the graph cannot approve their own either.
  check (state <> 'APPROVED' or decided_by_id <> owner_id)
);
--> statement-breakpoint
create index compliance_waiver_of on governance.compliance_waiver (workspace_id, check_id, state, expires_at);
--> statement-breakpoint
create index compliance_waiver_newest on governance.compliance_waiver (workspace_id, created_at desc, id);
--> statement-breakpoint
select falaj.protect_append_only('governance.compliance_report');
--> statement-breakpoint
select falaj.protect('governance.compliance_waiver');
