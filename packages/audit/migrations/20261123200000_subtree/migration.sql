-- Roots of complete subtrees of 256, 65,536, ... leaves (level 8, 16, ...), so that a proof reads a few hundred hashes and
-- not the whole log. What was sequenced before this table came is hashed from its leaves.
create table audit.subtree (
  workspace_id text not null,
  level smallint not null check (level > 0 and level % 8 = 0),
  place bigint not null,
  hash bytea not null check (length(hash) = 32),
  primary key (workspace_id, level, place)
);
--> statement-breakpoint
select falaj.protect_append_only('audit.subtree');
--> statement-breakpoint
revoke insert on audit.subtree from falaj_app;
