-- Limits on /v1 as a JSON object; a property that is missing: no limit. Those of an account hold for the sum of its keys and
-- tokens.
alter table users add column limits text not null default '{}' check (json_valid(limits));
alter table keys add column limits text not null default '{}' check (json_valid(limits));

-- Log-ins, to be listed. Tokens are valid without them. No reference to users: a restore replaces that table, and rows that
-- belong to no account are dropped when the server starts.
create table sessions (
  position integer primary key autoincrement,
  id text not null unique,
  user_id text not null,
  generation integer not null,
  signing_key text not null,
  created_at text not null,
  refreshed_at text,
  expires_at text not null,
  address text not null,
  user_agent text
) strict;
