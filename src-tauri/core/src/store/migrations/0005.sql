-- Notes may be pinned to an element, and one that was removed leaves its id and its versions behind, so that the
-- removal reaches other copies of the project.
ALTER TABLE notes ADD COLUMN node INTEGER;
ALTER TABLE notes ADD COLUMN selector TEXT;
ALTER TABLE notes ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;

-- Until now the second of two texts was a note of its own, which the first one named as its forerunner.
UPDATE notes SET id = replace(id, '~', '-') WHERE id GLOB '*~????????????????';

-- What people set and take back: labels, favourites, ratings, watched, decisions on signals, goals. One row is one
-- such thing by one person; of two copies of a row the later counts, and what was taken back stays as `gone`.
CREATE TABLE marks (
  kind TEXT NOT NULL,
  -- Empty for goals.
  session TEXT NOT NULL,
  -- What tells two of a kind on one session apart: the label, the signal, the goal's id; else empty.
  key TEXT NOT NULL,
  -- Reviewer; empty where it is not known or does not matter.
  who TEXT NOT NULL,
  -- JSON.
  value TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  gone INTEGER NOT NULL,
  PRIMARY KEY (kind, session, key, who)
) STRICT, WITHOUT ROWID;

CREATE INDEX marks_by_session ON marks (session);

INSERT INTO marks SELECT 'label', session, label, '', json_object('label', label), 0, 0 FROM labels;
INSERT INTO marks SELECT 'favourite', session, '', '', '{}', 0, 0 FROM favourites;
INSERT INTO marks SELECT 'rating', session, '', '', json_object('rating', rating), changed_at, 0 FROM ratings;
INSERT INTO marks SELECT 'watched', session, '', '', json_object('at', at), at, 0 FROM watched;

DROP TABLE labels;
DROP TABLE favourites;
DROP TABLE ratings;
DROP TABLE watched;

-- What was done, to be undone and done again; newest last.
CREATE TABLE review_history (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  -- For people: "Note added".
  said TEXT NOT NULL,
  -- JSON: rows as they were before and after.
  changes TEXT NOT NULL,
  undone INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Of this copy of the project alone.
CREATE TABLE review_settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
