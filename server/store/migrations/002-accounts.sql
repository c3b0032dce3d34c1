-- Who may come in. Small tables, read whole at the start; the order of `position` is the order in which rows were made.
create table users (
  position integer primary key autoincrement,
  id text not null unique,
  username text not null unique collate nocase,
  role text not null,
  password_hash text not null,
  disabled integer not null check (disabled in (0, 1)),
  created_at text not null,
  updated_at text not null,
  last_login_at text,
  token_generation integer not null
) strict;

-- Of a key itself only its hash is known. Scopes and instances are JSON arrays of text; instances null: all of them.
create table keys (
  position integer primary key autoincrement,
  id text not null unique,
  hash text not null unique,
  prefix text not null,
  name text not null,
  owner_id text not null references users (id) on delete cascade,
  generation integer not null,
  scopes text not null check (json_valid(scopes)),
  instances text check (json_valid(instances)),
  may_start integer not null check (may_start in (0, 1)),
  created_at text not null,
  expires_at text,
  last_used_at text
) strict;

-- Without it the removal of an account would read all keys.
create index keys_of_owner on keys (owner_id);

-- The newest is the one stored last, not the one with the latest time: a clock may be set back.
create table signing_keys (
  position integer primary key autoincrement,
  id text not null unique,
  secret text not null,
  created_at text not null
) strict;

-- Tokens that were logged out before their time; expires_at in seconds since the epoch.
create table revoked_tokens (
  id text primary key,
  expires_at integer not null
) strict, without rowid;

-- Who did what to which. A number is never given twice, so that pages that were read stay true.
create table audit (
  seq integer primary key autoincrement,
  timestamp text not null,
  subject text not null,
  address text not null,
  action text not null,
  target text,
  status integer not null,
  request_id text not null
) strict;

-- Each ends in seq by itself: what is searched is found from the newest on, without sorting.
create index audit_by_timestamp on audit (timestamp);
create index audit_by_subject on audit (subject);
create index audit_by_action on audit (action);
create index audit_by_target on audit (target) where target is not null;

-- The newest events, for listeners that were away. Numbers come from the server and grow.
create table events (
  seq integer primary key,
  timestamp text not null,
  event text not null check (json_valid(event))
) strict;
