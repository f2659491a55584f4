#!/usr/bin/env bash
# Decoding speed on one thread, beside npm clarity-decode on the same bodies in the same run, and the ratio; random
# seeks in a long session, beside rrweb's own player in Chromium for the same moments; then an import of SESSIONS
# sessions (5000), beside unpacking and skimming the same bytes in the same run; last the fact index with INDEXED made-up
# sessions (1000000), beside plain SQLite and DuckDB on the same facts. ONLY=decode|seek|import|index measures one.
set -euo pipefail
cd "$(dirname "$0")/.."

peer=target/tools/clarity-decode
version=0.8.70
export DWELL_CORPUS=${1:-}
if ! [ -d "$DWELL_CORPUS/visits" ]; then
  echo "No corpus at ${DWELL_CORPUS:-(none named)}: measured on the small visits in tests/fixtures." >&2
  DWELL_CORPUS=$PWD/tests/fixtures
fi

# Each bench runs in the folder of its crate.
DWELL_CORPUS=$(cd "$DWELL_CORPUS" && pwd)

wanted() { [ -z "${ONLY:-}" ] || [ "$ONLY" = "$1" ]; }

# Installs a package into target/tools, once.
fetch() {
  if [ -f "$1/node_modules/${2%@*}/package.json" ]; then return; fi
  mkdir -p "$1"
  npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix "$1" "$2" >&2
}

out=$(mktemp)
trap 'rm -f "$out"' EXIT

decode() {
  fetch "$peer" "clarity-decode@$version"
  cargo bench -p dwell-core --bench clarity | tee "$out"
  theirs=$(node src-tauri/core/benches/clarity-decode.mjs "$peer/node_modules/clarity-decode" "$DWELL_CORPUS")
  echo "$theirs"
  node -e '
const [file, theirs] = process.argv.slice(1);
const peer = JSON.parse(theirs), lines = require("fs").readFileSync(file, "utf8").split("\n");
const unit = { "KB/s": 1e3, "MB/s": 1e6, "GB/s": 1e9 };
for (const name of ["typed_events", "typed_events_afresh", "sessions"]) {
  const at = lines.findIndex(l => new RegExp("[├╰]─ " + name + " ").test(l));
  if (at < 0) continue;
  const rates = (lines.slice(at, at + 2).join(" ").match(/[\d.]+ [KMG]B\/s/g) || []).map(r => { const [n, u] = r.split(" "); return n * unit[u] / 1e6; });
  if (rates.length < 3) continue;
  console.log(`${name.padEnd(20)} fastest ${rates[0].toFixed(0)} MB/s = ${(rates[0] / peer.fastest).toFixed(1)} x clarity-decode; median ${rates[2].toFixed(0)} MB/s = ${(rates[2] / peer.median).toFixed(1)} x`);
}' "$out" "$theirs"
}

seek() {
  local recording="$DWELL_CORPUS/stress/long/rrweb"
  if ! [ -d "$recording" ]; then
    echo "No corpus with stress/long: seeking is not measured." >&2
    return
  fi
  mkdir -p target/bench
  local list=$PWD/target/bench/seeks.json player=target/tools/rrweb
  cargo bench -p dwell-core --bench seek -- "$recording" "$list" | tee "$out"
  if ! command -v "${CHROMIUM:-chromium}" >/dev/null; then
    echo "No Chromium (CHROMIUM names it): rrweb's own player is not measured." >&2
    return
  fi
  fetch "$player" rrweb@2.2.2
  node src-tauri/core/benches/rrweb-replayer.mjs "$player/node_modules/rrweb" "$recording/01.json" "$list" "${SEEKS:-100}" > "$out.peer"
  node -e '
const [ours, theirs] = process.argv.slice(1).map(f => require("fs").readFileSync(f, "utf8"));
const peer = JSON.parse(theirs), at = (list, p) => [...list].sort((a, b) => a - b)[Math.round((list.length - 1) * p)];
const own = /random seeks +p50 ([\d.]+) p95 ([\d.]+) p99 ([\d.]+)/.exec(ours).slice(1).map(Number);
const line = (name, list) => console.log(`${name.padEnd(20)} p50 ${at(list, 0.5).toFixed(0)} p95 ${at(list, 0.95).toFixed(0)} p99 ${at(list, 0.99).toFixed(0)} ms`);
line("rrweb Replayer", peer.ms);
line("  to painted", peer.shown);
console.log(`random seeks         ${(at(peer.ms, 0.5) / own[0]).toFixed(0)} x at p50, ${(at(peer.ms, 0.95) / own[1]).toFixed(0)} x at p95, ${(at(peer.ms, 0.99) / own[2]).toFixed(0)} x at p99 (theirs with the page rebuilt, ours up to the patch)`);' "$out" "$out.peer"
  rm -f "$out.peer"
}

import() {
  local sessions=${SESSIONS:-5000}
  if ! [ -f "$DWELL_CORPUS/tools/amplify.py" ] || ! command -v python3 >/dev/null; then
    echo "No corpus with tools/amplify.py, or no python3: an import is not measured." >&2
    return
  fi
  mkdir -p target/bench
  local input=$PWD/target/bench/import-$sessions.ndjson.gz
  [ -f "$input" ] || python3 "$DWELL_CORPUS/tools/amplify.py" --n "$sessions" --format clarity --max-kb 40 --out "$input" >&2
  cargo bench -p dwell-core --bench import -- "$input"
}

index() {
  local sessions=${INDEXED:-1000000} duckdb=2.0.0 since=1792408000000 theirs=
  local folder=$PWD/target/bench/index-$sessions python=target/bench/venv/bin/python
  cargo bench -p dwell-core --bench index -- "$folder" "$sessions" make
  if ! [ -x "$python" ] && command -v python3 >/dev/null; then
    python3 -m venv target/bench/venv && "$python" -m pip install --quiet "duckdb==$duckdb" >&2 || rm -rf target/bench/venv
  fi
  if [ -x "$python" ]; then
    theirs=$("$python" src-tauri/core/benches/index.py "$folder/facts.ndjson" "$folder/facts.duckdb" src-tauri/core/benches/index-segments.json "$since")
  else
    echo "No Python with duckdb $duckdb: DuckDB is not measured." >&2
  fi
  cargo bench -p dwell-core --bench index -- "$folder" "$sessions" ${theirs:+"$theirs"}
}

for each in decode seek import index; do
  if wanted "$each"; then "$each"; fi
done
