"""The counts of index-segments.json in DuckDB, on the same facts: milliseconds and counts as JSON.

  index.py FACTS.ndjson DATABASE SEGMENTS.json SINCE

Facts are read once into columns of their own type, lists for fields with several values; the file is kept.
"""

import json
import os
import sys
import time

import duckdb

facts, database, segments, since = sys.argv[1:]
NUMBERS = "start_ms hour duration page_count click_count scroll_depth rage_clicks dead_clicks error_clicks quick_backs " \
    "js_errors frustration lcp cls inp completeness"
TEXTS = "id day device browser language country channel referrer utm.source utm.medium entry_page exit_page user_type"
LISTS = "page title event js_error click_error clicked_text tag.plan tag.variant tag.cart_value"
kinds = {name: "DOUBLE" for name in NUMBERS.split()}
kinds |= {name: "VARCHAR" for name in TEXTS.split()}
kinds |= {name: "VARCHAR[]" for name in LISTS.split()}
kinds["has_utm"] = "BOOLEAN"
kinds["start_ms"] = "BIGINT"

db = duckdb.connect(database)
db.execute("SET threads = 2")
if not db.execute("SELECT 1 FROM information_schema.tables WHERE table_name = 'sessions'").fetchone():
    named = lambda name: name.replace("tag.cart_value", "tag.cart value")
    columns = ", ".join(f"'{named(n)}': '{kind}'" for n, kind in kinds.items())
    kept = ", ".join(f'"{named(n)}" AS {n.replace(".", "_")}' for n in kinds)
    db.execute(f"CREATE TABLE sessions AS SELECT {kept} FROM read_json('{facts}', format = 'newline_delimited', columns = {{{columns}}})")
    db.execute("CHECKPOINT")

wheres = [
    f"({s['duckdb'].replace('$since', since)}) AND device = '{device}'"
    for s in json.load(open(segments, encoding="utf-8"))
    for device in ("mobile", "pc")
]


def each():
    return [db.execute(f"SELECT count(*) FROM sessions WHERE {where}").fetchone()[0] for where in wheres]


def at_once():
    return list(db.execute("SELECT " + ", ".join(f"count(*) FILTER (WHERE {where})" for where in wheres) + " FROM sessions").fetchone())


times = {}
for name, run in (("one by one", each), ("in one query", at_once)):
    counts, best = None, []
    for _ in range(5):
        start = time.perf_counter()
        answer = run()
        best.append((time.perf_counter() - start) * 1000)
        assert counts in (None, answer)
        counts = answer
    times[name] = sorted(best)
    if "counts" in times:
        assert times["counts"] == counts, "DuckDB disagrees with itself"
    times["counts"] = counts
times["version"] = duckdb.__version__
times["bytes"] = os.path.getsize(database)
print(json.dumps(times))
