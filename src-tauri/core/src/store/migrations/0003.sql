-- When the file was fetched, epoch ms; few sources say it.
ALTER TABLE asset_urls ADD COLUMN at INTEGER;

-- 0: `data` is the file as it came, which is compressed by itself; 1: zstd.
ALTER TABLE assets ADD COLUMN packed INTEGER NOT NULL DEFAULT 1;

-- Lists that serve every session, those to come included.
CREATE TABLE shared_asset_scopes (
  scope BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
