-- What a placement rests on beyond the law: until now only inside the model's description.
alter table deployments.endpoint_revision
  add column transfer_instruments text[] not null default '{}',
  add column permitted_until timestamptz;
--> statement-breakpoint
set local role falaj_system;
--> statement-breakpoint
update deployments.endpoint_revision set
  transfer_instruments = array(select jsonb_array_elements_text(model->'permit'->'instruments')),
  permitted_until = (model->'permit'->>'validTo')::timestamptz
where model ? 'permit';
--> statement-breakpoint
reset role;
