-- Whose signature on a model file counts: the platform itself, by a key of each zone, and publishers that an administrator trusts.
create table models.model_signer (
  id text primary key,
  workspace_id text not null,
  kind text not null check (kind in ('PLATFORM', 'PUBLISHER')),
  name text not null check (name <> ''),
  public_key text not null,
  -- SHA-256 of the public key, as bundles hint at it.
  key_id text not null,
  -- Of the platform's own: where the key is used, and the private key, sealed by the key-encryption key of that zone.
  key_zone text,
  wrapped_key jsonb,
  distrusted_at timestamptz,
  distrusted_by text,
  distrust_reason text,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (workspace_id, key_id),
  check ((kind = 'PLATFORM') = (key_zone is not null and wrapped_key is not null))
);
--> statement-breakpoint
create index on models.model_signer (workspace_id, created_at desc, id);
--> statement-breakpoint
create table models.model_attestation (
  id text primary key,
  workspace_id text not null,
  zone text not null,
  model_version_id text not null references models.model_version,
  signer_id text not null references models.model_signer,
  bundle jsonb not null,
  owner_id text not null,
  owner text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (model_version_id, signer_id)
);
--> statement-breakpoint
select falaj.protect('models.model_signer');
--> statement-breakpoint
select falaj.protect_append_only('models.model_attestation');
