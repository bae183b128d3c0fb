-- A canary that the platform itself rolled back is reported until governance has its incident.
alter table deployments.rollout add column incident_due boolean not null default false;
--> statement-breakpoint
alter table deployments.rollout add column incident_id text;
--> statement-breakpoint
create index on deployments.rollout (id) where incident_due and incident_id is null;
