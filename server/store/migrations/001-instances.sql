-- What is known about this data directory as a whole.
create table meta (
  key text primary key,
  value text not null
) strict, without rowid;

-- One row an instance. Record and state are JSON: they are read and written whole, by id, and never searched.
create table instances (
  -- Grows with each new instance: the order in which they were made.
  position integer primary key autoincrement,
  id text not null unique,
  name text not null unique collate nocase,
  record text not null check (json_valid(record)),
  state text not null check (json_valid(state))
) strict;
