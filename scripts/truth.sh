#!/usr/bin/env bash
# Compares the frame of the real window with the live pages of a corpus: truth.sh CORPUS [options of tests/browser/truth.mjs]
set -euo pipefail
cd "$(dirname "$0")/.."
corpus=${1:?truth.sh CORPUS}
shift
if ! [ -d "$corpus/visits" ]; then
  echo "No corpus at $corpus: there is nothing to compare with." >&2
  exit 1
fi
run=(node tests/browser/truth.mjs target/debug/dwell-window target/debug/dwell "$corpus/visits" "$@")
# A display of its own, so that nobody's screen is taken and pictures are alike everywhere.
if command -v xvfb-run >/dev/null; then exec xvfb-run -a -s "-screen 0 1920x1200x24" "${run[@]}"; fi
exec "${run[@]}"
