-- One row a download, as JSON: read whole at the start and written whole. How many bytes came is not here: the record beside
-- each incomplete file says so.
create table downloads (
  -- Grows with each new download: the order in which they were made.
  position integer primary key autoincrement,
  id text not null unique,
  record text not null check (json_valid(record))
) strict;

-- The finished files that downloads made: only these may be removed through the API. The inode as text, for it may need 64 bits.
create table model_files (
  path text primary key,
  inode text not null,
  size integer not null,
  sha256 text
) strict, without rowid;
