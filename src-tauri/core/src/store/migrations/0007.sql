-- The fact index: what every session's facts say, by field, so that a filter counts without reading them. All of it can
-- be made again from `sessions`; what is missing or does not unpack is.
CREATE TABLE fact_columns (
  -- `id`, a field's name, or a tag in lower case.
  name TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL,
  -- zstd; see store/index/saved.rs.
  data BLOB NOT NULL
) STRICT;

-- One row, when there is an index: the layout of its columns, how many sessions it holds, and the last change in it.
CREATE TABLE fact_index (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  layout INTEGER NOT NULL,
  sessions INTEGER NOT NULL,
  columns INTEGER NOT NULL,
  seq INTEGER NOT NULL
) STRICT;

-- Sessions that changed, in order; what the stored index has in it may go. Kept by triggers, so that nothing that
-- writes a session can forget it. A trigger deletes and inserts instead of replacing: its conflict rule would be that
-- of the statement that fired it.
CREATE TABLE fact_changes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  session TEXT NOT NULL,
  -- 1: the facts; 0: what people wrote and set.
  facts INTEGER NOT NULL
) STRICT;

CREATE INDEX fact_changes_by_session ON fact_changes (session, facts);

CREATE TRIGGER session_added AFTER INSERT ON sessions BEGIN
  DELETE FROM fact_changes WHERE session = NEW.id AND facts = 1;
  INSERT INTO fact_changes (session, facts) VALUES (NEW.id, 1);
END;

CREATE TRIGGER session_changed AFTER UPDATE OF id, facts ON sessions BEGIN
  DELETE FROM fact_changes WHERE session IN (OLD.id, NEW.id) AND facts = 1;
  INSERT INTO fact_changes (session, facts) VALUES (NEW.id, 1);
  INSERT INTO fact_changes (session, facts) SELECT OLD.id, 1 WHERE OLD.id <> NEW.id;
END;

CREATE TRIGGER session_removed AFTER DELETE ON sessions BEGIN
  DELETE FROM fact_changes WHERE session = OLD.id AND facts = 1;
  INSERT INTO fact_changes (session, facts) VALUES (OLD.id, 1);
END;

CREATE TRIGGER mark_added AFTER INSERT ON marks BEGIN
  DELETE FROM fact_changes WHERE session = NEW.session AND facts = 0;
  INSERT INTO fact_changes (session, facts) VALUES (NEW.session, 0);
END;

CREATE TRIGGER mark_changed AFTER UPDATE ON marks BEGIN
  DELETE FROM fact_changes WHERE session IN (OLD.session, NEW.session) AND facts = 0;
  INSERT INTO fact_changes (session, facts) VALUES (NEW.session, 0);
  INSERT INTO fact_changes (session, facts) SELECT OLD.session, 0 WHERE OLD.session <> NEW.session;
END;

CREATE TRIGGER mark_removed AFTER DELETE ON marks BEGIN
  DELETE FROM fact_changes WHERE session = OLD.session AND facts = 0;
  INSERT INTO fact_changes (session, facts) VALUES (OLD.session, 0);
END;

-- A note that takes the place of another one with its id fires no trigger for that one.
CREATE TRIGGER note_replaced BEFORE INSERT ON notes BEGIN
  INSERT INTO fact_changes (session, facts) SELECT session, 0 FROM notes WHERE id = NEW.id AND session <> NEW.session;
END;

CREATE TRIGGER note_added AFTER INSERT ON notes BEGIN
  DELETE FROM fact_changes WHERE session = NEW.session AND facts = 0;
  INSERT INTO fact_changes (session, facts) VALUES (NEW.session, 0);
END;

CREATE TRIGGER note_changed AFTER UPDATE ON notes BEGIN
  DELETE FROM fact_changes WHERE session IN (OLD.session, NEW.session) AND facts = 0;
  INSERT INTO fact_changes (session, facts) VALUES (NEW.session, 0);
  INSERT INTO fact_changes (session, facts) SELECT OLD.session, 0 WHERE OLD.session <> NEW.session;
END;

CREATE TRIGGER note_removed AFTER DELETE ON notes BEGIN
  DELETE FROM fact_changes WHERE session = OLD.session AND facts = 0;
  INSERT INTO fact_changes (session, facts) VALUES (OLD.session, 0);
END;
