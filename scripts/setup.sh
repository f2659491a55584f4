#!/usr/bin/env bash
# Installs what is missing for each part named: window (to build and open it), test, demo, ui. Quick when nothing is.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

packages=()
needs() { packages+=("$@"); }

for part in "$@"; do
  case $part in
  ui | window | test | demo) ;;
  *) say "setup.sh: no part is called $part"; exit 2 ;;
  esac
done
wants() { for part in $parts; do [ "$part" = "$1" ] && return 0; done; return 1; }
parts="$*"

have node || { say "Dwell needs Node 20.19 or newer: https://nodejs.org"; exit 1; }
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  { say "Dwell needs Node 20.19 or newer; this is $(node --version)."; exit 1; }
if wants window || wants test; then
  have cargo || { say "Dwell needs Rust 1.90 or newer: https://rustup.rs"; exit 1; }
fi

if [ "$(uname)" = Linux ]; then
  if wants window; then
    have cc || needs build-essential
    have pkg-config || needs pkg-config
    pkg-config --exists webkit2gtk-4.1 2>/dev/null || needs libwebkit2gtk-4.1-dev
  fi
  if wants test; then
    have WebKitWebDriver || needs webkit2gtk-driver
    have Xvfb || needs xvfb xauth
  fi
  if wants demo; then have chromium || needs chromium; fi
fi

if [ ${#packages[@]} -gt 0 ]; then
  root=()
  if [ "$(id -u)" != 0 ]; then root=(sudo); fi
  # A sudo that would ask is not used: nobody may be there to answer.
  if have apt-get && { [ ${#root[@]} = 0 ] || sudo -n true 2>/dev/null; }; then
    say "Installing ${packages[*]}"
    apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -q)
    "${apt[@]}" update >&2
    "${apt[@]}" install -y --no-install-recommends "${packages[@]}" >&2
  elif have apt-get; then
    say "Dwell needs packages that you have to install: sudo apt-get install -y --no-install-recommends ${packages[*]}"
    exit 1
  else
    say "Dwell needs what Debian calls ${packages[*]}: install them with your system's package manager."
    exit 1
  fi
fi

if wants test && ! PATH="$PWD/target/tools/bin:$PATH" cargo nextest --version >/dev/null 2>&1; then
  say "Installing cargo-nextest into target/tools (once; takes some minutes)"
  CARGO_TARGET_DIR=target/tools/build cargo install cargo-nextest --version 0.9.143 --locked --root target/tools
  rm -rf target/tools/build
fi

if [ -f ui/package-lock.json ] && ! [ ui/node_modules/.package-lock.json -nt ui/package-lock.json ]; then
  say "Installing the window's JavaScript packages"
  (cd ui && npm ci --no-audit --no-fund --cache ../target/npm >&2)
fi
