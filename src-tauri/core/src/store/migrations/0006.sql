-- What is found in a session without its evidence, so that a project is summed up without reading its recordings.
CREATE TABLE signals (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  kind TEXT NOT NULL,
  page INTEGER NOT NULL,
  time INTEGER NOT NULL,
  until INTEGER NOT NULL,
  selector TEXT,
  text TEXT,
  -- Of a script error: first, third or unknown, and the script's URL.
  party TEXT,
  script TEXT,
  PRIMARY KEY (session, ordinal)
) STRICT, WITHOUT ROWID;

-- JSON: measures of the page view that the other columns do not hold.
ALTER TABLE pages ADD COLUMN facts TEXT NOT NULL DEFAULT '{}';
