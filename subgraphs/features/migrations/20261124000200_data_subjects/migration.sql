-- The key of an entity that names a data subject (a person); null = none does.
alter table features.entity add column subject_key text;
--> statement-breakpoint
-- Whose rows are left out of everything that is built, by a keyed digest of their name.
create table features.erased_subject (
  workspace_id text not null,
  zone text not null,
  lookup text not null,
  erasure_id text not null,
  erased_at timestamptz not null default clock_timestamp(),
  primary key (workspace_id, zone, lookup)
);
--> statement-breakpoint
-- What was taken out of a training set: the set that stands here before has ended, and runs on it cannot be repeated.
create table features.training_set_redaction (
  workspace_id text not null,
  zone text not null,
  training_set_id text not null references features.training_set on delete cascade,
  erasure_id text not null,
  rows_removed bigint not null,
  digest_before text not null,
  artifact_digest_before text not null,
  redacted_at timestamptz not null default clock_timestamp(),
  primary key (training_set_id, erasure_id)
);
--> statement-breakpoint
select falaj.protect('features.erased_subject');
--> statement-breakpoint
select falaj.protect('features.training_set_redaction');
