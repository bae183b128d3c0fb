-- Sessions that an issuer ended (OpenID Connect Back-Channel Logout 1.0), and the logout tokens that were taken.
create table identity.ended_session (
  issuer text not null,
  -- `sub` of the tokens; null where the issuer named the session alone.
  subject text,
  -- `sid` of the tokens; null where all sessions of the subject ended.
  sid text,
  ended_at timestamptz not null,
  -- Until when a token of the session could still hold.
  expires_at timestamptz not null,
  check (subject is not null or sid is not null)
);
--> statement-breakpoint
create index ended_session_by_subject on identity.ended_session (issuer, subject) where subject is not null;
--> statement-breakpoint
create index ended_session_by_sid on identity.ended_session (issuer, sid) where subject is null;
--> statement-breakpoint
create index ended_session_by_expiry on identity.ended_session (expires_at);
--> statement-breakpoint
grant select, insert, delete on identity.ended_session to falaj_system;
--> statement-breakpoint
create trigger tell after insert on identity.ended_session for each statement execute function identity.tell();
--> statement-breakpoint
create table identity.used_logout_token (
  issuer text not null,
  token_id text not null,
  expires_at timestamptz not null,
  primary key (issuer, token_id)
);
--> statement-breakpoint
create index used_logout_token_by_expiry on identity.used_logout_token (expires_at);
--> statement-breakpoint
grant select, insert, delete on identity.used_logout_token to falaj_system;
--> statement-breakpoint
create index revoked_token_by_expiry on identity.revoked_token (expires_at);
