-- The log as a Merkle tree per workspace (RFC 6962). The platform alone appends to it, in the safe order of (xid, id); a
-- workspace reads its own.
create table audit.leaf (
  workspace_id text not null,
  seq bigint not null,
  record_id text not null,
  hash bytea not null check (length(hash) = 32),
  primary key (workspace_id, seq)
);
--> statement-breakpoint
create unique index on audit.leaf (workspace_id, record_id);
--> statement-breakpoint
create table audit.checkpoint (
  workspace_id text not null,
  size bigint not null,
  root bytea not null check (length(root) = 32),
  -- The C2SP signed note: origin, size, root, signature.
  note text not null,
  signed_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, size)
);
--> statement-breakpoint
-- Where the next batch goes on: `nodes` are the roots of the complete subtrees, largest first, 32 bytes each.
create table audit.log_head (
  workspace_id text primary key,
  size bigint not null,
  nodes bytea not null,
  xid xid8 not null,
  record bigint not null
);
--> statement-breakpoint
create table audit.log_cursor (
  singleton boolean primary key default true check (singleton),
  xid xid8 not null,
  record bigint not null
);
--> statement-breakpoint
insert into audit.log_cursor (xid, record) values ('0'::xid8, 0);
--> statement-breakpoint
select falaj.protect_append_only('audit.leaf');
--> statement-breakpoint
select falaj.protect_append_only('audit.checkpoint');
--> statement-breakpoint
select falaj.protect('audit.log_head');
--> statement-breakpoint
revoke insert on audit.leaf, audit.checkpoint from falaj_app;
--> statement-breakpoint
revoke insert, update, delete on audit.log_head from falaj_app;
--> statement-breakpoint
grant select, update on audit.log_cursor to falaj_system;
