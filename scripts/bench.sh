#!/usr/bin/env bash
# Decoding speed on one thread, beside npm clarity-decode on the same bodies in the same run, and the ratio; then an
# import of SESSIONS sessions (5000), beside unpacking and skimming the same bytes in the same run.
set -euo pipefail
cd "$(dirname "$0")/.."

peer=target/tools/clarity-decode
version=0.8.70
export DWELL_CORPUS=${1:-}
if ! [ -d "$DWELL_CORPUS/visits" ]; then
  echo "No corpus at ${DWELL_CORPUS:-(none named)}: measured on the small visits in tests/fixtures." >&2
  DWELL_CORPUS=$PWD/tests/fixtures
fi

if ! [ -f "$peer/node_modules/clarity-decode/package.json" ]; then
  mkdir -p "$peer"
  npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix "$peer" "clarity-decode@$version" >&2
fi

out=$(mktemp)
trap 'rm -f "$out"' EXIT
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

sessions=${SESSIONS:-5000}
if ! [ -f "$DWELL_CORPUS/tools/amplify.py" ] || ! command -v python3 >/dev/null; then
  echo "No corpus with tools/amplify.py, or no python3: an import is not measured." >&2
  exit 0
fi
mkdir -p target/bench
input=$PWD/target/bench/import-$sessions.ndjson.gz
[ -f "$input" ] || python3 "$DWELL_CORPUS/tools/amplify.py" --n "$sessions" --format clarity --max-kb 40 --out "$input" >&2
cargo bench -p dwell-core --bench import -- "$input"
