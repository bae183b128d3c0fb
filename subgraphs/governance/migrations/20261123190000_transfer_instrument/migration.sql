-- What permits data to go where the law does not let it go by itself: recorded by one, approved by another, ended by time.
create table governance.transfer_instrument (
  id text primary key,
  workspace_id text not null,
  type text not null,
  data_zone text not null,
  categories text[] not null check (cardinality(categories) > 0),
  target_zones text[] not null check (cardinality(target_zones) > 0),
  -- Where the document is, and its digest: the platform keeps no papers.
  reference text not null,
  document_digest text check (document_digest ~ '^sha256:[0-9a-f]{64}$'),
  reason text not null,
  valid_from timestamptz not null,
  valid_to timestamptz not null check (valid_to > valid_from),
  state text not null check (state in ('REQUESTED', 'APPROVED', 'REJECTED', 'REVOKED')),
  decided_by_id text,
  decision text,
  decided_at timestamptz,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  check ((state = 'REQUESTED') = (decided_by_id is null)),
  -- Whoever writes past the graph cannot approve their own either.
  check (state <> 'APPROVED' or decided_by_id <> owner_id)
);
--> statement-breakpoint
create index transfer_instrument_newest on governance.transfer_instrument (workspace_id, created_at desc, id);
--> statement-breakpoint
select falaj.protect('governance.transfer_instrument');
--> statement-breakpoint
revoke delete on governance.transfer_instrument from falaj_app, falaj_system;
