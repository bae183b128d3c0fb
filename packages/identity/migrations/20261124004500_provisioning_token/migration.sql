-- What the directory of an organisation shows at SCIM where it can only hold a secret: it opens nothing else.
create table identity.provisioning_token (
  id text not null unique,
  workspace_id text not null references identity.workspace,
  principal_id text not null references identity.principal,
  digest bytea not null unique,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  revoked_by text,
  revoked_at timestamptz,
  primary key (workspace_id, id),
  check (expires_at <= created_at + interval '366 days'),
  check ((revoked_at is null) = (revoked_by is null))
);
--> statement-breakpoint
create index provisioning_token_by_principal on identity.provisioning_token (principal_id);
--> statement-breakpoint
select falaj.protect('identity.provisioning_token');
--> statement-breakpoint
revoke update, delete on identity.provisioning_token from falaj_app, falaj_system;
--> statement-breakpoint
grant update (revoked_by, revoked_at) on identity.provisioning_token to falaj_app, falaj_system;
