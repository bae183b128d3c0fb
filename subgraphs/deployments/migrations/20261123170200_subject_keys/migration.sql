-- Keys of data subjects. Pseudonyms in the inference log are made with them; without its key nobody, and no backup that
-- lacks this table, can tell whose a record is.
create table deployments.subject_root (
  workspace_id text not null,
  zone text not null,
  -- 64 bytes, wrapped by the workspace's key of the zone: the first half finds subjects, the second seals their keys.
  wrapped_key jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, zone)
);
--> statement-breakpoint
create table deployments.subject_key (
  workspace_id text not null,
  zone text not null,
  -- HMAC-SHA256 of the subject, hexadecimal.
  lookup text not null,
  -- AES-256-GCM: nonce, ciphertext, tag.
  sealed bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, zone, lookup)
);
--> statement-breakpoint
select falaj.protect('deployments.subject_root');
--> statement-breakpoint
select falaj.protect('deployments.subject_key');
