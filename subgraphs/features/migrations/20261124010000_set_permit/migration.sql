-- What a training set rests on that is stored where the law of its sources alone does not let it be.
alter table features.training_set
  add column transfer_instruments text[] not null default '{}',
  add column permitted_until timestamptz;
