-- The subgraph reads tables of other packages and owns none; this index serves its question "what did this principal do?".
create index record_by_actor on audit.record (workspace_id, actor_id, at desc);
