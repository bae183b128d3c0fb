-- How programs prove who they are: keys of their own, or the word of the place they run in.
create table identity.service_key (
  id text primary key,
  -- The home of the principal.
  workspace_id text not null references identity.workspace,
  principal_id text not null references identity.principal,
  kid text not null,
  public_jwk jsonb not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  revoked_by text,
  revoked_at timestamptz,
  check (not public_jwk ?| array['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']),
  check (expires_at <= created_at + interval '90 days'),
  check ((revoked_at is null) = (revoked_by is null)),
  unique (principal_id, kid)
);
--> statement-breakpoint
select falaj.protect('identity.service_key');
--> statement-breakpoint
revoke update, delete on identity.service_key from falaj_app, falaj_system;
--> statement-breakpoint
grant update (revoked_by, revoked_at) on identity.service_key to falaj_app, falaj_system;
--> statement-breakpoint
-- What an issuer outside, e.g. a Kubernetes cluster, calls the workload of a service.
create table identity.workload_identity (
  id text primary key,
  workspace_id text not null references identity.workspace,
  principal_id text not null references identity.principal,
  issuer text not null,
  subject text not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  revoked_by text,
  revoked_at timestamptz,
  check ((revoked_at is null) = (revoked_by is null))
);
--> statement-breakpoint
-- A workload is one service in the whole installation.
create unique index workload_identity_in_force on identity.workload_identity (issuer, subject) where revoked_at is null;
--> statement-breakpoint
create index workload_identity_by_principal on identity.workload_identity (workspace_id, principal_id);
--> statement-breakpoint
select falaj.protect('identity.workload_identity');
--> statement-breakpoint
revoke update, delete on identity.workload_identity from falaj_app, falaj_system;
--> statement-breakpoint
grant update (revoked_by, revoked_at) on identity.workload_identity to falaj_app, falaj_system;
--> statement-breakpoint
-- Client assertions that were taken; each opens once.
create table identity.used_assertion (
  principal_id text not null references identity.principal,
  token_id text not null,
  expires_at timestamptz not null,
  primary key (principal_id, token_id)
);
--> statement-breakpoint
create index used_assertion_by_expiry on identity.used_assertion (expires_at);
--> statement-breakpoint
grant select, insert, delete, update on identity.used_assertion to falaj_system;
