-- One piece of work, such as a training run, that acts with a credential of its own.
alter table audit.record
  drop constraint record_actor_kind_check,
  add constraint record_actor_kind_check check (actor_kind in ('USER', 'SERVICE', 'WORKLOAD', 'ANONYMOUS'));
