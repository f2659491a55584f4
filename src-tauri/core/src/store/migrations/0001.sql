-- What can be rebuilt from the originals.

CREATE TABLE projects (
  id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  -- Who the recorder says this is; empty where it does not say. Two visitors may share a session id.
  source TEXT NOT NULL,
  recorder_project TEXT NOT NULL,
  recorder_user TEXT NOT NULL,
  recorder_session TEXT NOT NULL,
  -- The client's project the import was told, else the recorder's.
  project TEXT REFERENCES projects (id),
  format_version TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  page_count INTEGER NOT NULL,
  event_count INTEGER NOT NULL,
  partial INTEGER NOT NULL,
  entry_page TEXT,
  facts TEXT NOT NULL,
  meta TEXT NOT NULL,
  -- Version of the decoding that filled pages and chunks.
  derived_by INTEGER NOT NULL,
  -- JSON: what a row of the list draws without reading events.
  sketch TEXT NOT NULL,
  UNIQUE (source, recorder_project, recorder_user, recorder_session)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_start ON sessions (started_at);

CREATE TABLE pages (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  document INTEGER NOT NULL,
  url TEXT NOT NULL,
  title TEXT,
  referrer TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  viewport_width INTEGER,
  viewport_height INTEGER,
  document_width INTEGER,
  document_height INTEGER,
  gaps TEXT NOT NULL,
  ended INTEGER NOT NULL,
  has_snapshot INTEGER NOT NULL,
  PRIMARY KEY (session, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX pages_by_url ON pages (url);

-- Events in order: postcard, then zstd.
CREATE TABLE chunks (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  first_event INTEGER NOT NULL,
  event_count INTEGER NOT NULL,
  first_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  data BLOB NOT NULL,
  UNIQUE (session, ordinal)
) STRICT;

CREATE TABLE keyframes (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  document INTEGER NOT NULL,
  event INTEGER NOT NULL,
  data BLOB NOT NULL,
  UNIQUE (session, document, event)
) STRICT;

CREATE TABLE findings (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  finding TEXT NOT NULL,
  PRIMARY KEY (session, ordinal)
) STRICT, WITHOUT ROWID;

-- Recorded bodies as they came, zstd.
CREATE TABLE originals (
  hash BLOB NOT NULL UNIQUE,
  bytes INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

CREATE TABLE session_originals (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  hash BLOB NOT NULL REFERENCES originals (hash),
  path TEXT NOT NULL,
  PRIMARY KEY (session, position, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_originals_by_hash ON session_originals (hash);

-- What archives said about a session, all of it: the session's `meta` is folded from these.
CREATE TABLE said (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  rank INTEGER NOT NULL,
  said TEXT NOT NULL,
  PRIMARY KEY (session, rank, said)
) STRICT, WITHOUT ROWID;

CREATE TABLE assets (
  hash BLOB NOT NULL UNIQUE,
  content_type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

-- A scope is one archive's list of URLs, by the hash of that list.
CREATE TABLE asset_urls (
  scope BLOB NOT NULL,
  url TEXT NOT NULL,
  hash BLOB NOT NULL REFERENCES assets (hash),
  PRIMARY KEY (scope, url, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE session_asset_scopes (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  scope BLOB NOT NULL,
  PRIMARY KEY (session, scope)
) STRICT, WITHOUT ROWID;

-- History: the only place with times of this machine's clock.
CREATE TABLE imports (
  id INTEGER PRIMARY KEY,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  paths TEXT NOT NULL,
  summary TEXT
) STRICT;

-- What cannot be rebuilt. No foreign keys: a session that goes and comes back finds its notes.

CREATE TABLE notes (
  id TEXT PRIMARY KEY,
  session TEXT NOT NULL,
  page INTEGER,
  at INTEGER,
  author TEXT,
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX notes_by_session ON notes (session);

CREATE TABLE labels (
  session TEXT NOT NULL,
  label TEXT NOT NULL,
  PRIMARY KEY (session, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE watched (
  session TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE favourites (
  session TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE ratings (
  session TEXT PRIMARY KEY,
  rating INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- notes.json of imported archives, as it stood.
CREATE TABLE archive_notes (
  hash BLOB PRIMARY KEY,
  path TEXT NOT NULL,
  data BLOB NOT NULL
) STRICT, WITHOUT ROWID;
