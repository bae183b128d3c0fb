-- Runs that users log themselves stand beside the platform's own trainings, which alone have a trainer and a request.
alter table experiments.run
  add column kind text not null default 'TRAINING' check (kind in ('TRAINING', 'LOGGED')),
  add column archived_at timestamptz,
  add column revision bigint not null default 0,
  alter column trainer drop not null,
  alter column request drop not null,
  alter column training_set_id drop not null,
  alter column training_set drop not null,
  alter column training_set_digest drop not null,
  alter column seed drop not null,
  add check (kind = 'LOGGED' or (trainer is not null and request is not null and training_set_id is not null
    and training_set is not null and training_set_digest is not null and seed is not null));
--> statement-breakpoint
drop index experiments.run_open;
--> statement-breakpoint
create index run_open on experiments.run (created_at) where state in ('QUEUED', 'RUNNING') and kind = 'TRAINING';
--> statement-breakpoint
create index on experiments.run (workspace_id, state, created_at desc, id);
--> statement-breakpoint
-- A foreign key is checked row by row and costs more than the insert itself. Points are written only under a lock of
-- their run, and go with it by this trigger.
alter table experiments.metric_point drop constraint metric_point_run_id_fkey;
--> statement-breakpoint
create function experiments.remove_points() returns trigger language plpgsql as $$
begin
  delete from experiments.metric_point p using removed r where p.run_id = r.id;
  return null;
end $$;
--> statement-breakpoint
create trigger remove_points after delete on experiments.run
  referencing old table as removed for each statement execute function experiments.remove_points();
--> statement-breakpoint
-- The last point of each metric, so that a search reads one row per run and metric. NaN has no order: it is null in
-- `sortable`, which filters and orders read.
create table experiments.latest_metric (
  workspace_id text not null,
  zone text not null,
  run_id text not null references experiments.run on delete cascade,
  key text not null,
  step integer not null,
  value double precision not null,
  sortable double precision generated always as (nullif(value, 'NaN'::double precision)) stored,
  logged_at timestamptz not null,
  primary key (run_id, key)
);
--> statement-breakpoint
create index latest_metric_value on experiments.latest_metric (workspace_id, key, sortable, run_id);
--> statement-breakpoint
-- `value_start` is what an index can hold of a long value; "C" so that its order is that of bytes everywhere.
create table experiments.run_parameter (
  workspace_id text not null,
  zone text not null,
  run_id text not null references experiments.run on delete cascade,
  key text not null,
  value text not null,
  value_start text collate "C" generated always as (left(value, 100)) stored,
  number double precision,
  primary key (run_id, key)
);
--> statement-breakpoint
create index run_parameter_value on experiments.run_parameter (workspace_id, key, value_start, run_id);
--> statement-breakpoint
create index run_parameter_number on experiments.run_parameter (workspace_id, key, number, run_id) where number is not null;
--> statement-breakpoint
create table experiments.run_tag (
  workspace_id text not null,
  zone text not null,
  run_id text not null references experiments.run on delete cascade,
  key text not null,
  value text not null,
  value_start text collate "C" generated always as (left(value, 100)) stored,
  primary key (run_id, key)
);
--> statement-breakpoint
create index run_tag_value on experiments.run_tag (workspace_id, key, value_start, run_id);
--> statement-breakpoint
create table experiments.run_input (
  workspace_id text not null,
  zone text not null,
  run_id text not null references experiments.run on delete cascade,
  training_set_id text not null,
  digest text not null,
  primary key (run_id, training_set_id)
);
--> statement-breakpoint
create index on experiments.run_input (training_set_id, run_id);
--> statement-breakpoint
create table experiments.run_artifact (
  workspace_id text not null,
  zone text not null,
  run_id text not null references experiments.run on delete cascade,
  path text not null,
  artifact_key text not null,
  digest text not null,
  bytes bigint not null,
  content_type text not null,
  logged_at timestamptz not null default clock_timestamp(),
  primary key (run_id, path)
);
--> statement-breakpoint
insert into experiments.latest_metric (workspace_id, zone, run_id, key, step, value, logged_at)
select distinct on (p.run_id, p.key) p.workspace_id, r.zone, p.run_id, p.key, p.step, p.value, p.logged_at
from experiments.metric_point p join experiments.run r on r.id = p.run_id
order by p.run_id, p.key, p.step desc;
--> statement-breakpoint
insert into experiments.run_input (workspace_id, zone, run_id, training_set_id, digest)
select workspace_id, zone, id, training_set_id, training_set_digest from experiments.run;
--> statement-breakpoint
select falaj.protect('experiments.latest_metric');
--> statement-breakpoint
select falaj.protect('experiments.run_parameter');
--> statement-breakpoint
select falaj.protect('experiments.run_tag');
--> statement-breakpoint
select falaj.protect('experiments.run_input');
--> statement-breakpoint
select falaj.protect('experiments.run_artifact');
