-- What a run rests on that reads its training sets where their law alone does not let them be read.
alter table experiments.run
  add column transfer_instruments text[] not null default '{}',
  add column permitted_until timestamptz;
