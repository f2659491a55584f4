-- What lists and documents beside recordings say, by the session (or, with an empty session, by the visitor)
-- that they name. Kept apart from sessions, so that it does not matter which of the two was imported first.
CREATE TABLE records (
  source TEXT NOT NULL,
  -- Empty where the list does not say; such a row joins any project or visitor.
  project TEXT NOT NULL,
  user TEXT NOT NULL,
  session TEXT NOT NULL,
  rank INTEGER NOT NULL,
  said TEXT NOT NULL,
  -- 0: the sessions that it names have to be looked at again.
  settled INTEGER NOT NULL,
  PRIMARY KEY (source, session, user, project, rank, said)
) STRICT, WITHOUT ROWID;

CREATE INDEX records_unsettled ON records (source, session) WHERE settled = 0;

CREATE INDEX sessions_by_recorder_session ON sessions (recorder_session);

-- Who visited, for the question whether somebody came before.
CREATE TABLE visitors (
  session TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
  source TEXT NOT NULL,
  project TEXT NOT NULL,
  user TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  -- The recording or its archive says by itself whether the visitor is new.
  told INTEGER NOT NULL,
  -- What the cache says: new or returning; empty when it was told, or not looked at yet.
  type TEXT NOT NULL,
  settled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX visitors_by_user ON visitors (source, project, user, started_at, session);

CREATE INDEX visitors_unsettled ON visitors (session) WHERE settled = 0;

-- Hashes of the texts that a note had before, so that two copies of a project know which of two texts is the
-- later one and which were written apart from each other.
ALTER TABLE notes ADD COLUMN was TEXT NOT NULL DEFAULT '[]';

ALTER TABLE ratings ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
