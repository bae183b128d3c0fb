-- The owner is no exception to row-level security, but a migration belongs to no workspace.
alter table features.feature_view no force row level security;
--> statement-breakpoint
alter table features.data_source no force row level security;
--> statement-breakpoint
-- Features that were defined before their values had a class take that of the most guarded column they are made of.
update features.feature_view as view
set features = (
  select jsonb_agg(feature.value || jsonb_build_object('fieldClass', coalesce((
    select source_column.value ->> 'fieldClass'
    from features.data_source source, jsonb_array_elements(source.columns) as source_column
    where source.id = view.source_id
      and source_column.value ->> 'name' in (feature.value ->> 'column', feature.value -> 'condition' ->> 'column')
    order by array_position(array['open', 'internal', 'sensitive', 'pii', 'secret'], source_column.value ->> 'fieldClass') desc
    limit 1), 'internal')) order by feature.ordinality)
  from jsonb_array_elements(view.features) with ordinality as feature);
--> statement-breakpoint
alter table features.feature_view force row level security;
--> statement-breakpoint
alter table features.data_source force row level security;
