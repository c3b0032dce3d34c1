-- What a change changed: a JSON list of path, before and after, and how many further ones there were. Null: none are recorded.
alter table audit add column changes text check (json_valid(changes));
alter table audit add column more_changes integer;
