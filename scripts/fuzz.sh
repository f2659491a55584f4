#!/usr/bin/env bash
# Feeds the fuzz targets: fuzz.sh SECONDS [TARGET…]. Goes on with the others when one target breaks, and then fails.
#
# DWELL_SANITIZER: address (default) or none, where a toolchain cannot link it.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/target/tools/bin:$PATH"
# libFuzzer's instrumentation is there in every toolchain, and locked in all but nightly ones.
export RUSTC_BOOTSTRAP=1
# SQLite, which comes with the core and is not fuzzed, has two private tables of one name.
export ASAN_OPTIONS="detect_odr_violation=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"

seconds=${1:?fuzz.sh SECONDS [TARGET…]}
shift
targets=("$@")
if [ ${#targets[@]} = 0 ]; then targets=(payload rrweb har zip css sanitise); fi
folder=src-tauri/core/fuzz
corpus=${DWELL_CORPUS:-../shared/corpus}

if ! cargo fuzz --version >/dev/null 2>&1; then
  echo "Installing cargo-fuzz into target/tools (once; takes some minutes)" >&2
  CARGO_TARGET_DIR=target/tools/build cargo install cargo-fuzz --version 0.13.1 --locked --root target/tools
  rm -rf target/tools/build
fi

containers=()
if [ -d "$corpus/rrweb/containers" ]; then containers=("$corpus/rrweb/containers"); fi
node $folder/seeds.mjs target/fuzz/seeds ${containers[@]+"${containers[@]}"}

broken=()
for target in "${targets[@]}"; do
  mkdir -p "target/fuzz/corpus/$target" "target/fuzz/artifacts/$target"
  words=()
  if [ -f "$folder/$target.dict" ]; then words=("-dict=$folder/$target.dict"); fi
  echo "Fuzzing $target for $seconds s" >&2
  nice -n 15 cargo fuzz run --fuzz-dir $folder --target-dir target/fuzz --sanitizer "${DWELL_SANITIZER:-address}" \
    "$target" "target/fuzz/corpus/$target" "target/fuzz/seeds/$target" -- \
    "-artifact_prefix=target/fuzz/artifacts/$target/" ${words[@]+"${words[@]}"} \
    -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=32768 -print_final_stats=1 ||
    broken+=("$target")
done
if [ ${#broken[@]} -gt 0 ]; then
  echo "Broken: ${broken[*]}. Inputs are in target/fuzz/artifacts; $folder/README.md says what to do with them." >&2
  exit 1
fi
