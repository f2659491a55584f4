-- Texts that many recordings share, which zstd packs them with. Only what at least two visitors' recordings hold gets
-- in, so that a session that goes leaves nothing of its own behind in here.
CREATE TABLE dictionaries (
  -- From the SHA-256 of the text.
  id INTEGER PRIMARY KEY,
  -- 'bodies' or 'events'.
  content TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

-- Recorded bodies of a session as they came, a few megabytes of them in one zstd frame. The Rust side moves here what
-- `originals` and `session_originals` hold, and drops them.
CREATE TABLE bundles (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  dictionary INTEGER REFERENCES dictionaries (id),
  bodies INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- Postcard: place, hash, size and path of each.
  list BLOB NOT NULL,
  data BLOB NOT NULL,
  UNIQUE (session, ordinal)
) STRICT;

-- Bodies of recorders that do not name their sessions, to find those again. `key` is the start of the body's hash.
CREATE TABLE nameless_bodies (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  key INTEGER NOT NULL,
  PRIMARY KEY (session, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX nameless_bodies_by_key ON nameless_bodies (key);

ALTER TABLE chunks ADD COLUMN dictionary INTEGER REFERENCES dictionaries (id);

-- Files of which every body is in the cache, so that giving one again needs no reading. Whatever takes a session or a
-- bundle away, from here or from elsewhere, empties this table.
CREATE TABLE known_files (
  -- SHA-256 of the file as it lies on disk.
  hash BLOB PRIMARY KEY,
  file_bytes INTEGER NOT NULL,
  bodies INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- zstd: ids of its sessions in reading order, a line each.
  sessions BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER bundles_forgotten AFTER DELETE ON bundles BEGIN
  DELETE FROM known_files;
END;

CREATE TRIGGER sessions_forgotten AFTER DELETE ON sessions BEGIN
  DELETE FROM known_files;
END;
