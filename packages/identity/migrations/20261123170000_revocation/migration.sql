-- What ends tokens before they expire, and guesses at the first administrator's code.
alter table identity.principal add column tokens_not_before timestamptz;
--> statement-breakpoint
grant update (tokens_not_before) on identity.principal to falaj_app;
--> statement-breakpoint
create table identity.revoked_token (
  principal_id text not null references identity.principal,
  issuer text not null,
  token_id text not null,
  -- Until when the token would have held.
  expires_at timestamptz not null,
  revoked_by text not null,
  revoked_at timestamptz not null default clock_timestamp(),
  primary key (principal_id, issuer, token_id)
);
--> statement-breakpoint
alter table identity.revoked_token enable row level security;
--> statement-breakpoint
alter table identity.revoked_token force row level security;
--> statement-breakpoint
-- The workspace that issues a principal's tokens also ends them.
create policy falaj_app_revoke on identity.revoked_token for insert to falaj_app
  with check (principal_id in (select p.id from identity.principal p where p.home_workspace_id = (select falaj.workspace())));
--> statement-breakpoint
create policy falaj_system_all on identity.revoked_token to falaj_system using (true) with check (true);
--> statement-breakpoint
grant insert on identity.revoked_token to falaj_app;
--> statement-breakpoint
grant select, insert, delete on identity.revoked_token to falaj_system;
--> statement-breakpoint
create trigger tell after insert on identity.revoked_token for each statement execute function identity.tell();
--> statement-breakpoint
alter table identity.bootstrap add column failures int not null default 0, add column failed_at timestamptz;
