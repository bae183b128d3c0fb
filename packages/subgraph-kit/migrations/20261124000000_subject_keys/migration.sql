-- Keys of data subjects. What is written of a person is made or sealed with theirs: without it nobody can tell whose a
-- record is, nor read a value.
create schema subjects;
--> statement-breakpoint
create table subjects.subject_root (
  workspace_id text not null,
  zone text not null,
  -- A new one with each retirement of the zone's key; older ones go once no key is sealed under them.
  epoch integer not null,
  -- 64 bytes, wrapped by the workspace's key of the zone: the first half finds subjects and is the same in every epoch,
  -- the second seals their keys.
  wrapped_key jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, zone, epoch)
);
--> statement-breakpoint
create table subjects.subject_key (
  workspace_id text not null,
  zone text not null,
  -- HMAC-SHA256 of the subject, hexadecimal.
  lookup text not null,
  epoch integer not null,
  -- AES-256-GCM: nonce, ciphertext, tag.
  sealed bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, zone, lookup)
);
--> statement-breakpoint
create index on subjects.subject_key (workspace_id, zone, epoch);
--> statement-breakpoint
select falaj.protect('subjects.subject_root');
--> statement-breakpoint
select falaj.protect('subjects.subject_key');
--> statement-breakpoint
-- They stood in the schema of one subgraph before.
do $$
begin
  if to_regclass('deployments.subject_key') is not null then
    insert into subjects.subject_root (workspace_id, zone, epoch, wrapped_key, created_at)
      select old.workspace_id, old.zone, 1, old.wrapped_key, old.created_at from deployments.subject_root old;
    insert into subjects.subject_key (workspace_id, zone, lookup, epoch, sealed, created_at)
      select old.workspace_id, old.zone, old.lookup, 1, old.sealed, old.created_at from deployments.subject_key old;
    drop table deployments.subject_root, deployments.subject_key;
  end if;
end $$;
