-- Files that `apply` has posted under keys made of their digest, so that a file which only begins like one of
-- them is noticed.
CREATE TABLE applied_file (
  id         INTEGER PRIMARY KEY,
  digest     BLOB NOT NULL UNIQUE,
  head       BLOB NOT NULL,
  operations INTEGER NOT NULL,
  name       TEXT NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT;
CREATE INDEX applied_file_head ON applied_file (head);
