-- An inference id names an exposure within its endpoint; rows of before have none. No foreign key: its check would wait for
-- whoever changes the endpoint.
alter table deployments.exposure add column endpoint_id text;
--> statement-breakpoint
-- The subject as the inference log writes it: by it an outcome finds the subject of any logged inference, not of the first only.
alter table deployments.exposure add column logged_subject text;
--> statement-breakpoint
create index on deployments.exposure (endpoint_id, logged_subject) where logged_subject is not null;
--> statement-breakpoint
-- One event may yield several metrics under its key.
alter table deployments.outcome drop constraint outcome_pkey;
--> statement-breakpoint
alter table deployments.outcome add primary key (endpoint_id, metric, key);
--> statement-breakpoint
alter table deployments.shadow_window
  add column delta_sum double precision not null default 0,
  add column answer_latency_sum double precision not null default 0,
  add column shadow_latency_sum double precision not null default 0;
