-- A workload says which service it is, and may be bound to some: nobody takes it from another by binding it first.
drop index identity.workload_identity_in_force;
--> statement-breakpoint
create unique index workload_identity_in_force on identity.workload_identity (principal_id, issuer, subject)
  where revoked_at is null;
